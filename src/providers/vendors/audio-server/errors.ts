import { DubError } from '../../../errors.js';
import type { Classify, Judgement } from '../../../net/judge.js';
import type { ReplyBody } from '../../../net/reply.js';
import { formOf } from '../speech/judge.js';

/** What the errors of a server are told with. */
export interface ErrorSituation {
  /** Host with its port. */
  readonly host: string;
  /** What to do about a key that is refused or lacking. */
  readonly keyHint: string;
}

/**
 * Reads the errors of servers that are FastAPI programs or shaped like OpenAI's, and pages of the proxies before them.
 * A fault of the server (500) is worth one more try of the same request.
 */
export function createClassifier(situation: ErrorSituation): Classify {
  let triedOnce = false;
  return (status, headers, body) => {
    if (status >= 200 && status < 300) return pageOf(situation, headers['content-type'] ?? '', body);
    const judgement = judge(status, body, situation);
    if (status !== 500 || !triedOnce) {
      triedOnce ||= status === 500;
      return judgement;
    }
    return { ...judgement, retryable: false };
  };
}

/** A page where an answer was due: the proxy is there, the service behind it is not. */
function pageOf({ host }: ErrorSituation, type: string, body: ReplyBody): Judgement | undefined {
  const start = String.fromCharCode(...body.bytes.subarray(0, 32)).trimStart();
  // What calls itself a page may still be sound: the bytes decide.
  const isPage = start.startsWith('<') || (/^text\/html\b/i.test(type) && formOf(body.bytes) === undefined);
  if (!isPage) return undefined;
  return unreachable(host, 'an HTML page instead of the service (200)');
}

function judge(status: number, body: ReplyBody, { host, keyHint }: ErrorSituation): Judgement {
  const said = readMessage(body);
  const told = said === '' ? '' : `: ${said}`;
  const error = (code: DubError['code'], message: string, hint: string, retryable = false) => ({
    error: new DubError(code, `${message}.`.replace(/\.\.$/, '.'), { hint, retryable }),
    retryable,
  });
  if (status === 401 || status === 403)
    return error('PROVIDER_AUTH', `${host} refused the key (${status})${told}`, keyHint);
  if (status === 402 || (status === 429 && /insufficient_quota/.test(body.text)))
    return error(
      'PROVIDER_QUOTA',
      `The account at ${host} is used up (${status})${told}`,
      'Top it up, then run the same command again.',
    );
  if (status === 429 || status === 408 || status === 425)
    return {
      ...error('PROVIDER_BUSY', `${host} takes no more requests now (${status})${told}`, resumes, true),
      notAccepted: true,
    };
  if (status === 503)
    return { ...error('PROVIDER_BUSY', `${host} is not ready (503)${told}`, stillLoading, true), notAccepted: true };
  if (status === 502 || status === 504 || (status > 504 && said === '')) return unreachable(host, `${status}`);
  if (status >= 500) return error('PROVIDER_BAD_REPLY', `${host} failed (${status})${told}`, resumes, true);
  if (status === 404 || status === 405)
    return error('PROVIDER_REFUSED', `${host} does not know the address or the model (${status})${told}`, unknownRoute);
  if (status === 413)
    return error(
      'PROVIDER_UNSUPPORTED',
      `${host} finds the request too large (413)${told}`,
      'Send less at once: a shorter line, sample or piece.',
    );
  return error(
    'PROVIDER_REFUSED',
    `${host} refused the request (${status})${told}`,
    'The message says what it does not take; `dub doctor` shows what is known of the server.',
  );
}

const resumes = 'The same command resumes; `dub doctor` looks at the server.';
const stillLoading = 'The model may still be loading: --wait-ready 15m waits for it. The same command resumes.';
const unknownRoute =
  'Check the path of the address (some servers want /v1, some none) and the model, which some servers must download first.';

function unreachable(host: string, what: string): Judgement {
  const hint =
    'The server may be starting, stopped, or under another address: check it, or wait for it with --wait-ready 15m. The same command resumes.';
  const error = new DubError(
    'PROVIDER_UNREACHABLE',
    `${host} answered with ${what}: nothing behind that address serves now.`,
    {
      hint,
      retryable: true,
    },
  );
  return { error, retryable: true, notAccepted: true };
}

const longest = 240;

/**
 * What an error says in words: OpenAI's `error.message`, FastAPI's `detail`, or plain text; of a Python traceback only
 * its last line, which names the fault. Empty for pages and for nothing.
 */
export function readMessage(body: ReplyBody): string {
  const words = wordsOf(body.json) ?? (/^\s*[<{[]/.test(body.text) ? '' : body.text);
  const lines = words
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const isTraceback = lines.some((line) => line.startsWith('Traceback'));
  const text = (isTraceback ? (lines.at(-1) ?? '') : lines.join(' ')).replace(/\s+/g, ' ');
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

function wordsOf(json: unknown): string | undefined {
  if (typeof json === 'string') return json;
  if (Array.isArray(json))
    return (
      json
        .map((one) => wordsOf(one) ?? '')
        .filter(Boolean)
        .join('; ') || undefined
    );
  if (typeof json !== 'object' || json === null) return undefined;
  const { error, message, detail, msg } = json as Record<string, unknown>;
  // `{"error": "text_too_long", "message": "…"}`: the code and its words.
  if (typeof error === 'string' && typeof message === 'string') return `${message} (${error})`;
  return wordsOf(error) ?? wordsOf(message) ?? wordsOf(detail) ?? wordsOf(msg);
}

/**
 * Throws what is given, with a hint where it has none: what is known of a connection that broke says nothing of what to
 * do about it.
 */
export function withHint(error: unknown): never {
  if (!(error instanceof DubError) || error.hint !== undefined || error.code === 'INTERRUPTED') throw error;
  const { code, message, retryable, retryAfterMs } = error;
  const hint = 'The same command asks again for what is missing.';
  throw new DubError(code, message, {
    hint,
    retryable,
    cause: error,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
