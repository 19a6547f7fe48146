import { expect, test } from 'vitest';
import { errorRate } from '../../src/domain/spoken/likeness.js';

test.each([
  ['en', 'It cost 42 dollars.', 'it cost forty two dollars', 0],
  ['en', 'It cost 42 dollars.', 'and then it cost forty two dollars so', 0],
  ['en', 'one two three four', 'one two four', 0.25],
  ['en', 'one two three four', '', 1],
  ['en', 'completely different words', 'nothing of this kind', 1],
  ['es', '¿Dónde está la Estación?', 'donde esta la estacion', 0],
  ['en', 'the walking people', 'the walkin people', 1 / 6],
  ['zh', '你好世界', '你好，世介。', 0.25],
  ['ja', 'こんにちは', 'こんにちわ', 0.2],
])('%s: %s heard as %s', (language, said, heard, rate) => {
  expect(errorRate(said, heard, language)).toBeCloseTo(rate);
});

test('nothing to say is nothing to judge', () => {
  expect(errorRate('…', 'hello', 'en')).toBeUndefined();
});
