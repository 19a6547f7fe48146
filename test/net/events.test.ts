import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { DubError } from '../../src/errors.js';
import type { Classify } from '../../src/net/judge.js';
import { parseEvents } from '../../src/net/sse.js';
import { client, failed, never, server } from './support.js';

const stream = { 'content-type': 'text/event-stream;charset=UTF-8' };

async function dataOf(events: AsyncIterable<{ data: string }>): Promise<string[]> {
  const list: string[] = [];
  for await (const { data } of events) list.push(data);
  return list;
}

test('events arrive as they are sent', async () => {
  const { url, requests } = await server([{ headers: stream, pieces: ['data:1\n', '\nda', 'ta: 2\n\n'], pauseMs: 20 }]);
  const reply = await client().events({ url, body: { json: { stream: true } } }, never);
  expect(reply.status).toBe(200);
  expect(await dataOf(reply.events)).toEqual(['1', '2']);
  expect(requests[0]?.headers.accept).toBe('text/event-stream');
});

test('a busy answer before the stream is tried again', async () => {
  const { url, requests } = await server([{ status: 429 }, { headers: stream, body: 'data:1\n\n' }]);
  const reply = await client().events({ url, body: { json: 1 } }, never);
  expect(await dataOf(reply.events)).toEqual(['1']);
  expect(requests).toHaveLength(2);
});

test('an error that comes as an event with a status of 400 reaches the classifier whole', async () => {
  const { url } = await server([{ status: 400, headers: stream, body: 'data: {"error":{"code":"Arrearage"}}\n\n' }]);
  const classify: Classify = (status, _headers, body) => {
    const { error } = JSON.parse(parseEvents(body.text)[0]?.data ?? '{}') as { error: { code: string } };
    return { retryable: false, error: new DubError('PROVIDER_QUOTA', `${status} ${error.code}`) };
  };
  expect(await failed(client().events({ url, body: { json: 1 }, classify }, never))).toMatchObject({
    message: '400 Arrearage',
  });
});

test('JSON with status 200 instead of a stream reaches the classifier, and is a bad reply if that passes', async () => {
  const { url } = await server(() => ({ body: { code: 'InvalidApiKey' } }));
  const classify: Classify = (_status, _headers, { json }) =>
    json ? { retryable: false, error: new DubError('PROVIDER_AUTH', 'The key was refused.') } : undefined;
  expect((await failed(client().events({ url, classify }, never))).code).toBe('PROVIDER_AUTH');
  const error = await failed(client().events({ url }, never));
  expect(error.message).toBe(`GET ${url.slice(7)}/ was answered with application/json instead of an event stream.`);
});

test('a stream that breaks, or falls silent, ends in an error after the events that came', async () => {
  const cases = [
    { fault: 'cut', code: 'PROVIDER_BAD_REPLY' },
    { fault: 'hang-in-body', code: 'PROVIDER_TIMEOUT' },
  ] as const;
  for (const { fault, code } of cases) {
    const { url, requests } = await server(() => ({ headers: stream, body: 'data:1\n\n', fault }));
    const { events } = await client().events({ url, limits: { idleMs: 600 } }, never);
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { data } of events) seen.push(data);
    })();
    expect((await failed(reading)).code).toBe(code);
    expect(seen).toEqual(['1']);
    expect(requests).toHaveLength(1);
  }
});

test('a slow reader is not taken for a silent server', async () => {
  const { url } = await server([{ headers: stream, pieces: ['data:1\n\n', 'data:2\n\n'], pauseMs: 10 }]);
  const { events } = await client().events({ url, limits: { idleMs: 600 } }, never);
  let count = 0;
  for await (const _ of events) {
    count++;
    await wait(800);
  }
  expect(count).toBe(2);
});

test('leaving the loop early gives connection and place back', async () => {
  const { url, requests } = await server(() => ({
    headers: stream,
    body: 'data:1\n\ndata:2\n\n',
    fault: 'hang-in-body',
  }));
  const http = client();
  http.limit('chat', { concurrency: 1 });
  for (let call = 0; call < 2; call++) {
    const { events } = await http.events({ url, limiter: { key: 'chat' } }, never);
    for await (const { data } of events) if (data === '1') break;
    await requests[call]?.closed;
  }
  expect(requests).toHaveLength(2);
});

test('a stream that nobody reads gives its place back when its time is over', async () => {
  const { url } = await server(() => ({ headers: stream, body: 'data:1\n\n', fault: 'hang-in-body' }));
  const http = client();
  http.limit('chat', { concurrency: 1 });
  const request = { url, limiter: { key: 'chat' }, limits: { idleMs: 300 } };
  await http.events(request, never);
  const second = await http.events(request, never);
  expect(second.status).toBe(200);
});
