import { isUnspaced } from '../domain/language.js';

const closing = /^[,.;:!?…)\]}%»”’。，、！？；：）」』】》〉]/;
const letters = /[\p{L}\p{N}]/u;
const unspacedScript =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\u3000-\u303f\uff00-\uffef]/u;

/**
 * Joins two stretches of text as the language writes it: with a space, without one in languages that write none, and
 * without one before closing punctuation. Two Latin words in a Chinese text keep their space.
 */
export function joinText(left: string, right: string, language: string): string {
  const before = left.trimEnd();
  const after = right.trimStart();
  if (before === '' || after === '') return before + after;
  return before + (needsSpace(before, after, language) ? ' ' : '') + after;
}

function needsSpace(left: string, right: string, language: string): boolean {
  if (closing.test(right) && !/^\.\d/.test(right)) return false;
  if (!isUnspaced(language)) return true;
  const last = left.at(-1)!;
  const first = right[0]!;
  if (unspacedScript.test(last) || unspacedScript.test(first)) return false;
  return letters.test(first) || letters.test(last);
}
