import type { Span } from '../../domain/time.js';
import { borrowAfterMs, borrowBeforeMs } from './limits.js';

/**
 * The time each utterance's dub may use: its span and the silence around it, at most 300 ms before and 2 s after.
 * Silence ends where anyone else speaks; an utterance that another overlaps at its edge borrows nothing there.
 * @param spans sorted by start
 */
export function findSlots(spans: readonly Span[], programmeMs: number): Span[] {
  const latestEnds: number[] = [];
  for (const { endMs } of spans) latestEnds.push(Math.max(endMs, latestEnds.at(-1) ?? 0));
  return spans.map(({ startMs, endMs }) => {
    const earlier = countBefore(spans, startMs);
    const spokenUntil = latestEnds[earlier - 1] ?? 0;
    const begun = countBefore(spans, endMs + 1);
    const stillSpoken = latestEnds[begun - 1]! > endMs;
    const nextMs = stillSpoken ? endMs : (spans[begun]?.startMs ?? programmeMs);
    return {
      startMs: Math.max(Math.min(spokenUntil, startMs), startMs - borrowBeforeMs, 0),
      endMs: Math.max(endMs, Math.min(nextMs, endMs + borrowAfterMs, programmeMs)),
    };
  });
}

/** How many spans start before a time, by bisection. */
function countBefore(spans: readonly Span[], timeMs: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle]!.startMs < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
