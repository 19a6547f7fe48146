import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DubError } from '../../src/errors.js';
import { replyStatus } from '../../src/net/facts.js';
import { client, closing, failed, never, server } from './support.js';

const signal = never;

/** Resolves every name to the same address, as a hostile name server would. */
function resolvingTo(address: string): LookupFunction {
  return (_hostname, options, callback) => {
    if (options.all) callback(null, [{ address, family: 4 }]);
    else callback(null, address, 4);
  };
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'dub-net-'));
  closing({ close: () => rm(path, { recursive: true }) });
  return path;
}

test('fetches bytes and media type without any credentials', async () => {
  const { url, requests } = await server([{ body: 'RIFF', headers: { 'content-type': 'Audio/WAV; rate=24000' } }]);
  const http = client({ allowPrivateFor: [url], secrets: ['sk-key'] });
  const { bytes, mediaType } = await http.download(`${url}/a.wav?Signature=s`, { signal });
  expect(Buffer.from(bytes).toString()).toBe('RIFF');
  expect(mediaType).toBe('audio/wav');
  expect(requests[0]?.target).toBe('/a.wav?Signature=s');
  expect(Object.keys(requests[0]?.headers ?? {}).sort()).toEqual(['accept', 'connection', 'host', 'user-agent']);
});

test('private addresses are refused unsent, whatever they look like', async () => {
  const { port, ...watched } = await server([]);
  for (const host of ['127.0.0.1', 'localhost', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]', '[::1]']) {
    const error = await failed(client().download(`http://${host}:${port}/x`, { signal }));
    expect(error.code).toBe('PROVIDER_BAD_REPLY');
    expect(error.message).toMatch(/^The link to .+ was not followed: it leads to a private address\.$/);
    expect(error.hint).toBe(
      'If the service is your own, configure its base URL by its private address: its links may then lead there.',
    );
  }
  expect(watched.connections).toBe(0);
});

test('a name that leads to a private address is refused when the connection is made', async () => {
  const { port, ...watched } = await server([]);
  const http = client({ lookup: resolvingTo('127.0.0.1') });
  const error = await failed(http.download(`http://cdn.example.test:${port}/x`, { signal }));
  expect(error.message).toBe('The link to cdn.example.test was not followed: it leads to a private address.');
  expect(watched.connections).toBe(0);
});

test('a connection to a configured host is never used for a link', async () => {
  const { url, port, requests } = await server(() => ({}));
  const http = client({ lookup: resolvingTo('127.0.0.1'), allowPrivateFor: ['http://8.8.8.8'] });
  await http.request({ url: `http://api.example.test:${port}/` }, never);
  const error = await failed(http.download(`http://api.example.test:${port}/secret`, { signal }));
  expect(error.message).toContain('was not followed');
  expect(requests).toHaveLength(1);
  expect(url).toContain(String(port));
});

test('private addresses are allowed when the configured base URL is on one, by number or by name', async () => {
  const { url, port } = await server(() => ({ body: 'ok' }));
  const byNumber = client({ allowPrivateFor: ['https://8.8.8.8', url] });
  expect((await byNumber.download(`http://localhost:${port}/`, { signal })).bytes).toHaveLength(2);
  const byName = client({ allowPrivateFor: ['http://tts.example.test'], lookup: resolvingTo('127.0.0.1') });
  expect((await byName.download(`http://files.example.test:${port}/`, { signal })).bytes).toHaveLength(2);
  expect((await byName.download(`http://127.0.0.1:${port}/`, { signal })).bytes).toHaveLength(2);
});

test('metadata services stay closed even then', async () => {
  const http = client({
    allowPrivateFor: ['http://127.0.0.1'],
    lookup: resolvingTo('100.100.100.200'),
    connectMs: 500,
  });
  for (const host of ['169.254.169.254', '[fe80::1]', 'metadata.google.internal', 'innocent.example.test']) {
    expect((await failed(http.download(`http://${host}/latest`, { signal }))).message).toContain(
      'it leads to a link-local address',
    );
  }
});

test('links that are not http, or have a user name, are refused', async () => {
  const links = [
    'file:///etc/passwd',
    'ftp://example.com/x',
    'data:text/plain,x',
    'http://user:pw@example.com/',
    'http://user@127.0.0.1/',
  ];
  for (const link of links)
    expect(await failed(client().download(link, { signal }))).toMatchObject({
      code: 'PROVIDER_BAD_REPLY',
      retryable: false,
    });
  expect((await failed(client().download('//nonsense', { signal }))).message).toBe('A link in an answer is not a URL.');
  const error = await failed(client().download('http://user:pw@example.com/', { signal }));
  expect(error.message).toBe('A link to example.com in an answer has a user name in it.');
});

