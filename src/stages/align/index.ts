import type { Script, Utterance } from '../../domain/script.js';
import type { Overflow, Placement, Takes, Timeline, TimingOptions } from '../../domain/timeline.js';
import { costUnit, tempoCosts } from './cost.js';
import { cheapestLayout, layoutCost, type Problem, type ProblemLine } from './descent.js';
import { firstLayout, type Layout, latestEnds, type OrderRule, orderRules } from './order.js';
import { layRuns } from './runs.js';

/** Starts and placed lengths are multiples of this. */
const gridMs = 10;

/** Within this of 1 a tempo is not worth the stretching. */
const unheardTempo = 0.01;

/**
 * What `align` keeps to unless told otherwise: tempo 0.85 to 1.25, 120 ms between takes of one speaker, and runs across
 * up to 300 ms, which is a breath and not yet heard as a pause.
 */
export function defaultTiming(programmeMs: number): TimingOptions {
  return { maxTempo: 1.25, minTempo: 0.85, minGapMs: 120, runGapMs: 300, programmeMs };
}

/**
 * Places takes on the programme's clock at least cost: order kept, no speaker over themself, nothing past the end,
 * different speakers together only where the source has them so.
 *
 * Starts and lengths lie on a 10 ms grid, and the layout is the cheapest there is on it (see `cheapestLayout`). Then
 * neighbours of one speaker are laid as one run where both gain (see `layRuns`), and a tempo below 1.01 becomes exactly 1
 * wherever there is room; `cost` is from before that last step. A take is never slowed down, since ending early costs
 * nothing, so `minTempo` never binds. When a programme is too short to keep `minGapMs` between takes of no length at all,
 * the gap is made as long as fits.
 * @param takes at most one per utterance, in any order; an utterance without one is not placed
 * @returns placements in the order of source start, end and id; what cannot fit within `timing.maxTempo` is in
 * `overflows` and placed too, with the room it got as its length and `maxTempo` as its tempo, never cut
 */
export function align(script: Script, takes: Takes, timing: TimingOptions): Timeline {
  return alignOnGrid(script, takes, timing, gridMs);
}

/** `align` on a grid of `stepMs`; a coarse one makes every layout of a small case countable. */
export function alignOnGrid(script: Script, takes: Takes, timing: TimingOptions, stepMs: number): Timeline {
  const voiced = voicedLines(script, takes);
  const utterances = voiced.map(({ utterance }) => utterance);
  const maxTempo = Math.max(1, timing.maxTempo);
  const programme = Math.max(0, Math.floor(timing.programmeMs / stepMs));
  const lines = voiced.map(({ utterance: { startMs, endMs }, durationMs }): ProblemLine => {
    const shortening = tempoCosts(durationMs, maxTempo, stepMs);
    return { startMs, endMs, shortening, earliest: 0, latest: programme, continues: false, continued: false };
  });
  const lengths = lines.map(({ shortening }) => shortening.length - 1);
  const { rules, layout: first } = widestGap(utterances, lengths, timing.minGapMs, programme, stepMs);
  const alone: Problem = { gridMs: stepMs, lines, rules };
  const { problem, layout } = layRuns(alone, cheapestLayout(alone, first), (at) => {
    return goesOn(utterances[at - 1]!, utterances[at]!, timing.runGapMs);
  });
  const ends = settledEnds(voiced, lengths, problem, layout);
  const placements = voiced.map((line, index) => ({
    ...place(line, layout.starts[index]!, ends[index]!, maxTempo, stepMs),
    ...(problem.lines[index]!.continues ? { runsOnFrom: utterances[index - 1]!.id } : {}),
  }));
  return {
    programmeMs: timing.programmeMs,
    placements,
    overflows: voiced.flatMap((line, index) => overflow(line, placements[index]!, maxTempo)),
    cost: layoutCost(problem, layout) / costUnit,
  };
}

/** True for a line that goes on from the one before: the same speaker, hardly pausing. */
function goesOn(previous: Utterance, line: Utterance, runGapMs = Number.NEGATIVE_INFINITY): boolean {
  return previous.speaker === line.speaker && line.startMs - previous.endMs <= runGapMs;
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
  utterances: readonly Utterance[],
  lengths: readonly number[],
  minGapMs: number,
  programme: number,
  stepMs: number,
): { rules: OrderRule[]; layout: Layout } {
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
  const latest = latestEnds(problem.rules, layout.starts, problem.lines[0]?.latest ?? 0);
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
