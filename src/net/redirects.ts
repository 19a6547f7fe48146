import type { DubError } from '../errors.js';
import type { OpenReply } from './exchange.js';
import { badReply } from './failures.js';
import type { HttpRequest } from './http.js';
import { redactUrl } from './redact.js';
import { type Attempt, methodOf } from './runner.js';

/**
 * Sends a request that may carry credentials. A redirect to another origin is an error; one within the origin is
 * followed once, and only for GET.
 */
export async function sendCredentialed(request: HttpRequest, attempt: Attempt): Promise<OpenReply> {
  const { url } = attempt;
  const reply = await attempt.send(url, 'configured');
  const next = redirectOf(reply, url);
  if (next === undefined) return reply;
  reply.discard();
  if (next.origin !== url.origin || methodOf(request) !== 'GET') throw redirected(attempt.what, next, reply.status);
  const second = await attempt.send(next, 'configured');
  const third = redirectOf(second, next);
  if (third === undefined) return second;
  second.discard();
  throw redirected(attempt.what, third, second.status);
}

/** Where an answer sends the request; undefined when it is no redirect. */
export function redirectOf(reply: OpenReply, base: URL): URL | undefined {
  const location = reply.headers.location;
  if (![301, 302, 303, 307, 308].includes(reply.status) || location === undefined) return undefined;
  return URL.canParse(location, base.href) ? new URL(location, base) : undefined;
}

function redirected(what: string, next: URL, status: number): DubError {
  const hint = `Credentials are not sent on. If the service has moved, set its base URL to ${next.origin}.`;
  return badReply(`${what} was redirected to ${redactUrl(next)} (${status}).`, { status, retryable: false }, { hint });
}
