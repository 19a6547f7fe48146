import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DubError } from '../../../src/errors.js';
import { defaultAccounts } from '../../emulators/dashscope/accounts.js';
import { ApiError, type Part, type StreamPiece } from '../../emulators/dashscope/server.js';
import { bench } from './dashscope.support.js';

const calm = new AbortController().signal;
const path = '/api/v1/services/aigc/multimodal-generation/generation';
const chatPath = '/compatible-mode/v1/chat/completions';
const reply = z.looseObject({ output: z.looseObject({ text: z.string() }) });
const chunk = z.looseObject({ choices: z.array(z.unknown()) });
const hello = { model: 'echo', input: { text: 'hello' } };

async function* pieces(...data: readonly object[]): AsyncGenerator<StreamPiece> {
  for (const one of data) yield { data: one };
}

/** Says back what it was told, natively and compatibly, in whole or in pieces. */
const echo: Part = (emulator) => {
  emulator.route({
    endpoint: 'echo',
    method: 'POST',
    path,
    model: (model) => model === 'echo',
    async handle(call) {
      const { input } = call.json as typeof hello;
      call.only(call.json, ['model', 'input'], 'body');
      if (input.text.startsWith('oss://')) {
        return { json: { output: { text: String((await emulator.uploads.fetchMedia(call, input.text)).bytes) } } };
      }
      if (!call.wantsStream) return { json: { output: { text: input.text } } };
      return { events: pieces({ output: { text: 'hel' } }, { output: { text: 'lo' } }) };
    },
  });
  emulator.route({
    endpoint: 'chat',
    method: 'POST',
    path: chatPath,
    model: (model) => model === 'echo',
    handle: (call) =>
      call.wantsStream
        ? { events: pieces({ choices: [1] }, { choices: [2] }) }
        : { json: { id: `chatcmpl-${call.requestId}`, choices: [], output: { text: 'x' } } },
  });
};

const withEcho = (more: Parameters<typeof bench>[0] = {}) =>
  bench({ ...more, emulator: { parts: [echo], ...more.emulator } });

async function failure(promise: Promise<unknown>): Promise<DubError> {
  const error = await promise.catch((thrown: unknown) => thrown);
  if (error instanceof DubError) return error;
  throw new Error(`No DubError: ${String(error)}`);
}

async function collect<T>(events: AsyncIterable<{ readonly value: T }>): Promise<T[]> {
  const all: T[] = [];
  for await (const { value } of events) all.push(value);
  return all;
}

