import type { Script, Utterance } from './script.js';

/** How long the dub of a line should be. Milliseconds. */
export interface Room {
  /** What a wording is written for: the source's own length and a little of the silence after it. */
  readonly aimMs: number;
  /** What it may fill at its natural tempo before it is in somebody's way. */
  readonly mostMs: number;
  /** Below this the picture speaks on while the dub is silent. */
  readonly leastMs: number;
}

/** Silence kept between two lines of one speaker. */
const gapMs = 120;

/** Of the silence after a line a wording may count on a sixth of the line, at most 400 ms: more is heard as lateness. */
const borrowedShare = 1 / 6;
const borrowedMs = 400;

/** A dub shorter than this share of its source is badly short. */
const leastShare = 0.6;

/**
 * The room of every line, by utterance id. A line starts with its source, so silence before it is left to the line
 * before; silence after it is its own up to the slot's end, less the gap that a next line of the same speaker needs.
 */
export function roomsOf(script: Script): ReadonlyMap<string, Room> {
  const rooms = new Map<string, Room>();
  const nexts = new Map<string, { readonly startMs: number; readonly afterMs: number }>();
  for (const utterance of script.utterances.toReversed()) {
    const { id, speaker, startMs } = utterance;
    const next = nexts.get(speaker);
    // Of two lines that start at once neither is next to the other.
    const afterMs =
      next === undefined ? Number.POSITIVE_INFINITY : next.startMs > startMs ? next.startMs : next.afterMs;
    nexts.set(speaker, { startMs, afterMs });
    rooms.set(id, roomOf(utterance, afterMs));
  }
  return rooms;
}

/** @param nextMs where the same speaker's next line starts */
function roomOf({ startMs, endMs, slot }: Utterance, nextMs: number): Room {
  const spanMs = endMs - startMs;
  const until = Math.min(Math.max(endMs, slot.endMs), nextMs - gapMs);
  const mostMs = Math.max(1, until - startMs);
  const borrowed = Math.min(borrowedMs, Math.round(spanMs * borrowedShare));
  return { mostMs, aimMs: Math.min(mostMs, spanMs + borrowed), leastMs: Math.round(spanMs * leastShare) };
}
