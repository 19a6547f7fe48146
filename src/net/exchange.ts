import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { DubError } from '../errors.js';
import { type Agents, type Reach, RefusedAddressError } from './agents.js';
import type { PreparedBody } from './body.js';
import { untilAborted } from './clock.js';
import { badReply, cutBody, noAnswer } from './failures.js';
import { decoded, type ReplyHeaders } from './reply.js';
import type { Watch } from './watch.js';

/** One request as it goes over the wire. */
export interface WireRequest {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: PreparedBody | undefined;
  readonly reach: Reach;
  /** The request as messages name it. */
  readonly what: string;
  readonly connectMs: number;
  readonly onSent: ((bytes: number) => void) | undefined;
}

/** An answer whose body has not been read yet. */
export interface OpenReply {
  readonly status: number;
  readonly headers: ReplyHeaders;
  /** Uncompressed; to be read once. Ends in an error when the body is shorter than declared. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Gives the connection up without reading the body; the attempt goes on. */
  discard(): void;
}

/**
 * Sends a request and waits for the head of the answer. No redirect is followed, nothing is repeated.
 * @throws `PROVIDER_UNREACHABLE`, `PROVIDER_TIMEOUT`, `PROVIDER_BAD_REPLY`, `CONFIG_INVALID` or `INTERRUPTED`
 */
export async function exchange(wire: WireRequest, agents: Agents, watch: Watch): Promise<OpenReply> {
  const dispatcher = await agents.get(wire.reach);
  const answered = dispatcher.request(toUndici(wire, watch));
  // Whatever comes after an abort is of no interest: neither the error nor, should it race, the answer.
  answered.then(
    (late) => watch.signal.aborted && late.body.on('error', ignore).destroy(),
    () => undefined,
  );
  try {
    return open(await untilAborted(answered, watch.signal), wire, watch);
  } catch (error) {
    if (watch.signal.aborted) throw watch.signal.reason;
    throw explain(error, wire, agents);
  }
}

function toUndici(wire: WireRequest, watch: Watch): Dispatcher.RequestOptions {
  const { body, url } = wire;
  const type = body?.mediaType === undefined ? {} : { 'content-type': body.mediaType };
  const length = body?.length === undefined ? {} : { 'content-length': String(body.length) };
  return {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: wire.method,
    headers: { ...type, ...wire.headers, ...length },
    body: body === undefined ? null : Readable.from(counted(body, watch, wire.onSent), { objectMode: false }),
    signal: watch.signal,
  };
}

/** Tells the watch and the caller that the upload moves: a chunk is asked for when the one before is on its way. */
async function* counted(body: PreparedBody, watch: Watch, onSent: WireRequest['onSent']): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const chunk of body.stream()) {
    yield chunk;
    sent += chunk.length;
    watch.touch();
    onSent?.(sent);
  }
}

function open(reply: Dispatcher.ResponseData, wire: WireRequest, watch: Watch): OpenReply {
  const headers = joined(reply.headers);
  // A body destroyed before its end gives an error that nobody may be listening for.
  reply.body.on('error', ignore);
  watch.touch();
  const chunks = watched(reply.body, declaredLength(reply.statusCode, wire.method, headers), wire.what, watch);
  return {
    status: reply.statusCode,
    headers,
    chunks: decoded(chunks, headers, wire.what),
    discard: () => void reply.body.destroy(),
  };
}

async function* watched(
  body: Readable,
  declared: number | undefined,
  what: string,
  watch: Watch,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  try {
    watch.touch();
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      watch.pause();
      received += chunk.length;
      yield chunk;
      watch.touch();
    }
  } catch (error) {
    throw watch.signal.aborted ? watch.signal.reason : cutBody(what, received, declared, error);
  } finally {
    watch.stop();
    body.destroy();
  }
  if (declared !== undefined && received !== declared) throw cutBody(what, received, declared);
}

function explain(error: unknown, wire: WireRequest, agents: Agents): unknown {
  if (error instanceof DubError) return error;
  if (error instanceof RefusedAddressError) return refusedAddress(error.hostname, error.kind, error);
  if (error instanceof TypeError && !('code' in error)) return error;
  return noAnswer(error, wire.what, wire.url.host, wire.connectMs, agents.wasUnsent(error));
}

/** The error of a link that leads into a private network. */
export function refusedAddress(hostname: string, kind: string, cause?: unknown): DubError {
  const hint =
    'If the service is your own, configure its base URL by its private address: its links may then lead there.';
  return badReply(
    `The link to ${hostname} was not followed: it leads to a ${kind} address.`,
    { retryable: false },
    { hint, cause },
  );
}

function joined(headers: Dispatcher.ResponseData['headers']): ReplyHeaders {
  const pairs = Object.entries(headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  return Object.fromEntries(pairs) as ReplyHeaders;
}

function declaredLength(status: number, method: string, headers: ReplyHeaders): number | undefined {
  const text = headers['content-length'];
  if (text === undefined || method === 'HEAD' || status === 204 || status === 304) return undefined;
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function ignore(): void {}
