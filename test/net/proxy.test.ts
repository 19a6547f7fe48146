import { createServer, request as forward, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type LookupFunction, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { readProxies } from '../../src/net/proxy.js';
import { untrusted } from '../support/tls.js';
import { client, closing, failed, never, server } from './support.js';

/** What the proxy was asked for, as it was asked. */
interface Proxy {
  readonly url: string;
  readonly seen: readonly string[];
  readonly headers: readonly IncomingMessage['headers'][];
  close(): Promise<void>;
}

/** A real proxy that leads every name to one port of this machine. */
async function proxyTo(port: number, answer = 200): Promise<Proxy> {
  const seen: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const sockets = new Set<Socket>();
  const listener = createServer((incoming, outgoing) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    headers.push(incoming.headers);
    if (answer !== 200) return void outgoing.writeHead(answer).end();
    const { pathname, search } = new URL(incoming.url ?? '');
    const onward = forward({
      port,
      host: '127.0.0.1',
      path: pathname + search,
      method: incoming.method,
      headers: incoming.headers,
    });
    onward.on('response', (reply) => reply.pipe(outgoing.writeHead(reply.statusCode ?? 500, reply.headers)));
    incoming.pipe(onward);
  });
  listener.on('connect', (incoming, socket) => {
    seen.push(`CONNECT ${incoming.url}`);
    headers.push(incoming.headers);
    if (answer !== 200) return void socket.end(`HTTP/1.1 ${answer} No\r\n\r\n`);
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  listener.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const at = listener.address() as { port: number };
  return closing({
    url: `http://127.0.0.1:${at.port}`,
    seen,
    headers,
    async close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
    },
  });
}

const toLoopback: LookupFunction = (_name, options, callback) =>
  options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);

test("http goes through HTTP_PROXY in absolute form, with the proxy's password for the proxy alone", async () => {
  const { port, requests } = await server(() => ({ body: 'ok' }));
  const proxy = await proxyTo(port);
  const env = { HTTP_PROXY: proxy.url.replace('//', '//me:pw%21@') };
  const reply = await client({ env }).request({ url: 'http://service.test/v1?a=1', body: { json: 1 } }, never);
  expect(reply.body.text).toBe('ok');
  expect(proxy.seen).toEqual(['POST http://service.test/v1?a=1']);
  expect(proxy.headers[0]?.['proxy-authorization']).toBe(`Basic ${Buffer.from('me:pw!').toString('base64')}`);
  expect(requests[0]?.headers.host).toBe('service.test');
});

test('https goes through HTTPS_PROXY by CONNECT, encrypted from end to end', async () => {
  let greeted = 0;
  const secure = createTlsServer(untrusted).on('connection', () => greeted++);
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  closing({ close: async () => secure.close() });
  const proxy = await proxyTo((secure.address() as { port: number }).port);
  const env = { https_proxy: proxy.url, HTTPS_PROXY: 'http://not-this-one.test' };
  const error = await failed(client({ env }).request({ url: 'https://service.test/v1' }, never));
  expect(proxy.seen).toEqual(['CONNECT service.test:443']);
  expect(error).toMatchObject({ code: 'PROVIDER_UNREACHABLE', retryable: false });
  expect(error.message).toMatch(/^service\.test has no trusted certificate \([A-Z_]+\)\.$/);
  expect(error.hint).toContain('NODE_EXTRA_CA_CERTS');
  expect(greeted).toBe(1);
});

test('links are fetched through the proxy too, but not from hosts that are private by their own name', async () => {
  const { port } = await server(() => ({ body: 'take' }));
  const proxy = await proxyTo(port);
  const http = client({ env: { HTTP_PROXY: proxy.url } });
  const { bytes } = await http.download('http://cdn.test/a.wav', { signal: never });
  expect(Buffer.from(bytes).toString()).toBe('take');
  for (const host of ['10.0.0.1', 'localhost', '169.254.169.254']) {
    await expect(http.download(`http://${host}/x`, { signal: never })).rejects.toMatchObject({
      code: 'PROVIDER_BAD_REPLY',
    });
  }
  expect(proxy.seen).toEqual(['GET http://cdn.test/a.wav']);
});

test('hosts in NO_PROXY, their subdomains, and this machine are reached without the proxy', async () => {
  const { url, port, requests } = await server(() => ({}));
  const proxy = await proxyTo(port);
  const env = { HTTP_PROXY: proxy.url, NO_PROXY: 'service.test, .other.test' };
  const http = client({ env, lookup: toLoopback });
  for (const host of ['service.test', 'eu.service.test', 'a.other.test', 'localhost'])
    await http.request({ url: `http://${host}:${port}/` }, never);
  await http.request({ url }, never);
  expect(proxy.seen).toEqual([]);
  await http.request({ url: `http://service.test.evil:${port}/` }, never);
  expect(proxy.seen).toEqual([`GET http://service.test.evil:${port}/`]);
  expect(requests).toHaveLength(6);

  await client({ env: { ...env, no_proxy: '*' }, lookup: toLoopback }).request(
    { url: `http://any.test:${port}/` },
    never,
  );
  expect(proxy.seen).toHaveLength(1);
});

test('without an environment handed in no proxy is used, whatever the process has', async () => {
  const { url, requests } = await server(() => ({}));
  const before = process.env.http_proxy;
  process.env.http_proxy = 'http://127.0.0.1:1';
  try {
    await client({ lookup: toLoopback }).request({ url: url.replace('127.0.0.1', 'service.test') }, never);
  } finally {
    if (before === undefined) delete process.env.http_proxy;
    else process.env.http_proxy = before;
  }
  expect(requests).toHaveLength(1);
});

test('a proxy that refuses, or is not there, is named as such and may be tried again even for paid work', async () => {
  for (const [scheme, answer] of [
    ['https', 407],
    ['https', 502],
  ] as const) {
    const proxy = await proxyTo(1, answer);
    const http = client({ env: { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url }, retry: { attempts: 2 } });
    const error = await failed(http.request({ url: `${scheme}://service.test/v1`, body: { json: 1 } }, never));
    expect(error.code).toBe('PROVIDER_UNREACHABLE');
    expect(error.message).toBe(`The proxy did not open the way to service.test (${answer}) (2 attempts).`);
    expect(error.hint).toBe('Check HTTPS_PROXY and HTTP_PROXY, or name the host in NO_PROXY.');
    expect(proxy.seen).toHaveLength(2);
  }
  const http = client({ env: { HTTP_PROXY: 'http://127.0.0.1:1' }, retry: { attempts: 2 } });
  const error = await failed(http.request({ url: 'http://service.test/v1', body: { json: 1 } }, never));
  expect(error.message).toBe('POST service.test/v1 got no answer: the connection was refused (2 attempts).');
});

test('a proxy may be written without a scheme; nonsense is refused without showing it', async () => {
  expect(readProxies({ HTTPS_PROXY: '127.0.0.1:7890' })).toEqual({
    httpProxy: '',
    httpsProxy: 'http://127.0.0.1:7890',
    noProxy: 'localhost,127.0.0.1,[::1],',
  });
  const error = await failed(
    client({ env: { HTTPS_PROXY: 'me:secret@:::' } }).request({ url: 'http://127.0.0.1:1' }, never),
  );
  expect(error).toMatchObject({
    code: 'CONFIG_INVALID',
    message: 'HTTPS_PROXY is not the URL of a proxy.',
    hint: 'Set HTTPS_PROXY to http://host:port, or unset it.',
  });
});
