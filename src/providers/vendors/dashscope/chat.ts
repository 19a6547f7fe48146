import { z } from 'zod';
import { DubError } from '../../../errors.js';
import { interruption, onAbort } from '../../../net/clock.js';
import { replyStatus } from '../../../net/facts.js';
import type { DashscopeClient } from './client.js';
import type { TokenCounts } from './tokens.js';

/** One message; film speech never goes into `system`. */
export interface ChatMessage {
  readonly role: 'system' | 'user';
  readonly content: string;
}

/** A chat request in the service's own spelling: fields beyond these go through as they are. */
export interface ChatBody {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly [field: string]: unknown;
}

/** How one request is made. */
export interface ChatCall {
  /** What it takes of the model's tokens per minute. */
  readonly tokens?: number | undefined;
  /** Time for the whole answer, milliseconds. */
  readonly timeoutMs?: number | undefined;
}

/** An answer, read as far as it is used. */
export interface ChatAnswer {
  /** Empty when the model spent its tokens on thinking, or said nothing. */
  readonly text: string;
  /** Why it ended: `stop`, `length`, `content_filter`. */
  readonly finish: string;
  /** As billed, those spent on thinking among the output; zeros when the service did not say. */
  readonly tokens: TokenCounts;
  readonly requestIds: readonly string[];
}

/** Why a request was refused, as far as something can be done about it. */
export type Refusal = 'content' | 'length' | 'thinking' | 'form' | 'other';

const tokenCount = z.number().nonnegative().nullish().catch(undefined);

const completion = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        finish_reason: z.string().nullish(),
        message: z.looseObject({
          content: z.union([z.string(), z.array(z.looseObject({ text: z.string() }))]).nullish(),
        }),
      }),
    )
    .min(1),
  usage: z
    .looseObject({ prompt_tokens: tokenCount, completion_tokens: tokenCount, total_tokens: tokenCount })
    .nullish()
    .catch(undefined),
});

/**
 * Asks a chat model once, through the compatible mode (help.aliyun.com, qwen-api-by-openai, 2026). What was surely not
 * taken on is asked again by the client underneath; an answer that was lost on the way is asked for once more here,
 * since it can be had in no other way and costs a fraction of a cent.
 */
export async function askChat(
  client: DashscopeClient,
  body: ChatBody,
  signal: AbortSignal,
  call: ChatCall = {},
): Promise<ChatAnswer> {
  try {
    return await askOnce(client, body, signal, call);
  } catch (error) {
    if (!wasLost(error)) throw withHint(error);
  }
  try {
    return await askOnce(client, body, signal, call);
  } catch (error) {
    throw withHint(error);
  }
}

/** An answer that broke off says nothing of what to do. */
function withHint(error: unknown): unknown {
  if (!(error instanceof DubError) || error.hint !== undefined) return error;
  return new DubError(error.code, error.message, {
    hint: 'Check the network and the proxy; the same command resumes.',
    cause: error,
    retryable: error.retryable,
  });
}

async function askOnce(
  client: DashscopeClient,
  body: ChatBody,
  signal: AbortSignal,
  { tokens, timeoutMs }: ChatCall,
): Promise<ChatAnswer> {
  // The SDK drops the cause of some errors, so the last one is remembered here.
  let failure: unknown;
  const limits = timeoutMs === undefined ? {} : { limits: { totalMs: timeoutMs, idleMs: timeoutMs } };
  const { OpenAI } = await import('openai');
  const settings = await client.sdk({ model: body.model, tokens, ...limits, onError: (error) => (failure = error) });
  const openai = new OpenAI({
    ...settings,
    fetch: plainly(settings.fetch),
    // Otherwise taken from OPENAI_* variables, which are none of this service's business.
    ...{ organization: null, project: null, adminAPIKey: null, webhookSecret: null, logLevel: 'off' },
  });
  // The SDK never takes its listener off the signal it is given, and one signal serves a whole run.
  const controller = new AbortController();
  const forget = onAbort(signal, () => controller.abort());
  try {
    // `body` has the service's own fields, which the SDK passes on but its types do not know.
    const reply = await openai.chat.completions.create(body as never, { signal: controller.signal }).withResponse();
    return readAnswer(reply.data, reply.request_id);
  } catch (error) {
    if (signal.aborted) throw interruption(signal);
    if (failure instanceof DubError) throw failure;
    if (error instanceof DubError) throw error;
    throw new DubError('PROVIDER_BAD_REPLY', 'The answer of DashScope could not be read: it is not JSON.', {
      hint: 'Check the base URL and the proxy: a gateway, not the service, may have answered. The same command resumes.',
      cause: error,
      retryable: true,
    });
  } finally {
    forget();
  }
}

