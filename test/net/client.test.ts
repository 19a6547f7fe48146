import { createServer } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { DubError } from '../../src/errors.js';
import { client, failed, never, server } from './support.js';

const schema = z.object({ output: z.object({ task_id: z.string() }) });
const task = { output: { task_id: 'a1' } };

test('sends JSON with its length and our user agent, and validates what comes back', async () => {
  const { url, requests } = await server([
    { body: task, headers: { 'x-request-id': 'r-1', 'set-cookie': ['a=1', 'b=2'] } },
  ]);
  const headers = { Authorization: 'Bearer k' };
  const reply = await client().json(schema, { url: `${url}/v1?a=1`, headers, body: { json: { text: 'grüß' } } }, never);
  expect(reply.value.output.task_id).toBe('a1');
  expect(reply.headers).toMatchObject({ 'x-request-id': 'r-1', 'set-cookie': 'a=1, b=2' });
  expect(requests[0]).toMatchObject({
    method: 'POST',
    target: '/v1?a=1',
    headers: {
      authorization: 'Bearer k',
      accept: 'application/json',
      'content-type': 'application/json',
      'content-length': '17',
      'user-agent': 'dub/1.2.3',
    },
  });
  expect(requests[0]?.body.toString()).toBe('{"text":"grüß"}');
});

test('headers of the request win over the usual ones, however they are written', async () => {
  const { url, requests } = await server([{ body: task }]);
  const headers = { ACCEPT: 'application/json; charset=utf-8', 'Content-Type': 'text/json', 'User-Agent': 'other' };
  await client().json(schema, { url, headers, body: { json: 1 } }, never);
  expect(requests[0]?.headers).toMatchObject({
    accept: 'application/json; charset=utf-8',
    'content-type': 'text/json',
    'user-agent': 'other',
  });
});

test('sends bytes, text and streams of known and unknown length', async () => {
  const { url, requests } = await server(() => ({}));
  const http = client();
  const large = Buffer.alloc(200_000, 'x');
  const sent: number[] = [];
  await http.request(
    { url, body: { bytes: large, mediaType: 'audio/flac' }, onSent: (bytes) => sent.push(bytes) },
    never,
  );
  await http.request({ url, method: 'PUT', body: { bytes: 'text' } }, never);
  async function* stream() {
    yield Buffer.from('ab');
    yield Buffer.from('cd');
  }
  await http.request({ url, body: { stream, length: 4, mediaType: 'text/plain' } }, never);
  await http.request({ url, body: { stream } }, never);
  expect(requests.map(({ method, body }) => `${method} ${body.length}`)).toEqual([
    'POST 200000',
    'PUT 4',
    'POST 4',
    'POST 4',
  ]);
  expect(requests.map(({ headers }) => headers['content-length'] ?? headers['transfer-encoding'])).toEqual([
    '200000',
    '4',
    '4',
    'chunked',
  ]);
  expect(requests[0]?.headers['content-type']).toBe('audio/flac');
  expect(sent).toEqual([65_536, 131_072, 196_608, 200_000]);
});

test('a stream factory is called once for every attempt', async () => {
  const { url, requests } = await server([{ status: 503 }, {}]);
  async function* stream() {
    yield Buffer.from('abc');
  }
  await client().request({ url, body: { stream, length: 3 } }, never);
  expect(requests.map(({ body }) => body.toString())).toEqual(['abc', 'abc']);
});

test('an error of the body itself comes out as it is and is not repeated', async () => {
  const { url } = await server(() => ({}));
  let calls = 0;
  async function* stream(): AsyncGenerator<Uint8Array> {
    calls++;
    yield Buffer.from('a');
    throw new DubError('INPUT_UNREADABLE', 'The file went away.');
  }
  const error = await failed(client().request({ url, body: { stream, length: 3 }, idempotent: 'repeatable' }, never));
  expect(error.message).toBe('The file went away.');
  expect(calls).toBe(1);
});

