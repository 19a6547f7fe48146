import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** How a server answers one request. Nothing given is an empty 200. */
export interface ScriptedReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** An object goes out as JSON with its content type. */
  readonly body?: string | Uint8Array | object;
  /** The body in pieces, without a Content-Length, a pause before each but the first. */
  readonly pieces?: readonly (string | Uint8Array)[];
  readonly pauseMs?: number;
  /**
   * `reset`: the connection is reset before any answer; `hang`: no answer ever; `hang-in-body`: the head and the body
   * come, but never the end; `reset-in-body`: reset after the body that is given, which is declared twice as long;
   * `cut`: the same, closed in good order.
   */
  readonly fault?: 'reset' | 'hang' | 'hang-in-body' | 'reset-in-body' | 'cut';
}

/** A request as it came. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query, or the whole URL when it came as to a proxy. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** Settles when the connection it came on is closed. */
  readonly closed: Promise<void>;
}

/** A real HTTP server on loopback that answers by a script and records what it got. */
export interface ScriptedServer {
  /** `http://127.0.0.1:port`, no slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly requests: readonly RecordedRequest[];
  /** Connections accepted so far. */
  readonly connections: number;
  close(): Promise<void>;
}

/** When each accepted connection is closed. */
const closings = new WeakMap<Socket, Promise<void>>();

type Answer = (request: RecordedRequest) => ScriptedReply | Promise<ScriptedReply>;

/** @param script replies in order, then 599 for ever; or a function that answers each request */
export async function serve(script: readonly ScriptedReply[] | Answer): Promise<ScriptedServer> {
  const requests: RecordedRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const answer: Answer = typeof script === 'function' ? script : () => script[requests.length - 1] ?? { status: 599 };

  const server = createServer((incoming, outgoing) => {
    record(incoming)
      .then(async (request) => {
        requests.push(request);
        await reply(outgoing, await answer(request));
      })
      // The client went away in the middle: the test sees it on its own side.
      .catch(() => incoming.socket.destroy());
  });
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    closings.set(socket, new Promise((resolve) => socket.once('close', () => resolve())));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    get connections() {
      return connections;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function record(incoming: IncomingMessage): Promise<RecordedRequest> {
  const closed = closings.get(incoming.socket) ?? Promise.resolve();
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const { method = '', url = '', headers, rawHeaders } = incoming;
  return { method, target: url, headers, rawHeaders, body: Buffer.concat(chunks), closed };
}

async function reply(outgoing: ServerResponse, scripted: ScriptedReply): Promise<void> {
  const socket = outgoing.socket;
  if (scripted.fault === 'hang') return;
  if (scripted.fault === 'reset') return void socket?.resetAndDestroy();
  const { bytes, type } = encode(scripted.body);
  const cut = scripted.fault === 'cut' || scripted.fault === 'reset-in-body';
  const length =
    scripted.pieces || scripted.fault === 'hang-in-body' ? {} : { 'content-length': bytes.length * (cut ? 2 : 1) };
  outgoing.writeHead(scripted.status ?? 200, { ...type, ...length, ...(scripted.headers as Record<string, string>) });
  if (scripted.pieces) await drip(outgoing, scripted.pieces, scripted.pauseMs ?? 0);
  else if (bytes.length > 0) await new Promise<void>((resolve) => outgoing.write(bytes, () => resolve()));
  if (scripted.fault === 'hang-in-body') return;
  // Given time to arrive: a reset may overtake the bytes before it.
  if (cut) await wait(20);
  if (scripted.fault === 'reset-in-body') socket?.resetAndDestroy();
  else if (scripted.fault === 'cut') socket?.end();
  else outgoing.end();
}

async function drip(
  outgoing: ServerResponse,
  pieces: readonly (string | Uint8Array)[],
  pauseMs: number,
): Promise<void> {
  outgoing.socket?.setNoDelay(true);
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await wait(pauseMs);
    if (outgoing.destroyed) return;
    outgoing.write(piece);
  }
}

function encode(body: ScriptedReply['body']): { readonly bytes: Buffer; readonly type: Record<string, string> } {
  if (body === undefined) return { bytes: Buffer.alloc(0), type: {} };
  if (typeof body === 'string') return { bytes: Buffer.from(body), type: { 'content-type': 'text/plain' } };
  if (body instanceof Uint8Array)
    return { bytes: Buffer.from(body), type: { 'content-type': 'application/octet-stream' } };
  return { bytes: Buffer.from(JSON.stringify(body)), type: { 'content-type': 'application/json' } };
}
