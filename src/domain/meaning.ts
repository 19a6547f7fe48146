import { isUnspaced, primaryLanguage } from './language.js';
import { toAsciiDigits } from './spoken/digits.js';
import { numberWords } from './spoken/number-words.js';
import { measuresIn, symbolWord } from './spoken/spell-out.js';

/** A term and the translation it must have. */
export interface Term {
  readonly source: string;
  readonly target: string;
}

/** Something a text says that its translation does not. */
export interface LostMeaning {
  readonly kind: 'number' | 'unit' | 'name' | 'term';
  /** As the source has it; for a term, the translation it should have had. */
  readonly what: string;
}

/** Languages and terms of a translation. */
export interface MeaningRules {
  readonly source: string;
  readonly target: string;
  readonly glossary: readonly Term[];
}

/**
 * Numbers, units, names and glossary terms that a translation has lost. Numbers may be written out, names inflected or
 * spelled a little otherwise; names are left aside between scripts, and in German, which writes every noun like one. What
 * has a name of its own in each language (countries, languages, months, days) may be translated.
 */
export function findLost(original: string, translation: string, rules: MeaningRules): LostMeaning[] {
  const { source, target, glossary } = rules;
  const numbers = numbersIn(original).filter((number) => !saysNumber(translation, number, target));
  const units = measuresIn(original).filter((unit) => !saysUnit(translation, unit, target));
  const names = namesIn(original, source).filter((name) => !holdsName(translation, name, source));
  const terms = termsIn(original, glossary, source).filter((term) => !holdsTerm(translation, term.target));
  const termWords = folded(
    termsIn(original, glossary, source)
      .map((term) => term.source)
      .join(' '),
  );
  return [
    ...numbers.map((what) => ({ kind: 'number' as const, what })),
    ...[...new Set(units)].map((what) => ({ kind: 'unit' as const, what })),
    // What the glossary translates is judged by the glossary.
    ...names.filter((what) => !termWords.includes(folded(what))).map((what) => ({ kind: 'name' as const, what })),
    ...terms.map(({ target: what }) => ({ kind: 'term' as const, what })),
  ];
}

/** A number in digits, in its language's words, or in units of a thousand and more. */
function saysNumber(translation: string, number: string, language: string): boolean {
  if (holdsNumber(translation, number)) return true;
  const words = numberWords(number, language) ?? numberWords(number, language, true);
  const text = bare(translation);
  if (words !== undefined && text.includes(bare(words))) return true;
  const year = numberWords(number, language, true);
  if (year !== undefined && text.includes(bare(year))) return true;
  // Small numbers are declined and come as words of many kinds: once, pair, first.
  return number.length === 1 || chineseDigits(number).some((written) => translation.includes(written));
}

function chineseDigits(number: string): string[] {
  const digits = [...number].map((digit) => '〇一二三四五六七八九'[Number(digit)]);
  const [tens, ones] = number.length === 2 ? digits : [];
  const counted = tens === undefined ? [] : [`${tens === '一' ? '' : tens}十${ones === '〇' ? '' : ones}`];
  return [digits.join(''), ...counted];
}

function saysUnit(translation: string, unit: string, language: string): boolean {
  if (translation.includes(unit)) return true;
  const word = symbolWord(unit, language);
  if (word === undefined) return true;
  return bare(translation).includes(stemOf(bare(word)));
}

