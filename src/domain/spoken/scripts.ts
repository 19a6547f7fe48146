import { primaryLanguage } from '../language.js';

/** Chinese characters, each a syllable. */
const han = /\p{Script=Han}/gu;
/** Korean syllable blocks. */
const hangul = /[\uac00-\ud7a3]/g;
/** Kana that is a mora of its own: all but the small ones that bend the one before; っ, ん and ー count. */
const kana = /[\u3041-\u3096\u30a1-\u30fa\u30fc\uff66-\uff9d]/g;
const bendingKana = /[ぁぃぅぇぉゃゅょゎァィゥェォャュョヮｧｨｩｪｫｬｭｮ]/g;

/** Readings of Chinese characters in running Japanese text have about so many morae: Sino-Japanese 2 or 1, native 1 to 4. */
const moraePerKanji = 1.8;

/** Morae of Japanese text; kanji, whose reading is not written, by their mean. */
export function moraeOf(text: string): number {
  const all = (text.match(kana) ?? []).length - (text.match(bendingKana) ?? []).length;
  return all + Math.round((text.match(han) ?? []).length * moraePerKanji);
}

/** Chinese characters of a text. */
export function hanOf(text: string): number {
  return (text.match(han) ?? []).length;
}

/** Syllable blocks of a Korean text; Chinese characters in it are one each. */
export function blocksOf(text: string): number {
  return (text.match(hangul) ?? []).length + hanOf(text);
}

/**
 * Syllables of scripts whose letters are syllables with an inherent vowel, or that write vowels around consonants:
 * Devanagari and its sisters, Thai, Lao, Khmer, Burmese. Undefined for words of other scripts.
 */
export function aksharasOf(word: string, language: string): number | undefined {
  if (/\p{Script=Thai}|\p{Script=Lao}/u.test(word)) return thaiSyllables(word);
  if (/\p{Script=Khmer}|\p{Script=Myanmar}/u.test(word)) return stackedSyllables(word);
  if (!indic.test(word)) return undefined;
  const letters = (word.match(indicLetters) ?? []).length - (word.match(viramas) ?? []).length;
  return Math.max(1, dropsVowels.has(primaryLanguage(language)) ? letters - silentVowels(word) : letters);
}

const indic =
  /\p{Script=Devanagari}|\p{Script=Bengali}|\p{Script=Gujarati}|\p{Script=Gurmukhi}|\p{Script=Oriya}|\p{Script=Tamil}|\p{Script=Telugu}|\p{Script=Kannada}|\p{Script=Malayalam}|\p{Script=Sinhala}/u;
const indicLetters = /[\p{Lo}]/gu;
const viramas = /[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca]/g;
/** Languages that do not say the inherent vowel at the end of a word, nor every one within. */
const dropsVowels: ReadonlySet<string> = new Set(['hi', 'mr', 'bn', 'gu', 'pa', 'ur', 'ne', 'as']);

/** The inherent vowel of the last letter, and of every bare letter between two that have vowels of their own. */
function silentVowels(word: string): number {
  const bare = '[\\p{Lo}](?![\\p{M}])';
  const last = word.length > 1 && new RegExp(`(?<=[\\p{L}\\p{M}])${bare}$`, 'u').test(word) ? 1 : 0;
  const inner =
    word.match(new RegExp(`(?<=[\\p{L}\\p{M}][\\p{M}]?)(?<!^.)${bare}(?=[\\p{Lo}][\\u093e-\\u094c])`, 'gu')) ?? [];
  return last + Math.min(1, inner.length);
}

/**
 * Thai writes vowels before, above, below and after consonants and often none at all. Every written vowel is a syllable
 * (ำ and ฤ are too; parts of one vowel are counted once); of consonants in a row without a vowel two make one.
 */
function thaiSyllables(word: string): number {
  const plain = word
    .normalize('NFC')
    .replace(/.[\u0e4c\u0ecc]/gu, '')
    .replace(/[\u0e48-\u0e4b\u0ec8-\u0ecb]/g, '');
  const vowels = plain
    // เ…ีย, เ…ือ, เ…า, เ…ะ, โ…ะ, ัว: one vowel, written in pieces.
    .replace(/[เแโ](\p{Lo}{1,2})(?:ียะ?|ือะ?|าะ?|ะ|อะ?)/gu, '$1ะ')
    .replace(/ัวะ?/g, 'ะ')
    .match(/[\u0e30-\u0e3a\u0e40-\u0e44\u0e47\u0eb0-\u0ebb\u0ec0-\u0ec4]/g);
  const written = vowels?.length ?? 0;
  const bare =
    plain.match(/(?<![\u0e30-\u0e3a\u0e40-\u0e44\u0e47])(?:[\u0e01-\u0e2e]){2,}(?![\u0e30-\u0e3a\u0e47])/g) ?? [];
  const implied = bare.reduce((sum, run) => sum + Math.floor(run.length / 3), 0);
  return Math.max(1, written + (written === 0 ? Math.ceil(bare.join('').length / 2) : implied));
}

/** Khmer and Burmese: consonants that are not stacked below another and not closed by a killer. */
function stackedSyllables(word: string): number {
  const plain = word.replace(/[\u17d2\u1039]\p{Lo}/gu, '').replace(/\p{Lo}(?=\u103a)/gu, '');
  const letters = (plain.match(/\p{Lo}/gu) ?? []).length;
  // Khmer writes final consonants like initial ones.
  return Math.max(1, /\p{Script=Khmer}/u.test(word) ? Math.round(letters * 0.6) : letters);
}
