import { breakText } from './break-text.js';
import type { ReadingLimits } from './limits.js';
import { type Token, tokenize } from './tokens.js';

/** What one speaker says, in one of two languages. */
export interface SaidIn {
  readonly text: string;
  /** BCP 47. */
  readonly language: string;
  readonly limits: ReadingLimits;
}

/**
 * Cuts two texts that say the same into pairs of single lines, as many as the longer one needs, each text broken where
 * it breaks best. A text with fewer words than that has empty lines at its end.
 * @returns no pair when both are empty
 */
export function pairPieces(upper: SaidIn, lower: SaidIn): (readonly [string, string])[] {
  const count = Math.max(...[upper, lower].map(fewestLines));
  const [above, below] = [cut(upper, count), cut(lower, count)];
  return Array.from({ length: count }, (_, index) => [above[index] ?? '', below[index] ?? ''] as const);
}

function fewestLines({ text, language, limits }: SaidIn): number {
  return breakText(text, { language, charsPerLine: limits.charsPerLine, lines: 1 }).length;
}

/** How much an uneven share counts against a bad break, on the scale of break penalties. */
const unevenCost = 60;

/** Exactly `count` lines of like length at the best breaks, or a line for each token where there are fewer. */
function cut({ text, language, limits }: SaidIn, count: number): string[] {
  const tokens = tokenize(text, language, limits.charsPerLine);
  const lines = Math.min(count, tokens.length);
  const goal = tokens.reduce((sum, token) => sum + token.length, 0) / Math.max(1, lines);
  // best[n][end]: the least cost of the tokens before `end` on n lines, and where the last of them begins.
  const best: { cost: number; from: number }[][] = [[{ cost: 0, from: 0 }]];
  for (let n = 1; n <= lines; n++) {
    best.push([]);
    for (let end = n; end <= tokens.length; end++) best[n]![end] = cheapest(tokens, best[n - 1]!, end, goal, limits);
  }
  const pieces: string[] = [];
  for (let n = lines, end = tokens.length; n > 0; n--) {
    const { from } = best[n]![end]!;
    pieces.push(asText(tokens.slice(from, end)));
    end = from;
  }
  return pieces.reverse();
}

function cheapest(
  tokens: readonly Token[],
  before: readonly ({ cost: number } | undefined)[],
  end: number,
  goal: number,
  { charsPerLine }: ReadingLimits,
): { cost: number; from: number } {
  let found = { cost: Number.POSITIVE_INFINITY, from: end - 1 };
  for (let from = end - 1; from >= 0; from--) {
    const earlier = before[from];
    if (earlier === undefined) continue;
    const width = asText(tokens.slice(from, end)).length;
    // Too long is worse than anything, but a line that cannot be broken must go somewhere.
    const tooLong = width > charsPerLine ? 1000 * (width - charsPerLine) : 0;
    const cost = earlier.cost + tokens[from]!.penalty + unevenCost * ((width - goal) / goal) ** 2 + tooLong;
    if (cost < found.cost) found = { cost, from };
  }
  return found;
}

function asText(tokens: readonly Token[]): string {
  return tokens.map((token, index) => (token.spaced && index > 0 ? ` ${token.text}` : token.text)).join('');
}