/** Why a request was refused; undefined for an error that is no refusal of this request. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof DubError) || error.code !== 'PROVIDER_REFUSED') return undefined;
  const { message } = error;
  if (/DataInspection|data_inspection|inappropriate/i.test(message)) return 'content';
  if (/Range of input length|maximum context|input.*too long|exceed.*(context|length)/i.test(message)) return 'length';
  if (/enable_thinking|EnableThinking/i.test(message) && !/^[^:]*: ?Json mode/i.test(message)) return 'thinking';
  return /response_format|json|schema|structured|InvalidParameter/i.test(message) ? 'form' : 'other';
}

/** True when the service itself, and not this machine's patience, ended the request for taking too long. */
export function tookTooLong(error: unknown): boolean {
  return error instanceof DubError && error.code === 'PROVIDER_TIMEOUT' && replyStatus(error) !== undefined;
}

/** True when the work may have been done but its answer did not arrive whole. */
function wasLost(error: unknown): boolean {
  if (!(error instanceof DubError) || !error.retryable) return false;
  const status = replyStatus(error);
  if (error.code === 'PROVIDER_UNREACHABLE') return status === undefined;
  return error.code === 'PROVIDER_BAD_REPLY' && (status === undefined || status < 300);
}

function readAnswer(data: unknown, headerId: string | null): ChatAnswer {
  const result = completion.safeParse(data);
  const id = typeof data === 'object' && data !== null ? String(Reflect.get(data, 'id') ?? '') : '';
  const requestId = /^chatcmpl-(.+)$/.exec(id)?.[1] ?? headerId;
  if (!result.success) {
    const [issue] = result.error.issues;
    const where = issue === undefined ? '' : `: ${issue.path.map(String).join('.') || 'body'}: ${issue.message}`;
    const request = requestId === null ? '' : ` (request ${requestId})`;
    throw new DubError('PROVIDER_BAD_REPLY', `The answer of DashScope is not as documented${where}${request}.`, {
      hint: 'Check the base URL: something else than Model Studio may have answered. The same command resumes.',
      retryable: true,
    });
  }
  const { choices, usage } = result.data;
  const { message, finish_reason: finish } = choices[0]!;
  const content = message.content ?? '';
  return {
    text: typeof content === 'string' ? content : content.map(({ text }) => text).join(''),
    finish: finish ?? 'stop',
    tokens: readTokens(usage),
    requestIds: requestId === null ? [] : [requestId],
  };
}

function readTokens(usage: z.output<typeof completion>['usage']): TokenCounts {
  const [input, output] = [usage?.prompt_tokens ?? 0, usage?.completion_tokens ?? 0];
  return { input, output, undivided: input + output > 0 ? 0 : (usage?.total_tokens ?? 0) };
}

/** Leaves out what the SDK adds about this machine, and headers that OPENAI_CUSTOM_HEADERS may name. */
function plainly(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return (input, init) => {
    const kept = [...new Headers(init?.headers)].filter(([name]) =>
      /^(authorization|content-type|accept|x-dashscope-.*)$/.test(name),
    );
    return fetch(input, { ...init, headers: Object.fromEntries(kept) });
  };
}
