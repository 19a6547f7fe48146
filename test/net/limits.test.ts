import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { DubError } from '../../src/errors.js';
import { systemClock } from '../../src/net/clock.js';
import type { Http } from '../../src/net/http.js';
import { client, closing, failed, never, server } from './support.js';

const once = { retry: { attempts: 1 } };

test('a server that never answers ends at the idle limit, and its connection is closed', async () => {
  const { url, requests } = await server(() => ({ fault: 'hang' }));
  const error = await failed(client(once).request({ url: `${url}/v1`, limits: { idleMs: 80 } }, never));
  expect(error).toMatchObject({ code: 'PROVIDER_TIMEOUT', retryable: true });
  expect(error.message).toBe(`GET ${url.slice(7)}/v1 was silent for 0.08 s (idle limit).`);
  expect(error.hint).toBe('The service or the network is slow; the same command resumes.');
  await requests[0]?.closed;
});

test('a body that stops moving ends at the idle limit', async () => {
  const { url, requests } = await server(() => ({ fault: 'hang-in-body', body: 'half' }));
  const error = await failed(client(once).request({ url, limits: { idleMs: 80 } }, never));
  expect(error.message).toContain('(idle limit)');
  await requests[0]?.closed;
});

test('a body that drips for ever ends at the total limit, though it is never silent', async () => {
  const { url, requests } = await server(() => ({ pieces: Array.from({ length: 500 }, () => '.'), pauseMs: 10 }));
  const error = await failed(client(once).request({ url, limits: { idleMs: 2000, totalMs: 200 } }, never));
  expect(error.code).toBe('PROVIDER_TIMEOUT');
  expect(error.message).toBe(`GET ${url.slice(7)}/ took longer than 0.2 s in all (total limit).`);
  await requests[0]?.closed;
});

test('a slow upload is not silent as long as it moves', async () => {
  const { url, requests } = await server(() => ({}));
  async function* stream() {
    for (let piece = 0; piece < 6; piece++) {
      await wait(250);
      yield Buffer.alloc(10);
    }
  }
  await client(once).request({ url, body: { stream, length: 60 }, limits: { idleMs: 1000 } }, never);
  expect(requests[0]?.body).toHaveLength(60);
});

test('a connection that is never established ends at the connect limit and may be repeated even if paid', async () => {
  // Accepts TCP and says nothing to the TLS greeting.
  const mute = await listen(() => undefined);
  const http = client({ connectMs: 100, retry: { attempts: 2 } });
  const error = await failed(http.request({ url: `https://127.0.0.1:${mute.port}/v1`, body: { json: 1 } }, never));
  expect(error.code).toBe('PROVIDER_TIMEOUT');
  expect(error.message).toBe(
    `POST 127.0.0.1:${mute.port}/v1 did not connect within 0.1 s (connect limit) (2 attempts).`,
  );
});

test('time limits are repeated for safe requests, never for paid ones', async () => {
  const limits = { idleMs: 300 };
  const safe = await server([{ fault: 'hang' }, { fault: 'hang' }, {}]);
  await client().request({ url: safe.url, limits }, never);
  expect(safe.requests).toHaveLength(3);
  const paid = await server([{ fault: 'hang' }, {}]);
  await failed(client().request({ url: paid.url, body: { json: 1 }, limits }, never));
  expect(paid.requests).toHaveLength(1);
});

test('no attempt outlives the deadline of the whole', async () => {
  const { url } = await server(() => ({ fault: 'hang' }));
  const http = client({ clock: systemClock, retry: { deadlineMs: 100, attempts: 9 } });
  const error = await failed(http.request({ url }, never));
  expect(error.message).toContain('(total limit)');
});

