import { afterEach, describe, expect, test } from 'vitest';
import { createHttp } from '../../../src/net/client.js';
import { type Fault, runChecks } from '../../../src/providers/conformance.js';
import type { AnyDefinition } from '../../../src/providers/define.js';
import { deepseek, glm, ollama, openai } from '../../../src/providers/translation/chat/presets.js';
import { translationConformance } from '../../../src/providers/translation/conformance.js';
import {
  type CompletionsEmulator,
  type CompletionsFault,
  keyOf,
  type Played,
  startCompletions,
} from '../../emulators/completions/server.js';
import { instantClock } from '../../net/clocks.js';
import { calm, expectConformance } from '../support.js';
import { failure, line } from './qwen.support.js';

const definitions: Readonly<Record<Played, AnyDefinition<'translation'>>> = { glm, deepseek, openai, ollama };
const toClose: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one.close();
});

async function bench(played: Played, options: Record<string, unknown> = {}, contentAs: 'string' | 'part' = 'string') {
  const emulator: CompletionsEmulator = await startCompletions(played, { contentAs });
  const clock = instantClock(Date.now());
  const http = createHttp({ version: '1.2.3', clock, random: () => 0.5 });
  toClose.push(http, emulator);
  const model = played === 'ollama' ? { model: 'qwen3.5:8b' } : {};
  const definition = definitions[played];
  const given = { baseUrl: emulator.url, apiKey: keyOf(played), wordings: 1, ...model, ...options };
  const provider = definition.create(definition.options.parse(given), {
    scratch: '',
    http: async (scope) => http.scope(scope),
  });
  return { emulator, provider, sleeps: clock.sleeps };
}

const lines = [
  line('u0001', 'The house is big and red.'),
  line('u0002', 'Good morning to everyone'),
  line('u0003', 'We have 42 cats in the garden', '42'),
];
const otherLines = [line('v7', 'The water is very cold today.'), line('v9', 'I see 17 dogs over there.', '17')];
const request = { source: 'en', target: 'es', lines };

const faults: Partial<Record<Fault, CompletionsFault>> = {
  hang: { kind: 'hang', times: Infinity },
  stall: { kind: 'hang', times: Infinity },
  crash: { kind: 'reset', times: Infinity },
  cut: { kind: 'cut', times: Infinity },
  empty: { kind: 'empty', times: Infinity },
  garbage: { kind: 'html', times: Infinity },
  refuse: { kind: 'error', status: 400, body: { error: { message: 'The parameter is not liked.' } }, times: Infinity },
  'rate-limit': { kind: 'error', status: 429, body: { error: { message: 'Slower, please.' } } },
  auth: { kind: 'error', status: 401, body: { error: { message: 'no' } }, times: Infinity },
};

describe.each(['glm', 'deepseek', 'openai', 'ollama'] as const)('%s', (played) => {
  test('conforms', async () => {
    const { emulator, provider } = await bench(played);
    const results = await runChecks(translationConformance, {
      ...{ provider, source: 'en', target: 'es', lines, otherLines, secrets: [keyOf(played) ?? 'sk-none-at-all'] },
      failing: async (fault) => {
        if (fault === 'missing')
          return bench(
            played,
            played === 'ollama' ? { model: undefined } : { apiKey: undefined, baseUrl: 'https://api.example.org/v1' },
          );
        const scripted = faults[fault];
        if (scripted === undefined) return undefined;
        const faulty = await bench(played, { timeoutMs: fault === 'hang' ? 300 : 60_000 });
        faulty.emulator.fail(scripted);
        return {
          provider: faulty.provider,
          requests: async () => faulty.emulator.requests,
          open: async () => faulty.emulator.open,
        };
      },
    });
    expectConformance(results, { 'refuses a pair it does not serve, by name': 'it serves any pair' });
    expect(emulator.violations).toEqual([]);
  });
});

