import type { Span } from '../../domain/time.js';

/** How long the pauses of a take are to be. All milliseconds. */
export interface PausePlan {
  /** Lengths of the take's pauses, in order. */
  readonly wantedMs: readonly number[];
}

/** A pause is never made shorter than this, nor longer by more than `mostAddedMs`. */
const leastPauseMs = 150;
const mostAddedMs = 1200;

/** A pause of the take belongs to one of the source when both come after about the same share of the words. */
const nearShare = 0.15;

/** Less than this is not worth another recording. */
const worthMs = 120;

/**
 * Lays the parts of a take on those of its source: what follows a pause in the source starts with it in the dub, as far as
 * there is room. A take longer than its room gives up its pauses first.
 * @param spoken the source's stretches of speech within the line, in order, on the programme's clock
 * @param parts the take's stretches of sound, from its own start, in order
 * @param mostMs the longest the take may become; one that is longer already may only shrink
 * @returns undefined when nothing is gained
 */
export function planPauses(spoken: readonly Span[], parts: readonly Span[], mostMs: number): PausePlan | undefined {
  if (parts.length < 2) return undefined;
  const own = parts.slice(1).map(({ startMs }, index) => startMs - parts[index]!.endMs);
  const onsets = matchOnsets(spoken, parts);
  const naturalMs = parts.at(-1)!.endMs - parts[0]!.startMs;
  const wanted: number[] = [];
  let shiftMs = 0;
  for (const [index, pause] of own.entries()) {
    const onsetMs = onsets[index];
    const least = Math.min(pause, leastPauseMs);
    const nowMs = parts[index + 1]!.startMs - parts[0]!.startMs + shiftMs;
    const by = onsetMs === undefined ? 0 : Math.min(mostAddedMs, Math.max(least - pause, onsetMs - nowMs));
    wanted.push(pause + by);
    shiftMs += by;
  }
  const fitted = fitInto(own, wanted, naturalMs, mostMs);
  const changed = fitted.some((pause, index) => Math.abs(pause - own[index]!) >= worthMs);
  return changed ? { wantedMs: fitted } : undefined;
}

/** Where the source speaks on, from the line's start, for each part of the take but the first; undefined for no match. */
function matchOnsets(spoken: readonly Span[], parts: readonly Span[]): (number | undefined)[] {
  const shares = sharesBefore(spoken);
  let next = 1;
  return sharesBefore(parts)
    .slice(1)
    .map((share) => {
      const near = shares
        .map((other, index) => ({ index, off: Math.abs(other - share) }))
        .filter(({ index, off }) => index >= next && off <= nearShare)
        .sort((a, b) => a.off - b.off)[0];
      if (near === undefined) return undefined;
      next = near.index + 1;
      return spoken[near.index]!.startMs - spoken[0]!.startMs;
    });
}

/** The share of all sound that comes before each stretch. */
function sharesBefore(spans: readonly Span[]): number[] {
  const total = spans.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  let before = 0;
  return spans.map(({ startMs, endMs }) => {
    const share = before / Math.max(1, total);
    before += endMs - startMs;
    return share;
  });
}

/** Pauses that keep the whole within `mostMs`: what was added is given back, and a take that is too long gives up more. */
function fitInto(own: readonly number[], wanted: readonly number[], naturalMs: number, mostMs: number): number[] {
  const lengthMs = naturalMs + wanted.reduce((sum, pause, index) => sum + pause - own[index]!, 0);
  const overMs = lengthMs - Math.max(mostMs, 0);
  if (overMs <= 0) return wanted.map(Math.round);
  const spare = wanted.map((pause, index) => pause - Math.min(own[index]!, leastPauseMs));
  const all = spare.reduce((sum, ms) => sum + ms, 0);
  const share = all === 0 ? 0 : Math.min(1, overMs / all);
  return wanted.map((pause, index) => Math.round(pause - spare[index]! * share));
}
