import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readModel } from '../../../src/providers/tts/qwen/models.js';
import { languagesOf, offerVoices, qwenVoices, voicesOf } from '../../../src/providers/tts/qwen/voices.js';
import {
  billedCharacters,
  leastMs,
  pieceBudget,
  splitText,
  usualMs,
  weightOf,
} from '../../../src/providers/vendors/dashscope/speech/text.js';

/** Words of a sentence that is told apart by its number. */
const english = (count: number) =>
  Array.from({ length: count }, (_, index) => `Sentence ${index} says, in few words, what Dr. Smith paid: 3.5 pounds.`);

describe('counting', () => {
  it.each([
    ['', 0],
    ['Hello there.', 12],
    ['你好。', 5],
    ['漢字かな', 6],
    ['한국어', 3],
    ['😀', 1],
  ])('%s is billed as %i', (text, count) => {
    expect(billedCharacters(text)).toBe(count);
  });

  it('comes to 195 for 92 Han characters among 103, as in the documented example', () => {
    expect(billedCharacters('汉'.repeat(92) + '，'.repeat(11))).toBe(195);
  });

  it('weighs 500 letters, 300 of Cyrillic and 150 of Han as one request', () => {
    const full = ['a'.repeat(500), 'ж'.repeat(300), '字'.repeat(150), 'カ'.repeat(150), '한'.repeat(150)];
    expect(full.map(weightOf)).toEqual(full.map(() => pieceBudget));
  });

  it('knows how long a text takes at least, and nothing of a word or two', () => {
    expect(leastMs('Sí, claro.', 1)).toBe(0);
    expect(leastMs('a'.repeat(100), 1)).toBeCloseTo(2772, 0);
    expect(leastMs('a'.repeat(100), 2)).toBeCloseTo(1386, 0);
    expect(usualMs('汉字かな한국!')).toBe(2 * 190 + 2 * 130 + 2 * 180);
  });
});

describe('splitText', () => {
  it('leaves a text that fits alone', () => {
    expect(splitText('One. Two.', 'en')).toEqual([{ text: 'One. Two.', pauseMs: 0 }]);
  });

  it('splits at the ends of sentences, not at those of titles or inside numbers', () => {
    const sentences = english(20);
    const pieces = splitText(sentences.join(' '), 'en');
    expect(pieces.map(({ text }) => text).join(' ')).toBe(sentences.join(' '));
    expect(pieces.every(({ text }) => text.startsWith('Sentence') && text.endsWith('pounds.'))).toBe(true);
    expect(pieces.map(({ pauseMs }) => pauseMs)).toEqual([400, 400, 0]);
  });

  it('splits a sentence without an end at its commas, one without commas between words', () => {
    const clauses = splitText('and then they went on, '.repeat(40).trim(), 'en');
    expect(clauses.length).toBeGreaterThan(1);
    expect(clauses.every(({ text }) => text.endsWith('on,') && text.startsWith('and'))).toBe(true);
    expect(clauses[0]?.pauseMs).toBe(180);
    const words = splitText('word '.repeat(200).trim(), 'en');
    expect(words.every(({ text }) => /^(word )*word$/.test(text))).toBe(true);
    expect(words[0]?.pauseMs).toBe(20);
  });

  it('splits Chinese and Japanese at their own marks, without spaces', () => {
    const chinese = splitText('今天天气很好，我们去海边。'.repeat(20), 'zh');
    expect(chinese.every(({ text }) => text.endsWith('。') && weightOf(text) <= pieceBudget)).toBe(true);
    expect(chinese.map(({ text }) => text).join('')).toBe('今天天气很好，我们去海边。'.repeat(20));
    const japanese = splitText('「今日は天気がいいですね」と彼は言った。'.repeat(12), 'ja');
    expect(japanese.every(({ text }) => text.startsWith('「') && text.endsWith('。'))).toBe(true);
    expect(splitText('今天天气很好我们去海边'.repeat(20), 'zh').every(({ text }) => text.length <= 150)).toBe(true);
  });

  it('keeps closing quotes and brackets with their sentence', () => {
    const pieces = splitText('He said: “We leave at dawn, all of us (yes, all).” '.repeat(15).trim(), 'en');
    expect(pieces.every(({ text }) => text.startsWith('He') && text.endsWith('.”'))).toBe(true);
  });

  it('cuts inside a word only when it is longer than a request', () => {
    const long = 'x'.repeat(1200);
    const pieces = splitText(`Look: ${long}`, 'en');
    expect(
      pieces
        .map(({ text }) => text)
        .join(' ')
        .replaceAll(' ', ''),
    ).toBe(`Look:${long}`);
    expect(pieces.every(({ text }) => weightOf(text) <= pieceBudget)).toBe(true);
  });

  it('leaves out pieces in which nothing can be said', () => {
    const pieces = splitText(`${'word '.repeat(90)}. ${'- '.repeat(600)}`.trim(), 'en');
    expect(pieces.every(({ text }) => /word/.test(text))).toBe(true);
    expect(pieces.at(-1)?.pauseMs).toBe(0);
  });

  it('keeps emoji, which have names', () => {
    expect(splitText('😀'.repeat(200), 'en').map(({ text }) => [...text].length)).toEqual([100, 100]);
  });

  it('loses no letter, keeps the order and the budget, whatever the text', () => {
    const unit = fc.constantFrom(
      'a',
      'Ω',
      '字',
      'カ',
      '한',
      '😀',
      'é',
      '. ',
      ', ',
      '。',
      ' ',
      '… ',
      '"',
      '(',
      '3.5',
      '—',
    );
    const property = (parts: string[], language: string, budget: number) => {
      const text = parts.join('').replace(/\s+/g, ' ').trim();
      const pieces = splitText(text, language, budget);
      const letters = (value: string) => value.replace(/[^\p{L}\p{N}]/gu, '');
      expect(letters(pieces.map((piece) => piece.text).join(''))).toBe(letters(text));
      for (const piece of pieces) expect(weightOf(piece.text)).toBeLessThanOrEqual(budget);
      if (pieces.length > 0) expect(pieces.at(-1)!.pauseMs).toBe(0);
    };
    const languages = fc.constantFrom('en', 'zh', 'ja', 'ko', 'ru');
    fc.assert(fc.property(fc.array(unit, { maxLength: 400 }), languages, fc.constantFrom(200, 700, 3000), property), {
      numRuns: 60,
    });
  });
});

