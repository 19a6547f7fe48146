import { expect, test } from 'vitest';
import { qwen } from '../../../src/providers/translation/chat/index.js';
import { qwenMt } from '../../../src/providers/translation/qwen-mt/index.js';
import { toy } from '../../emulators/dashscope/chat.js';
import type { Fault } from '../../emulators/dashscope/faults.js';
import { calm } from '../support.js';
import { chatBench, closeAfterEach, failure, line } from './qwen.support.js';

closeAfterEach();

const lines = [line('u1', 'The house is big and red.'), line('u2', 'Nobody knows why the lights went out.')];
const request = { source: 'en', target: 'es', lines };
const right = lines.map(({ id, text }) => ({ id, text: toy(text) }));
const providers = [
  ['qwen', qwen, 'chat', { model: 'qwen3.7-plus', wordings: 1 }],
  ['qwen-mt', qwenMt, 'mt', {}],
] as const;
const tpm = 'You exceeded your current quota, please check your plan and billing details.';

const passing: readonly (readonly [string, Fault, number])[] = [
  ['429 with Retry-After', { status: 429, code: 'Throttling.RateQuota', retryAfter: 7, times: 2 }, 3],
  ['429 without Retry-After', { status: 429, code: 'Throttling.RateQuota', times: 2 }, 3],
  ['429 of a burst', { status: 429, code: 'Throttling.BurstRate' }, 2],
  ['429 of tokens a minute, in words of a bill', { status: 429, code: 'Throttling.AllocationQuota', message: tpm }, 2],
  ['500', { status: 500, code: 'InternalError', times: 2 }, 3],
  ['503', { status: 503, code: 'ModelUnavailable' }, 2],
  ['a reset before the work', { kind: 'reset' }, 2],
  ['a reset after the work', { kind: 'reset-after' }, 2],
  ['a cut', { kind: 'cut' }, 2],
  ['HTML with status 200', { kind: 'html' }, 2],
  ['half a JSON object', { kind: 'bad-json' }, 2],
  ['no body', { kind: 'empty' }, 2],
];

const final: readonly (readonly [string, Fault, number, string])[] = [
  ['a hang', { kind: 'hang', times: 9 }, 1, 'PROVIDER_TIMEOUT'],
  ['resets without end', { kind: 'reset', times: 9 }, 2, 'PROVIDER_UNREACHABLE'],
  ['HTML without end', { kind: 'html', times: 9 }, 2, 'PROVIDER_BAD_REPLY'],
  ['half an object without end', { kind: 'bad-json', times: 9 }, 2, 'PROVIDER_BAD_REPLY'],
  ['an unpaid bill', { status: 400, code: 'Arrearage', message: 'Access denied.', times: 9 }, 1, 'PROVIDER_QUOTA'],
  [
    'a free quota used up',
    { status: 429, code: 'Throttling.AllocationQuota', message: 'Free allocated quota exceeded.', times: 9 },
    1,
    'PROVIDER_QUOTA',
  ],
  [
    'a free tier used up',
    { status: 403, code: 'AllocationQuota.FreeTierOnly', message: 'The free tier of the model has been exhausted.' },
    1,
    'PROVIDER_QUOTA',
  ],
  ['a withdrawn model', { status: 403, code: 'Endpoint.AccessDenied', message: 'Gone.' }, 1, 'PROVIDER_UNSUPPORTED'],
];

for (const [name, definition, endpoint, options] of providers) {
  test.each(passing)(`${name} gets over %s`, async (_, fault, requests) => {
    const { emulator, provider, sleeps } = await chatBench(definition, { ...options, requestsPerMinute: 6000 });
    emulator.fail(endpoint, fault);
    expect((await provider.translate(request, calm)).lines).toEqual(right);
    expect(emulator.requestsTo(endpoint)).toHaveLength(requests);
    if (fault.retryAfter !== undefined) expect(sleeps.filter((ms) => ms >= 7000)).toHaveLength(2);
    expect(emulator.violations).toEqual([]);
  });

  test.each(final)(`${name} ends at %s`, async (_, fault, requests, code) => {
    const { emulator, provider } = await chatBench(definition, { ...options, timeoutMs: 500 });
    emulator.fail(endpoint, fault);
    const error = await failure(provider.translate(request, calm));
    expect(error).toMatchObject({ code, hint: expect.stringMatching(/\w/) });
    expect(emulator.requestsTo(endpoint)).toHaveLength(requests);
  });

  test(`${name} names the region when the key is of another one, and asks once`, async () => {
    const { emulator, provider } = await chatBench(definition, {
      ...options,
      apiKey: 'sk-22222222222222222222222222222222',
    });
    const error = await failure(provider.translate(request, calm));
    expect(error).toMatchObject({ code: 'PROVIDER_AUTH', retryable: false });
    expect(error.hint).toContain('--dashscope-region');
    expect(error.message).not.toContain('sk-2222');
    expect(emulator.requestsTo(endpoint)).toHaveLength(1);
  });

  test(`${name} sends nothing but the service's own headers`, async () => {
    process.env.OPENAI_ORG_ID = 'org-private';
    process.env.OPENAI_CUSTOM_HEADERS = 'x-private: yes';
    try {
      const { emulator, provider } = await chatBench(definition, { ...options, workspace: 'llm-main' });
      await provider.translate(request, calm);
      const { headers } = emulator.requestsTo(endpoint)[0]!;
      expect(Object.keys(headers).filter((one) => /openai|private|stainless/.test(one))).toEqual([]);
      expect(headers['user-agent']).toBe('dub/1.2.3');
      expect(headers['x-dashscope-workspace']).toBe('llm-main');
    } finally {
      delete process.env.OPENAI_ORG_ID;
      delete process.env.OPENAI_CUSTOM_HEADERS;
    }
  });
}
