import type { OpenReply } from './exchange.js';
import { badReply } from './failures.js';
import type { EventReply, HttpRequest, JsonReply, Schema } from './http.js';
import { type HttpReply, judge } from './judge.js';
import { sendCredentialed } from './redirects.js';
import { collect, mediaTypeOf, replyBody } from './reply.js';
import type { Attempt, Runner } from './runner.js';
import { type EventOptions, readEvents } from './sse.js';
import { streaming } from './stream.js';

const defaultMaxBytes = 32 * 1024 * 1024;

/** A request whose answer is read in whole; what `accept` throws counts as a failed attempt. */
export async function whole<T>(
  runner: Runner,
  request: HttpRequest,
  signal: AbortSignal,
  accept: (reply: HttpReply, what: string) => T,
): Promise<T> {
  return runner.run(request, signal, async (attempt) => {
    const reply = await readWhole(await sendCredentialed(request, attempt), request.maxBytes, attempt);
    judge(reply, {
      classify: request.classify,
      expect: request.expect,
      what: attempt.what,
      now: runner.shared.clock.now(),
    });
    const accepted = accept(reply, attempt.what);
    attempt.pass.leave('ok');
    return accepted;
  });
}

/** A request whose answer is JSON. @throws `PROVIDER_BAD_REPLY` when it is none, or not as the schema says */
export function json<T>(
  runner: Runner,
  schema: Schema<T>,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<JsonReply<T>> {
  const asking = { ...request, headers: { accept: 'application/json', ...request.headers } };
  return whole(runner, asking, signal, (reply, what) => {
    const value = validated(schema, reply, what);
    return { value, status: reply.status, headers: reply.headers };
  });
}

/** A request whose answer is a stream of events. */
export async function events(
  runner: Runner,
  request: HttpRequest,
  signal: AbortSignal,
  options: EventOptions,
): Promise<EventReply> {
  const asking = { ...request, headers: { accept: 'text/event-stream', ...request.headers } };
  return runner.run(asking, signal, async (attempt) => {
    const reply = await sendCredentialed(asking, attempt);
    const { status, headers } = reply;
    if (status >= 200 && status < 300 && mediaTypeOf(headers) === 'text/event-stream') {
      return { status, headers, events: streaming(readEvents(reply.chunks, options), attempt, runner) };
    }
    const body = await readWhole(reply, request.maxBytes, attempt);
    judge(body, { classify: request.classify, what: attempt.what, now: runner.shared.clock.now() });
    throw badReply(
      `${attempt.what} was answered with ${mediaTypeOf(headers) || 'no type'} instead of an event stream.`,
      { status, retryable: false },
    );
  });
}

/** The whole body of an answer. */
export async function readWhole(reply: OpenReply, maxBytes: number | undefined, attempt: Attempt): Promise<HttpReply> {
  const bytes = await collect(reply.chunks, maxBytes ?? defaultMaxBytes, attempt.what);
  return { status: reply.status, headers: reply.headers, body: replyBody(bytes) };
}

function validated<T>(schema: Schema<T>, { status, headers, body }: HttpReply, what: string): T {
  if (body.json === undefined) {
    const found = mediaTypeOf(headers) === 'text/html' || /^\s*</.test(body.text) ? 'an HTML page' : 'something else';
    const hint = 'Check the base URL and the proxy: a gateway, not the service, may have answered.';
    throw badReply(
      `${what} was answered with ${found} instead of JSON (${status}).`,
      { status, retryable: true },
      { hint },
    );
  }
  const result = schema.safeParse(body.json);
  if (result.success) return result.data;
  const wrong = result.error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.map(String).join('.') || 'body'}: ${message}`);
  throw badReply(`The answer to ${what} is not as documented: ${wrong.join('; ')}.`, { status, retryable: false });
}