test('three redirects are followed, each checked anew', async () => {
  const target = await server([{ body: 'there' }]);
  const { url, requests } = await server(({ target: path }) => {
    const step = Number(path.slice(1));
    return { status: 302, headers: { location: step < 3 ? `/${step + 1}` : `${target.url}/end` } };
  });
  const http = client({ allowPrivateFor: [url] });
  expect(Buffer.from((await http.download(`${url}/1`, { signal })).bytes).toString()).toBe('there');
  expect(requests).toHaveLength(3);
  const error = await failed(http.download(`${url}/0`, { signal }));
  expect(error.message).toContain('was redirected more than 3 times.');
});

test('a redirect into a metadata service or to a file is refused', async () => {
  for (const location of ['http://169.254.169.254/latest/meta-data', 'file:///etc/passwd', 'http://a:b@127.0.0.1/']) {
    const { url } = await server([{ status: 302, headers: { location } }]);
    await expect(client({ allowPrivateFor: [url] }).download(url, { signal })).rejects.toMatchObject({
      code: 'PROVIDER_BAD_REPLY',
    });
  }
});

test('a body cut short, a reset and a busy server are tried again', async () => {
  const { url, requests } = await server([
    { fault: 'cut', body: 'half' },
    { fault: 'reset' },
    { fault: 'reset-in-body', body: 'half' },
    { status: 503 },
    { body: 'whole' },
  ]);
  const { bytes } = await client({ allowPrivateFor: [url] }).download(url, { signal });
  expect(Buffer.from(bytes).toString()).toBe('whole');
  expect(requests).toHaveLength(5);
});

test('a body that stays short is an error, not a short file', async () => {
  const path = join(await folder(), 'take.wav');
  const { url } = await server(() => ({ fault: 'cut', body: 'half' }));
  const error = await failed(
    client({ allowPrivateFor: [url], retry: { attempts: 2 } }).download(url, { signal, toPath: path }),
  );
  expect(error).toMatchObject({ code: 'PROVIDER_BAD_REPLY', retryable: true });
  // How much arrived before the end was noticed depends on the moment.
  expect(error.message).toMatch(/was cut short after \d of 8 bytes \(2 attempts\)\./);
  expect(await readdir(join(path, '..'))).toEqual([]);
});

test('a chunked body that ends without its last chunk is tried again', async () => {
  let calls = 0;
  const { url } = await server(() =>
    calls++ === 0 ? { pieces: ['half'], fault: 'cut', headers: { connection: 'close' } } : { body: 'whole' },
  );
  const { bytes } = await client({ allowPrivateFor: [url] }).download(url, { signal });
  expect(Buffer.from(bytes).toString()).toBe('whole');
});

test('writes a file whole and tells its size', async () => {
  const path = join(await folder(), 'ä b.wav');
  await writeFile(path, 'older and longer than the new one');
  const body = Buffer.alloc(300_000, 'ab');
  const { url } = await server([{ body }]);
  const saved = await client({ allowPrivateFor: [url] }).download(url, { signal, toPath: path });
  expect(saved).toEqual({ path, size: 300_000, mediaType: 'application/octet-stream' });
  expect((await readFile(path)).equals(body)).toBe(true);
  expect(await readdir(join(path, '..'))).toEqual(['ä b.wav']);
});

test('a file that cannot be written is no fault of the service', async () => {
  const { url, requests } = await server(() => ({ body: 'x' }));
  const http = client({ allowPrivateFor: [url] });
  const error = await failed(http.download(url, { signal, toPath: join(await folder(), 'none', 'x') }));
  expect(error.code).toBe('OUTPUT_UNWRITABLE');
  expect(requests).toHaveLength(1);
});

test('more than the limit is refused, declared or not, to memory and to a file', async () => {
  const path = join(await folder(), 'x');
  const { url, requests } = await server(({ target }) =>
    target === '/declared' ? { body: 'x'.repeat(101) } : { pieces: ['x'.repeat(101)] },
  );
  const http = client({ allowPrivateFor: [url] });
  for (const target of ['/declared', '/chunked']) {
    for (const place of [{}, { toPath: path }]) {
      const error = await failed(http.download(url + target, { signal, maxBytes: 100, ...place }));
      expect(error.message).toContain('is larger than 100 bytes.');
    }
  }
  expect(requests).toHaveLength(4);
  expect(await readdir(join(path, '..'))).toEqual([]);
});

test('an expired link is told by its status or by the classifier, and not tried again', async () => {
  const { url, requests } = await server(() => ({ status: 403, body: '<Error><Code>AccessDenied</Code></Error>' }));
  const http = client({ allowPrivateFor: [url] });
  const error = await failed(http.download(`${url}/r.json?Signature=abc`, { signal }));
  expect(replyStatus(error)).toBe(403);
  expect(error.message).toBe(`GET ${url.slice(7)}/r.json was answered with 403.`);
  const expired = new DubError('PROVIDER_REFUSED', 'The link has expired.');
  const classify = (status: number) => (status === 403 ? { retryable: false, error: expired } : undefined);
  expect((await failed(http.download(url, { signal, classify }))).message).toBe('The link has expired.');
  expect(requests).toHaveLength(2);
});
