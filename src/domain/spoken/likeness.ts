import { isUnspaced } from '../language.js';
import { spellOut } from './spell-out.js';

/**
 * How far what was heard is from what should have been said: insertions, deletions and changes over the number of things
 * said, by characters where words are not spaced (Chinese, Japanese, Thai) and by words elsewhere; a word that is nearly
 * right counts half. Numbers are compared as they are said; case, accents and punctuation do not count. What was heard
 * before the first and after the last match belongs to the neighbours and is free.
 * @returns 0 for the same, 1 and more for nothing in common; undefined when nothing was to be said
 */
export function errorRate(said: string, heard: string, language: string): number | undefined {
  const wanted = tokensOf(said, language);
  if (wanted.length === 0) return undefined;
  const found = tokensOf(heard, language);
  let row = new Float64Array(found.length + 1);
  for (const token of wanted) {
    const next = new Float64Array(found.length + 1);
    next[0] = row[0]! + 1;
    for (let at = 1; at <= found.length; at++) {
      const change = row[at - 1]! + difference(token, found[at - 1]!);
      next[at] = Math.min(change, row[at]! + 1, next[at - 1]! + 1);
    }
    row = next;
  }
  return Math.min(...row) / wanted.length;
}

/** How many things a text says: characters or words. */
export function tokenCount(text: string, language: string): number {
  return tokensOf(text, language).length;
}

function tokensOf(text: string, language: string): string[] {
  const plain = spellOut(text, language)
    .normalize('NFKD')
    .toLocaleLowerCase('en')
    .replace(isUnspaced(language) ? /(?!)/g : /\p{M}/gu, '');
  return plain.match(isUnspaced(language) ? /[\p{L}\p{N}]/gu : /[\p{L}\p{N}]+/gu) ?? [];
}

function difference(a: string, b: string): number {
  if (a === b) return 0;
  return Math.max(a.length, b.length) >= 4 && changes(a, b) <= Math.max(a.length, b.length) * 0.4 ? 0.5 : 1;
}

/** Levenshtein's distance between two words. */
function changes(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
