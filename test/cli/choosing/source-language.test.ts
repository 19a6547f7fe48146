import { expect, test } from 'vitest';
import { settleSource } from '../../../src/cli/choosing/source-language.js';
import type { Config } from '../../../src/config/config.js';

const config = (more: Partial<Config>) =>
  ({ script: 'talk.srt', to: ['es', 'fr'], voices: 'engine', ...more }) as Config;
const both = new Map([
  ['es', 'talk.es.srt'],
  ['fr', 'talk.fr.srt'],
]);

test('a script of unknown language will do when every target has its translation', () => {
  expect(settleSource(config({}), undefined, both)).toBe('und');
  expect(settleSource(config({ from: 'de' }), undefined, both)).toBe('de');
  expect(settleSource(config({ script: 'talk.en.srt' }), undefined, both)).toBe('en');
});

test('who translates or clones a voice must know the language', () => {
  const message = 'The language of talk.srt is not known.';
  expect(() => settleSource(config({}), undefined, new Map([['es', 'talk.es.srt']]))).toThrow(message);
  expect(() => settleSource(config({ voices: 'clone' }), undefined, both)).toThrow(message);
});
