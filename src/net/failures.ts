import { DubError } from '../errors.js';
import { type FailureFacts, withFacts } from './facts.js';
import { seconds } from './watch.js';

const networkHint = 'Check the network, the proxy (HTTPS_PROXY, NO_PROXY) and the base URL; the same command resumes.';

/** Errors that only a connection that was never made can give: nothing was sent. */
const neverConnected: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be resolved',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no network',
  UND_ERR_PRX_TLS: 'the proxy has no trusted certificate',
};

const certificate = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET|VERIFY))/;

/**
 * The error of a request that got no answer.
 * @param what the request as messages name it
 * @param unsent true when the connection was never made, as far as the connector knows
 */
export function noAnswer(cause: unknown, what: string, host: string, connectMs: number, unsent: boolean): DubError {
  const code = codeOf(cause);
  const retried = { retryable: true, unsent: unsent || code in neverConnected };
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || (code === 'ETIMEDOUT' && unsent)) {
    const message = `${what} did not connect within ${seconds(connectMs)} (connect limit).`;
    return failure('PROVIDER_TIMEOUT', message, { retryable: true, unsent: true }, { hint: networkHint, cause });
  }
  if (certificate.test(code)) {
    const hint =
      'Check the base URL and the clock; behind a proxy that inspects TLS set NODE_EXTRA_CA_CERTS to its certificate.';
    return failure(
      'PROVIDER_UNREACHABLE',
      `${host} has no trusted certificate (${code}).`,
      { retryable: false, unsent },
      { hint, cause },
    );
  }
  const proxy = /^Proxy response \((\d+)\)|^(Proxy Authentication Required)/.exec(messageOf(cause));
  if (proxy) {
    const message = `The proxy did not open the way to ${host} (${proxy[1] ?? 407}).`;
    const hint = 'Check HTTPS_PROXY and HTTP_PROXY, or name the host in NO_PROXY.';
    return failure('PROVIDER_UNREACHABLE', message, { retryable: true, unsent: true }, { hint, cause });
  }
  if (code === 'UND_ERR_INVALID_ARG') {
    const hint = 'Check the key and the base URL for line breaks, spaces and characters outside ASCII.';
    return failure(
      'CONFIG_INVALID',
      `${what} cannot be sent: a header or the URL has a character that HTTP does not allow.`,
      { retryable: false },
      { hint, cause },
    );
  }
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') {
    return failure('INTERRUPTED', `${what} was stopped: the run has ended.`, { retryable: false }, { cause });
  }
  if (nameOf(cause) === 'HTTPParserError' || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return badReply(`${what} was not answered in HTTP.`, { retryable: true }, { cause });
  }
  const why = neverConnected[code] ?? `the connection ended before an answer came (${code || 'no code'})`;
  return failure('PROVIDER_UNREACHABLE', `${what} got no answer: ${why}.`, retried, { hint: networkHint, cause });
}

/** The error of a body that ended too early. */
export function cutBody(what: string, received: number, declared: number | undefined, cause?: unknown): DubError {
  const of = declared === undefined ? '' : ` of ${declared}`;
  return badReply(`The answer to ${what} was cut short after ${received}${of} bytes.`, { retryable: true }, { cause });
}

/** The error of a body above the limit. */
export function tooLarge(what: string, maxBytes: number): DubError {
  return badReply(`The answer to ${what} is larger than ${maxBytes} bytes.`, { retryable: false }, {});
}

/** A `PROVIDER_BAD_REPLY` with its facts. */
export function badReply(
  message: string,
  facts: FailureFacts,
  details: { hint?: string; cause?: unknown } = {},
): DubError {
  return failure('PROVIDER_BAD_REPLY', message, facts, details);
}

/** A `DubError` with its facts; `retryable` is the facts'. */
export function failure(
  code: DubError['code'],
  message: string,
  facts: FailureFacts,
  details: { hint?: string; cause?: unknown; retryAfterMs?: number } = {},
): DubError {
  return withFacts(new DubError(code, message, { ...details, retryable: facts.retryable }), facts);
}

/** The code of a system or undici error; that of the first address tried when all of several failed. */
function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : '';
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
