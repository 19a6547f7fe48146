/**
 * Syllables of Thai, which writes vowels before, above, below and after consonants, often none at all, and no spaces.
 *
 * Every written vowel is one. The consonants between two of them are shared out: one begins the next syllable, one may
 * end the last, and of what is left every two make a syllable with an unwritten vowel, as does a single one.
 */
export function thaiSyllables(word: string): number {
  const signs = toVowelSigns(word);
  const vowels = [...signs.matchAll(/[OC<]/g)];
  if (vowels.length === 0) return Math.max(1, Math.ceil(signs.length / 2));
  let count = vowels.length;
  let from = 0;
  for (const [index, vowel] of vowels.entries()) {
    count += unwritten(signs.slice(from, vowel.index), vowels[index - 1]?.[0], vowel[0]);
    from = vowel.index + 1;
  }
  return Math.max(1, count + unwritten(signs.slice(from), vowels.at(-1)![0], undefined));
}

/** Consonants that are one onset together: true clusters, and the silent letters that only set the tone. */
const clusters = '[กขคปพผตทจซศส]ร|[กขคปพผ]ล|[กขค]ว|ห[งญนมยรลว]|อย';
const cluster = new RegExp(`^(?:${clusters})$`);
const afterAi = new RegExp(`[ไใ](${clusters}|[ก-ฮ])(?:ย(?![\\u0e30-\\u0e3a]))?`, 'g');

/**
 * Syllables without a written vowel in a run of consonants.
 * @param before the vowel before the run: `<` for one that is written before its consonant, `O` for one that no consonant
 * closes, `C` for one that may be closed
 * @param after the vowel after the run; undefined at the end
 */
function unwritten(run: string, before: string | undefined, after: string | undefined): number {
  let left = run;
  // A vowel written before its consonant takes its onset from this run.
  if (before === '<') left = left.slice(cluster.test(left.slice(0, 2)) && left.length > 1 ? 2 : 1);
  if (after === 'C' || after === 'O') left = left.slice(0, cluster.test(left.slice(-2)) && left.length > 1 ? -2 : -1);
  if (before !== undefined && before !== 'O') left = left.slice(1);
  return Math.ceil(left.length / 2);
}

/** Consonants as they are; vowels as `C`, `O` and `<`; tone marks and silenced letters left out. */
function toVowelSigns(word: string): string {
  return (
    word
      .normalize('NFC')
      .replace(/\p{Lo}[\u0e34-\u0e39]?\u0e4c|\p{Lo}\u0ecc/gu, '')
      .replace(/[\u0e48-\u0e4b\u0ec8-\u0ecb]/g, '')
      // Lao letters lie as far from Thai ones as their blocks do.
      .replace(/[\u0e80-\u0eff]/g, (letter) => String.fromCodePoint(letter.codePointAt(0)! - 0x80))
      .replace(/ๆ|ฯ/g, '')
      // One vowel in pieces: เ…ีย, เ…ือ, เ…า, เ…ะ, เ…อ, เ…็, ัว, ือ, รร.
      .replace(/เ([ก-ฮ]{1,2})(?:ีย|ือ)/g, '$1C')
      .replace(/เ([ก-ฮ]{1,2})า/g, '$1O')
      .replace(/[เแโ]([ก-ฮ]{1,2})(?:าะ|ะ)/g, '$1O')
      .replace(/[เแ]([ก-ฮ]{1,2})็/g, '$1C')
      .replace(/เ([ก-ฮ]{1,2})ิ/g, '$1C')
      .replace(/เ([ก-ฮ])อ/g, '$1C')
      .replace(/ัว|ือ|็อ|รร/g, 'C')
      .replace(/[เแโ]/g, '<')
      .replace(afterAi, '$1O')
      .replace(/[ะำฤ]/g, 'O')
      .replace(/[\u0e31\u0e32\u0e34-\u0e3a\u0e47]/g, 'C')
      // Between consonants, and after one at the end, อ is a vowel.
      .replace(/(?<=[ก-ฮ])อ(?!ย?[CO])/g, 'C')
      .replace(/[^ก-ฮCO<]/g, '')
  );
}
