/** Han, kana and hangul: about a token a sign. */
const wide = /[\u2e80-\u9fff\uac00-\ud7af]/g;

/**
 * Tokens of a text, roughly: a sign of Chinese is one, and so are so many characters of other scripts.
 * @param charactersPerToken 3.8 is usual for prose in Latin letters and JSON around it, 3 is more than enough
 */
export function roughTokens(text: string, charactersPerToken: number): number {
  const signs = (text.match(wide) ?? []).length;
  return Math.ceil(signs + (text.length - signs) / charactersPerToken);
}

/** Characters per token for an estimate, and for one that should not be exceeded. */
export const usualToken = 3.8;
export const shortToken = 3;
