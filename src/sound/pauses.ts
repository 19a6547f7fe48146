import { type Span, unionSpans } from '../domain/time.js';
import { loudnessOf } from './loudness.js';

/** How sound is cut into pieces. */
export interface PieceOptions {
  /** What a piece should be long. */
  readonly idealMs: number;
  /** What it is never longer than. */
  readonly longestMs: number;
}

/** Shorter silences are breaths and stops within words. */
const shortestPauseMs = 300;
/** Silence this long is left out; half a second of it on either side of speech is kept. */
const longSilenceMs = 1500;
const marginMs = 500;
/** A stretch shorter than this gives a recogniser too little to go by: it joins a neighbour across `bridgeMs`. */
const shortStretchMs = 2000;
const bridgeMs = 3000;
/** How far under loud speech (the level that 5 % of the blocks reach) nothing can be speech any more, dB. */
const silenceDepth = 45;
/** Speech itself spans about this much; digital silence below it says nothing of where pauses are. */
const speechRange = 40;
/** The quiet that a cut needs around it. */
const cutWidthMs = 300;
/** What a second too long or too short costs against quiet, dB. */
const uneven = 0.5;

/**
 * Cuts sound at its quietest moments into pieces near `idealMs`. Only long silence is left out: what might be speech is
 * in some piece, and no two pieces overlap.
 * @param powers mean power of each block of the sound, as `LevelMeter` gives them
 * @returns in order; empty for silence
 */
export function cutAtPauses(powers: Float32Array, blockMs: number, options: PieceOptions): Span[] {
  const levels = levelsOf(powers);
  const stretches = joinShort(findStretches(levels, blockMs), options.idealMs);
  return stretches.flatMap((stretch) => cutStretch(levels, blockMs, stretch, options));
}

/**
 * Where there is speech between pauses of 0.3 s and more, within a piece. Which level is a pause is told from the piece
 * itself; where its levels hardly differ all of it counts as speech.
 * @returns in order, on the clock of `powers`; never empty unless the span is
 */
export function findSpeech(powers: Float32Array, blockMs: number, span: Span): Span[] {
  const from = Math.floor(span.startMs / blockMs);
  const levels = levelsOf(powers.subarray(from, Math.ceil(span.endMs / blockMs)));
  const top = quantile(levels, 0.9);
  const floor = Math.max(quantile(levels, 0.1), top - speechRange);
  if (top - floor < 8) return [span];
  const gate = floor + 0.3 * (top - floor);
  const loud = runsAbove(levels, gate).map(({ startMs, endMs }) => ({
    startMs: Math.max(span.startMs, (from + startMs) * blockMs),
    endMs: Math.min(span.endMs, (from + endMs) * blockMs),
  }));
  return unionSpans(loud, shortestPauseMs - 1);
}

/** What is between long silences, with a margin. */
function findStretches(levels: Float32Array, blockMs: number): Span[] {
  const gate = Math.max(-70, quantile(levels, 0.95) - silenceDepth);
  const loud = runsAbove(levels, gate).map(({ startMs, endMs }) => ({
    startMs: startMs * blockMs,
    endMs: endMs * blockMs,
  }));
  const lengthMs = levels.length * blockMs;
  return unionSpans(loud, longSilenceMs - 1).map(({ startMs, endMs }) => ({
    startMs: Math.max(0, startMs - marginMs),
    endMs: Math.min(lengthMs, endMs + marginMs),
  }));
}

function joinShort(stretches: readonly Span[], idealMs: number): Span[] {
  const joined: Span[] = [];
  for (const stretch of stretches) {
    const last = joined.at(-1);
    const short = (span: Span) => span.endMs - span.startMs < shortStretchMs + 2 * marginMs;
    const near = last !== undefined && stretch.startMs - last.endMs <= bridgeMs;
    if (near && (short(last) || short(stretch)) && stretch.endMs - last.startMs <= idealMs) {
      joined[joined.length - 1] = { startMs: last.startMs, endMs: stretch.endMs };
    } else {
      joined.push(stretch);
    }
  }
  return joined;
}

function cutStretch(levels: Float32Array, blockMs: number, stretch: Span, options: PieceOptions): Span[] {
  const { idealMs, longestMs } = options;
  const pieces: Span[] = [];
  let { startMs } = stretch;
  // A rest of little more than one piece stays whole, if it may.
  const enoughMs = Math.min(longestMs, idealMs * 1.5);
  while (stretch.endMs - startMs > enoughMs) {
    const endMs = quietest(levels, blockMs, startMs, stretch.endMs, options);
    pieces.push({ startMs, endMs });
    startMs = endMs;
  }
  return [...pieces, { startMs, endMs: stretch.endMs }];
}

/** The best moment for a piece's end: quiet, and near the ideal length. */
function quietest(
  levels: Float32Array,
  blockMs: number,
  startMs: number,
  stretchEndMs: number,
  { idealMs, longestMs }: PieceOptions,
): number {
  const first = Math.ceil((startMs + idealMs * 0.4) / blockMs);
  const last = Math.floor(Math.min(startMs + longestMs, stretchEndMs - idealMs * 0.2) / blockMs);
  const half = Math.max(1, Math.round(cutWidthMs / blockMs / 2));
  let best = Math.min(first, last);
  let least = Number.POSITIVE_INFINITY;
  for (let at = first; at <= last; at++) {
    const offMs = Math.abs(at * blockMs - startMs - idealMs);
    const cost = meanOf(levels, at - half, at + half) + (uneven * offMs) / 1000;
    if (cost >= least) continue;
    least = cost;
    best = at;
  }
  return best * blockMs;
}

/** Runs of blocks above a level, in blocks. */
function runsAbove(levels: Float32Array, gate: number): Span[] {
  const runs: Span[] = [];
  let start = -1;
  for (let at = 0; at <= levels.length; at++) {
    const loud = at < levels.length && levels[at]! > gate;
    if (loud && start < 0) start = at;
    if (!loud && start >= 0) {
      runs.push({ startMs: start, endMs: at });
      start = -1;
    }
  }
  return runs;
}

function levelsOf(powers: Float32Array): Float32Array {
  return powers.map((power) => Math.max(-120, loudnessOf(power)));
}

function quantile(levels: Float32Array, share: number): number {
  if (levels.length === 0) return -120;
  const sorted = levels.slice().sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

function meanOf(levels: Float32Array, from: number, to: number): number {
  let sum = 0;
  for (let at = from; at < to; at++) sum += levels[Math.min(levels.length - 1, Math.max(0, at))]!;
  return sum / (to - from);
}