test('an HTML page with status 200 is a bad reply, repeated only when that costs nothing', async () => {
  const html = { body: '<!doctype html><p>Sign in', headers: { 'content-type': 'text/html' } };
  const polled = await server([html, { body: task }]);
  await client().json(schema, { url: polled.url }, never);
  expect(polled.requests).toHaveLength(2);

  const paid = await server([html, { body: task }]);
  const error = await failed(client().json(schema, { url: `${paid.url}/asr?k=v`, body: { json: 1 } }, never));
  expect(error.code).toBe('PROVIDER_BAD_REPLY');
  expect(error.message).toBe(`POST ${paid.url.slice(7)}/asr was answered with an HTML page instead of JSON (200).`);
  expect(error.hint).toBe('Check the base URL and the proxy: a gateway, not the service, may have answered.');
  expect(paid.requests).toHaveLength(1);
});

test('invalid JSON is a bad reply', async () => {
  const { url } = await server(() => ({ body: '{"output": {', headers: { 'content-type': 'application/json' } }));
  const error = await failed(client({ retry: { attempts: 2 } }).json(schema, { url }, never));
  expect(error.code).toBe('PROVIDER_BAD_REPLY');
  expect(error.message).toContain('was answered with something else instead of JSON (200) (2 attempts).');
});

test('JSON of another shape is a bad reply that names what is wrong, not repeated', async () => {
  const { url, requests } = await server(() => ({ body: { output: { task_id: 7 } } }));
  const error = await failed(client().json(schema, { url }, never));
  expect(error.message).toBe(
    `The answer to GET ${url.slice(7)}/ is not as documented: output.task_id: Invalid input: expected string, received number.`,
  );
  expect(requests).toHaveLength(1);
});

test('null is JSON', async () => {
  const { url } = await server([{ body: 'null' }]);
  expect((await client().json(z.null(), { url }, never)).value).toBeNull();
});

test('a body above the limit is refused and its connection given up', async () => {
  const { url, requests } = await server(() => ({
    pieces: Array.from({ length: 50 }, () => 'x'.repeat(1000)),
    pauseMs: 5,
  }));
  const error = await failed(client().request({ url, maxBytes: 2000 }, never));
  expect(error).toMatchObject({ code: 'PROVIDER_BAD_REPLY', retryable: false });
  expect(error.message).toBe(`The answer to GET ${url.slice(7)}/ is larger than 2000 bytes.`);
  await requests[0]?.closed;
  expect(requests).toHaveLength(1);
});

test('a body that unpacks to more than the limit is refused', async () => {
  const body = gzipSync(Buffer.alloc(5_000_000));
  const { url } = await server([{ body, headers: { 'content-encoding': 'gzip' } }]);
  const error = await failed(client().request({ url, maxBytes: 100_000 }, never));
  expect(error.message).toContain('is larger than 100000 bytes.');
});

test('a compressed answer is read though none was asked for', async () => {
  const packers = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };
  for (const [encoding, pack] of Object.entries(packers)) {
    const { url, requests } = await server([
      { body: pack(JSON.stringify(task)), headers: { 'content-encoding': encoding } },
      { status: 204, headers: { 'content-encoding': encoding } },
    ]);
    expect((await client().json(schema, { url }, never)).value).toEqual(task);
    expect((await client().request({ url }, never)).body.bytes).toHaveLength(0);
    expect(requests[0]?.headers['accept-encoding']).toBeUndefined();
  }
});

test('a compressed answer that ends early is a bad reply', async () => {
  const body = gzipSync(JSON.stringify(task)).subarray(0, 20);
  const { url } = await server([{ body, headers: { 'content-encoding': 'gzip' } }]);
  const error = await failed(client({ retry: { attempts: 1 } }).json(schema, { url }, never));
  expect(error.message).toContain('was cut short');
});

test('a body cut short is a bad reply that counts bytes', async () => {
  for (const fault of ['cut', 'reset-in-body'] as const) {
    const { url } = await server(() => ({ fault, body: '0123456789' }));
    const error = await failed(client({ retry: { attempts: 1 } }).request({ url }, never));
    expect(error.code).toBe('PROVIDER_BAD_REPLY');
    expect(error.message).toBe(`The answer to GET ${url.slice(7)}/ was cut short after 10 of 20 bytes.`);
  }
});

test('an answer to HEAD has a length and no body', async () => {
  const { url } = await server([{ headers: { 'content-length': '1234' } }]);
  const reply = await client().request({ url, method: 'HEAD' }, never);
  expect(reply.headers['content-length']).toBe('1234');
  expect(reply.body.bytes).toHaveLength(0);
});

