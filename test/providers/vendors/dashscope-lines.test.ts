import { describe, expect, test } from 'vitest';
import { termsIn } from '../../../src/domain/meaning.js';
import { findFault } from '../../../src/providers/vendors/dashscope/lines.js';

const rules = { source: 'en', target: 'es', glossary: [] };

describe('a translation holds', () => {
  test.each([
    ['The house is red.', 'La casa es roja.'],
    // Names and interjections may stay.
    ['Maria Gonzalez, Peter Smith!', 'Maria Gonzalez, Peter Smith!'],
    ['Taxi, taxi!', 'Taxi, taxi!'],
    // Numbers in other clothes.
    ['We sold 1,250,000 of them', 'Vendimos 1.250.000'],
    ['It cost 3 dollars', 'Costó tres dólares'],
    ['In 1984', 'في ١٩٨٤'],
    ['In 1984', '１９８４年'],
    ['It has 120000 people', '有12万人'],
    ['It has 3,000,000 people', 'Tiene 3 millones'],
  ])('%s: %s', (original, translation) => expect(findFault(original, translation, rules)).toBeUndefined());

  test('with terms in other cases and endings', () => {
    const glossary = [{ source: 'neural network', target: 'нейронная сеть' }];
    const ask = (text: string) => findFault('A Neural Network learns.', text, { ...rules, target: 'ru', glossary });
    expect(ask('Нейронная сеть учится.')).toBeUndefined();
    expect(ask('Учим нейронную сеть.')).toBeUndefined();
    expect(ask('Она учится.')).toBe('the glossary’s нейронная сеть for neural network is missing'.replace('’', "'"));
  });

  test('as it is where both languages are one', () => {
    const same = { ...rules, target: 'en-GB' };
    expect(findFault('The house is red indeed.', 'The house is red indeed.', same)).toBeUndefined();
  });
});

describe('a translation does not hold', () => {
  test.each([
    ['The house is red.', ' … ', 'it is empty'],
    ['The house is red.', '“the house is red”', 'it is the source text, not a translation'],
    ['We have 42 cats.', 'Tenemos gatos.', 'the number 42 is missing'],
    ['Yes.', 'x'.repeat(200), 'it is far longer than the source text'],
  ])('%s: %s', (original, translation, fault) => expect(findFault(original, translation, rules)).toBe(fault));

  test('as Chinese of more than a few signs', () => {
    const chinese = { source: 'zh', target: 'en', glossary: [] };
    expect(findFault('我看到这个视频后没有笑', '我看到这个视频后没有笑', chinese)).toMatch(/source text/);
    expect(findFault('北京', '北京', chinese)).toBeUndefined();
  });
});

test('terms are found as whole words, or anywhere in text without spaces', () => {
  const terms = [
    { source: 'art', target: 'arte' },
    { source: 'C++', target: 'C++' },
  ];
  expect(termsIn('Start with C++ now', terms, 'en').map(({ source }) => source)).toEqual(['C++']);
  expect(termsIn('The ART of it', terms, 'en').map(({ source }) => source)).toEqual(['art']);
  expect(termsIn('这是生物传感器吗', [{ source: '生物传感器', target: 'biosensor' }], 'zh')).toHaveLength(1);
});
