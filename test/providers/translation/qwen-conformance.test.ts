import { expect, test } from 'vitest';
import type { Fault as ConformanceFault } from '../../../src/providers/conformance.js';
import { runChecks } from '../../../src/providers/conformance.js';
import { qwen } from '../../../src/providers/translation/chat/index.js';
import { translationConformance } from '../../../src/providers/translation/conformance.js';
import { qwenMt } from '../../../src/providers/translation/qwen-mt/index.js';
import type { Fault } from '../../emulators/dashscope/faults.js';
import { defaultKey } from '../../emulators/dashscope/server.js';
import { expectConformance } from '../support.js';
import { chatBench, closeAfterEach, line } from './qwen.support.js';

closeAfterEach();

const faults: Partial<Record<ConformanceFault, Fault>> = {
  hang: { kind: 'hang', times: Infinity },
  stall: { kind: 'hang', times: Infinity },
  crash: { kind: 'reset', times: Infinity },
  cut: { kind: 'cut', times: Infinity },
  empty: { kind: 'empty', times: Infinity },
  garbage: { kind: 'html', times: Infinity },
  refuse: { status: 400, code: 'InvalidParameter', message: 'The parameter is not liked.', times: Infinity },
  'rate-limit': { status: 429, code: 'Throttling.RateQuota', retryAfter: 2 },
  auth: { status: 401, code: 'InvalidApiKey', message: `Incorrect API key provided: ${defaultKey}`, times: Infinity },
};

const lines = [
  line('u0001', 'The house is big and red.'),
  line('u0002', 'Good morning to everyone'),
  line('u0003', 'We have 42 cats in the garden', '42'),
];
const otherLines = [line('v7', 'The water is very cold today.'), line('v9', 'I see 17 dogs over there.', '17')];

test.each([
  ['qwen', qwen, 'chat', { wordings: 1 }, undefined],
  ['qwen-mt', qwenMt, 'mt', {}, { source: 'en', target: 'tlh' }],
])('%s conforms', async (_, definition, endpoint, options, unservedPair) => {
  const { emulator, provider } = await chatBench(definition, options);
  const results = await runChecks(translationConformance, {
    ...{ provider, source: 'en', target: 'es', lines, otherLines, unservedPair, secrets: [defaultKey] },
    failing: async (fault) => {
      if (fault === 'missing') return chatBench(definition, { ...options, apiKey: '' });
      const scripted = faults[fault];
      if (scripted === undefined) return undefined;
      const timeoutMs = fault === 'hang' ? 300 : 60_000;
      const bench = await chatBench(definition, { ...options, timeoutMs });

      bench.emulator.fail(endpoint, scripted);
      return {
        provider: bench.provider,
        requests: async () => bench.emulator.requestsTo(endpoint).length,
        open: async () => bench.emulator.open,
      };
    },
  });
  expectConformance(
    results,
    unservedPair === undefined ? { 'refuses a pair it does not serve, by name': 'it serves any pair' } : {},
  );
  expect(emulator.violations).toEqual([]);
});