const states: Record<string, (http: Http, url: string, signal: AbortSignal) => Promise<unknown>> = {
  'before the answer': (http, url, signal) => http.request({ url: `${url}/hang` }, signal),
  'in the body': (http, url, signal) => http.request({ url: `${url}/hang-in-body` }, signal),
  'in a download': (http, url, signal) => http.download(`${url}/hang-in-body`, { signal }),
  'in an upload': (http, url, signal) => {
    async function* stream() {
      yield Buffer.from('a');
      await new Promise(() => undefined);
    }
    return http.request({ url: `${url}/upload`, body: { stream } }, signal);
  },
};

for (const [state, start] of Object.entries(states)) {
  test(`abort ${state} rejects at once and frees the connection`, async () => {
    const sockets: Socket[] = [];
    const raw = await listen((socket) => {
      sockets.push(socket);
      socket.once('data', (head) => {
        if (String(head).includes('/hang-in-body')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      });
    });
    const http = client({ allowPrivateFor: [`http://127.0.0.1:${raw.port}`] });
    const controller = new AbortController();
    const error = failed(start(http, `http://127.0.0.1:${raw.port}`, controller.signal));
    while (sockets[0] === undefined || sockets[0].bytesRead === 0) await wait(5);
    await wait(30);
    const closed = new Promise((resolve) => sockets[0]?.once('close', resolve));
    controller.abort();
    expect(await Promise.race([error, wait(5000, undefined, { ref: false })])).toMatchObject({ code: 'INTERRUPTED' });
    await closed;
    expect(sockets).toHaveLength(1);
  });
}

test('abort while connecting, waiting to retry, and before anything rejects at once', async () => {
  const mute = await listen(() => undefined);
  const busy = await server(() => ({ status: 429, headers: { 'retry-after': '60' } }));
  const http = client({ clock: systemClock });
  for (const url of [`https://127.0.0.1:${mute.port}`, busy.url]) {
    const controller = new AbortController();
    const error = failed(http.request({ url }, controller.signal));
    await wait(60);
    controller.abort();
    expect((await error).code).toBe('INTERRUPTED');
  }
  const { url, connections } = await server([]);
  expect((await failed(http.request({ url }, AbortSignal.abort()))).code).toBe('INTERRUPTED');
  expect(connections).toBe(0);
});

test('an abort with a reason of our own rejects with that reason', async () => {
  const { url } = await server(() => ({ fault: 'hang' }));
  const controller = new AbortController();
  const error = failed(client().request({ url }, controller.signal));
  const reason = new DubError('PROVIDER_QUOTA', 'The ceiling is reached.');
  controller.abort(reason);
  expect(await error).toBe(reason);
});

test('close ends what is under way', async () => {
  const { url, requests } = await server(() => ({ fault: 'hang' }));
  const http = client();
  const error = failed(http.request({ url }, never));
  while (requests.length === 0) await wait(5);
  await http.close();
  expect((await error).code).toBe('INTERRUPTED');
  await requests[0]?.closed;
});

test('close ends a connection that is still being made', async () => {
  const sockets: Socket[] = [];
  const mute = await listen((socket) => sockets.push(socket.resume()));
  const http = client();
  const error = failed(http.request({ url: `https://127.0.0.1:${mute.port}` }, never));
  while (sockets.length === 0) await wait(5);
  const closed = new Promise((resolve) => sockets[0]?.once('close', resolve));
  await http.close();
  await closed;
  expect((await error).code).toBe('INTERRUPTED');
});

test('connections are kept and used again', async () => {
  const kept = await server(() => ({ body: 'x' }));
  const http = client();
  for (let call = 0; call < 20; call++) await http.request({ url: kept.url }, never);
  // A second one is opened when a request comes in the very turn in which the first is being freed.
  expect(kept.connections).toBeLessThanOrEqual(2);
});

async function listen(onSocket: (socket: Socket) => void): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const raw: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
  const { port } = raw.address() as { port: number };
  return closing({
    port,
    async close() {
      for (const socket of sockets) socket.destroy();
      raw.close();
    },
  });
}
