import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endsSentence, splitSentences } from '../../src/subtitles/sentences.js';

const english = { language: 'en', cased: true };
const ends = (text: string, next: string | undefined, language = 'en', cased = true) =>
  endsSentence(text, next, { language, cased });

describe('endsSentence', () => {
  it.each([
    ['It is late.', 'We go'],
    ['"It is late."', 'We go'],
    ['Is it late?', 'We go'],
    ['(It is late!)', '“We go”'],
    ['So do I.', 'He goes'],
    ['It was in 1990.', 'Then'],
    ['At 5 p.m.', 'We go'],
    ['He said No.', 'Then'],
    ['I think...', 'We go'],
    ['I think…', 'We go'],
    ['The end of it all.', undefined],
    ['We saw Dr.', undefined],
  ])('sees the end of %j before %j', (text, next) => {
    expect(ends(text, next)).toBe(true);
  });

  it.each([
    ['We saw Dr.', 'Smith'],
    ['We saw Mrs.', '“Allen”'],
    ['Washington D.C.', 'Police'],
    ['J.', 'F.'],
    ['It is No.', '5'],
    ['Prices, e.g.', 'Rent'],
    ['about 3.', '5 percent'],
    ['I think…', 'we go'],
    ['I think...', 'we go'],
    ['“Really?”', 'he said'],
    ['It is late', 'We go'],
    ['It is late,', 'We go'],
    ['', 'We go'],
    ['"', 'We go'],
  ])('sees no end in %j before %j', (text, next) => {
    expect(ends(text, next)).toBe(false);
  });

  it('takes a stop before a small letter for an end in a text without capitals', () => {
    expect(ends('it is late.', 'we go', 'en', false)).toBe(true);
    expect(ends('we saw dr.', 'smith', 'en', false)).toBe(false);
  });

  it('knows German ordinals and abbreviations', () => {
    expect(ends('am 3.', 'Oktober', 'de')).toBe(false);
    expect(ends('Katzen bzw.', 'Hunde', 'de')).toBe(false);
    expect(ends('Es war 1990.', 'Danach', 'de')).toBe(true);
    expect(ends('It was 12.', 'Then', 'en')).toBe(true);
  });

  it('knows the stops of other scripts', () => {
    expect(ends('你好。', '我们')).toBe(true);
    expect(ends('「行こう。」', '彼は', 'ja')).toBe(true);
    expect(ends('「行こう。」', 'と言った', 'ja')).toBe(false);
    expect(ends('也许……', '好吧', 'zh')).toBe(true);
    expect(ends('यह है।', 'वह', 'hi')).toBe(true);
    expect(ends('Τι κάνεις;', 'Καλά', 'el')).toBe(true);
    expect(ends('late;', 'We', 'en')).toBe(false);
    expect(ends('EE.UU.', 'Madrid', 'es')).toBe(false);
  });
});

describe('splitSentences', () => {
  it('cuts after each sentence and nowhere else', () => {
    expect(splitSentences('Mr. Smith paid $3.50. "Why?" He knew. It is No. 5!  Yes', english)).toEqual([
      'Mr. Smith paid $3.50.',
      '"Why?"',
      'He knew.',
      'It is No. 5!',
      'Yes',
    ]);
    expect(splitSentences('「行こう。」彼は言った。「うん……」雨だ！？', { language: 'ja', cased: true })).toEqual([
      '「行こう。」',
      '彼は言った。',
      '「うん……」',
      '雨だ！？',
    ]);
    expect(splitSentences('  ', english)).toEqual([]);
  });

  it('loses no character but spaces', () => {
    const word = fc.constantFrom('Dr.', 'Hi.', 'so', 'No.', '5', '"Why?"', '你好。', '…', '...', '）', 'I', '「', ' ');
    fc.assert(
      fc.property(fc.array(word), (parts) => {
        const text = parts.join(' ');
        const squeeze = (said: string) => said.replace(/\s/g, '');
        expect(squeeze(splitSentences(text, english).join(' '))).toBe(squeeze(text));
      }),
    );
  });
});