test('credentials are not sent to where a redirect points', async () => {
  const other = await server(() => ({ body: task }));
  for (const body of [undefined, { json: 1 }]) {
    const { url } = await server([{ status: 307, headers: { location: `${other.url}/x?Signature=abc` } }]);
    const request = { url, headers: { authorization: 'Bearer k' }, ...(body && { body }) };
    const error = await failed(client().json(schema, request, never));
    expect(error.code).toBe('PROVIDER_BAD_REPLY');
    expect(error.message).toContain(`was redirected to ${other.url}/x?Signature=•••• (307).`);
    expect(error.hint).toBe(`Credentials are not sent on. If the service has moved, set its base URL to ${other.url}.`);
  }
  expect(other.requests).toHaveLength(0);
});

test('a redirect within the origin is followed once, for GET only', async () => {
  const get = await server([{ status: 301, headers: { location: '/v2' } }, { body: task }]);
  await client().json(schema, { url: `${get.url}/v1`, headers: { authorization: 'Bearer k' } }, never);
  expect(get.requests.map(({ target, headers }) => `${target} ${headers.authorization}`)).toEqual([
    '/v1 Bearer k',
    '/v2 Bearer k',
  ]);

  const twice = await server(() => ({ status: 302, headers: { location: '/v2' } }));
  await failed(client().json(schema, { url: twice.url }, never));
  expect(twice.requests).toHaveLength(2);

  const post = await server(() => ({ status: 302, headers: { location: '/v2' } }));
  await failed(client().json(schema, { url: post.url, body: { json: 1 }, idempotent: 'repeatable' }, never));
  expect(post.requests).toHaveLength(1);
});

test('an address that is no URL and a key with a line break are told as what they are', async () => {
  const addresses = {
    dashscope: 'dashscope',
    'localhost:8000/v1': 'localhost:8000/v1',
    'https://u:pw@h.test/v1': 'https://h.test',
  };
  for (const [url, shown] of Object.entries(addresses)) {
    const error = await failed(client().request({ url }, never));
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      message: `${shown} is not a URL that requests can be sent to.`,
    });
    expect(error.hint).toBe('Check the base URL: it must begin with https:// or http://, and have no user name in it.');
  }
  const { url } = await server([]);
  const error = await failed(client().request({ url, headers: { authorization: 'Bearer abc\ndef' } }, never));
  expect(error.code).toBe('CONFIG_INVALID');
  expect(error.hint).toBe('Check the key and the base URL for line breaks, spaces and characters outside ASCII.');
});

test('an answer that is not HTTP is a bad reply', async () => {
  const raw = createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.end('220 mail.example ESMTP\r\n'));
  });
  await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
  const { port } = raw.address() as { port: number };
  const error = await failed(client({ retry: { attempts: 1 } }).request({ url: `http://127.0.0.1:${port}` }, never));
  expect(error.code).toBe('PROVIDER_BAD_REPLY');
  expect(error.message).toBe(`GET 127.0.0.1:${port}/ was not answered in HTTP.`);
  raw.close();
});

test('a scope adds its own secrets, notices and limits to the client it comes from', async () => {
  const { url } = await server([{ status: 503 }, { body: 'outer-secret inner-secret' }]);
  const seen: string[] = [];
  const outer = client({ secrets: ['outer-secret'], retry: { attempts: 2 } });
  const inner = outer.scope({
    secrets: ['inner-secret'],
    onRetry: ({ code }) => seen.push(code),
    limits: { idleMs: 5000 },
  });
  const reply = await inner.request({ url }, never);
  expect(inner.redact(reply.body.text)).toBe('•••• ••••');
  expect(outer.redact(reply.body.text)).toBe('•••• inner-secret');
  expect(seen).toEqual(['PROVIDER_BUSY']);
});

test('a closed client makes no more requests', async () => {
  const { url, requests } = await server(() => ({}));
  const http = client();
  await http.request({ url }, never);
  await http.close();
  for (const late of [http.request({ url }, never), http.download('http://example.test/a', { signal: never })]) {
    expect(await failed(late)).toMatchObject({ code: 'INTERRUPTED', retryable: false });
  }
  expect(requests).toHaveLength(1);
});
