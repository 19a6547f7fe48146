/** Tokens as a service tells them: those it was given, those it gave, and a sum that it did not divide. */
export interface TokenCounts {
  readonly input: number;
  readonly output: number;
  readonly undivided: number;
}

/** What some answers of one model are billed by, added up; empty when none of them told. */
export function tokenUnits(answers: readonly TokenCounts[], model: string): TokenUnits[] {
  const sum = (kind: keyof TokenCounts) => answers.reduce((all, counts) => all + counts[kind], 0);
  const units: TokenUnits[] = [
    { unit: 'input-token', count: sum('input'), model },
    { unit: 'output-token', count: sum('output'), model },
    { unit: 'token', count: sum('undivided'), model },
  ];
  return units.filter(({ count }) => count > 0);
}

/** Units of tokens, as every contract takes them. */
export interface TokenUnits {
  readonly unit: 'input-token' | 'output-token' | 'token';
  readonly count: number;
  readonly model: string;
}

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

/** Characters per token, for an estimate. */
export const usualToken = 3.8;
/** Characters per token, for an estimate that should not be exceeded. */
export const shortToken = 3;
