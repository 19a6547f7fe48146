import { expect, test } from 'vitest';
import type { Script, TranslatedLine } from '../../../src/domain/script.js';
import { unknownPace } from '../../../src/domain/spoken/pace.js';
import { WordingChooser } from '../../../src/pipeline/fitting/wording-chooser.js';

const script: Script = {
  language: 'en',
  utterances: [0, 1, 2, 3].map((index) => {
    const span = { startMs: index * 2000, endMs: index * 2000 + 1900 };
    return { id: `u${index}`, speaker: 'A', text: 'x', slot: span, segmentIds: [], ...span };
  }),
};

const short = 'Un gato negro duerme aquí';
const long = 'Un gato completamente negro duerme tranquilamente aquí debajo de la mesa';

function choose() {
  const final: TranslatedLine[] = [];
  const chooser = new WordingChooser(
    script,
    'es',
    () => unknownPace,
    (line) => final.push(line),
  );
  return { chooser, final };
}

test('a line without a choice is final at once, in whatever order lines come', () => {
  const { chooser, final } = choose();
  chooser.take({ utteranceId: 'u2', text: short });
  expect(final).toEqual([{ utteranceId: 'u2', text: short }]);
});

test('the wording that fits is taken, not the one the translator put first', () => {
  const { chooser, final } = choose();
  const lines = script.utterances.map(({ id }) => ({ utteranceId: id, text: long, wordings: [short, long] }));
  for (const line of [...lines].reverse()) chooser.take(line);
  const settled = chooser.settle({ language: 'es', provider: 'x', lines, failures: [] });
  expect(settled.lines.map(({ text }) => text)).toEqual([short, short, short, short]);
  expect(final.map(({ utteranceId }) => utteranceId)).toEqual(['u0', 'u1', 'u2', 'u3']);
});

test('a line that does not come holds nobody up', () => {
  const { chooser, final } = choose();
  chooser.skip('u0');
  for (const id of ['u1', 'u2', 'u3']) chooser.take({ utteranceId: id, text: short, wordings: [short, long] });
  expect(final).toHaveLength(3);
});
