import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { runChecks } from '../../../src/providers/conformance.js';
import { type MarkedLine, translationConformance } from '../../../src/providers/translation/conformance.js';
import type { TranslationLine } from '../../../src/providers/translation/contract.js';
import { subtitles } from '../../../src/providers/translation/subtitles/index.js';
import { matchCues, type TranslatedCue } from '../../../src/providers/translation/subtitles/match.js';
import { splitText } from '../../../src/providers/translation/subtitles/split.js';
import { calm, expectConformance, temporaryFolder } from '../support.js';

const spanish =
  '1\n00:00:01,000 --> 00:00:02,000\nHola.\n\n2\n00:00:03,000 --> 00:00:05,000\nMe llamo Ana\ny vengo.\n\n' +
  '3\n00:00:06,000 --> 00:00:07,000\n[música]\n\n4\n00:00:08,000 --> 00:00:09,000\nAdiós.\n';
let folder: string;
let file: string;

function make(files: Record<string, string> = { es: file }) {
  return subtitles.create(subtitles.options.parse({ files }), { scratch: folder });
}

function line(
  id: string,
  startMs: number,
  endMs: number,
  segmentIds: string[],
  text = 'Some words here.',
): TranslationLine {
  return { id, startMs, endMs, segmentIds, text, speaker: 'A' };
}

function cue(number: string, startMs: number, endMs: number, text = `cue ${number}`): TranslatedCue {
  return { number, startMs, endMs, text };
}

function textsOf(lines: readonly TranslationLine[], cues: readonly TranslatedCue[]) {
  return Object.fromEntries(matchCues(lines, cues, 'es').texts);
}

beforeAll(async () => {
  folder = await temporaryFolder();
  file = join(folder, 'talk.es.srt');
  await writeFile(file, spanish);
});

test('subtitles as a translation conform', async () => {
  const marked = (base: TranslationLine, mark: string): MarkedLine => ({ ...base, mark });
  const lines = [
    marked(line('u1', 1000, 2000, ['1']), 'Hola.'),
    marked(line('u2', 3000, 5000, ['2']), 'Me llamo Ana y vengo.'),
    marked(line('u3', 8000, 9000, ['4']), 'Adiós.'),
  ];
  const results = await runChecks(
    translationConformance,
    {
      provider: make(),
      source: 'en',
      target: 'es',
      lines,
      otherLines: lines.slice(1),
      unservedPair: { source: 'en', target: 'fr' },
      failing: async (fault) =>
        fault === 'missing' ? { provider: make({ es: join(folder, 'gone.srt') }) } : undefined,
    },
    {
      excused: {
        'keeps lines apart that hold line breaks, markup and special characters': 'the answers are in the file already',
        'says of a line without words that it failed': 'the file may have words for it',
      },
    },
  );
  const unmade = (fault: string) => `the subject cannot make the fault "${fault}"`;
  expectConformance(results, {
    'keeps lines apart that hold line breaks, markup and special characters': 'the answers are in the file already',
    'says of a line without words that it failed': 'the file may have words for it',
    'ends a hang at its time limit': unmade('hang'),
    'rejects at once when aborted, and leaves nothing open': unmade('stall'),
    'never leaves out a line in silence when the reply breaks off': unmade('cut'),
    'never leaves out a line in silence when the reply is empty': unmade('empty'),
    'takes a crash midway for an error': unmade('crash'),
    'passes a refusal on with its own words': unmade('refuse'),
    'never repeats a request that was refused for its key': unmade('auth'),
    'waits as it is told when it asked too often, or says how long to wait': unmade('rate-limit'),
    'keeps secrets out of every error': 'the subject names no secrets',
  });
});