describe('a call', () => {
  it('brings key, user agent and the body, and gives back the request id', async () => {
    const { emulator, client } = await withEcho();
    const { value, requestIds } = await client.post(path, hello, reply, calm);
    const [sent] = emulator.requestsTo('echo');
    expect(value.output.text).toBe('hello');
    expect(requestIds).toEqual([sent?.requestId]);
    expect(sent?.headers['user-agent']).toBe('dub/1.2.3');
    expect(sent?.headers['x-dashscope-workspace']).toBe(undefined);
    expect(sent?.headers['x-dashscope-ossresourceresolve']).toBe(undefined);
    expect(emulator.violations).toEqual([]);
  });

  it("names the workspace on a host of one's own", async () => {
    const { emulator, client } = await withEcho({ options: { workspace: 'llm-main' } });
    await client.post(path, hello, reply, calm);
    expect(emulator.requestsTo('echo')[0]?.headers['x-dashscope-workspace']).toBe('llm-main');
    const stranger = await withEcho({ options: { workspace: 'llm-other' } });
    expect(await failure(stranger.client.post(path, hello, reply, calm))).toMatchObject({
      code: 'PROVIDER_AUTH',
      hint: expect.stringContaining('DASHSCOPE_WORKSPACE'),
    });
  });

  it('in compat mode takes the request id from the header', async () => {
    const { emulator, client } = await withEcho();
    const { requestIds } = await client.post(chatPath, hello, z.looseObject({}), calm);
    expect(requestIds).toEqual([emulator.requestsTo('chat')[0]?.requestId]);
  });

  it.each([
    ['an unknown key', 'sk-00000000000000000000000000000000'],
    ['a key of another region', defaultAccounts[0]!.keys[2]!.key],
    ['a plan key', 'sk-sp-0000000000000000'],
  ])('with %s fails at once and names the region', async (_, apiKey) => {
    const { emulator, client } = await withEcho({ options: { apiKey } });
    for (const at of [path, chatPath]) {
      const error = await failure(client.post(at, hello, reply, calm));
      expect(error).toMatchObject({ code: 'PROVIDER_AUTH', retryable: false });
      expect(`${error.message} ${error.hint}`).not.toContain(apiKey);
      expect(error.message).toMatch(/request [0-9a-f-]{36}/);
    }
    expect(emulator.requests.length).toBe(2);
  });

  it("a workspace's host refuses keys of others", async () => {
    const workspace = 'ws-0123456789abcdef';
    const { client } = await withEcho({ emulator: { workspace } });
    expect((await failure(client.post(path, hello, reply, calm))).message).toContain('NOT AUTHORIZED');
    const apiKey = defaultAccounts[0]!.keys[3]!.key;
    const own = await withEcho({ emulator: { workspace }, options: { apiKey } });
    expect((await own.client.post(path, hello, reply, calm)).value.output.text).toBe('hello');
  });

  it.each<[string, { status: number; code: string; message?: string; retryAfter?: number }]>([
    ['429 without Retry-After', { status: 429, code: 'Throttling.RateQuota' }],
    ['429 with Retry-After', { status: 429, code: 'Throttling.RateQuota', retryAfter: 7 }],
    ['429 for rising too quickly', { status: 429, code: 'Throttling.BurstRate' }],
    [
      '429 for tokens a minute',
      { status: 429, code: 'Throttling.AllocationQuota', message: 'Allocated quota exceeded' },
    ],
    ['500 with an envelope', { status: 500, code: 'InternalError' }],
    ['503', { status: 503, code: 'ModelUnavailable' }],
  ])('outlives two answers of %s', async (_, fault) => {
    const { emulator, client, clock } = await withEcho();
    emulator.fail('echo', { times: 2, ...fault });
    const { value } = await client.post(path, hello, reply, calm);
    expect(value.output.text).toBe('hello');
    expect(emulator.requestsTo('echo').length).toBe(3);
    if (fault.retryAfter !== undefined) expect(Math.min(...clock.sleeps)).toBeGreaterThanOrEqual(7000);
    if (fault.code === 'Throttling.AllocationQuota') expect(Math.min(...clock.sleeps)).toBeGreaterThanOrEqual(15_000);
  });

  it.each<[string, { status: number; code: string; message?: string }]>([
    ['an unpaid bill', { status: 400, code: 'Arrearage' }],
    [
      'a free quota used up, which says 429',
      { status: 429, code: 'Throttling.AllocationQuota', message: 'Free allocated quota exceeded.' },
    ],
    ['content', { status: 400, code: 'DataInspectionFailed' }],
    ['a bad sample', { status: 430, code: 'Audio.DecoderError' }],
    [
      "the caller's fault dressed up as theirs",
      { status: 500, code: 'InternalError.Algo', message: 'Role must be in [user, assistant].' },
    ],
  ])('is not repeated after %s', async (_, fault) => {
    const { emulator, client } = await withEcho();
    emulator.fail('echo', { times: 9, ...fault });
    const error = await failure(client.post(path, hello, reply, calm));
    expect(error.retryable).toBe(false);
    expect(emulator.requestsTo('echo').length).toBe(1);
    emulator.fail('chat', { times: 9, ...fault });
    expect((await failure(client.post(chatPath, hello, reply, calm))).code).toBe(error.code);
    expect(emulator.requestsTo('chat').length).toBe(1);
  });

  it('gives up on a limit that does not pass, with the last answer and the number of attempts', async () => {
    const { emulator, client } = await withEcho();
    emulator.fail('echo', { times: Infinity, status: 429, code: 'Throttling.RateQuota', message: 'Slow down.' });
    const error = await failure(client.post(path, hello, reply, calm));
    expect(error).toMatchObject({ code: 'PROVIDER_BUSY', retryable: true });
    expect(error.message).toMatch(/Slow down\. \(429 Throttling\.RateQuota, request [0-9a-f-]{36}\) \(6 attempts\)\.$/);
    expect(emulator.requestsTo('echo').length).toBe(6);
  });

  it('an error under status 200 is an error', async () => {
    const { emulator, client } = await withEcho();
    emulator.fail('echo', { kind: 'code-in-200', code: 'BadRequest.VoiceNotFound', message: 'No such voice.' });
    const error = await failure(client.post(path, hello, reply, calm));
    expect(error.code).toBe('PROVIDER_UNSUPPORTED');
    expect(error.message).toContain('No such voice.');
  });

  it.each(['html', 'bad-json', 'empty', 'cut', 'reset-after'] as const)(
    'paid work is not asked for again after %s, which may have been worked on',
    async (kind) => {
      const { emulator, client } = await withEcho();
      emulator.fail('echo', { kind, times: 9 });
      const error = await failure(client.post(path, hello, reply, calm));
      expect(error.code).toMatch(/^PROVIDER_(BAD_REPLY|UNREACHABLE)$/);
      expect(emulator.requestsTo('echo').length).toBe(1);
    },
  );

  it('what costs nothing is asked for again after them', async () => {
    const { emulator, client } = await withEcho();
    for (const kind of ['html', 'bad-json', 'cut', 'reset'] as const) emulator.fail('echo', { kind });
    await client.post(path, hello, reply, calm, { idempotent: 'safe' });
    expect(emulator.requestsTo('echo').length).toBe(5);
  });

  it('a 429 with nothing in it is a 429', async () => {
    const { emulator, client } = await withEcho();
    emulator.fail('echo', { kind: 'empty', status: 429, times: 3 });
    await client.post(path, hello, reply, calm);
    expect(emulator.requestsTo('echo').length).toBe(4);
  });

  it('an unknown model and a wrong path say which host was asked', async () => {
    const { client, emulator } = await withEcho();
    const model = await failure(client.post(path, { ...hello, model: 'nothing' }, reply, calm));
    expect(model).toMatchObject({ code: 'PROVIDER_UNSUPPORTED', hint: expect.stringContaining(emulator.url) });
    const compat = await failure(client.post(chatPath, { ...hello, model: 'nothing' }, reply, calm));
    expect(compat.code).toBe('PROVIDER_UNSUPPORTED');
    const nowhere = await failure(client.post('/api/v1/nowhere', hello, reply, calm));
    expect(nowhere.hint).toContain('Check the base URL');
  });

  it('a call at the wrong tempo is told as such', async () => {
    const { client } = await withEcho();
    const error = await failure(client.submit(path, hello, calm, { onSubmitted: () => undefined }));
    expect(error).toMatchObject({ code: 'PROVIDER_UNSUPPORTED' });
    expect(error.message).toContain('does not support asynchronous calls');
  });

  it('ends at its time limit and at an abort, once', async () => {
    const { emulator, client } = await withEcho();
    emulator.fail('echo', { kind: 'hang', times: 2 });
    const slow = await failure(client.post(path, hello, reply, calm, { limits: { idleMs: 100 } }));
    expect(slow.code).toBe('PROVIDER_TIMEOUT');
    const controller = new AbortController();
    const work = failure(client.post(path, hello, reply, controller.signal));
    while (emulator.requestsTo('echo').length < 2) await new Promise(setImmediate);
    controller.abort();
    expect((await work).code).toBe('INTERRUPTED');
    expect(emulator.requestsTo('echo').length).toBe(2);
  });

  it('keeps to the rate set for its model', async () => {
    const { emulator, client, clock } = await withEcho();
    emulator.limit('echo', { perSecond: 1 });
    await client.limit('echo', { requestsPerMinute: 60 });
    for (let calls = 0; calls < 4; calls++) await client.post(path, hello, reply, calm);
    expect(emulator.requestsTo('echo').map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(clock.sleeps.length).toBe(3);
  });

  it('an answer that is not as documented names the field', async () => {
    const { client } = await withEcho();
    const other = z.looseObject({ output: z.looseObject({ url: z.string() }) });
    expect((await failure(client.post(path, hello, other, calm))).message).toContain('output.url');
  });
});

describe('a stream', () => {
  it('gives its events natively and compatibly, without the last word', async () => {
    const { emulator, client } = await withEcho();
    const native = await collect(client.stream(path, hello, reply, calm));
    expect(native.map(({ output }) => output.text)).toEqual(['hel', 'lo']);
    const compat = await collect(client.stream(chatPath, { ...hello, stream: true }, chunk, calm));
    expect(compat.map(({ choices }) => choices)).toEqual([[1], [2]]);
    expect(emulator.violations).toEqual([]);
  });

  it.each([
    ['natively', path, {}],
    ['compatibly', chatPath, { stream: true }],
  ])('an error in the middle ends it %s with its code and request id', async (_, at, more) => {
    const { emulator, client } = await withEcho();
    const endpoint = at === path ? 'echo' : 'chat';
    emulator.fail(endpoint, {
      kind: 'stream-error',
      pieces: 1,
      status: 400,
      code: 'DataInspectionFailed',
      message: 'No.',
    });
    const seen: unknown[] = [];
    const error = await failure(
      (async () => {
        for await (const { value } of client.stream(at, { ...hello, ...more }, z.unknown(), calm)) seen.push(value);
      })(),
    );
    expect(seen.length).toBe(1);
    expect(error.code).toBe('PROVIDER_REFUSED');
    expect(error.message).toContain(emulator.requestsTo(endpoint)[0]!.requestId);
  });

  it.each([
    ['natively', path, {}],
    ['compatibly', chatPath, { stream: true }],
  ])('an error at the start, framed as an event %s, is read and repeated by the table', async (_, at, more) => {
    const { emulator, client } = await withEcho();
    const endpoint = at === path ? 'echo' : 'chat';
    emulator.fail(endpoint, { status: 429, code: 'Throttling.RateQuota', message: 'x' });
    await collect(client.stream(at, { ...hello, ...more }, z.unknown(), calm));
    expect(emulator.requestsTo(endpoint).length).toBe(2);
    emulator.fail(endpoint, { status: 400, code: 'InvalidParameter', message: 'Bad field.' });
    const error = await failure(collect(client.stream(at, { ...hello, ...more }, z.unknown(), calm)));
    expect(error.message).toContain('Bad field. (400 InvalidParameter, request');
  });

  it('a broken connection is an error, not an end', async () => {
    const { emulator, client } = await withEcho();
    emulator.fail('echo', { kind: 'stream-cut', pieces: 1 });
    expect((await failure(collect(client.stream(path, hello, reply, calm)))).code).toBe('PROVIDER_BAD_REPLY');
  });

  it('an event that is not as documented names the field', async () => {
    const { client } = await withEcho();
    const other = z.looseObject({ output: z.looseObject({ url: z.string() }) });
    expect((await failure(collect(client.stream(path, hello, other, calm)))).message).toContain('output.url');
  });
});

describe('what an OpenAI client is given', () => {
  it('reaches the compatible mode with our limits and our errors', async () => {
    const { emulator, client } = await withEcho({ options: { workspace: 'llm-main' } });
    const errors: unknown[] = [];
    const settings = await client.sdk({ model: 'echo', onError: (error) => errors.push(error) });
    expect(settings).toMatchObject({ baseURL: `${emulator.url}/compatible-mode/v1`, maxRetries: 0 });
    const ask = () =>
      settings.fetch(`${settings.baseURL}/chat/completions`, {
        method: 'POST',
        headers: {
          ...settings.defaultHeaders,
          authorization: `Bearer ${settings.apiKey}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(hello),
      });
    emulator.fail('chat', { times: 2, status: 500, code: 'InternalError' });
    expect((await ask()).status).toBe(200);
    expect(emulator.requestsTo('chat').length).toBe(3);
    expect(emulator.requestsTo('chat')[0]?.headers['x-dashscope-workspace']).toBe('llm-main');
    emulator.fail('chat', { status: 400, code: 'Arrearage', message: 'Pay.' });
    expect((await failure(ask())).code).toBe('PROVIDER_QUOTA');
    expect(errors).toMatchObject([{ code: 'PROVIDER_QUOTA' }]);
    expect(emulator.violations).toEqual([]);
  });
});

describe('the emulator', () => {
  it('records fields it does not know, and what fails in itself', async () => {
    const broken: Part = (emulator) =>
      emulator.route({
        endpoint: 'broken',
        method: 'POST',
        path: '/api/v1/broken',
        handle: () => {
          throw new Error('a bug');
        },
      });
    const { emulator, client } = await bench({ emulator: { parts: [echo, broken] } });
    await client.post(path, { ...hello, temprature: 1 }, reply, calm);
    expect(emulator.violations).toEqual(['echo: unknown field body.temprature']);
    await failure(client.post('/api/v1/broken', hello, reply, calm, { retry: { attempts: 1 } }));
    expect(emulator.violations[1]).toContain('the emulator failed: Error: a bug');
  });

  it('ignores unknown fields of clients it is lenient with', async () => {
    const { emulator, client } = await bench({ emulator: { parts: [echo], lenient: /^dub\// } });
    await client.post(path, { ...hello, temprature: 1 }, reply, calm);
    expect(emulator.violations).toEqual([]);
  });

  it('refuses credentials on the result host, expired and altered links', async () => {
    const { emulator, client } = await bench();
    const link = emulator.results.publish('done', { mediaType: 'text/plain', extension: 'txt' });
    expect(String(Buffer.from((await client.download(link, { signal: calm })).bytes))).toBe('done');
    const altered = link.replace(/Signature=.*$/, 'Signature=x');
    expect((await failure(client.download(altered, { signal: calm }))).code).toBe('PROVIDER_AUTH');
    expect(emulator.violations).toEqual([]);
    expect((await fetch(link, { headers: { authorization: 'Bearer x' } })).status).toBe(400);
    expect(emulator.violations).toEqual(['result.get: the header authorization was sent to the result host']);
    emulator.clock.advance(25 * 3_600_000);
    expect((await failure(client.download(link, { signal: calm }))).message).toContain('403');
  });

  it('frames what a part throws', async () => {
    const part: Part = (emulator) =>
      emulator.route({
        endpoint: 'no',
        method: 'POST',
        path: '/compatible-mode/v1/no',
        handle: () => {
          throw new ApiError(400, 'InvalidParameter', 'Temperature should be in [0.0, 2.0)', { param: 'temperature' });
        },
      });
    const { emulator } = await bench({ emulator: { parts: [part] } });
    const headers = {
      authorization: `Bearer ${emulator.accounts[0]!.keys[0]!.key}`,
      'content-type': 'application/json',
    };
    const answer = await fetch(`${emulator.url}/compatible-mode/v1/no`, { method: 'POST', headers, body: '{}' });
    const requestId = answer.headers.get('x-request-id');
    expect(await answer.json()).toEqual({
      error: {
        message: 'Temperature should be in [0.0, 2.0)',
        type: 'invalid_request_error',
        param: 'temperature',
        code: 'invalid_parameter_error',
      },
      request_id: requestId,
      id: `chatcmpl-${requestId}`,
    });
  });
});
