import { expect, test } from 'vitest';
import { findLost } from '../../src/domain/meaning.js';

const glossary = [{ source: 'press', target: 'prensa' }];

function lost(original: string, translation: string, source = 'en', target = 'es') {
  return findLost(original, translation, { source, target, glossary }).map(({ kind, what }) => `${kind} ${what}`);
}

test.each([
  ['It was 1984 when Gutenberg came to Mainz.', 'Era 1984 cuando Gutenberg llegó a Maguncia de Mainz.', []],
  ['We walked 25 km.', 'Caminamos veinticinco kilómetros.', []],
  ['We walked 25 km.', 'Caminamos mucho.', ['number 25', 'unit km']],
  ['About 12,000 people, 30% of all.', 'Unas 12.000 personas, el 30 por ciento.', []],
  ['About 12,000 people.', 'Unas 12 mil personas.', []],
  ['It cost $300.', 'Costó 300.', ['unit $']],
  ['I met Johnson in Germany on Monday.', 'Conocí a Johnson en Alemania el lunes.', []],
  ['I met Johnson there.', 'Lo conocí allí.', ['name Johnson']],
  ['Then the press arrived.', 'Entonces llegó la máquina.', ['term prensa']],
  ['He has 3 dogs.', 'Tiene unos perros.', []],
])('%s → %s', (original, translation, found) => {
  expect(lost(original, translation)).toEqual(found);
});

test('numbers in Chinese, names in another script', () => {
  expect(lost('In 1984 Gutenberg had 25 books, said Johnson.', '一九八四年古腾堡有二十五本书。', 'en', 'zh')).toEqual(
    [],
  );
  expect(lost('他有120000个。', 'He has 12.', 'zh', 'en')).toEqual(['number 120000']);
});
