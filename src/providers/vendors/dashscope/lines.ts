import { isUnspaced, sameLanguage } from '../../../domain/language.js';

/** A term and the translation it must have. */
export interface Term {
  readonly source: string;
  readonly target: string;
}

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

/** The entries of a glossary whose source occurs in a text. */
export function termsIn(text: string, glossary: readonly Term[], language: string): readonly Term[] {
  const all = folded(text);
  return glossary.filter(({ source }) => {
    const wanted = folded(source);
    if (isUnspaced(language)) return all.includes(wanted);
    const edge = (sign: string | undefined) => (/[\p{L}\p{N}]/u.test(sign ?? '') ? '(?![\\p{L}\\p{N}])' : '');
    const before = /^[\p{L}\p{N}]/u.test(wanted) ? '(?<![\\p{L}\\p{N}])' : '';
    return new RegExp(`${before}${escaped(wanted)}${edge(wanted.at(-1))}`, 'u').test(all);
  });
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

/** The runs of digits in a text, without separators of thousands, in ASCII digits. */
function numbersIn(text: string): string[] {
  return asciiDigits(text).match(/\d+/g) ?? [];
}

/** Separators differ between languages, and Chinese counts by ten thousands: 120000 may be 12万. */
function holdsNumber(translation: string, number: string): boolean {
  const found = numbersIn(translation);
  if (found.includes(number)) return true;
  const value = Number(number);
  const digits = found.map(Number);
  return [1e3, 1e4, 1e6, 1e8, 1e9].some((unit) => value >= unit && value % unit === 0 && digits.includes(value / unit));
}

function asciiDigits(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\p{Nd}/gu, (digit) => String(digitValue(digit)))
    .replace(/(?<=\d)[.,'’\u00a0\u202f ](?=\d{3}(?!\d))/g, '');
}

/** Decimal digits come in runs of ten that begin at zero. */
function digitValue(digit: string): number {
  let zero = digit.codePointAt(0)!;
  for (let back = 0; back < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1)); back++) zero--;
  return digit.codePointAt(0)! - zero;
}

/** Case and endings aside: a term is inflected in many languages. */
function holdsTerm(translation: string, term: string): boolean {
  const text = folded(translation);
  const wanted = folded(term);
  if (text.includes(wanted)) return true;
  return wanted.split(/\s+/).every((word) => text.includes(word.length >= 5 ? word.slice(0, -2) : word));
}

function folded(text: string): string {
  return text.normalize('NFKC').toLocaleLowerCase('en').replace(/\s+/g, ' ').trim();
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
