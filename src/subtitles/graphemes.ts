const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });
const simple = /^[\u0020-\u007e\u00a0-\u02ff]*$/;

/** What a reader sees as characters: an emoji or a letter with its accents counts once. */
export function splitGraphemes(text: string): string[] {
  if (simple.test(text)) return text.split('');
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** Number of characters as a reader counts them, spaces included, line ends not. */
export function countGraphemes(text: string): number {
  if (simple.test(text)) return text.length;
  return splitGraphemes(text).filter((grapheme) => grapheme !== '\n' && grapheme !== '\r\n').length;
}