describe('a translation file', () => {
  test('gives each line its cue, and says which lines and cues found no partner', async () => {
    const lines = [line('u1', 1000, 2000, ['1']), line('u2', 3000, 5000, ['2']), line('u9', 20_000, 21_000, ['9'])];
    const reply = await make().translate({ source: 'en', target: 'es', lines }, calm);
    expect(reply.lines).toEqual([
      { id: 'u1', text: 'Hola.' },
      { id: 'u2', text: 'Me llamo Ana y vengo.' },
    ]);
    expect(reply.failures).toEqual([
      {
        id: 'u9',
        code: 'USAGE',
        message: 'talk.es.srt has no cue for this line (0:00:20.000 to 0:00:21.000).',
      },
    ]);
    expect(reply.warnings).toEqual([
      'talk.es.srt: cues that only describe sounds are not voiced: 3.',
      'talk.es.srt: cues that belong to no line of the script are not voiced: 4 (0:00:08.000).',
    ]);
  });

  test('for another region of the language serves, an exact one goes before it', async () => {
    const mexican = join(folder, 'talk.es-MX.srt');
    await writeFile(mexican, '1\n00:00:01,000 --> 00:00:02,000\nQué onda.\n');
    const provider = make({ es: file, 'es-mx': mexican });
    const ask = async (target: string) =>
      (await provider.translate({ source: 'en', target, lines: [line('u1', 1000, 2000, ['1'])] }, calm)).lines[0]?.text;
    expect(await ask('es-MX')).toBe('Qué onda.');
    expect(await ask('es-AR')).toBe('Hola.');
  });

  test('that is not given is asked for with its flag', async () => {
    const work = make({ es: file }).translate({ source: 'en', target: 'fr', lines: [] }, calm);
    await expect(work).rejects.toMatchObject({
      code: 'PROVIDER_UNSUPPORTED',
      message: 'No translation file is given for fr. There is one for es.',
      hint: 'Name it with --translation fr=FILE.srt, or choose a translator with --translator.',
    });
    expect(await make({}).ready(calm)).toMatchObject({ ready: false, detail: 'No translation file is given.' });
  });

  test('stops when the run was aborted', async () => {
    const work = make().translate({ source: 'en', target: 'es', lines: [] }, AbortSignal.abort());
    await expect(work).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  test('says what it found when it is ready', async () => {
    expect(await make().ready(calm)).toEqual({ ready: true, detail: 'talk.es.srt (es, 3 cues)' });
  });

  test('divided over lines and shifted in time says both', async () => {
    const lines = [
      line('u1', 0, 900, ['1']),
      line('u2', 1900, 2900, ['2'], 'My name is Ana'),
      line('u3', 2950, 3900, ['2'], 'and I come.'),
      line('u4', 6900, 7900, ['4']),
    ];
    const reply = await make().translate({ source: 'en', target: 'es', lines }, calm);
    expect(reply.lines.map((answer) => answer.text)).toEqual(['Hola.', 'Me llamo Ana', 'y vengo.', 'Adiós.']);
    expect(reply.warnings.slice(1)).toEqual([
      'talk.es.srt: cues that span several lines of the script were divided: 2 (u2, u3).',
      "talk.es.srt: its cues are 1.1 s later than the script's; they were matched so.",
    ]);
  });
});

describe('matching cues to lines', () => {
  test('cues of the same numbers are joined in order', () => {
    const lines = [line('a', 0, 4000, ['1', '2']), line('b', 4000, 6000, ['3'])];
    expect(textsOf(lines, [cue('1', 0, 1500), cue('2', 1500, 4000), cue('3', 4000, 6000)])).toEqual({
      a: 'cue 1 cue 2',
      b: 'cue 3',
    });
  });

  test('a number at quite another time does not count: time decides', () => {
    const lines = [line('a', 0, 2000, ['1']), line('b', 10_000, 12_000, ['2']), line('c', 20_000, 22_000, ['3'])];
    const cues = [cue('1', 0, 2000), cue('2', 5000, 6000), cue('3', 10_000, 12_000), cue('4', 20_000, 22_000)];
    expect(textsOf(lines, cues)).toEqual({ a: 'cue 1', b: 'cue 3', c: 'cue 4' });
    expect(matchCues(lines, cues, 'es').unmatched.map(({ number }) => number)).toEqual(['2']);
  });

  test('without numbers each cue goes to the line it overlaps most', () => {
    const lines = [line('a', 0, 2000, ['x']), line('b', 2000, 5000, ['y'])];
    expect(textsOf(lines, [cue('1', 200, 1800), cue('2', 1900, 3000), cue('3', 3000, 5200)])).toEqual({
      a: 'cue 1',
      b: 'cue 2 cue 3',
    });
  });

  test.each([-2500, -900, 700, 1500, 2900])('a translation shifted by %d ms still matches', (shiftMs) => {
    const starts = [3000, 5100, 6200, 9900, 11_000, 15_300, 16_000, 19_700];
    const lines = starts.map((startMs, index) => line(`u${index}`, startMs, startMs + 900, [`s${index}`]));
    const cues = starts.map((startMs, index) => cue(`${index}`, startMs + shiftMs, startMs + shiftMs + 900));
    expect(textsOf(lines, cues)).toEqual(Object.fromEntries(starts.map((_, index) => [`u${index}`, `cue ${index}`])));
  });

  test('of two lines spoken at once the one of the same speaker gets the cue', () => {
    const lines = [
      { ...line('a', 0, 2000, ['x']), speaker: 'Ann' },
      { ...line('b', 0, 2000, ['y']), speaker: 'Bob' },
    ];
    const cues = [
      { ...cue('2', 0, 2000, 'B says'), speaker: 'Bob' },
      { ...cue('1', 0, 2000, 'A says'), speaker: 'Ann' },
    ];
    expect(textsOf(lines, cues)).toEqual({ a: 'A says', b: 'B says' });
  });

  test('a line spoken over another does not take half of that one’s text', () => {
    const lines = [line('a', 0, 4000, ['x']), line('b', 1000, 2000, ['y'])];
    expect(textsOf(lines, [cue('1', 0, 4000, 'All of this. Is for a.')])).toEqual({ a: 'All of this. Is for a.' });
  });

  test('a cue that spans two lines is divided at the end of its sentence', () => {
    const lines = [
      line('a', 0, 2000, ['x'], 'Hello there, my friend.'),
      line('b', 2000, 4000, ['y'], 'How are you today?'),
    ];
    expect(textsOf(lines, [cue('1', 0, 4000, 'Hola, amigo mío. ¿Qué tal estás?')])).toEqual({
      a: 'Hola, amigo mío.',
      b: '¿Qué tal estás?',
    });
  });

  test('every cue is matched or reported, and no text is used twice', () => {
    const span = fc.record({
      startMs: fc.integer({ min: 0, max: 30_000 }),
      length: fc.integer({ min: 50, max: 6000 }),
    });
    fc.assert(
      fc.property(fc.array(span, { maxLength: 12 }), fc.array(span, { maxLength: 12 }), (lineSpans, cueSpans) => {
        const lines = lineSpans.map(({ startMs, length }, index) =>
          line(`u${index}`, startMs, startMs + length, [`${index}`]),
        );
        const cues = cueSpans.map(({ startMs, length }, index) =>
          cue(`${index}`, startMs, startMs + length, `word${index}a word${index}b`),
        );
        const { texts, unmatched } = matchCues(lines, cues, 'es');
        const used = [...texts.values(), ...unmatched.map(({ text }) => text)]
          .join(' ')
          .split(' ')
          .filter(Boolean)
          .sort();
        expect(used).toEqual(cues.flatMap(({ text }) => text.split(' ')).sort());
      }),
      { numRuns: 300 },
    );
  });
});

describe('dividing a text', () => {
  test.each([
    ['One. Two. Three.', [1, 1, 1], ['One.', 'Two.', 'Three.']],
    ['First part, second part', [1, 1], ['First part,', 'second part']],
    ['just four plain words', [1, 1], ['just four', 'plain words']],
    ['Sí. “No quiero.”', [1, 3], ['Sí.', '“No quiero.”']],
    ['word', [1, 1], ['word', '']],
    ['a b', [5, 1, 1], ['a', 'b', '']],
    ['all', [7], ['all']],
  ])('%j by %j', (text, weights, parts) => {
    expect(splitText(text, weights, 'es')).toEqual(parts);
  });

  test('Chinese is divided between words', () => {
    expect(splitText('今天天气很好。我们去公园散步。', [1, 1], 'zh')).toEqual(['今天天气很好。', '我们去公园散步。']);
  });
});
