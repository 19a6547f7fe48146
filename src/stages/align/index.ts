import type { Script, Utterance } from '../../domain/script.js';
import type { Overflow, Placement, Takes, Timeline, TimingOptions } from '../../domain/timeline.js';
import { costUnit, tempoCosts } from './cost.js';
import { cheapestLayout, layoutCost, type Problem } from './descent.js';
import { firstLayout, type Layout, latestEnds, type OrderRule, orderRules } from './order.js';

/** Starts and placed lengths are multiples of this. */
const gridMs = 10;

/** Within this of 1 a tempo is not worth the stretching. */
const unheardTempo = 0.01;

/** What `align` keeps to unless told otherwise: tempo 0.85 to 1.25 and 120 ms between takes of one speaker. */
export function defaultTiming(programmeMs: number): TimingOptions {
  return { maxTempo: 1.25, minTempo: 0.85, minGapMs: 120, programmeMs };
}

/**
 * Places takes on the programme's clock at least cost: order kept, no speaker over themself, nothing past the end,
 * different speakers together only where the source has them so.
 *
 * Starts and lengths lie on a 10 ms grid, and the layout is the cheapest there is on it (see `cheapestLayout`). Afterwards
 * a tempo below 1.01 becomes exactly 1 wherever there is room; `cost` is the minimum, before that. A take is never
 * slowed down, since ending early costs nothing, so `minTempo` never binds. When a programme is too short to keep
 * `minGapMs` between takes of no length at all, the gap is made as long as fits.
 * @param takes at most one per utterance, in any order; an utterance without one is not placed
 * @returns placements in the order of source start, end and id; what cannot fit within `timing.maxTempo` is in
 * `overflows` and placed too, with the room it got as its length and `maxTempo` as its tempo, never cut
 */
export function align(script: Script, takes: Takes, timing: TimingOptions): Timeline {
  return alignOnGrid(script, takes, timing, gridMs);
}

/** `align` on a grid of `stepMs`; a coarse one makes every layout of a small case countable. */
export function alignOnGrid(script: Script, takes: Takes, timing: TimingOptions, stepMs: number): Timeline {
  const lines = voicedLines(script, takes);
  const maxTempo = Math.max(1, timing.maxTempo);
  const programme = Math.max(0, Math.floor(timing.programmeMs / stepMs));
  const shortening = lines.map(({ durationMs }) => tempoCosts(durationMs, maxTempo, stepMs));
  const lengths = shortening.map((costs) => costs.length - 1);
  const { rules, layout } = widestGap(lines, lengths, timing.minGapMs, programme, stepMs);
  const spans = lines.map(({ utterance }) => utterance);
  const problem: Problem = { gridMs: stepMs, programme, spans, shortening, rules };
  const best = cheapestLayout(problem, layout);
  const ends = settledEnds(lines, lengths, problem, best);
  const placements = lines.map((line, index) => place(line, best.starts[index]!, ends[index]!, maxTempo, stepMs));
  return {
    programmeMs: timing.programmeMs,
    placements,
    overflows: lines.flatMap((line, index) => overflow(line, placements[index]!, maxTempo)),
    cost: layoutCost(problem, best) / costUnit,
  };
}

interface VoicedLine {
  readonly utterance: Utterance;
  readonly durationMs: number;
}

function voicedLines(script: Script, takes: Takes): VoicedLine[] {
  const durations = new Map(takes.takes.map((take) => [take.utteranceId, Math.max(0, take.durationMs)]));
  return script.utterances
    .flatMap((utterance) => {
      const durationMs = durations.get(utterance.id);
      return durationMs === undefined ? [] : [{ utterance, durationMs }];
    })
    .sort((left, right) => inOrder(left.utterance, right.utterance));
}

function inOrder(left: Utterance, right: Utterance): number {
  return left.startMs - right.startMs || left.endMs - right.endMs || (left.id < right.id ? -1 : 1);
}

/** The rules with `minGapMs`, or with the longest gap that fits, and a layout that keeps them. */
function widestGap(
  lines: readonly VoicedLine[],
  lengths: readonly number[],
  minGapMs: number,
  programme: number,
  stepMs: number,
): { rules: OrderRule[]; layout: Layout } {
  const utterances = lines.map(({ utterance }) => utterance);
  const wanted = utterances.map(({ startMs }) => Math.round(startMs / stepMs));
  let gap = Math.max(0, Math.ceil(minGapMs / stepMs));
  for (;;) {
    const rules = orderRules(utterances, gap);
    const layout = firstLayout(rules, wanted, lengths, programme);
    if (layout) return { rules, layout };
    // Without a gap all starts at 0 fit, so this ends.
    gap--;
  }
}

/** Ends with every tempo just above 1 brought back to 1 where that is in nobody's way. */
function settledEnds(lines: readonly VoicedLine[], lengths: readonly number[], problem: Problem, layout: Layout) {
  const latest = latestEnds(problem.rules, layout.starts, problem.programme);
  return layout.ends.map((end, index) => {
    const start = layout.starts[index]!;
    const natural = start + lengths[index]!;
    const tempo = lines[index]!.durationMs / ((end - start) * problem.gridMs);
    return tempo < 1 + unheardTempo && natural <= latest[index]! ? natural : end;
  });
}

function place(line: VoicedLine, start: number, end: number, maxTempo: number, stepMs: number): Placement {
  const durationMs = (end - start) * stepMs;
  const tempo = durationMs === 0 ? maxTempo : line.durationMs / durationMs;
  return {
    utteranceId: line.utterance.id,
    startMs: start * stepMs,
    durationMs,
    tempo: line.durationMs === 0 ? 1 : Math.min(maxTempo, Math.max(1, tempo)),
  };
}

function overflow(line: VoicedLine, placement: Placement, maxTempo: number): Overflow[] {
  const leastMs = line.durationMs / maxTempo;
  if (placement.durationMs >= leastMs) return [];
  return [{ utteranceId: placement.utteranceId, excessMs: Math.ceil(leastMs - placement.durationMs) }];
}
