import { type Room, roomsOf } from '../../domain/room.js';
import type { Script } from '../../domain/script.js';
import type { Takes, Timeline } from '../../domain/timeline.js';
import type { Misfit } from '../../stages/adapt.js';

/** A tempo up to this is not noticed: such a line is left as it is. */
const easyTempo = 1.1;

/** A take that exceeds its own room by no more than this is squeezed by a neighbour, which is the one to be reworded. */
const ownExcess = 1.02;

/** A line whose source is shorter than this cannot be badly short: hardly anything is left unsaid. */
const leastSpanMs = 1500;

/**
 * The lines that need another wording or rate: those that overflow or must hurry for their own length, and those that
 * leave the picture speaking on in silence.
 */
export function findMisfits(script: Script, takes: Takes, timeline: Timeline): Misfit[] {
  const rooms = roomsOf(script);
  const overflowing = new Set(timeline.overflows.map(({ utteranceId }) => utteranceId));
  const tempos = new Map(timeline.placements.map(({ utteranceId, tempo }) => [utteranceId, tempo]));
  return takes.takes.flatMap(({ utteranceId, durationMs }): Misfit[] => {
    const room = rooms.get(utteranceId)!;
    const hurried = overflowing.has(utteranceId) || (tempos.get(utteranceId) ?? 1) > easyTempo;
    const long = hurried && durationMs > room.mostMs * ownExcess;
    const short = durationMs < room.leastMs && spanOf(script, utteranceId) >= leastSpanMs;
    return long || short ? [{ utteranceId, spokenMs: durationMs, wantedMs: room.aimMs }] : [];
  });
}

/** How badly a take of this length fits: 0 between the least and the most of its room, 0.5 for half as long again. */
export function misfitOf(durationMs: number, { leastMs, mostMs }: Room): number {
  return Math.max(0, durationMs / mostMs - 1, leastMs / Math.max(1, durationMs) - 1);
}

function spanOf(script: Script, id: string): number {
  const utterance = script.utterances.find((one) => one.id === id)!;
  return utterance.endMs - utterance.startMs;
}
