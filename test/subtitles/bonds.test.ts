import { describe, expect, it } from 'vitest';
import { isBound, isNumberPair } from '../../src/subtitles/bonds.js';
import { joinText } from '../../src/subtitles/join.js';

describe('isBound', () => {
  it.each([
    '10 km',
    '10 km.',
    '3.5 percent',
    '10% per',
    '$5 million',
    'million dollars',
    '$ 5',
    '10 000',
    'No. 5',
    'page 12',
    '§ 3',
    '12 Uhr',
    '5 Millionen',
    '8 heures',
    '20 años',
    '5 o’clock',
    'twenty-five kilometers',
    'two hundred',
    'Dr. Smith',
    'Mr. “Smith”',
    'Mr Smith',
    'Herr Müller',
    'J. F.',
    'F. Kennedy',
    'U.S. Senate',
    '10 公里',
    '三 月',
    '5 キロ',
    '10 킬로',
    '5 лет',
  ])('keeps %j together', (pair) => {
    const [left = '', right = ''] = pair.split(' ');
    expect(isBound(left, right)).toBe(true);
  });

  it.each(['10, 000', 'in 1990. In', 'page by', 'No. Never', 'the km', 'Dr. said', '5 of', 'he said', '1990, Smith'])(
    'lets %j part',
    (pair) => {
      const words = pair.split(' ');
      expect(isBound(words.at(-2)!, words.at(-1)!)).toBe(false);
    },
  );

  it('binds nothing to quotes alone', () => {
    expect(isBound('"', '5')).toBe(false);
    expect(isBound('5', '"')).toBe(false);
    expect(isBound('5', '.')).toBe(false);
    expect(isNumberPair('3', '2')).toBe(true);
  });
});

describe('joinText', () => {
  it.each([
    ['one', 'two', 'en', 'one two'],
    ['one', ', two', 'en', 'one, two'],
    ['about', '.5', 'en', 'about .5'],
    ['你', '好', 'zh', '你好'],
    ['machine', 'learning', 'zh', 'machine learning'],
    ['用', 'Windows', 'zh', '用Windows'],
    ['ไป', 'บ้าน', 'th', 'ไปบ้าน'],
    ['안녕', '하세요', 'ko', '안녕 하세요'],
    ['', 'two', 'en', 'two'],
    ['one ', ' two', 'en', 'one two'],
    ['"', '"', 'zh', '""'],
  ])('joins %j and %j in %s as %j', (left, right, language, joined) => {
    expect(joinText(left, right, language)).toBe(joined);
  });
});
