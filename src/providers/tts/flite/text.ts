/** Punctuation that flite does not know, as it knows it. */
const plainPunctuation: Readonly<Record<string, string>> = {
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '«': '"',
  '»': '"',
  '–': ', ',
  '—': ', ',
  '…': '...',
  '¿': '',
  '¡': '',
};

/** Letters that lose more than an accent on the way to English. */
const plainLetters: Readonly<Record<string, string>> = {
  œ: 'oe',
  Œ: 'Oe',
  æ: 'ae',
  Æ: 'Ae',
  ß: 'ss',
  ø: 'o',
  Ø: 'O',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  ð: 'th',
  þ: 'th',
};

/**
 * English text in the characters flite reads: typographic punctuation plain, accents off. It has no other letters, so
 * what remains beyond ASCII is left out and named.
 */
export function toPlainText(text: string): { readonly text: string; readonly dropped: readonly string[] } {
  const plain = text
    .replace(/[‘’“”«»–—…¿¡]/g, (mark) => plainPunctuation[mark] ?? '')
    .replace(/[œŒæÆßøØłŁđðþ]/g, (letter) => plainLetters[letter] ?? '')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '');
  const dropped = new Set(plain.match(/[^\x20-\x7e]/gu) ?? []);
  return {
    text: plain
      .replace(/[^\x20-\x7e]/gu, ' ')
      .replace(/ {2,}/g, ' ')
      .trim(),
    dropped: [...dropped],
  };
}
