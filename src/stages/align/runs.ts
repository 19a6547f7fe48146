import { easyTempo, runReachMs } from './cost.js';
import { cheapestLayout, layoutCost, type Problem, type ProblemLine } from './descent.js';
import { type Layout, type OrderRule, roomBeside } from './order.js';

/**
 * Lays neighbours of one speaker as one run where both gain.
 *
 * In a run only the first onset and the last end are the source's: the second take starts where the first leaves off, so
 * room that one has too much of is the other's. Placed by its own onset each, one hurries and silence follows the other.
 * A pair gains when it costs less as a run, though its inner onset is charged a unit, and both then play at a tempo that
 * nobody notices. All other lines stay where they are, so nobody pays for it. Pairs are looked at in order, each in all
 * the room that its neighbours leave it, and placed there at least cost.
 * @param layout the cheapest without runs
 * @param goesOn true for the index of a line that goes on from the one before
 */
export function layRuns(
  problem: Problem,
  layout: Layout,
  goesOn: (index: number) => boolean,
): { readonly problem: Problem; readonly layout: Layout } {
  const lines = [...problem.lines];
  const now = { problem: { ...problem, lines }, layout: { starts: layout.starts.slice(), ends: layout.ends.slice() } };
  for (let first = 0; first + 1 < lines.length; first++) {
    if (!goesOn(first + 1)) continue;
    if (isEasy(now.problem, now.layout, first) && isEasy(now.problem, now.layout, first + 1)) continue;
    const run = layRun(now.problem, now.layout, first);
    if (run === undefined) continue;
    lines.splice(first, 2, ...asRun(lines[first]!, lines[first + 1]!));
    now.layout.starts.set(run.starts, first);
    now.layout.ends.set(run.ends, first);
  }
  return now;
}

function isEasy({ lines }: Problem, { starts, ends }: Layout, index: number): boolean {
  const natural = lines[index]!.shortening.length - 1;
  return natural <= easyTempo * (ends[index]! - starts[index]!);
}

/** The line at `first` and the next as one run; undefined when they do not both gain. */
function layRun(problem: Problem, layout: Layout, first: number): Layout | undefined {
  const pair = pairOf(problem, layout, first);
  const before = { starts: layout.starts.slice(first, first + 2), ends: layout.ends.slice(first, first + 2) };
  const [one, other] = pair.lines.map(calmly);
  const run = { ...pair, lines: asRun(one!, other!) };
  const packed = packRun(run, before.starts[0]!);
  if (packed === undefined) return undefined;
  const after = cheapestLayout(run, packed);
  const gains = layoutCost(run, after) < layoutCost(pair, before);
  const leavesNext =
    after.starts[1]! + (problem.rules[first + 2]?.afterStart ?? 0) <= (layout.starts[first + 2] ?? Infinity);
  return gains && leavesNext ? after : undefined;
}

/** A line that may not play faster than nobody notices. */
function calmly(line: ProblemLine): ProblemLine {
  const { shortening } = line;
  const most = shortening.length - 1 - calmLength(line);
  return { ...line, shortening: shortening.map((cost, shorter) => (shorter <= most ? cost : Infinity)) };
}

/** The fewest steps that a line takes at a tempo nobody notices. */
function calmLength({ shortening }: ProblemLine): number {
  return Math.ceil((shortening.length - 1) / easyTempo);
}

/** Two calm lines, one right behind the other, near where the first began; undefined when there is no room for that. */
function packRun({ gridMs, lines, rules }: Problem, wanted: number): Layout | undefined {
  const [one, other] = [lines[0]!, lines[1]!];
  const { afterStart, afterEnd } = rules[1]!;
  const apart = Math.max(calmLength(one) + afterEnd, afterStart);
  const latest = Math.min(one.latest - calmLength(one), other.latest - calmLength(other) - apart);
  const start = Math.max(one.earliest, Math.min(wanted, latest));
  const next = Math.max(other.earliest, start + apart, Math.ceil((other.startMs - runReachMs) / gridMs));
  if (start > latest || next + calmLength(other) > other.latest) return undefined;
  if (next * gridMs > other.startMs + runReachMs) return undefined;
  return {
    starts: Int32Array.of(start, next),
    ends: Int32Array.of(start + calmLength(one), next + calmLength(other)),
  };
}

function asRun(first: ProblemLine, second: ProblemLine): ProblemLine[] {
  return [
    { ...first, continued: true },
    { ...second, continues: true },
  ];
}

/** Two neighbours of one speaker with the room that all others leave them as they lie. */
function pairOf({ gridMs, lines, rules }: Problem, layout: Layout, first: number): Problem {
  const roomOf = (index: number): ProblemLine => {
    const { earliest, latest } = roomBeside(rules, layout, index, first);
    const line = lines[index]!;
    return { ...line, earliest: Math.max(line.earliest, earliest), latest: Math.min(line.latest, latest) };
  };
  const alone: OrderRule = { afterStart: 0, afterEnd: -Infinity, afterKeptEnd: -Infinity, kept: -1 };
  const { afterStart, afterEnd } = rules[first + 1]!;
  return { gridMs, lines: [roomOf(first), roomOf(first + 1)], rules: [alone, { ...alone, afterStart, afterEnd }] };
}