describe('presets', () => {
  test('ask each service in the strictest way it takes, with thinking off', async () => {
    const bodyOf = async (played: Played) => {
      const { emulator, provider } = await bench(played);
      await provider.translate(request, calm);
      return emulator.bodies[0]!;
    };
    expect(await bodyOf('glm')).toMatchObject({
      model: 'glm-4.7-flash',
      thinking: { type: 'disabled' },
      response_format: { type: 'json_object' },
    });
    expect(await bodyOf('deepseek')).toMatchObject({
      model: 'deepseek-flash',
      thinking: { type: 'disabled' },
      response_format: { type: 'json_object' },
    });
    const plain = await bodyOf('openai');
    expect(plain).toMatchObject({ model: 'gpt-4.1-mini', response_format: { type: 'json_schema' } });
    expect(Object.keys(plain).sort()).toEqual(['messages', 'model', 'response_format']);
    expect(await bodyOf('ollama')).not.toHaveProperty('thinking');
  });

  test('read content that comes as one part instead of a string', async () => {
    const { provider } = await bench('glm', {}, 'part');
    expect((await provider.translate(request, calm)).lines).toHaveLength(3);
  });

  test('bill tokens under the model that was asked', async () => {
    const { provider } = await bench('deepseek', { model: 'deepseek-v4-pro' });
    expect((await provider.translate(request, calm)).units).toEqual([
      { unit: 'input-token', count: 100, model: 'deepseek-v4-pro' },
      { unit: 'output-token', count: 20, model: 'deepseek-v4-pro' },
    ]);
  });

  test('take a server of one’s own in the model', async () => {
    const { emulator } = await bench('openai');
    const { provider } = await bench('openai', {
      model: `gpt-5.4-mini@${emulator.url}`,
      baseUrl: 'https://api.openai.com/v1',
    });
    await provider.translate(request, calm);
    expect(emulator.bodies[0]!.model).toBe('gpt-5.4-mini');
    expect(provider.host).toBeUndefined();
  });

  test.each([
    ['glm', { status: 429, body: { error: { code: '1302', message: '并发数过高' } } }],
    ['glm', { status: 429, body: { error: { code: '1305', message: '平台繁忙' } } }],
    ['openai', { status: 429, body: { error: { code: 'rate_limit_exceeded', message: 'slow down' } }, retryAfter: 3 }],
  ] as const)('%s is asked again when it is busy (%j)', async (played, fault) => {
    const { emulator, provider, sleeps } = await bench(played);
    emulator.fail({ kind: 'error', times: 2, ...fault });
    expect((await provider.translate(request, calm)).lines).toHaveLength(3);
    expect(emulator.requests).toBe(3);
    if ('retryAfter' in fault) expect(Math.min(...sleeps)).toBeGreaterThanOrEqual(3000);
  });

  test.each([
    ['glm', { status: 429, body: { error: { code: '1113', message: '余额不足' } } }, 'PROVIDER_QUOTA'],
    ['glm', { status: 401, body: { error: { code: '1003', message: 'token 过期' } } }, 'PROVIDER_AUTH'],
    ['deepseek', { status: 402, body: { error: { message: 'Insufficient Balance' } } }, 'PROVIDER_QUOTA'],
    [
      'openai',
      { status: 429, body: { error: { code: 'insufficient_quota', message: 'You exceeded your current quota' } } },
      'PROVIDER_QUOTA',
    ],
  ] as const)('%s stops at once for %j', async (played, fault, code) => {
    const { emulator, provider } = await bench(played);
    emulator.fail({ kind: 'error', times: 9, ...fault });
    expect(await failure(provider.translate(request, calm))).toMatchObject({ code, retryable: false });
    expect(emulator.requests).toBe(1);
  });

  test('a line whose content is refused fails alone', async () => {
    const { emulator, provider } = await bench('deepseek');
    emulator.fail({ kind: 'error', status: 400, body: { error: { message: 'Content Exists Risk' } }, times: Infinity });
    const { failures } = await provider.translate({ ...request, lines: lines.slice(0, 1) }, calm);
    expect(failures).toEqual([expect.objectContaining({ id: 'u0001', code: 'PROVIDER_REFUSED' })]);
  });

  test('an answer lost on the way is asked for once more', async () => {
    const { emulator, provider } = await bench('glm');
    emulator.fail({ kind: 'reset-after' });
    expect((await provider.translate(request, calm)).lines).toHaveLength(3);
    expect(emulator.requests).toBe(2);
  });
});