describe('the voices', () => {
  const flash = readModel('qwen3-tts-flash');
  const names = (model: string, language?: string) => offerVoices(readModel(model), language).map(({ name }) => name);

  it('are 49, 24 of them in the instruct model, 17 in the first flash, 4 and 7 in the legacy ones', () => {
    expect(new Set(qwenVoices.map(({ name }) => name)).size).toBe(49);
    const counts = [
      'qwen3-tts-flash',
      'qwen3-tts-instruct-flash',
      'qwen3-tts-flash-2025-09-18',
      'qwen-tts',
      'qwen-tts-latest',
    ];
    expect(counts.map((model) => voicesOf(readModel(model)).length)).toEqual([49, 24, 17, 4, 7]);
    expect(voicesOf(readModel('qwen3-tts-vc-2026-01-22'))).toEqual([]);
  });

  it.each([
    ['en', ['Jennifer', 'Aiden', 'Katerina', 'Ryan']],
    ['zh', ['Cherry', 'Ethan', 'Serena', 'Andre']],
    ['es-MX', ['Bodega', 'Sonrisa', 'Cherry']],
    ['pt-BR', ['Cherry', 'Ethan']],
    ['ja', ['Ono Anna', 'Cherry']],
    ['zh-HK', ['Rocky', 'Kiki', 'Cherry']],
  ])('for %s begin with %j', (language, first) => {
    expect(names('qwen3-tts-flash', language).slice(0, first.length)).toEqual(first);
  });

  it('for Chinese end with the dialects, and for another language leave them out', () => {
    const dialects = ['Rocky', 'Kiki', 'Jada', 'Roy', 'Dylan', 'Sunny', 'Eric', 'Marcus', 'Peter', 'Li'];
    expect(names('qwen3-tts-flash', 'zh').slice(-10)).toEqual(dialects);
    expect(names('qwen3-tts-flash', 'en')).toHaveLength(39);
    expect(names('qwen3-tts-flash', 'yue')).toEqual(['Rocky', 'Kiki']);
    expect(names('qwen3-tts-flash', 'wuu')).toEqual(['Jada']);
    expect(names('qwen3-tts-flash', 'nan')).toEqual(['Roy']);
    expect(names('qwen3-tts-flash', 'ar')).toEqual([]);
    expect(names('qwen3-tts-instruct-flash', 'yue')).toEqual([]);
  });

  it('say what they speak', () => {
    const kiki = offerVoices(flash, 'zh').find(({ name }) => name === 'Kiki');
    expect(kiki).toEqual({ name: 'Kiki', gender: 'female', note: 'Cantonese', languages: ['yue', 'zh'] });
    expect(offerVoices(flash, undefined)).toHaveLength(49);
    expect(languagesOf(flash)).toEqual([
      'zh',
      'en',
      'de',
      'it',
      'pt',
      'es',
      'ja',
      'ko',
      'fr',
      'ru',
      'yue',
      'wuu',
      'nan',
    ]);
    expect(languagesOf(readModel('qwen-tts'))).toEqual(['zh', 'en']);
  });

  it.each([
    ['qwen3-tts-flash', 'flash', 180],
    ['qwen3-tts-flash-2025-11-27', 'flash', 180],
    ['qwen3-tts-flash-2025-09-18', 'flash', 10],
    ['qwen3-tts-instruct-flash-2026-01-26', 'instruct', 180],
    ['qwen3-tts-vc-2026-01-22', 'clone', 180],
    ['qwen3-tts-vd-2026-01-26', 'design', 180],
    ['qwen-tts-latest', 'legacy', 10],
    ['qwen4-tts-flash', 'flash', 180],
  ])('of %s are those of a model of kind %s, %i times a minute', (name, kind, requestsPerMinute) => {
    expect(readModel(name)).toMatchObject({ name, kind, requestsPerMinute });
  });
});
