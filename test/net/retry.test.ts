import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { DubError } from '../../src/errors.js';
import { replyStatus } from '../../src/net/facts.js';
import type { RetryNotice } from '../../src/net/http.js';
import type { Classify } from '../../src/net/judge.js';
import { retryAfter } from '../../src/net/retry.js';
import { instantClock } from './clocks.js';
import { client, failed, never, server } from './support.js';

const ok = { body: { ok: true } };

test('waits as Retry-After says, then succeeds, whatever the kind', async () => {
  for (const idempotent of ['safe', 'repeatable', 'paid'] as const) {
    const { url, requests } = await server([{ status: 429, headers: { 'retry-after': '7' } }, ok]);
    const clock = instantClock();
    const http = client({ clock, random: () => 0 });
    const reply = await http.request({ url, body: { json: {} }, idempotent }, never);
    expect(reply.body.json).toEqual({ ok: true });
    expect(requests).toHaveLength(2);
    expect(clock.sleeps).toEqual([7000]);
  }
});

test('never comes back before Retry-After, and spreads those who were told the same', async () => {
  const { url } = await server([{ status: 503, headers: { 'retry-after': '20' } }, ok]);
  const clock = instantClock();
  await client({ clock, random: () => 0.999 }).request({ url }, never);
  expect(clock.sleeps[0]).toBeGreaterThan(20_000);
  expect(clock.sleeps[0]).toBeLessThanOrEqual(21_000);
});

test('cuts a Retry-After above the cap', async () => {
  const { url } = await server([{ status: 429, headers: { 'retry-after': '3600' } }, ok]);
  const clock = instantClock();
  await client({ clock, random: () => 0, retry: { maxRetryAfterMs: 5000 } }).request({ url }, never);
  expect(clock.sleeps).toEqual([5000]);
});

test('draws waits from a doubling range when no wait is told', async () => {
  const { url, requests } = await server(() => ({ status: 429 }));
  const clock = instantClock();
  const http = client({ clock, random: () => 0.5, retry: { attempts: 6, baseMs: 1000, maxWaitMs: 5000 } });
  const error = await failed(http.request({ url }, never));
  expect(clock.sleeps).toEqual([500, 1000, 2000, 2500, 2500]);
  expect(requests).toHaveLength(6);
  expect(error.code).toBe('PROVIDER_BUSY');
  expect(error.message).toBe(`GET ${url.slice(7)}/ was answered with 429 (6 attempts).`);
  expect(error.hint).toBe('The service takes no more requests at the moment; the same command resumes.');
  expect(replyStatus(error)).toBe(429);
});

test('stops when the next wait would pass the deadline', async () => {
  const { url, requests } = await server(() => ({ status: 503, headers: { 'retry-after': '4' } }));
  const error = await failed(client({ random: () => 0, retry: { deadlineMs: 10_000 } }).request({ url }, never));
  expect(requests).toHaveLength(3);
  expect(error).toMatchObject({ code: 'PROVIDER_BUSY', retryable: true, retryAfterMs: 4000 });
});

test('repeats a 500 for safe and repeatable requests, never for paid ones', async () => {
  const counts = new Map<string, number>();
  for (const idempotent of ['safe', 'repeatable', 'paid'] as const) {
    const { url, requests } = await server(() => ({ status: 500 }));
    const error = await failed(
      client({ retry: { attempts: 3 } }).request({ url, body: { json: 1 }, idempotent }, never),
    );
    expect(error.code).toBe('PROVIDER_BAD_REPLY');
    counts.set(idempotent, requests.length);
  }
  expect(Object.fromEntries(counts)).toEqual({ safe: 3, repeatable: 3, paid: 1 });
});

test('repeats after a reset for repeatable requests, never for paid ones', async () => {
  for (const fault of ['reset', 'reset-in-body', 'cut'] as const) {
    const repeatable = await server([{ fault, body: '{"ok"' }, ok]);
    await client().request({ url: repeatable.url, body: { json: 1 }, idempotent: 'repeatable' }, never);
    expect(repeatable.requests).toHaveLength(2);

    const paid = await server([{ fault, body: '{"ok"' }, ok]);
    await failed(client().request({ url: paid.url, body: { json: 1 } }, never));
    expect(paid.requests).toHaveLength(1);
  }
});

test('repeats a paid request whose connection was refused', async () => {
  const port = await freePort();
  const notices: RetryNotice[] = [];
  const http = client({ retry: { attempts: 3 }, onRetry: (notice) => notices.push(notice) });
  const error = await failed(http.request({ url: `http://127.0.0.1:${port}/v1?key=secret`, body: { json: 1 } }, never));
  expect(error.code).toBe('PROVIDER_UNREACHABLE');
  expect(error.message).toBe(`POST 127.0.0.1:${port}/v1 got no answer: the connection was refused (3 attempts).`);
  expect(error.hint).toContain('HTTPS_PROXY');
  expect(notices).toEqual(
    [1, 2].map((attempt) => ({
      request: `POST 127.0.0.1:${port}/v1`,
      attempt,
      waitMs: 250 * attempt,
      code: 'PROVIDER_UNREACHABLE',
      message: `POST 127.0.0.1:${port}/v1 got no answer: the connection was refused.`,
    })),
  );
});

