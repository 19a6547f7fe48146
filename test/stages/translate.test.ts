import { expect, test } from 'vitest';
import type { Script } from '../../src/domain/script.js';
import { DubError } from '../../src/errors.js';
import { noNotes } from '../../src/providers/contract.js';
import type { TranslationProvider, TranslationRequest } from '../../src/providers/translation/contract.js';
import type { StageContext, StageEvent } from '../../src/stages/context.js';
import { translate } from '../../src/stages/translate.js';

function scriptOf(count: number): Script {
  const utterances = Array.from({ length: count }, (_, index) => {
    const span = { startMs: index * 1000, endMs: index * 1000 + 800 };
    return { ...span, id: `u${index + 1}`, speaker: 'A', text: `line ${index + 1}`, slot: span, segmentIds: [] };
  });
  return { language: 'en', utterances };
}

/** A translator in capitals that keeps what it was asked. */
function recorder(prepare?: TranslationProvider['prepare']) {
  const requests: TranslationRequest[] = [];
  const provider: TranslationProvider = {
    limits: { maxLines: 2, maxChars: 1000, concurrency: 1, adapts: false, preparesAbove: 4 },
    ready: async () => ({ ready: true, detail: 'here' }),
    supports: async () => true,
    async translate(request) {
      requests.push(request);
      const lines = request.lines.map(({ id, text }) => ({ id, text: text.toUpperCase() }));
      return { ...noNotes, lines, failures: [] };
    },
    ...(prepare ? { prepare } : {}),
  };
  return { provider, requests };
}

async function run(count: number, provider: TranslationProvider) {
  const events: StageEvent[] = [];
  const ctx = { signal: new AbortController().signal, emit: (event: StageEvent) => events.push(event) };
  const options = { target: 'es', label: 'test', onLine: () => undefined };
  const translation = await translate(scriptOf(count), provider, options, ctx as unknown as StageContext);
  return { translation, warnings: events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])) };
}

test('every batch brings two lines of context on both sides', async () => {
  const { provider, requests } = recorder();
  const { translation } = await run(7, provider);
  const texts = (lines: TranslationRequest['before']) => lines?.map(({ text }) => text);
  expect(requests.map(({ before }) => texts(before))).toEqual([
    [],
    ['line 1', 'line 2'],
    ['line 3', 'line 4'],
    ['line 5', 'line 6'],
  ]);
  expect(requests.map(({ after }) => texts(after))).toEqual([
    ['line 3', 'line 4'],
    ['line 5', 'line 6'],
    ['line 7'],
    [],
  ]);
  expect(translation.lines).toHaveLength(7);
});

const notes = { ...noNotes, summary: 'Seven lines.', terms: [{ source: 'line', target: 'línea' }] };

test('a long script is read whole first, a short one is not', async () => {
  let read = 0;
  const reading = async () => {
    read++;
    return { ...notes, warnings: ['read in part'] };
  };
  const long = recorder(reading);
  expect((await run(5, long.provider)).warnings).toEqual(['read in part']);
  expect(long.requests.map((request) => request.notes?.summary)).toEqual(Array(3).fill('Seven lines.'));
  const short = recorder(reading);
  await run(4, short.provider);
  expect(short.requests[0]?.notes).toBeUndefined();
  expect(read).toBe(1);
});

test('a script that could not be read is translated all the same, and the warning says so', async () => {
  const { provider, requests } = recorder(() => Promise.reject(new DubError('PROVIDER_REFUSED', 'No.')));
  const { translation, warnings } = await run(5, provider);
  expect(warnings).toEqual(['test made no summary of the script, so terms may vary: No.']);
  expect(requests[0]?.notes).toBeUndefined();
  expect(translation.lines).toHaveLength(5);
});

test('a fault that concerns the whole job ends it before a line is asked for', async () => {
  const { provider, requests } = recorder(() => Promise.reject(new DubError('PROVIDER_QUOTA', 'Pay.')));
  await expect(run(5, provider)).rejects.toMatchObject({ code: 'PROVIDER_QUOTA' });
  expect(requests).toEqual([]);
});
