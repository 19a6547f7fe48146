import { DubError } from '../errors.js';
import { withFacts } from './facts.js';
import { failure } from './failures.js';
import type { ReplyBody, ReplyHeaders } from './reply.js';
import { retryAfter } from './retry.js';

/** What a vendor makes of an answer that is an error. */
export interface Judgement {
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** The wait the service asked for; the `Retry-After` header unless told. */
  readonly retryAfterMs?: number | undefined;
  /** Whether the service surely did not take a paid request on; true for 429 and 503 unless told. */
  readonly notAccepted?: boolean | undefined;
  /** What is thrown when it is not repeated, or once too often. */
  readonly error: DubError;
}

/** Reads a service's errors, in answers of any status; undefined when the answer is none, or not one it knows. */
export type Classify = (status: number, headers: ReplyHeaders, body: ReplyBody) => Judgement | undefined;

/** An answer, read in whole. */
export interface HttpReply {
  readonly status: number;
  readonly headers: ReplyHeaders;
  readonly body: ReplyBody;
}

/** How an answer is judged. */
export interface JudgeOptions {
  readonly classify?: Classify | undefined;
  /** `any` lets a status of 400 and more through when the classifier has nothing to say and no repeating can help. */
  readonly expect?: 'ok' | 'any' | undefined;
  readonly what: string;
  readonly now: number;
}

/** Statuses that may pass: those of an overloaded service or of a gateway that did not reach it. */
const passing: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Passes for an answer that is no error. @throws the classifier's error, or one by status */
export function judge(reply: HttpReply, options: JudgeOptions): void {
  const judgement = options.classify?.(reply.status, reply.headers, reply.body);
  if (judgement) throw judged(judgement, reply, options.now);
  if (reply.status >= 200 && reply.status < 300) return;
  if (options.expect === 'any' && !passing.has(reply.status)) return;
  throw byStatus(reply, options);
}

function judged(judgement: Judgement, reply: HttpReply, now: number): DubError {
  const { error, retryable } = judgement;
  const waitMs = judgement.retryAfterMs ?? error.retryAfterMs ?? retryAfter(reply.headers, now);
  const copy = new DubError(error.code, error.message, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.cause === undefined ? {} : { cause: error.cause }),
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    retryable,
  });
  return withFacts(copy, {
    status: reply.status,
    retryable,
    notAccepted: judgement.notAccepted ?? isRefusal(reply.status),
    busy: reply.status === 429 || error.code === 'PROVIDER_BUSY',
  });
}

function byStatus({ status, headers, body }: HttpReply, { what, now }: JudgeOptions): DubError {
  const retryable = passing.has(status);
  const facts = { status, retryable, notAccepted: isRefusal(status), busy: isRefusal(status) };
  const waitMs = retryAfter(headers, now);
  const details = { hint: hintFor(status), ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) };
  return failure(codeFor(status), `${what} was answered with ${status}${excerpt(body)}.`, facts, details);
}

/** Whether the status says that the request was turned away before any work was done. */
function isRefusal(status: number): boolean {
  return status === 429 || status === 503;
}

function codeFor(status: number): DubError['code'] {
  if (isRefusal(status)) return 'PROVIDER_BUSY';
  if (status === 401 || status === 403) return 'PROVIDER_AUTH';
  if (status === 402) return 'PROVIDER_QUOTA';
  return status < 400 || status >= 500 || passing.has(status) ? 'PROVIDER_BAD_REPLY' : 'PROVIDER_REFUSED';
}

function hintFor(status: number): string {
  if (isRefusal(status)) return 'The service takes no more requests at the moment; the same command resumes.';
  if (status === 401 || status === 403) return 'Check the API key and that it may use this service.';
  if (status === 404) return 'Check the base URL and the model.';
  return status >= 500
    ? 'The service has a fault; the same command resumes.'
    : 'The service does not take this request as it is.';
}

/** The first words of an error's body, which often say more than its status; nothing of an HTML page. */
function excerpt(body: ReplyBody): string {
  const text = body.text.replace(/\s+/g, ' ').trim();
  if (text === '' || text.startsWith('<')) return '';
  return `: ${text.length > 200 ? `${text.slice(0, 200)}…` : text}`;
}