test('a name with several addresses that all refuse is refused', async () => {
  const port = await freePort();
  const http = client({
    retry: { attempts: 1 },
    lookup: (_hostname, _options, callback) =>
      callback(
        null,
        ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 })),
      ),
  });
  const error = await failed(http.request({ url: `http://api.example.test:${port}/`, body: { json: 1 } }, never));
  expect(error.message).toContain('got no answer: the connection was refused.');
});

test('repeats a paid request to a name that is not known', async () => {
  let asked = 0;
  const http = client({
    retry: { attempts: 2 },
    lookup: (hostname, _options, callback) => {
      asked++;
      callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' }), '', 0);
    },
  });
  const error = await failed(http.request({ url: 'http://api.example.test/v1', body: { json: 1 } }, never));
  expect(error.message).toBe('POST api.example.test/v1 got no answer: its name is not known (2 attempts).');
  expect(asked).toBe(2);
});

test('a classifier decides what is an error, even with status 200, and what may be repeated', async () => {
  const classify: Classify = (status, _headers, body) => {
    const { code } = body.json as { code?: string };
    if (code === undefined) return undefined;
    const error = new DubError('PROVIDER_QUOTA', `The account is empty (${status} ${code}).`, { hint: 'Top it up.' });
    return { retryable: code === 'Throttling', error };
  };
  const final = await server([{ body: { code: 'Arrearage' } }, ok]);
  const error = await failed(client().request({ url: final.url, classify }, never));
  expect(error).toMatchObject({
    code: 'PROVIDER_QUOTA',
    message: 'The account is empty (200 Arrearage).',
    hint: 'Top it up.',
  });
  expect(final.requests).toHaveLength(1);

  const passing = await server([{ status: 400, body: { code: 'Throttling' } }, { body: {} }]);
  await client().request({ url: passing.url, classify }, never);
  expect(passing.requests).toHaveLength(2);
});

test('a paid request goes again after a 500 only if the classifier says that it was not accepted', async () => {
  const verdict = (notAccepted?: boolean): Classify => {
    const error = new DubError('PROVIDER_BUSY', 'Busy.');
    return (status) =>
      status === 500 ? { retryable: true, error, ...(notAccepted === undefined ? {} : { notAccepted }) } : undefined;
  };
  const accepted = await server([{ status: 500 }, ok]);
  await failed(client().request({ url: accepted.url, body: { json: 1 }, classify: verdict() }, never));
  expect(accepted.requests).toHaveLength(1);
  const refused = await server([{ status: 500 }, ok]);
  await client().request({ url: refused.url, body: { json: 1 }, classify: verdict(true) }, never);
  expect(refused.requests).toHaveLength(2);
});

test('waits as long as the classifier read from the body', async () => {
  const { url } = await server([{ status: 429 }, ok]);
  const clock = instantClock();
  const error = new DubError('PROVIDER_BUSY', 'Busy.');
  const classify: Classify = (status) => (status === 429 ? { retryable: true, retryAfterMs: 1234, error } : undefined);
  await client({ clock, random: () => 0 }).request({ url, classify }, never);
  expect(clock.sleeps).toEqual([1234]);
});

test('never repeats 401', async () => {
  const { url, requests } = await server(() => ({ status: 401, body: { message: 'no such key' } }));
  const error = await failed(client().request({ url }, never));
  expect(error.code).toBe('PROVIDER_AUTH');
  expect(error.message).toBe(`GET ${url.slice(7)}/ was answered with 401: {"message":"no such key"}.`);
  expect(requests).toHaveLength(1);
});

test('names the code that each other status stands for', async () => {
  const codes = {
    402: 'PROVIDER_QUOTA',
    403: 'PROVIDER_AUTH',
    404: 'PROVIDER_REFUSED',
    418: 'PROVIDER_REFUSED',
    304: 'PROVIDER_BAD_REPLY',
  };
  for (const [status, code] of Object.entries(codes)) {
    const { url } = await server([{ status: Number(status) }]);
    expect((await failed(client().request({ url }, never))).code).toBe(code);
  }
});

test('expecting any status returns what repeating would not mend', async () => {
  const { url, requests } = await server([{ status: 503 }, { status: 404, body: 'gone' }]);
  const reply = await client().request({ url, expect: 'any' }, never);
  expect(reply).toMatchObject({ status: 404, body: { text: 'gone' } });
  expect(requests).toHaveLength(2);
});

test("reads Retry-After as seconds or as a date against the server's own clock", () => {
  const now = Date.parse('2026-11-22T10:00:00Z');
  expect(retryAfter({ 'retry-after': '2' }, now)).toBe(2000);
  expect(retryAfter({ 'retry-after': '0.5' }, now)).toBe(500);
  expect(retryAfter({ 'retry-after': 'Sun, 22 Nov 2026 10:00:30 GMT' }, now)).toBe(30_000);
  const date = { 'retry-after': 'Sun, 22 Nov 2026 10:00:30 GMT', date: 'Sun, 22 Nov 2026 10:00:20 GMT' };
  expect(retryAfter(date, now + 3_600_000)).toBe(10_000);
  expect(retryAfter({ 'retry-after': 'Sun, 22 Nov 2020 10:00:30 GMT' }, now)).toBe(0);
  expect(retryAfter({ 'retry-after': 'soon' }, now)).toBeUndefined();
  expect(retryAfter({}, now)).toBeUndefined();
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
