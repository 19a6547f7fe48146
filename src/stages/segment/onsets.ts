import type { Script, Utterance } from '../../domain/script.js';
import { lengthMs } from '../../domain/time.js';
import { readLevels } from '../../media/levels.js';
import { loudnessOf } from '../../sound/loudness.js';
import type { StageContext } from '../context.js';

/** Blocks that an onset is looked for in, milliseconds. */
export const onsetBlockMs = 10;

/** Silence that a recogniser swallows before a line; what is longer than this is no slip but another reading. */
const furthestMs = 600;

/** Smaller corrections are within what a recogniser and an ear can tell. */
const leastMs = 40;

/** Of every line this much is left, wherever its onset is found. */
const leastLengthMs = 400;

/** An onset lies this far up from the silence before it to the speech after it, in decibels. */
const rise = 0.4;

/** Speech stands out from what is around it by at least this much, or the sound does not tell where it begins. */
const leastContrastDb = 15;

/** A lone click is no speech: blocks above the line among the next ones. */
const sustained = { loud: 3, of: 4 };

/** Kept before the onset: `s`, `f` and `h` grow out of the noise. */
const preRollMs = 20;

/** Starts of recognised lines, moved forward to where the speech is heard to begin. */
export async function listenForOnsets(script: Script, speechPath: string, ctx: StageContext): Promise<Script> {
  return snapOnsets(script, await readLevels(speechPath, ctx.tools, ctx.signal, onsetBlockMs));
}

/**
 * Moves each start forward, at most 600 ms, where its line begins with silence. Judged by the line's own levels; a line
 * over music or noise, or that begins in the middle of sound, stays where it is. Ends and order are left alone.
 * @param powers mean power of every 10 ms, as `readLevels` gives them
 */
export function snapOnsets(script: Script, powers: Float32Array): Script {
  const utterances = script.utterances.map((utterance) => {
    const startMs = onsetOf(utterance, powers);
    return startMs - utterance.startMs < leastMs ? utterance : { ...utterance, startMs };
  });
  utterances.sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs || (a.id < b.id ? -1 : 1));
  const inOrder = utterances.every(({ id }, index) => id === script.utterances[index]!.id);
  return inOrder ? { ...script, utterances } : script;
}

function onsetOf(utterance: Utterance, powers: Float32Array): number {
  const { startMs, endMs } = utterance;
  const from = Math.floor(startMs / onsetBlockMs);
  const levels = Array.from(powers.subarray(from, Math.ceil(endMs / onsetBlockMs)), (power) =>
    Math.max(-90, loudnessOf(power)),
  );
  const furthest = Math.min(furthestMs, lengthMs(utterance) - leastLengthMs);
  if (furthest < leastMs || levels.length < sustained.of) return startMs;
  const sorted = [...levels].sort((a, b) => a - b);
  const loud = sorted[Math.floor(sorted.length * 0.9)]!;
  const quiet = Math.min(...levels.slice(0, Math.ceil(furthest / onsetBlockMs)));
  if (loud - quiet < leastContrastDb) return startMs;
  const line = quiet + rise * (loud - quiet);
  const first = levels.findIndex((_, at) => {
    const near = levels.slice(at, at + sustained.of);
    return near[0]! >= line && near.filter((level) => level >= line).length >= sustained.loud;
  });
  const onsetMs = (from + first) * onsetBlockMs - preRollMs;
  return first < 0 || onsetMs - startMs > furthest ? startMs : Math.max(startMs, onsetMs);
}
