import { neverBreak } from './phrases.js';
import { type Token, tokenize } from './tokens.js';

/** How a text is to be cut into cues. */
export interface BreakOptions {
  /** BCP 47. */
  readonly language: string;
  readonly charsPerLine: number;
  readonly lines: 1 | 2;
  /** Most characters in one cue: fewer than its lines hold where a cue would stay too long. */
  readonly mostChars?: number;
  /** A cue of fewer characters would pass too quickly. */
  readonly leastChars?: number;
}

/** The text of one cue. */
export interface BrokenCue {
  /** On one line. */
  readonly text: string;
  /** On the lines it is shown on. */
  readonly lines: readonly string[];
}

/** What a cue costs by being one more, and a second line by being there; break penalties are on the same scale. */
const cueCost = 100;
const secondLineCost = 10;
/** A bad line break is read over more easily than a bad break between cues. */
const lineWeight = 0.5;
const imbalanceCost = 30;
const unevenCost = 60;
const tooShortCost = 300;
const tooLongCost = 1000;

/**
 * Cuts a text into cues of one or two lines at the least total cost: few cues, of like length, broken
 * where a phrase ends, the lines of a cue balanced. Every line holds at most `charsPerLine` characters.
 * @returns no cue for a text of spaces
 */
export function breakText(text: string, options: BreakOptions): BrokenCue[] {
  const tokens = tokenize(text, options.language, options.charsPerLine);
  const ruler = new Ruler(tokens);
  const count = tokens.length;
  const best = new Array<number>(count + 1).fill(Number.POSITIVE_INFINITY);
  const from = new Array<number>(count + 1).fill(0);
  const goal = evenLength(ruler.width(0, count), options);
  best[0] = 0;
  for (let start = 0; start < count; start++) {
    for (let end = start + 1; end <= count && fits(ruler, start, end, options); end++) {
      const shape = cueShape(tokens, ruler, start, end, options);
      if (!shape) continue;
      const cost = best[start]! + shape.cost + cueFit(ruler.width(start, end), goal, options) + endCost(tokens, end);
      if (cost < best[end]!) {
        best[end] = cost;
        from[end] = start;
      }
    }
  }
  const cues: BrokenCue[] = [];
  for (let end = count; end > 0; end = from[end]!) {
    const start = from[end]!;
    const middle = cueShape(tokens, ruler, start, end, options)!.middle;
    const lines =
      middle === undefined
        ? [[start, end]]
        : [
            [start, middle],
            [middle, end],
          ];
    cues.push({ text: ruler.text(start, end), lines: lines.map(([first, last]) => ruler.text(first!, last!)) });
  }
  return cues.reverse();
}

function endCost(tokens: readonly Token[], end: number): number {
  return cueCost + (end < tokens.length ? tokens[end]!.penalty : 0);
}

function fits(ruler: Ruler, start: number, end: number, { charsPerLine, lines }: BreakOptions): boolean {
  return ruler.width(start, end) <= charsPerLine * lines + 1;
}

/** Length of each cue if the text were shared evenly among the fewest possible. */
function evenLength(width: number, { charsPerLine, lines, mostChars }: BreakOptions): number {
  const room = Math.min(charsPerLine * lines, mostChars ?? Number.POSITIVE_INFINITY);
  return width / Math.max(1, Math.ceil(width / Math.max(1, room)));
}

function cueFit(width: number, goal: number, { mostChars, leastChars }: BreakOptions): number {
  const uneven = unevenCost * ((width - goal) / goal) ** 2;
  const long = mostChars !== undefined && width > mostChars ? (tooLongCost * (width - mostChars)) / mostChars : 0;
  return uneven + long + (leastChars !== undefined && width < leastChars ? tooShortCost : 0);
}

interface CueShape {
  readonly cost: number;
  /** Where the second line begins, undefined for one line. */
  readonly middle: number | undefined;
}

/** One line when it fits; else the best break into two; undefined when the lines cannot hold it. */
function cueShape(
  tokens: readonly Token[],
  ruler: Ruler,
  start: number,
  end: number,
  { charsPerLine, lines }: BreakOptions,
): CueShape | undefined {
  if (ruler.width(start, end) <= charsPerLine) return { cost: 0, middle: undefined };
  if (lines === 1) return undefined;
  let shape: CueShape | undefined;
  for (let middle = start + 1; middle < end; middle++) {
    const upper = ruler.width(start, middle);
    const lower = ruler.width(middle, end);
    if (upper > charsPerLine || lower > charsPerLine) continue;
    const penalty = tokens[middle]!.penalty;
    const balance = (imbalanceCost * Math.abs(upper - lower)) / charsPerLine + (upper > lower ? 3 : 0);
    const cost = secondLineCost + balance + penalty * (penalty >= neverBreak ? 1 : lineWeight);
    if (!shape || cost < shape.cost) shape = { cost, middle };
  }
  return shape;
}

/** Widths and texts of token ranges. */
class Ruler {
  private readonly lengths: number[] = [0];
  private readonly spaces: number[] = [0];

  constructor(private readonly tokens: readonly Token[]) {
    for (const token of tokens) {
      this.lengths.push(this.lengths.at(-1)! + token.length);
      this.spaces.push(this.spaces.at(-1)! + (token.spaced ? 1 : 0));
    }
  }

  /** Characters of the tokens `[start, end)` on one line. */
  width(start: number, end: number): number {
    if (end <= start) return 0;
    return this.lengths[end]! - this.lengths[start]! + this.spaces[end]! - this.spaces[start + 1]!;
  }

  text(start: number, end: number): string {
    return this.tokens
      .slice(start, end)
      .map((token, index) => (token.spaced && index > 0 ? ` ${token.text}` : token.text))
      .join('');
  }
}
