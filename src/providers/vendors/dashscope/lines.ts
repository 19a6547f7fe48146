import { isUnspaced, sameLanguage } from '../../../domain/language.js';
import { folded, holdsNumber, holdsTerm, numbersIn, type Term, termsIn } from '../../../domain/meaning.js';

/** What a translated line is measured against. */
export interface LineRules {
  readonly source: string;
  readonly target: string;
  readonly glossary: readonly Term[];
}

/**
 * What is wrong with a translation, in words for the model as well as for a person; undefined when nothing is. Wording is
 * not judged: only what a dub cannot do without.
 */
export function findFault(original: string, translation: string, rules: LineRules): string | undefined {
  if (!/[\p{L}\p{N}]/u.test(translation)) return 'it is empty';
  if (!sameLanguage(rules.source, rules.target) && isUntranslated(original, translation, rules.source)) {
    return 'it is the source text, not a translation';
  }
  // A line of a dub is about as long as its source; Chinese grows some fourfold in letters.
  if (translation.length > original.length * 8 + 80) return 'it is far longer than the source text';
  const number = numbersIn(original).find((one) => one.length > 1 && !holdsNumber(translation, one));
  if (number !== undefined) return `the number ${number} is missing`;
  const term = termsIn(original, rules.glossary, rules.source).find(({ target }) => !holdsTerm(translation, target));
  return term === undefined ? undefined : `the glossary's ${term.target} for ${term.source} is missing`;
}

/** The same text, names and bare interjections aside: those may stay as they are. */
function isUntranslated(original: string, translation: string, language: string): boolean {
  const plain = (text: string) =>
    folded(text)
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim();
  if (plain(original) !== plain(translation)) return false;
  if (isUnspaced(language)) return (original.match(/\p{L}/gu) ?? []).length > 4;
  const words = original.match(/\p{L}[\p{L}\p{M}'’-]*/gu) ?? [];
  return words.length > 2 && words.some((word) => /^\p{Ll}/u.test(word));
}
