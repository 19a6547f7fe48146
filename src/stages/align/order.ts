import type { Utterance } from '../../domain/script.js';
import { overlapMs } from '../../domain/time.js';

/** Least distances from the lines before to one line's start, in grid steps; `-Infinity` where there is none. */
export interface OrderRule {
  /** From the start of the line before. */
  readonly afterStart: number;
  /** From the end of the line before; `-Infinity` when the two may overlap. */
  readonly afterEnd: number;
  /** From the end of the line which the line before keeps in mind. */
  readonly afterKeptEnd: number;
  /** Index of an earlier line whose end still matters after this one, besides this one's own; -1 for none. */
  readonly kept: number;
}

/** Where every line starts and ends, in grid steps. */
export interface Layout {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/**
 * Who waits for whom.
 *
 * Starts keep their order. At most two voices speak at a time: the open line, which is the one of the last two with the
 * later source end, and one over it, if the speakers differ and the source spans overlap. Every other line waits for the
 * end of all before it, and `gap` longer for those of its own speaker. Lines that may not overlap start at least `gap`
 * apart, so that a take shorter than `gap` cannot let its two neighbours of one speaker closer together than that.
 *
 * So a line is bound only by the start and end of the line before and by the end of the one line that was kept in mind:
 * all others had ended when the line before started. Where a third voice joins two, the gap to its own last line
 * can be out of reach; that line then starts `gap` after the line before, which had waited for it.
 * @param lines sorted by start, end and id
 * @param gap least silence between two takes of one speaker, in grid steps
 */
export function orderRules(lines: readonly Utterance[], gap: number): OrderRule[] {
  const own = previousOfSpeaker(lines);
  const rules: OrderRule[] = [];
  let open = -1;
  let over = -1;
  for (let index = 0; index < lines.length; index++) {
    const keptBefore = rules[index - 1]?.kept ?? -1;
    const joining = over >= 0;
    over = open >= 0 && mayOverlap(lines[open]!, lines[index]!) ? open : -1;
    const overPrevious = over >= 0 && over === index - 1;
    const outOfReach = joining && own[index]! >= 0 && own[index] !== keptBefore;
    rules.push({
      afterStart: index > 0 && (!overPrevious || outOfReach) ? gap : 0,
      afterEnd: index === 0 || overPrevious ? -Infinity : distance(lines[index - 1]!, lines[index]!, gap),
      afterKeptEnd:
        keptBefore < 0 || keptBefore === over ? -Infinity : distance(lines[keptBefore]!, lines[index]!, gap),
      kept: over >= 0 ? over : heldBack(index, keptBefore, own),
    });
    if (over < 0 || lines[index]!.endMs > lines[over]!.endMs) open = index;
  }
  return rules;
}

/** The last step at which each line may end when the starts stay as they are. */
export function latestEnds(rules: readonly OrderRule[], starts: Int32Array, programme: number): Int32Array {
  const ends = new Int32Array(starts.length).fill(programme);
  for (let index = 1; index < starts.length; index++) {
    const { afterEnd, afterKeptEnd } = rules[index]!;
    const kept = rules[index - 1]!.kept;
    ends[index - 1] = Math.min(ends[index - 1]!, starts[index]! - afterEnd);
    if (kept >= 0) ends[kept] = Math.min(ends[kept]!, starts[index]! - afterKeptEnd);
  }
  return ends;
}

/**
 * The first step at which a line may start and the last at which it may end while all lines but two neighbours, itself
 * among them, stay where they are.
 * @param first index of the first of the two
 */
export function roomBeside(
  rules: readonly OrderRule[],
  { starts, ends }: Layout,
  index: number,
  first: number,
): { readonly earliest: number; readonly latest: number } {
  let earliest = 0;
  let latest = Infinity;
  if (first > 0) {
    const { afterStart, afterEnd } = rules[first]!;
    earliest = Math.max(starts[first - 1]! + afterStart, ends[first - 1]! + afterEnd);
  }
  const kept = rules[index - 1]?.kept ?? -1;
  if (kept >= 0 && kept < first) earliest = Math.max(earliest, ends[kept]! + rules[index]!.afterKeptEnd);
  for (let later = first + 2; later < rules.length; later++) {
    const keptBefore = rules[later - 1]!.kept;
    if (later > first + 2 && keptBefore < first) break;
    if (later === first + 2) latest = Math.min(latest, starts[later]! - rules[later]!.afterEnd);
    if (keptBefore === index) latest = Math.min(latest, starts[later]! - rules[later]!.afterKeptEnd);
  }
  return { earliest, latest };
}

/**
 * A layout that keeps every rule, near where the lines want to start.
 * @param wanted the step each line wants to start at
 * @param lengths the step count each line wants
 * @returns undefined when the starts alone do not fit into the programme
 */
export function firstLayout(
  rules: readonly OrderRule[],
  wanted: readonly number[],
  lengths: readonly number[],
  programme: number,
): Layout | undefined {
  const latest = latestStarts(rules, programme);
  if (latest.some((step) => step < 0)) return undefined;
  // Both keep every rule, and rules are least distances: the earlier of the two keeps them as well.
  const starts = earliestStarts(rules, wanted).map((step, index) => Math.min(step, latest[index]!));
  const ends = latestEnds(rules, starts, programme).map((step, index) =>
    Math.min(step, starts[index]! + lengths[index]!),
  );
  return { starts, ends };
}

function previousOfSpeaker(lines: readonly Utterance[]): Int32Array {
  const last = new Map<string, number>();
  return Int32Array.from(lines, ({ speaker }, index) => {
    const previous = last.get(speaker) ?? -1;
    last.set(speaker, index);
    return previous;
  });
}

function mayOverlap(open: Utterance, line: Utterance): boolean {
  return open.speaker !== line.speaker && overlapMs(open, line) > 0;
}

function distance(earlier: Utterance, line: Utterance, gap: number): number {
  return earlier.speaker === line.speaker ? gap : 0;
}

/** The last line of the next line's speaker, if it is still at hand: the next line may start before this one ends. */
function heldBack(index: number, keptBefore: number, own: Int32Array): number {
  const previous = own[index + 1] ?? -1;
  return previous >= 0 && (previous === index - 1 || previous === keptBefore) ? previous : -1;
}

function earliestStarts(rules: readonly OrderRule[], wanted: readonly number[]): Int32Array {
  const starts = Int32Array.from(wanted, (step) => Math.max(0, step));
  for (let index = 1; index < starts.length; index++) {
    const { afterStart, afterEnd, afterKeptEnd } = rules[index]!;
    const kept = rules[index - 1]!.kept;
    const afterPrevious = starts[index - 1]! + Math.max(afterStart, afterEnd);
    const afterKept = kept < 0 ? 0 : starts[kept]! + afterKeptEnd;
    starts[index] = Math.max(starts[index]!, afterPrevious, afterKept);
  }
  return starts;
}

function latestStarts(rules: readonly OrderRule[], programme: number): Int32Array {
  const starts = new Int32Array(rules.length).fill(programme);
  for (let index = rules.length - 1; index > 0; index--) {
    const { afterStart, afterEnd, afterKeptEnd } = rules[index]!;
    const kept = rules[index - 1]!.kept;
    starts[index - 1] = Math.min(starts[index - 1]!, starts[index]! - Math.max(afterStart, afterEnd));
    if (kept >= 0) starts[kept] = Math.min(starts[kept]!, starts[index]! - afterKeptEnd);
  }
  return starts;
}
