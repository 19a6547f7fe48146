import { ReadableStream } from 'node:stream/web';
import { readWhole } from './calls.js';
import type { FetchDefaults, HttpRequest } from './http.js';
import { judge } from './judge.js';
import { sendCredentialed } from './redirects.js';
import { mediaTypeOf, type ReplyHeaders } from './reply.js';
import type { Runner } from './runner.js';
import { streaming } from './stream.js';

/** Headers of the wire that do not hold for a body that was already read and uncompressed. */
const wireHeaders: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
]);

/** `Http.fetch` for one scope. Event streams are passed on as they come, everything else is read and judged first. */
export function createFetch(
  runner: Runner,
  defaults: FetchDefaults,
  onError: (error: unknown) => void = () => undefined,
): typeof globalThis.fetch {
  return async (input, init) => {
    const asked = new Request(input, init);
    try {
      return await answer(runner, await requestOf(asked, defaults), init?.signal ?? asked.signal);
    } catch (error) {
      onError(error);
      throw error;
    }
  };
}

function answer(runner: Runner, request: HttpRequest, signal: AbortSignal): Promise<Response> {
  return runner.run(request, signal, async (attempt) => {
    const reply = await sendCredentialed(request, attempt);
    const { status, headers } = reply;
    if (status >= 200 && status < 300 && mediaTypeOf(headers) === 'text/event-stream') {
      return responseOf(ReadableStream.from(streaming(reply.chunks, attempt, runner)), status, headers);
    }
    const read = await readWhole(reply, request.maxBytes, attempt);
    judge(read, {
      classify: request.classify,
      expect: request.expect,
      what: attempt.what,
      now: runner.shared.clock.now(),
    });
    attempt.pass.leave('ok');
    return responseOf(read.body.bytes, status, headers);
  });
}

async function requestOf(asked: Request, defaults: FetchDefaults): Promise<HttpRequest> {
  const bytes = asked.body === null ? undefined : new Uint8Array(await asked.arrayBuffer());
  return {
    ...defaults,
    url: asked.url,
    method: asked.method as NonNullable<HttpRequest['method']>,
    headers: Object.fromEntries(asked.headers),
    ...(bytes === undefined ? {} : { body: { bytes } }),
  };
}

function responseOf(body: Uint8Array | ReadableStream, status: number, headers: ReplyHeaders): Response {
  const kept = Object.entries(headers).filter(([name]) => !wireHeaders.has(name));
  const empty = status === 204 || status === 205 || status === 304;
  return new Response(empty ? null : (body as ConstructorParameters<typeof Response>[0]), {
    status,
    headers: Object.fromEntries(kept),
  });
}
