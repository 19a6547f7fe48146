import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DubLine, layOutCues } from '../../src/subtitles/lay-out.js';
import { lintCues } from '../../src/subtitles/lint.js';
import { parseSubtitles } from '../../src/subtitles/parse.js';
import { writeSrt, writeVtt } from '../../src/subtitles/write.js';

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/subtitles/${name}`, import.meta.url));
const line = (text: string, startMs: number, endMs: number, speaker = 'A'): DubLine => ({
  utteranceId: 'u0001',
  text,
  startMs,
  endMs,
  speaker,
});
const lay = (lines: readonly DubLine[], language = 'en', programmeMs?: number) =>
  layOutCues(lines, { language, frameMs: 40, ...(programmeMs === undefined ? {} : { programmeMs }) });

describe('layOutCues', () => {
  it.each(['en', 'es', 'ja', 'zh'])('lays out the %s lines as the golden files say', (language) => {
    const { cues } = parseSubtitles(fixture(`lines.${language}.srt`));
    const lines = cues.map((cue) => line(cue.text.replaceAll('\n', ' '), cue.startMs, cue.endMs, cue.speaker));
    const laid = lay(lines, language);
    expect(writeSrt(laid)).toBe(fixture(`laid-out.${language}.srt`).toString('utf8'));
    expect(writeVtt(laid)).toBe(fixture(`laid-out.${language}.vtt`).toString('utf8'));
    expect(lintCues(laid, { language, frameMs: 40 })).toEqual([]);
  });

  it('shows a line while it is heard, and half a second longer at most', () => {
    expect(lay([line('A short line.', 1000, 3000)])).toEqual([
      { startMs: 1000, endMs: 3000, text: 'A short line.', speaker: 'A' },
    ]);
    expect(lay([line('These forty characters are quickly said.', 1000, 2000)])[0]!.endMs).toBe(2500);
  });

  it('shows a very short line for five sixths of a second', () => {
    expect(lay([line('Yes.', 1000, 1200)])[0]!.endMs).toBe(1833);
  });

  it('takes a line away after seven seconds', () => {
    expect(lay([line('Well...', 1000, 12_000)])).toMatchObject([{ startMs: 1000, endMs: 8000 }]);
  });

  it('splits a line of more than seven seconds where a phrase ends', () => {
    const cues = lay([line('It was late in the evening, and nobody was in the street.', 0, 9000)]);
    expect(cues.map((cue) => cue.text)).toEqual(['It was late in the evening,', 'and nobody was in the street.']);
    expect(cues.every((cue) => cue.endMs - cue.startMs <= 7000)).toBe(true);
  });

  it('leaves two frames between cues, and ends with the programme', () => {
    const cues = lay([line('One and one.', 0, 2000), line('Two and two.', 2000, 4000)], 'en', 3500);
    expect(cues.map((cue) => [cue.startMs, cue.endMs])).toEqual([
      [0, 1920],
      [2000, 3500],
    ]);
    const narrow = layOutCues([line('One.', 0, 2000), line('Two.', 2000, 4000)], { language: 'en', frameMs: 33.37 });
    expect(narrow[0]!.endMs).toBe(2000 - 67);
  });

  it('joins what passes too quickly with the same speaker', () => {
    const cues = lay([line('Yes.', 0, 300), line('I do.', 350, 900), line('Really.', 2500, 3500)]);
    expect(cues.map((cue) => cue.text)).toEqual(['Yes. I do.', 'Really.']);
  });

  it('trims a line for the next speaker when it can still be read', () => {
    const cues = lay([line('Where did he go?', 0, 3000, 'A'), line('No idea.', 2500, 4000, 'B')]);
    expect(cues).toMatchObject([
      { startMs: 0, endMs: 2420, speaker: 'A' },
      { startMs: 2500, endMs: 4000, speaker: 'B' },
    ]);
  });

  it('shows two speakers at once with a dash each', () => {
    const cues = lay([line('Where did he go last night?', 0, 2000, 'A'), line('No idea.', 500, 1500, 'B')]);
    expect(cues).toEqual([
      { startMs: 0, endMs: 2353, text: '- Where did he go last night?\n- No idea.', speaker: undefined },
    ]);
  });

  it('lets two speakers take turns when their lines are too long for one cue', () => {
    const long = 'This is a rather long line that needs two lines on screen.';
    const cues = lay([line(long, 0, 5000, 'A'), line(long, 500, 5500, 'B')]);
    expect(cues.map((cue) => [cue.startMs, cue.endMs, cue.speaker])).toEqual([
      [0, 2670, 'A'],
      [2750, 6000, 'B'],
    ]);
  });

  it('takes other limits when told', () => {
    const options = { language: 'en', frameMs: 40, limits: { charsPerLine: 10, lines: 1 } } as const;
    expect(layOutCues([line('one two three four', 0, 4000)], options).map((cue) => cue.text)).toEqual([
      'one two',
      'three four',
    ]);
  });

  it('never overlaps, keeps order, gap, lines and length, and loses no word', () => {
    const word = fc.constantFrom('so', 'the', 'extraordinary', 'house,', 'No.', '5', 'and', 'yes.', '😀');
    const text = fc.array(word, { minLength: 1, maxLength: 40 }).map((words) => words.join(' '));
    const speech = fc.record({
      text,
      startMs: fc.nat(40_000),
      length: fc.integer({ min: 1, max: 15_000 }),
      speaker: fc.constantFrom('A', 'B', 'C'),
    });
    fc.assert(
      fc.property(fc.array(speech, { maxLength: 12 }), fc.constantFrom(20, 33.367, 41.708), (speeches, frameMs) => {
        const lines = speeches.map((one) => line(one.text, one.startMs, one.startMs + one.length, one.speaker));
        const cues = layOutCues(lines, { language: 'en', frameMs });
        const shapes = lintCues(cues, { language: 'en', frameMs }).filter(
          (fault) => fault.rule !== 'reading-speed' && fault.rule !== 'min-duration',
        );
        expect(shapes).toEqual([]);
        expect(cues.every((cue) => cue.endMs > cue.startMs && Number.isInteger(cue.startMs + cue.endMs))).toBe(true);
        const words = (said: string) =>
          said
            .split(/\s+/)
            .filter((one) => one !== '-')
            .sort();
        expect(
          words(cues.map((cue) => cue.text).join(' '))
            .join(' ')
            .trim(),
        ).toBe(
          words(lines.map((one) => one.text).join(' '))
            .join(' ')
            .trim(),
        );
      }),
      { numRuns: 150 },
    );
  });
});

describe('lintCues', () => {
  const cue = (text: string, startMs: number, endMs: number) => ({ text, startMs, endMs });
  const rules = (cues: Parameters<typeof lintCues>[0]) => lintCues(cues, { language: 'en', frameMs: 40 });

  it('finds nothing in good cues', () => {
    expect(rules([cue('Good\nevening.', 0, 1000), cue('Hello.', 1080, 2000)])).toEqual([]);
  });

  it('names each rule that is broken, with value and limit', () => {
    expect(
      rules([
        cue('a'.repeat(43), 0, 8000),
        cue('a\nb\nc', 7900, 9000),
        cue('Far too much text for it', 9040, 9840),
        cue(' ', 10_000, 10_000),
      ]),
    ).toEqual([
      { cue: 1, rule: 'line-length', value: 43, limit: 42 },
      { cue: 1, rule: 'max-duration', value: 8000, limit: 7000 },
      { cue: 1, rule: 'overlap', value: 100, limit: 0 },
      { cue: 2, rule: 'lines', value: 3, limit: 2 },
      { cue: 2, rule: 'gap', value: 40, limit: 80 },
      { cue: 3, rule: 'reading-speed', value: 30, limit: 20 },
      { cue: 3, rule: 'min-duration', value: 800, limit: 833 },
      { cue: 4, rule: 'empty', value: 0, limit: 1 },
      { cue: 4, rule: 'reading-speed', value: Number.POSITIVE_INFINITY, limit: 20 },
      { cue: 4, rule: 'min-duration', value: 0, limit: 833 },
    ]);
  });

  it('holds Chinese, Japanese and Korean to sixteen characters a line', () => {
    for (const language of ['zh-Hans', 'ja', 'ko-KR']) {
      const faults = lintCues([cue('字'.repeat(17), 0, 6000)], { language, frameMs: 40 });
      expect(faults).toEqual([{ cue: 1, rule: 'line-length', value: 17, limit: 16 }]);
    }
  });

  it('takes other limits when told', () => {
    const faults = lintCues([cue('abcdef', 0, 6000)], { language: 'en', frameMs: 40, limits: { charsPerLine: 5 } });
    expect(faults).toEqual([{ cue: 1, rule: 'line-length', value: 6, limit: 5 }]);
  });
});
