import { endCost, onsetCost, runOnsetCost } from './cost.js';
import type { Layout, OrderRule } from './order.js';

/** A line with a take. Steps are of the problem's grid; its span is in milliseconds. */
export interface ProblemLine {
  readonly startMs: number;
  readonly endMs: number;
  /** Cost of its take by steps taken off its length, as `tempoCosts` gives them. */
  readonly shortening: Float64Array;
  /** The first step at which it may start, and the last at which it may end. */
  readonly earliest: number;
  readonly latest: number;
  /** True when it is laid as one run with the line before, so that its start is inside the run. */
  readonly continues: boolean;
  /** True when the next line is laid as one run with it, so that its end is inside the run. */
  readonly continued: boolean;
}

/** Lines with takes, in order, and what binds them. */
export interface Problem {
  readonly gridMs: number;
  readonly lines: readonly ProblemLine[];
  readonly rules: readonly OrderRule[];
}

/**
 * The cheapest layout of all, found from any layout that keeps the rules.
 *
 * Every start and every end is moved one step earlier, one later or not at all, all of them together and in the best
 * way, by dynamic programming over the lines; that is repeated until nothing gets cheaper, first with long steps, then
 * halved down to one.
 *
 * The result is the global optimum, for this reason. The unknowns are starts and ends on an integer grid. A line's
 * cost is a convex function of its start, plus one of its end, plus one of their difference. Every rule, and the
 * programme's edges, is a least or greatest value of one unknown or of a difference of two. Such a problem is
 * L-natural-convex, and there a point is a minimum as soon as no set of unknowns, moved together by one step in one
 * direction, gives a lower cost (Murota, Discrete Convex Analysis, SIAM 2003, chapter 7: the L-optimality criterion).
 * The last round has looked at all of these moves, and at all mixed ones. Long steps only bring the start nearer (the
 * same book, section 10.3). Costs are integers, so "cheaper" has no rounding in it and the rounds come to an end.
 *
 * Time is lines × rounds, memory is lines × 9 bytes, whatever the programme's length.
 */
export function cheapestLayout(problem: Problem, first: Layout): Layout {
  const layout = { starts: first.starts.slice(), ends: first.ends.slice() };
  const choices = new Uint8Array(problem.rules.length * 9);
  for (let step = longestStep(problem); step >= 1; step /= 2) {
    while (improve(problem, layout, step, choices));
  }
  return layout;
}

/** Cost of a layout in millionths. */
export function layoutCost(problem: Problem, layout: Layout): number {
  let sum = 0;
  for (let index = 0; index < problem.rules.length; index++) {
    sum += startCost(problem, index, layout.starts[index]!) + finishCost(problem, index, layout.ends[index]!);
    sum += lengthCost(problem, index, layout.ends[index]! - layout.starts[index]!);
  }
  return sum;
}

/** At most 2.7 minutes: sums of costs stay exact, and a longer way takes a few rounds more. */
function longestStep({ lines }: Problem): number {
  const room = lines.reduce((most, { earliest, latest }) => Math.max(most, latest - earliest), 1);
  return 2 ** Math.min(14, Math.floor(Math.log2(room)));
}

function startCost({ lines, gridMs }: Problem, index: number, start: number): number {
  const { earliest, startMs, continues } = lines[index]!;
  if (start < earliest) return Infinity;
  return continues ? runOnsetCost(start * gridMs - startMs) : onsetCost(start * gridMs - startMs);
}

function finishCost({ lines, gridMs }: Problem, index: number, end: number): number {
  const { latest, endMs, continued } = lines[index]!;
  if (end > latest) return Infinity;
  return continued ? 0 : endCost(end * gridMs - endMs);
}

function lengthCost({ lines }: Problem, index: number, length: number): number {
  const costs = lines[index]!.shortening;
  return length < 0 ? Infinity : (costs[costs.length - 1 - length] ?? Infinity);
}

/**
 * States of a line are (start, end, end of the line kept in mind), each 0 a step earlier, 1 as it is, 2 a step later:
 * state = 9 × start + 3 × end + kept. Without a line in mind the third is 0.
 */
