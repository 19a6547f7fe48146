import { primaryLanguage } from '../language.js';
import { aksharasOf, blocksOf, hanOf, moraeOf } from './scripts.js';
import { spellOut } from './spell-out.js';
import { syllablesOf } from './syllables.js';

/** What the spoken length of a line is counted in. */
export type LengthUnit = 'syllables' | 'characters' | 'morae';

/** What a language's lines are counted in: Chinese and Korean signs are syllables already, Japanese is timed by morae. */
export function unitOf(language: string): LengthUnit {
  const primary = primaryLanguage(language);
  if (primary === 'ja') return 'morae';
  return primary === 'zh' || primary === 'yue' || primary === 'ko' ? 'characters' : 'syllables';
}

/**
 * How long a text is when it is spoken, in the unit of its language: syllables, morae for Japanese, characters for
 * Chinese and syllable blocks for Korean. Numbers, sums of money, measures, addresses and acronyms count as they are
 * said. Whole and not negative; 0 for a text without a word.
 */
export function countUnits(text: string, language: string): number {
  const primary = primaryLanguage(language);
  const spoken = spellOut(text, language);
  const shouted = isShouted(text);
  let sum = 0;
  for (const [token] of spoken.matchAll(tokens)) sum += unitsOf(token, primary, language, shouted);
  return sum;
}

/** How often a speaker pauses within a text: at marks between its words, those inside numbers and at its end left out. */
export function countPauses(text: string): number {
  return (text.trim().match(/[,;:.!?…—–]["'”’»)\]]*\s+(?=\P{M})|[、。，；：！？…]+(?=[^、。，；：！？…\s])/gu) ?? [])
    .length;
}

/** Words, with the apostrophe that joins two; numbers; and signs that stand beside other scripts without a space. */
const tokens =
  /\d+(?:\.\d+)?|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々]+|\p{Script=Hangul}+|(?:\p{Script=Latin}\p{M}*)+(?:[’'](?:\p{Script=Latin}\p{M}*)+)*|(?:(?!\p{Script=Latin}|\p{Script=Hangul}|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana})\p{L}[\p{M}\u200c\u200d]*)+(?:[’'](?!\p{Script=Latin})\p{L}[\p{L}\p{M}]*)*/gu;

function unitsOf(token: string, primary: string, language: string, shouted: boolean): number {
  if (/^\d/.test(token)) return digitUnits(token, primary);
  if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(token)) {
    return primary === 'ja' ? moraeOf(token) : hanOf(token) + moraeOf(token.replace(/\p{Script=Han}/gu, ''));
  }
  const blocks = blocksOf(token);
  if (blocks > 0) return blocks;
  if (!shouted && isSpelled(token, primary))
    return [...token].reduce((sum, letter) => sum + letterUnits(letter, primary), 0);
  return aksharasOf(token, language) ?? syllablesOf(token, wordLanguage(token, primary));
}

/** Latin words within another script are taken for English. */
function wordLanguage(word: string, primary: string): string {
  return /^\p{Script=Latin}/u.test(word) && unlatin.has(primary) ? 'en' : primary;
}

const unlatin: ReadonlySet<string> = new Set(
  'zh yue ja ko th lo km my ru uk be bg el ar he fa ur hi bn ta te mr gu kn ml pa si ka hy'.split(' '),
);

const soundsLetters: ReadonlySet<string> = new Set(['es', 'it', 'pt', 'ca', 'gl', 'ro', 'tr', 'fi']);

/** Capitals that are read letter by letter: no more than five of them, and not to be said as a word. */
function isSpelled(word: string, primary: string): boolean {
  if (!/^\p{Lu}{2,5}s?$/u.test(word)) return false;
  // Of three letters only those like ONU, PIB and RAI are words, and only where every letter is sounded.
  if (word.length <= 3)
    return !(
      soundsLetters.has(primary) &&
      /^[AEIOU]?[^AEIOU][AEIOU][^AEIOU]?$|^[^AEIOU][AEIOU]{2}$/.test(word) &&
      word.length === 3
    );
  return !/[AEIOUАЕИОУЭЮЯ]/u.test(word) || /[^AEIOUY]{3}|^[^AEIOU]{2}/.test(word);
}

/** A text in capitals throughout is loud, not full of acronyms. */
function isShouted(text: string): boolean {
  const words = (text.match(/\p{L}{2,}/gu) ?? []).filter((word) => /[\p{Lu}\p{Ll}]/u.test(word));
  return words.length > 2 && words.every((word) => word === word.toUpperCase());
}

/** Letters whose names are longer than one unit: `letter × units`. */
const letterNames: Readonly<Record<string, string>> = {
  en: 'w3',
  es: 'f2h2j2k1l2m2n2ñ2r2s2t1v2w3x2y2z2',
  fr: 'w3y2',
  de: 'y3',
  it: 'f2h2j2k2l2m2n2r2s2w2x2y3z2',
  pt: 'f2g1h2j2k1l2m2n2r2s2w2x1y2z1',
  ru: 'й3ъ3ь3',
  nl: 'y2',
  pl: 'y2',
  tr: 'w2',
  ja: 'h3j3w5x4*2',
  ko: 'a2f2h3i2j2k2s2v2w3x2y2z2',
  zh: 'w3',
};

function letterUnits(letter: string, primary: string): number {
  const names = letterNames[primary] ?? '';
  const found = new RegExp(`${letter.toLowerCase()}(\\d)`).exec(names) ?? /\*(\d)/.exec(names);
  return Number(found?.[1] ?? 1);
}

/** Digits where the language writes no words for them: Chinese by its own counting, others by a mean of their words. */
function digitUnits(digits: string, primary: string): number {
  const [whole = '', decimals = ''] = digits.split('.');
  const east = ['zh', 'yue', 'ja', 'ko'].includes(primary);
  const rest = decimals === '' ? 0 : decimals.length + 1;
  if (!east) return Math.round(whole.length * meanDigit) + Math.round(rest * meanDigit);
  // Every digit but zero, a sign for each power of ten, and one for each of ten thousand.
  const places = whole.length - 1;
  const zeros = (whole.match(/0/g) ?? []).length;
  const year = /^\d{4}$/.test(whole) && primary !== 'ja';
  const signs = year ? 4 : Math.max(1, whole.length - zeros) + Math.max(0, places - zeros) + (places >= 4 ? 1 : 0);
  return Math.round((signs + rest) * (primary === 'ja' ? 2 : 1));
}

/** Syllables of a digit within a number, powers of ten included; the mean of the ten languages with tables is near it. */
const meanDigit = 2;
