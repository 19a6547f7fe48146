import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { DubError } from '../../src/errors.js';
import type { Http } from '../../src/net/http.js';
import { client, never, server } from './support.js';

const chunk = (content: string) =>
  `data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"${content}"}}]}\n\n`;
const completion = {
  id: 'c',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hola' } }],
};
const stream = { 'content-type': 'text/event-stream' };
const messages = [{ role: 'user', content: 'Hello' }] as const;

function sdk(http: Http, baseURL: string, errors: unknown[] = [], idleMs = 10_000): OpenAI {
  const fetch = http.fetch({ idempotent: 'repeatable', limits: { idleMs } }, (error) => errors.push(error));
  return new OpenAI({ apiKey: 'sk-test', baseURL, fetch, maxRetries: 0 });
}

test('the openai SDK gets its answer through our client, after our own retry', async () => {
  const { url, requests } = await server([{ status: 503 }, { body: completion, headers: { 'x-request-id': 'r-1' } }]);
  const { data, request_id } = await sdk(client(), `${url}/v1`)
    .chat.completions.create({ model: 'm', messages: [...messages] })
    .withResponse();
  expect(data.choices[0]?.message.content).toBe('Hola');
  expect(request_id).toBe('r-1');
  expect(requests).toHaveLength(2);
  expect(requests[1]).toMatchObject({
    method: 'POST',
    target: '/v1/chat/completions',
    headers: { authorization: 'Bearer sk-test' },
  });
  expect(JSON.parse(String(requests[1]?.body))).toEqual({ model: 'm', messages });
});

test('streams reach the SDK as they come, and one that breaks is an error', async () => {
  const whole = await server([
    { headers: stream, pieces: [chunk('Ho'), chunk('la'), 'data: [DONE]\n\n'], pauseMs: 20 },
  ]);
  const parts: string[] = [];
  for await (const part of await sdk(client(), whole.url).chat.completions.create({
    model: 'm',
    messages: [...messages],
    stream: true,
  })) {
    parts.push(part.choices[0]?.delta.content ?? '');
  }
  expect(parts.join('')).toBe('Hola');

  const broken = await server([{ headers: stream, body: chunk('Ho'), fault: 'cut' }]);
  const reading = (async () => {
    for await (const _ of await sdk(client(), broken.url).chat.completions.create({
      model: 'm',
      messages: [...messages],
      stream: true,
    }));
  })();
  await expect(reading).rejects.toMatchObject({ code: 'PROVIDER_BAD_REPLY' });
});

test('the error behind what the SDK throws is told even where the SDK drops it', async () => {
  const cases = [
    [{ status: 401, body: { error: { message: 'no' } } }, 'PROVIDER_AUTH'],
    // The SDK takes this text for a time-out of its own and throws the cause away.
    [{ status: 500, body: { error: { message: 'Request timed out, please try again later.' } } }, 'PROVIDER_BAD_REPLY'],
    [{ fault: 'hang' }, 'PROVIDER_TIMEOUT'],
  ] as const;
  for (const [reply, code] of cases) {
    const { url } = await server(() => reply);
    const errors: unknown[] = [];
    await expect(
      sdk(client({ retry: { attempts: 1 } }), url, errors, 500).chat.completions.create({
        model: 'm',
        messages: [...messages],
      }),
    ).rejects.toThrow();
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(DubError);
    expect(errors[0]).toMatchObject({ code });
  }
});

test('an abort reaches the service', async () => {
  const { url, requests } = await server(() => ({ fault: 'hang' }));
  const controller = new AbortController();
  const errors: unknown[] = [];
  const http = client();
  const asked = new OpenAI({
    apiKey: 'k',
    baseURL: url,
    maxRetries: 0,
    fetch: http.fetch({}, (error) => errors.push(error)),
  });
  const call = asked.chat.completions.create({ model: 'm', messages: [...messages] }, { signal: controller.signal });
  const done = expect(call).rejects.toThrow();
  while (requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  controller.abort();
  await done;
  await requests[0]?.closed;
  expect(errors[0]).toMatchObject({ code: 'INTERRUPTED' });
});

test('forms, empty answers and compressed ones pass as with any fetch', async () => {
  const { url, requests } = await server([{}, { status: 204 }, { body: { a: 1 } }]);
  const fetch = client().fetch({ idempotent: 'repeatable', expect: 'any' });
  const form = new FormData();
  form.set('model', 'whisper');
  form.set('file', new Blob(['RIFF'], { type: 'audio/wav' }), 'a.wav');
  await fetch(`${url}/audio`, { method: 'POST', body: form });
  expect(requests[0]?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
  expect(requests[0]?.headers['content-length']).toBe(String(requests[0]?.body.length));
  expect((await fetch(new URL(url), { method: 'DELETE' })).status).toBe(204);
  const reply = await fetch(new Request(url, { signal: never }));
  expect([...reply.headers.keys()]).not.toContain('content-length');
  expect(await reply.json()).toEqual({ a: 1 });
});