/** Words with a capital that is not the sentence's, as a person or a place has. */
export function namesIn(text: string, language: string): string[] {
  if (['de', 'lb'].includes(primaryLanguage(language))) return [];
  const found = text.matchAll(/(?<=[\p{Ll}\p{N},;] |[\p{Ll}] ["“«(])\p{Lu}\p{Ll}{2,}(?:[- ]\p{Lu}\p{Ll}+)*/gu);
  return [...new Set([...found].flatMap(([name]) => name.split(' ')))].filter((name) => !isCommonName(name, language));
}

/** Months, days and languages, and what English writes with a capital besides. */
function isCommonName(name: string, language: string): boolean {
  const plain = folded(name);
  return (
    calendarOf(language).has(plain) || /(?:ish|ese|ian|ean|ans?|ic|ism|ist)s?$/.test(plain) || commonCapitals.has(plain)
  );
}

const commonCapitals: ReadonlySet<string> = new Set(
  'god lord sir madam mister mrs miss doctor professor president king queen internet christmas easter earth sun moon north south east west french dutch greek welsh swiss'.split(
    ' ',
  ),
);

const calendars = new Map<string, ReadonlySet<string>>();

function calendarOf(language: string): ReadonlySet<string> {
  const known = calendars.get(language);
  if (known !== undefined) return known;
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(language, { ...options, timeZone: 'UTC' });
  const months = Array.from({ length: 12 }, (_, month) =>
    format({ month: 'long' }).format(new Date(Date.UTC(2024, month, 1))),
  );
  const days = Array.from({ length: 7 }, (_, day) =>
    format({ weekday: 'long' }).format(new Date(Date.UTC(2024, 0, day + 1))),
  );
  const names = new Set([...months, ...days].map(folded));
  calendars.set(language, names);
  return names;
}

function holdsName(translation: string, name: string, source: string): boolean {
  const text = bare(translation);
  const wanted = bare(name);
  if (text.includes(stemOf(wanted))) return true;
  if (scriptOf(name) !== scriptOf(translation) || regionOf(name, source) !== undefined) return true;
  return text.split(' ').some((word) => likeness(word, wanted) >= 0.6);
}

const regions = new Map<string, Map<string, string>>();

/** The country of that name: it has a name of its own in every language. */
function regionOf(name: string, language: string): string | undefined {
  const known = regions.get(language) ?? listRegions(language);
  regions.set(language, known);
  return known.get(folded(name));
}

function listRegions(language: string): Map<string, string> {
  const names = new Intl.DisplayNames([language], { type: 'region', fallback: 'none' });
  const found = new Map<string, string>();
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  for (const first of letters) {
    for (const second of letters) {
      const name = names.of(first + second);
      for (const word of name === undefined ? [] : [name, ...name.split(/[ -]/)])
        if (word.length > 3) found.set(folded(word), first + second);
    }
  }
  return found;
}

function scriptOf(text: string): string {
  const scripts = ['Latin', 'Cyrillic', 'Greek', 'Arabic', 'Hebrew', 'Han', 'Hangul', 'Thai'];
  const counts = scripts.map((script) => (text.match(new RegExp(`\\p{Script=${script}}`, 'gu')) ?? []).length);
  return scripts[counts.indexOf(Math.max(...counts))]!;
}

/** 1 for the same letters in the same order, 0 for none in common: shared pairs of letters over all pairs (Dice). */
function likeness(a: string, b: string): number {
  const pairs = (word: string) =>
    new Set(Array.from({ length: Math.max(0, word.length - 1) }, (_, at) => word.slice(at, at + 2)));
  const [left, right] = [pairs(a), pairs(b)];
  const shared = [...left].filter((pair) => right.has(pair)).length;
  return left.size + right.size === 0 ? 0 : (2 * shared) / (left.size + right.size);
}

function stemOf(word: string): string {
  return word.length >= 5 ? word.slice(0, Math.max(4, word.length - 2)) : word;
}

/** Letters and digits only, without marks, one space between words. */
function bare(text: string): string {
  return folded(text)
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
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

/** The runs of digits in a text, without separators of thousands, in ASCII digits. */
export function numbersIn(text: string): string[] {
  return asciiDigits(text).match(/\d+/g) ?? [];
}

/**
 * Whether a text has a number in digits. Separators differ between languages, and large numbers are counted by other
 * units: 120000 may be 12万 or 120 thousand.
 */
export function holdsNumber(translation: string, number: string): boolean {
  const text = asciiDigits(translation);
  if (numbersIn(translation).includes(number)) return true;
  const value = Number(number);
  return [1e3, 1e4, 1e6, 1e8, 1e9].some(
    (unit) => value >= unit && value % unit === 0 && new RegExp(`(?<!\\d)${value / unit}\\s?\\p{L}`, 'u').test(text),
  );
}

function asciiDigits(text: string): string {
  return toAsciiDigits(text.normalize('NFKC')).replace(/(?<=\d)[.,'’\u00a0\u202f ](?=\d{3}(?!\d))/g, '');
}

/** Case and endings aside: a term is inflected in many languages. */
export function holdsTerm(translation: string, term: string): boolean {
  const text = folded(translation);
  const wanted = folded(term);
  if (text.includes(wanted)) return true;
  return wanted.split(/\s+/).every((word) => text.includes(word.length >= 5 ? word.slice(0, -2) : word));
}

/** Text as it is compared: compatibility forms, case and runs of space made equal. */
export function folded(text: string): string {
  return text.normalize('NFKC').toLocaleLowerCase('en').replace(/\s+/g, ' ').trim();
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
