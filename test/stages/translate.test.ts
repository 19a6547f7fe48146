import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Script, TranslatedLine } from '../../src/domain/script.js';
import { unknownPace } from '../../src/domain/spoken/pace.js';
import { DubError } from '../../src/errors.js';
import { noNotes } from '../../src/providers/contract.js';
import type {
  TranslationProvider,
  TranslationReply,
  TranslationRequest,
} from '../../src/providers/translation/contract.js';
import type { StageContext, StageEvent } from '../../src/stages/context.js';
import { translate } from '../../src/stages/translate.js';
import { buyerIn } from '../support/buyers.js';
import { makeFolder, removeFolder } from '../support/media.js';

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

let folder: string;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => removeFolder(folder));

async function run(
  count: number | Script,
  provider: TranslationProvider,
  settled: ReadonlyMap<string, TranslatedLine> = new Map(),
) {
  const events: StageEvent[] = [];
  const emit = (event: StageEvent) => events.push(event);
  const ctx = { signal: new AbortController().signal, emit, buyer: buyerIn(folder) };
  const options = {
    target: 'es',
    label: 'test',
    shapedBy: 'test',
    termsIn: () => undefined,
    settled,
    paceOf: () => unknownPace,
    onLine: () => undefined,
    onFailure: () => undefined,
  };
  const script = typeof count === 'number' ? scriptOf(count) : count;
  const translation = await translate(script, provider, options, ctx as unknown as StageContext);
  const keptIds = events.flatMap((event) => (event.type === 'line-done' && event.kept ? [event.utteranceId] : []));
  return {
    translation,
    keptIds,
    warnings: events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])),
  };
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

/** The same translator as a service, whose answers cost money. */
function service(answer: (request: TranslationRequest) => Promise<TranslationReply>) {
  const asked: string[][] = [];
  const { provider } = recorder();
  const translateLines = (request: TranslationRequest) => {
    asked.push(request.lines.map(({ text }) => text));
    return answer(request);
  };
  return { asked, provider: { ...provider, host: 'https://example.com', translate: translateLines } };
}

const inCapitals = ({ lines }: TranslationRequest): TranslationReply => ({
  ...noNotes,
  lines: lines.map(({ id, text }) => ({ id, text: text.toUpperCase() })),
  failures: [],
});

test('lines that came back before a failure are never asked for again', async () => {
  const dying = service(async (request) => {
    if (request.lines.some(({ text }) => text === 'line 3')) {
      await request.onAnswers?.(inCapitals(request).lines.slice(0, 1));
      throw new DubError('PROVIDER_UNREACHABLE', 'Gone.');
    }
    return inCapitals(request);
  });
  await expect(run(4, dying.provider)).rejects.toMatchObject({ code: 'PROVIDER_UNREACHABLE' });
  expect(dying.asked).toEqual([
    ['line 1', 'line 2'],
    ['line 3', 'line 4'],
  ]);
  const healthy = service(async (request) => inCapitals(request));
  const { translation, keptIds } = await run(4, healthy.provider);
  expect(healthy.asked).toEqual([['line 4']]);
  expect(keptIds).toEqual(['u1', 'u2', 'u3']);
  expect(translation.lines.map(({ text }) => text)).toEqual(['LINE 1', 'LINE 2', 'LINE 3', 'LINE 4']);
});

test('a line that was reworded is asked for alone, and one that is said twice has two answers', async () => {
  const first = service(async (request) => inCapitals(request));
  const script = scriptOf(4);
  const twice = script.utterances.map((line, index) => (index === 2 ? { ...line, text: 'line 1' } : line));
  await run({ ...script, utterances: twice }, first.provider);
  expect(first.asked.flat()).toEqual(['line 1', 'line 2', 'line 1', 'line 4']);
  const reworded = twice.map((line, index) => (index === 1 ? { ...line, text: 'line two' } : line));
  const second = service(async (request) => inCapitals(request));
  await run({ ...script, utterances: reworded }, second.provider);
  expect(second.asked).toEqual([['line two']]);
});

test('an engine that needs the whole script has it in one request, however little is missing', async () => {
  const { provider, requests } = recorder();
  const whole = { ...provider, limits: { ...provider.limits, wholeScript: true } };
  const settled = new Map([['u2', { utteranceId: 'u2', text: 'mine' }]]);
  const { translation } = await run(9, whole, settled);
  expect(requests.map(({ lines }) => lines.length)).toEqual([9]);
  expect(translation.lines.map(({ text }) => text).slice(0, 3)).toEqual(['LINE 1', 'mine', 'LINE 3']);
});