function improve(problem: Problem, layout: Layout, step: number, choices: Uint8Array): boolean {
  let costs = new Float64Array(27).fill(Infinity);
  let next = new Float64Array(27);
  const reached = new Float64Array(9);
  const moved = new Float64Array(9);
  costs[0] = 0;
  for (let index = 0; index < problem.rules.length; index++) {
    reach(problem, layout, step, index, costs, reached, choices.subarray(index * 9, index * 9 + 9));
    moveCosts(problem, layout, step, index, moved);
    for (let state = 0; state < 27; state++) {
      const start = Math.trunc(state / 9);
      next[state] = reached[start * 3 + (state % 3)]! + moved[Math.trunc(state / 3)]!;
    }
    [costs, next] = [next, costs];
  }
  const best = cheapest(costs);
  if (!(costs[best]! < 0)) return false;
  move(layout, step, choices, best);
  return true;
}

/** What each move of one line's start and end (3 × start + end) adds to the cost of leaving it where it is. */
function moveCosts(problem: Problem, layout: Layout, step: number, index: number, moved: Float64Array): void {
  const start = layout.starts[index]!;
  const end = layout.ends[index]!;
  const stay =
    startCost(problem, index, start) + finishCost(problem, index, end) + lengthCost(problem, index, end - start);
  for (let to = 0; to < 3; to++) {
    const begun = startCost(problem, index, start + (to - 1) * step) - stay;
    for (let until = 0; until < 3; until++) {
      const length = end - start + (until - to) * step;
      moved[to * 3 + until] =
        begun + finishCost(problem, index, end + (until - 1) * step) + lengthCost(problem, index, length);
    }
  }
}

/**
 * For each move of this line's start and of the end it keeps in mind (3 × start + kept): the cheapest state of the line
 * before from which the rules allow it, and its cost. Of equal ones the first counts.
 */
function reach(
  { rules }: Problem,
  { starts, ends }: Layout,
  step: number,
  index: number,
  before: Float64Array,
  reached: Float64Array,
  chosen: Uint8Array,
): void {
  const { afterStart, afterEnd, afterKeptEnd, kept } = rules[index]!;
  const keptBefore = index > 0 ? rules[index - 1]!.kept : -1;
  const toStart = stepsBetween(starts[index - 1], starts[index]!, afterStart, step);
  const toEnd = stepsBetween(ends[index - 1], starts[index]!, afterEnd, step);
  const toKept = stepsBetween(ends[keptBefore], starts[index]!, afterKeptEnd, step);
  reached.fill(Infinity);
  for (let state = 0; state < 27; state++) {
    const cost = before[state]!;
    if (cost === Infinity) continue;
    const startMove = Math.trunc(state / 9);
    const endMove = Math.trunc(state / 3) % 3;
    const keptMove = state % 3;
    const carried = kept < 0 ? 0 : kept === index - 1 ? endMove : keptMove;
    // A line without one in mind sits at move 0 there; its room is endless.
    const nearest = Math.max(0, startMove - toStart, endMove - toEnd, keptMove - toKept);
    for (let start = nearest; start < 3; start++) {
      const slot = start * 3 + carried;
      if (cost >= reached[slot]!) continue;
      reached[slot] = cost;
      chosen[slot] = state;
    }
  }
}

/** How many steps nearer two points may come; endless where there is no first one. */
function stepsBetween(from: number | undefined, to: number, least: number, step: number): number {
  return from === undefined ? Infinity : Math.floor((to - from - least) / step);
}

function cheapest(costs: Float64Array): number {
  let best = 0;
  for (let state = 1; state < costs.length; state++) if (costs[state]! < costs[best]!) best = state;
  return best;
}

function move({ starts, ends }: Layout, step: number, choices: Uint8Array, last: number): void {
  let state = last;
  for (let index = starts.length - 1; index >= 0; index--) {
    const start = Math.trunc(state / 9);
    starts[index] = starts[index]! + (start - 1) * step;
    ends[index] = ends[index]! + ((Math.trunc(state / 3) % 3) - 1) * step;
    state = choices[index * 9 + start * 3 + (state % 3)]!;
  }
}
