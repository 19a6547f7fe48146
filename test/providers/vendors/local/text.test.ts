import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textToSpeak } from '../../../../src/providers/vendors/local/speech.js';
import { hasWords, oneLine, speakable } from '../../../../src/providers/vendors/local/text.js';

describe('text for an engine', () => {
  test.each([
    ['  two\r\n\r\nlines\t and\u2028more ', 'two lines and more'],
    ['nul\u0000 bell\u0007 esc\u001b[31m', 'nul bell esc[31m'],
    ['\ufeffzero\u200bwidth so\u00adft \u202eflip\u202c', 'zerowidth soft flip'],
    ['half \ud83d a pair', 'half a pair'],
    ['family 👨‍👩‍👧 क्‍ष', 'family 👨‍👩‍👧 क्‍ष'],
    ['a\u00a0b', 'a b'],
  ])('%j becomes %j', (text, line) => {
    expect(oneLine(text)).toBe(line);
  });

  test('phoneme and command brackets are taken apart', () => {
    expect(speakable('say [[slnc 200]] and [[[x]]]')).toBe(
      'say [ [slnc 200] ] and [ [ [x] ] ]'.replace('[ [[x] ]]', '[ [[x] ]]'),
    );
  });

  test('whatever comes in, what goes out is one trimmed line without control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const line = oneLine(text);
        expect(line).toBe(line.trim());
        expect(line).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029]/u);
        expect(oneLine(line)).toBe(line);
      }),
    );
  });

  test.each([
    ['…', false],
    [' - ', false],
    ['', false],
    ['♪', false],
    ['a', true],
    ['7', true],
    ['你', true],
    ['😀', true],
    ['100 %', true],
  ])('%j has words: %j', (text, expected) => {
    expect(hasWords(text)).toBe(expected);
  });

  test('the limit is told with the length', () => {
    expect(() => textToSpeak({ engine: 'x', text: 'abcdef', maxChars: 5 })).toThrow(
      'x takes at most 5 characters; this text has 6.',
    );
  });
});
