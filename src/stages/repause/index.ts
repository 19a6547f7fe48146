import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { roomsOf } from '../../domain/room.js';
import type { Script, Utterance } from '../../domain/script.js';
import { type Span, unionSpans } from '../../domain/time.js';
import type { Take, Takes } from '../../domain/timeline.js';
import type { Transcript } from '../../domain/transcript.js';
import { writeFlac } from '../../sound/flac-writer.js';
import { findInnerPauses, type InnerPause, resizePauses } from '../../sound/inner-pauses.js';
import { readRecording } from '../../sound/recording.js';
import type { StageContext } from '../context.js';
import { planPauses } from './plan.js';

/** Shorter silences in a take are stops within words and breaths. */
const takePauseMs = 180;

/** A silence in the source that is heard as a pause. */
const sourcePauseMs = 300;

/** Version of what is kept of a changed take. */
const pauseVersion = 1;

/**
 * Gives takes of several phrases the inner pauses of their source, where they have pauses of their own at about the same
 * place and there is room; one that is too long has its pauses shortened. Sound itself is never cut.
 * @returns the takes, with changed ones as new files of the store
 */
export async function repause(script: Script, transcript: Transcript, takes: Takes, ctx: StageContext): Promise<Takes> {
  const rooms = roomsOf(script);
  const utterances = new Map(script.utterances.map((utterance) => [utterance.id, utterance]));
  const changed: Take[] = [];
  for (const take of takes.takes) {
    const utterance = utterances.get(take.utteranceId)!;
    const spoken = spokenIn(utterance, transcript);
    const { mostMs } = rooms.get(take.utteranceId)!;
    changed.push(spoken.length < 2 && take.durationMs <= mostMs ? take : await repauseTake(take, spoken, mostMs, ctx));
  }
  return { ...takes, takes: changed };
}

/** The stretches of speech within an utterance, as far as its words or segments tell. */
function spokenIn({ segmentIds, startMs, endMs }: Utterance, transcript: Transcript): Span[] {
  const ids = new Set(segmentIds);
  const segments = transcript.segments.filter(({ id }) => ids.has(id));
  const timed = segments.flatMap((segment): readonly Span[] => (segment.words.length > 0 ? segment.words : [segment]));
  const within = timed
    .map((span) => ({ startMs: Math.max(startMs, span.startMs), endMs: Math.min(endMs, span.endMs) }))
    .filter((span) => span.endMs > span.startMs);
  return unionSpans(within, sourcePauseMs - 1);
}

async function repauseTake(take: Take, spoken: readonly Span[], mostMs: number, ctx: StageContext): Promise<Take> {
  const { sampleRate, startSample, endSample } = take;
  const recording = readRecording(await readFile(take.path));
  if (recording === undefined) return take;
  const pauses = findInnerPauses(recording.samples, sampleRate, { startSample, endSample }, takePauseMs);
  const toMs = (samples: number) => (samples * 1000) / sampleRate;
  const plan = planPauses(spoken, partsOf(take, pauses, toMs), mostMs);
  if (plan === undefined) return take;
  const wanted = plan.wantedMs.map((ms) => Math.round((ms * sampleRate) / 1000));
  const key = {
    made: 'repaused',
    v: pauseVersion,
    take: basename(take.path),
    wanted,
    at: pauses.map(({ startSample: at }) => at),
  };
  const { path } = await ctx.keeper.file({ ...key }, '.flac', async (to) => {
    await writeFile(to, toFlac(resizePauses(recording.samples, pauses, wanted), sampleRate), { mode: 0o600 });
  });
  const grown = pauses.reduce((sum, pause, index) => sum + wanted[index]! - (pause.endSample - pause.startSample), 0);
  const end = endSample + grown;
  return { ...take, path, endSample: end, durationMs: Math.round(toMs(end - startSample)) };
}

/** The sound between the pauses, from the take's first sound on. */
function partsOf(
  { startSample, endSample }: Take,
  pauses: readonly InnerPause[],
  toMs: (samples: number) => number,
): Span[] {
  const starts = [startSample, ...pauses.map((pause) => pause.endSample)];
  const ends = [...pauses.map((pause) => pause.startSample), endSample];
  return starts.map((start, index) => ({
    startMs: Math.round(toMs(start - startSample)),
    endMs: Math.round(toMs(ends[index]! - startSample)),
  }));
}

function toFlac(samples: Float32Array, sampleRate: number): Uint8Array {
  const whole = Int16Array.from(samples, (sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768))));
  const bytes = Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength);
  return writeFlac(whole, sampleRate, createHash('md5').update(bytes).digest());
}
