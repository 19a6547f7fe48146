import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Term } from '../../src/domain/meaning.js';
import type { Script, Translation } from '../../src/domain/script.js';
import { noNotes } from '../../src/providers/contract.js';
import type { TranslationProvider } from '../../src/providers/translation/contract.js';
import { adapt } from '../../src/stages/adapt.js';
import type { StageContext } from '../../src/stages/context.js';
import { buyerIn } from '../support/buyers.js';
import { makeFolder, removeFolder } from '../support/media.js';

let folder: string;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => removeFolder(folder));

const source = 'The engine of Cervantes made 1605 turns an hour at the mill.';
const long = 'El motor de Cervantes daba nada menos que 1605 vueltas por hora en aquel molino de la montaña.';
const glossary: readonly Term[] = [{ source: 'mill', target: 'molino' }];

/**
 * Every line is too long by half: 9 s of speech where 6 are wanted.
 * @param together requests that are answered only when so many are open
 */
async function reword(store: string, wordings: readonly string[], count = 1, together = 1) {
  const span = { startMs: 0, endMs: 6000 };
  const ids = Array.from({ length: count }, (_, index) => `u${index + 1}`);
  const script: Script = {
    language: 'en',
    utterances: ids.map((id) => ({ ...span, id, speaker: 'A', text: `${source} ${id}`, slot: span, segmentIds: [] })),
  };
  const lines = ids.map((utteranceId) => ({ utteranceId, text: long }));
  const translation: Translation = { language: 'es', provider: 'test', lines, failures: [] };
  let open = 0;
  let release = () => {};
  const enough = new Promise<void>((resolve) => {
    release = resolve;
  });
  const provider: TranslationProvider = {
    limits: { maxLines: 2, maxChars: 1000, concurrency: 3, adapts: true },
    ready: async () => ({ ready: true, detail: 'here' }),
    supports: async () => true,
    async translate(request) {
      if (++open === together) release();
      await enough;
      return { ...noNotes, lines: request.lines.map(({ id }) => ({ id, text: wordings[0]!, wordings })), failures: [] };
    },
  };
  const ctx = { signal: new AbortController().signal, emit: () => undefined, buyer: buyerIn(join(folder, store)) };
  const misfits = ids.map((utteranceId) => ({ utteranceId, spokenMs: 9000, wantedMs: 6000 }));
  const options = { label: 'test', shapedBy: 'test', glossary };
  const found = await adapt(script, translation, misfits, provider, options, ctx as unknown as StageContext);
  return found.map(({ text }) => text);
}

const whole = 'El motor de Cervantes daba 1605 vueltas por hora en el molino.';

describe('a new wording is refused', () => {
  it.each([
    ['it loses a number', 'El motor de Cervantes daba muchas vueltas por hora en el molino.'],
    ['it loses a name', 'El motor daba 1605 vueltas por hora en el molino.'],
    ['it loses a term of the glossary', 'El motor de Cervantes daba 1605 vueltas por hora en el taller.'],
    ['it is no nearer to what is wanted', `${long} Así era siempre entonces, según se contaba en toda la comarca.`],
    ['it is empty', ' '],
  ])('when %s', async (_, text) => {
    expect(await reword('alone', [text])).toEqual([]);
    expect(await reword('of two', [text, whole])).toEqual([whole]);
  });
});

it('of several wordings the one nearest to the wanted length is taken', async () => {
  const short = 'Cervantes: 1605 vueltas, molino.';
  expect(await reword('store', [short, whole])).toEqual([whole]);
});

it('many lines are asked for in as many requests side by side as the translator takes', async () => {
  expect(await reword('store', [whole], 9, 3)).toHaveLength(9);
});
