import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ParsedCue, parseSubtitles } from '../../src/subtitles/parse.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const read = (text: string) => parseSubtitles(bytes(text));
const texts = (text: string) => read(text).cues.map((cue) => cue.text);
const spans = (text: string) => read(text).cues.map((cue) => [cue.startMs, cue.endMs]);
const one = (text: string) => `1\n00:00:01,000 --> 00:00:02,000\n${text}\n`;
const plain = ({ number, startMs, endMs, text, speaker }: ParsedCue) =>
  `${number} | ${startMs} | ${endMs} | ${speaker ?? ''} | ${text.replaceAll('\n', ' / ')}`;
const fixture = (name: string) => readFileSync(new URL(`../../fixtures/subtitles/${name}`, import.meta.url));

describe('parseSubtitles', () => {
  it.each(['untidy.srt', 'untidy.vtt'])('reads %s as the golden file says', (name) => {
    const { cues, warnings } = parseSubtitles(fixture(name));
    const shown = [...cues.map(plain), ...warnings.map((warning) => `! ${warning}`), ''].join('\n');
    expect(shown).toBe(fixture(`${name}.read.txt`).toString('utf8'));
  });

  it('tells SRT from WebVTT by the header', () => {
    expect(read(one('a')).format).toBe('srt');
    expect(read('\ufeffWEBVTT - title\n\n00:01.000 --> 00:02.000\na').format).toBe('vtt');
  });

  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
    ['CRCRLF, as a faulty transfer makes it', '\r\r\n'],
  ])('reads %s line ends', (_name, end) => {
    const text = '1\n00:00:01,000 --> 00:00:02,000\none\ntwo\n\n2\n00:00:03,000 --> 00:00:04,000\n40\n';
    expect(texts(text.replaceAll('\n', end))).toEqual(['one\ntwo', '40']);
  });

  it('reads a file in which every line is followed by a blank one', () => {
    const text = '1\n00:00:01,000 --> 00:00:02,000\nHello\n\n2\n00:00:03,000 --> 00:00:04,000\nthere\n';
    expect(texts(text.replaceAll('\n', '\n\n'))).toEqual(['Hello', 'there']);
  });

  it.each([
    ['00:00:01.5 --> 00:00:02', 1500, 2000],
    ['123:00:00,000 --> 123:00:01,000', 442_800_000, 442_801_000],
    ['01:02.003 --> 01:03.004 align:start position:10%', 62_003, 63_004],
    [' 0:0:1,0 -> 0:0:2,25 X1:1 X2:2', 1000, 2250],
    ['00: 00: 01, 000 --> 00: 00: 02, 000', 1000, 2000],
  ])('reads the times of "%s"', (line, startMs, endMs) => {
    expect(spans(`${line}\ntext`)).toEqual([[startMs, endMs]]);
  });

  it('keeps a digits-only text apart from the number of the next cue', () => {
    const { cues } = read('1\n00:00:01,000 --> 00:00:02,000\n40\n2\n00:00:03,000 --> 00:00:04,000\n41');
    expect(cues.map((cue) => [cue.number, cue.text])).toEqual([
      ['1', '40'],
      ['2', '41'],
    ]);
  });

  it('counts cues that have no numbers, without a warning', () => {
    const { cues, warnings } = read('00:00:01,000 --> 00:00:02,000\na\n\n00:00:03,000 --> 00:00:04,000\nb\n');
    expect(cues.map((cue) => cue.number)).toEqual(['1', '2']);
    expect(warnings).toEqual([]);
  });

  it('keeps the numbers of the file when each comes once', () => {
    expect(read('7\n00:00:01,000 --> 00:00:02,000\na').cues[0]!.number).toBe('7');
    expect(read('WEBVTT\n\nintro\n00:01.000 --> 00:02.000\na').cues[0]!.number).toBe('intro');
  });

  it('counts from 1 when a number comes twice or is missing, and says so', () => {
    const twice = read(`${one('a')}\n${one('b')}`);
    expect(twice.cues.map((cue) => cue.number)).toEqual(['1', '2']);
    expect(twice.warnings).toEqual(['Cue numbers used before: 1 (first: line 6); cues are counted from 1 instead.']);
    const missing = read('5\n00:00:01,000 --> 00:00:02,000\na\n\n00:00:03,000 --> 00:00:04,000\nb\n');
    expect(missing.cues.map((cue) => cue.number)).toEqual(['1', '2']);
    expect(missing.warnings[0]).toContain('without a number among numbered ones: 1 (first: line 5)');
  });

  it('keeps overlapping cues as they are', () => {
    const text = '00:00:01,000 --> 00:00:05,000\na\n\n00:00:02,000 --> 00:00:03,000\nb';
    expect(read(text)).toMatchObject({ cues: [{ endMs: 5000 }, { startMs: 2000, endMs: 3000 }], warnings: [] });
  });

  it('gives a zero-length cue the time its text needs, up to the next cue', () => {
    const free = read('00:00:01,000 --> 00:00:01,000\nHi');
    expect(free.cues).toMatchObject([{ startMs: 1000, endMs: 1833 }]);
    expect(free.warnings).toEqual([
      'Cues of zero length: 1 (first: line 1); given one by their text, up to the next cue.',
    ]);
    expect(spans('00:00:01,000 --> 00:00:01,000\nHi\n\n00:00:01,400 --> 00:00:03,000\nthere')[0]).toEqual([1000, 1400]);
  });

  it('keeps the start of a cue that ends before it starts, and says so', () => {
    const { cues, warnings } = read('00:00:05,000 --> 00:00:03,000\nTwenty characters ok');
    expect(cues).toMatchObject([{ startMs: 5000, endMs: 6200 }]);
    expect(warnings[0]).toContain('Cues that end before they start: 1 (first: line 1)');
  });

  it('takes times before zero, as tools that move a whole file write them, for zero', () => {
    const text = '1\n-00:00:01,500 --> 00:00:02,000\nHello\n\n2\n-00:00:03,000 --> -00:00:02,000\nHi\n';
    const { cues, warnings } = read(text);
    expect(cues).toMatchObject([
      { startMs: 0, endMs: 833, text: 'Hi' },
      { startMs: 0, endMs: 2000, text: 'Hello' },
    ]);
    expect(warnings[0]).toBe('Cues with a time before 0: 2 (first: line 2); it is taken for 0.');
  });

  it('sorts unsorted cues, and says so', () => {
    const { cues, warnings } = read('00:00:05,000 --> 00:00:06,000\nb\n\n00:00:01,000 --> 00:00:02,000\na');
    expect(cues.map((cue) => cue.text)).toEqual(['a', 'b']);
    expect(warnings).toEqual(['Cues earlier than the one before: 1 (first: line 4); sorted by start.']);
  });

  it('takes out tags, override blocks, ruby readings and control characters', () => {
    const text = '{\\an8}<i>One</i> <font color="#fff">two</font>\u001b[31m <ruby>漢<rt>かん</rt></ruby><br/>three';
    expect(texts(one(text))).toEqual(['One two[31m 漢\nthree']);
  });

  it('leaves a less-than sign that is text in SRT', () => {
    expect(texts(one('if x<y and y>z, a < b {ok}'))).toEqual(['if x<y and y>z, a < b {ok}']);
  });

  it('decodes entities once', () => {
    expect(texts(one('a &amp;lt; b &lt;i&gt; c&nbsp;d &lrm; &#233;&#x4e2d; &bogus; &#xD800;'))).toEqual([
      'a &lt; b <i> c\u00a0d \u200e é中 &bogus; &#xD800;',
    ]);
  });

  it.each([
    ['NAR: This is it.', 'NAR', 'This is it.'],
    ["- MRS. O'NEIL: Come in.", "MRS. O'NEIL", 'Come in.'],
    ['>> JOHN: WHAT?', 'JOHN', 'WHAT?'],
    ['SPEAKER_00: so', 'SPEAKER_00', 'so'],
    ['[A] Go, by all means.', 'A', 'Go, by all means.'],
    ['[Speaker 2]: Yes.', 'Speaker 2', 'Yes.'],
    ['[Anna]: Yes.', 'Anna', 'Yes.'],
    ['<v.loud Bob &amp; Co>Yes.</v>', 'Bob & Co', 'Yes.'],
    ['ANNA:\nCome in.', 'ANNA', 'Come in.'],
  ])('takes the speaker from %j', (text, speaker, rest) => {
    expect(read(one(text)).cues).toMatchObject([{ speaker, text: rest }]);
  });

  it.each([
    'Remember: it is late.',
    'NOTE: not a person.',
    'HE SAID: COME HERE',
    '12:30 is the time',
    'THE VERY LONG TITLE OF SOME BOOK: a novel',
    '- Hi there.\n- Hello.',
    '[a] small addition',
    'https://example.org',
  ])('takes no speaker from %j', (text) => {
    expect(read(one(text)).cues).toMatchObject([{ speaker: undefined, text }]);
  });

  it('makes a cue for each of several speakers, sharing the time by length', () => {
    const { cues } = read(one('ANN: Yes.\nBOB: Surely not, Ann.'));
    expect(cues).toMatchObject([
      { number: '1', speaker: 'ANN', text: 'Yes.', startMs: 1000, endMs: 1200 },
      { number: '1-2', speaker: 'BOB', text: 'Surely not, Ann.', startMs: 1200, endMs: 2000 },
    ]);
    expect(read(`WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Yes.</v> <v Bob>No.</v>`).cues.map(plain)).toEqual([
      '1 | 1000 | 1571 | Ann | Yes.',
      '1-2 | 1571 | 2000 | Bob | No.',
    ]);
  });

  it('leaves out NOTE, STYLE and REGION blocks, even with times in them', () => {
    const text =
      'WEBVTT\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:x\n\nNOTE\n00:00.000 --> 00:00.500\nold\n\n' +
      'a\n00:01.000 --> 00:02.000 region:x\nNOTE this is text\n';
    expect(texts(text)).toEqual(['NOTE this is text']);
  });

  it('keeps text after a blank line in SRT and drops it in WebVTT', () => {
    const body = '00:00:01.000 --> 00:00:02.000\none\n\ntwo\n';
    expect(texts(body)).toEqual(['one\ntwo']);
    expect(texts(`WEBVTT\n\n${body}`)).toEqual(['one']);
  });

  it('says that an empty file is empty and a cue without text is left out', () => {
    expect(parseSubtitles(new Uint8Array())).toEqual({ cues: [], format: 'srt', warnings: ['The file is empty.'] });
    expect(read('1\n00:00:01,000 --> 00:00:02,000\n\n').warnings).toEqual([
      'Cues without text: 1 (first: line 2); left out.',
      'No cue of the file has any text.',
    ]);
  });

  it.each([
    ['prose', bytes('It was a dark and stormy night.\n'.repeat(1000))],
    ['two megabytes of noise', noise(2_000_000)],
    ['ten megabytes of <', new Uint8Array(10_000_000).fill(0x3c)],
    ['ten megabytes of carriage returns', new Uint8Array(10_000_000).fill(0x0d)],
    ['a megabyte of carriage returns and an arrow', bytes(`${'\r'.repeat(1_000_000)}-->`)],
    ['arrows', bytes('-->\n'.repeat(100_000))],
    ['zeros', new Uint8Array(1_000_000)],
  ])('finds no cue in %s and says that it is no subtitle file', (_name, input) => {
    const { cues, warnings } = parseSubtitles(input);
    expect(cues).toEqual([]);
    expect(warnings.at(-1)).toBe('No cue was found: this is not an SRT or WebVTT file.');
  });

  it('reads a cue that is megabytes of unclosed markup', () => {
    for (const piece of ['<i', '<v A', '{\\', '[', '(', '&#', '♪ ']) {
      expect(read(one(piece.repeat(200_000))).cues).toHaveLength(1);
    }
  });
});

/** The same bytes every time: a linear congruential generator. */
function noise(length: number): Uint8Array {
  const made = new Uint8Array(length);
  let state = 1;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    made[at] = state >>> 24;
  }
  return made;
}
