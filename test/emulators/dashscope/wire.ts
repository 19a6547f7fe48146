import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Fault } from './faults.js';

/** A request, read in whole. */
export interface RawRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  /** Names and values as they came, in turn. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** An answer as bytes, or as pieces of a stream. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Uint8Array | AsyncIterable<string>;
}

/** A listener on 127.0.0.1. */
export interface Listener {
  /** `http://127.0.0.1:port`, no slash at the end. */
  readonly url: string;
  /** Requests that have no answer yet. */
  readonly open: number;
  close(): Promise<void>;
}

/** What a request is met with: an answer, or a fault in place of it. */
export interface Reaction {
  readonly fault?: Fault | undefined;
  /** Does the work. Not called for faults that come before it. */
  answer(): Promise<RawAnswer>;
}

/** Listens on this port, or on a free one. */
export async function listen(react: (request: RawRequest) => Promise<Reaction>, port = 0): Promise<Listener> {
  const sockets = new Set<Socket>();
  let open = 0;
  const server = createServer((incoming, outgoing) => {
    open++;
    outgoing.once('close', () => open--);
    read(incoming)
      .then(async (request) => send(outgoing, await react(request)))
      // The client went away in the middle, which it may.
      .catch(() => incoming.socket.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get open() {
      return open;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function read(incoming: IncomingMessage): Promise<RawRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const { method = '', url = '/', headers, rawHeaders } = incoming;
  return { method, url: new URL(url, 'http://emulator'), headers, rawHeaders, body: Buffer.concat(chunks) };
}

async function send(outgoing: ServerResponse, { fault, answer }: Reaction): Promise<void> {
  const kind = fault?.kind;
  if (kind === 'hang') return;
  if (kind === 'reset') return void outgoing.socket?.resetAndDestroy();
  if (kind === 'html') return text(outgoing, fault?.status ?? 200, 'text/html', '<html><body>Welcome</body></html>');
  if (kind === 'bad-json') return text(outgoing, fault?.status ?? 200, 'application/json', '{"request_id":"1","outp');
  if (kind === 'empty') return text(outgoing, fault?.status ?? 200, 'application/json', '');
  if (kind === 'slow') await wait(fault?.delayMs ?? 100, undefined, { ref: false });
  const { status, headers, body } = await answer();
  if (kind === 'hang-after') return;
  if (kind === 'reset-after') return void outgoing.socket?.resetAndDestroy();
  if (!(body instanceof Uint8Array)) return stream(outgoing, status, headers, body, fault);
  outgoing.writeHead(status, { ...headers, 'content-length': body.length });
  if (kind !== 'cut') return void outgoing.end(body);
  const half = body.subarray(0, Math.floor(body.length / 2));
  await new Promise<void>((resolve) => outgoing.write(half, () => resolve()));
  outgoing.socket?.end();
}

function text(outgoing: ServerResponse, status: number, type: string, body: string): void {
  outgoing.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}

async function stream(
  outgoing: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  body: AsyncIterable<string>,
  fault: Fault | undefined,
): Promise<void> {
  outgoing.writeHead(status, headers);
  outgoing.socket?.setNoDelay(true);
  let sent = 0;
  for await (const piece of body) {
    const cut = fault?.kind === 'stream-cut' || fault?.kind === 'cut';
    if (outgoing.destroyed) return;
    if (cut && sent++ >= (fault?.pieces ?? 1)) {
      await wait(20);
      return void outgoing.socket?.resetAndDestroy();
    }
    outgoing.write(piece);
  }
  outgoing.end();
}
