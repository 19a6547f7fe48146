import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A real HTTP server on 127.0.0.1, at a free port. */
export interface Loopback {
  /** `http://127.0.0.1:port`, no slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Requests that are not answered to the end yet. */
  readonly open: number;
  close(): Promise<void>;
}

/**
 * Starts one.
 * @param answer gets each request with its whole body; where it throws, the connection is destroyed
 */
export async function listenOnLoopback(
  answer: (request: IncomingMessage, response: ServerResponse, body: Buffer) => unknown,
): Promise<Loopback> {
  let open = 0;
  const server = createServer((request, response) => {
    open++;
    response.on('close', () => open--);
    bodyOf(request)
      .then((body) => answer(request, response, body))
      .catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    get open() {
      return open;
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}
