import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { breakText } from '../../src/subtitles/break-text.js';
import { countGraphemes, splitGraphemes } from '../../src/subtitles/graphemes.js';
import { readingLimits } from '../../src/subtitles/limits.js';

const shown = (text: string, language = 'en') =>
  breakText(text, { language, ...readingLimits(language) }).map((cue) => cue.lines.join(' / '));

describe('breakText', () => {
  it('keeps on one line what fits one line', () => {
    expect(shown('This line has forty-two characters, all in')).toEqual(['This line has forty-two characters, all in']);
  });

  it('gives no cue for no text', () => {
    expect(shown('')).toEqual([]);
    expect(shown(' \n ')).toEqual([]);
  });

  it.each([
    ['en', 'She waited at the station for an hour because the train from Leeds was late.', 'because'],
    ['en', 'When the rain had stopped, all of the children ran out again.', 'all of'],
    ['es', 'Ella esperó una hora en la estación porque el tren de Sevilla venía tarde.', 'porque'],
    ['de', 'Sie wartete eine Stunde am Bahnhof, weil der Zug aus Bremen zu spät kam.', 'weil'],
    ['fr', 'Elle attendait depuis une heure à la gare parce que le train avait du retard.', 'parce que'],
  ])('breaks %s before a phrase: %j', (language, text, second) => {
    const [cue = ''] = shown(text, language);
    expect(cue.split(' / ')[1]).toMatch(new RegExp(`^${second}`));
  });

  it.each([
    ['$5 million dollars', 'It had cost them a little more than about $5 million dollars a year.'],
    ['100 km', 'The old road between the two towns is exactly 100 km long, they say.'],
    ['Dr. Smith', 'In the end the whole of the letter was written by Dr. Smith himself.'],
    ['J. F. Kennedy', 'The president of that time, as we all know, was J. F. Kennedy of course.'],
    ['No. 5', 'Nobody in the whole big building had ever seen room No. 5 before that.'],
    ['10 000 000', 'Altogether there were something like 10 000 000 people in that city.'],
  ])('never breaks inside a number, its unit or a name: %s', (kept, text) => {
    expect(shown(text).join(' | ')).toContain(kept);
  });

  it('cuts a word longer than a line', () => {
    const cues = breakText('x'.repeat(100), { language: 'en', ...readingLimits('en') });
    expect(cues.flatMap((cue) => cue.lines).map((line) => line.length)).toEqual([42, 42, 16]);
  });

  it('breaks Japanese by kinsoku and between phrases', () => {
    const cues = shown('印刷術は、現在私たちが関心を持っている唯一の意味において、芸術とは異なっている。', 'ja');
    expect(cues).toEqual(['印刷術は、現在私たちが関心を / 持っている唯一の意味において、', '芸術とは異なっている。']);
  });

  it('breaks Chinese between words, and keeps numbers and Latin words whole', () => {
    const text = '荷兰人在1455年前后发明了活字印刷术，后来的Gutenberg又印了大约180本书。';
    const joined = shown(text, 'zh').join(' | ');
    for (const whole of ['1455年', 'Gutenberg', '180', '印刷']) expect(joined).toContain(whole);
  });

  it('breaks Thai between words', () => {
    const text = 'ฉันไปกรุงเทพเมื่อวานนี้เพื่อพบเพื่อนเก่าที่ไม่ได้เจอกันมานานหลายปีแล้ว';
    const lines = breakText(text, { language: 'th', ...readingLimits('th') }).flatMap((cue) => cue.lines);
    expect(lines.join('')).toBe(text);
    expect(lines.every((line) => countGraphemes(line) <= 42)).toBe(true);
  });

  it('gives one line a cue when two are not wanted', () => {
    const cues = breakText('one two three four', { language: 'en', charsPerLine: 9, lines: 1 });
    expect(cues.map((cue) => cue.lines)).toEqual([['one two'], ['three'], ['four']]);
  });

  it('never exceeds the lines, loses no character, and begins no line with closing punctuation', () => {
    const latin = fc.constantFrom(
      'the',
      'house',
      'of',
      '10',
      'km',
      'Dr.',
      'Smith,',
      'and',
      'so.',
      'extraordinarily',
      '😀👍🏽',
    );
    const wide = fc.constantFrom(
      '東',
      '京',
      'へ',
      '行った',
      '。',
      '、',
      '「',
      '」',
      'ー',
      'っ',
      'GPT-4',
      '10',
      '年',
      '。」',
    );
    const texts = fc.oneof(
      fc.tuple(
        fc.constant('en'),
        fc.array(latin, { maxLength: 60 }).map((words) => words.join(' ')),
      ),
      fc.tuple(
        fc.constant('ja'),
        fc.array(wide, { maxLength: 60 }).map((words) => words.join('')),
      ),
    );
    fc.assert(
      fc.property(texts, ([language, text]) => {
        const limits = readingLimits(language);
        const cues = breakText(text, { language, ...limits });
        const lines = cues.flatMap((cue) => cue.lines);
        expect(cues.every((cue) => cue.lines.length <= 2 && cue.lines.length > 0)).toBe(true);
        expect(lines.every((line) => countGraphemes(line) <= limits.charsPerLine)).toBe(true);
        expect(lines.join(language === 'en' ? ' ' : '')).toBe(text);
        if (/[」。、ーっ]{9}/.test(text)) return;
        expect(lines.filter((line, index) => index > 0 && /^[」。、ーっ]/.test(line))).toEqual([]);
      }),
    );
  });
});

describe('countGraphemes', () => {
  it('counts as a reader does', () => {
    expect(countGraphemes('été')).toBe(3);
    expect(countGraphemes('e\u0301te\u0301')).toBe(3);
    expect(countGraphemes('👩‍👩‍👧 a\nb')).toBe(4);
    expect(splitGraphemes('a👍🏽b')).toEqual(['a', '👍🏽', 'b']);
  });
});
