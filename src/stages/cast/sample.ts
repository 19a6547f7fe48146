import { writeFile } from 'node:fs/promises';
import type { CastSample } from '../../domain/cast.js';
import type { Script } from '../../domain/script.js';
import { lengthMs, overlapMs, type Span } from '../../domain/time.js';
import { measureClarity } from '../../sound/clarity.js';
import { describeSample, toSampleBytes } from './convert.js';
import { listeningRate, type ReadSound } from './listen.js';
import { findWindows, type SampleWindow, type WindowLimits } from './windows.js';

/** A sample that was found, and what is not as it should be with it. */
export interface FoundSample {
  readonly sample: CastSample;
  readonly fault?: string | undefined;
}

/** So many stretches are listened to; more bring little. */
const mostHeard = 8;
/** Silence around speech that stays: the breath before a word and the fading after it. */
const marginMs = 150;
/** Between joined stretches. */
const joinMs = 250;
/** Samples are made this loud at their peak, so that a whisper is heard. */
const peakLevel = 0.7;
/** Below these a sample is used, but told of. */
const cleanEnoughDb = 15;
const loudEnoughDb = -45;

/**
 * Finds the cleanest stretch of a speaker in the source and writes it as a sample: WAV, 16-bit mono, 24 kHz.
 * @param path where it is written
 * @returns undefined when the speaker is not heard alone for long enough
 */
export async function findSample(
  script: Script,
  speaker: string,
  limits: WindowLimits,
  read: ReadSound,
  path: string,
): Promise<FoundSample | undefined> {
  const others = script.utterances.filter((utterance) => utterance.speaker !== speaker);
  let best: { readonly window: SampleWindow; readonly sound: Float32Array; readonly score: Score } | undefined;
  for (const window of spread(findWindows(script, speaker, limits))) {
    const spans = window.spans.map((span) => withMargins(span, others));
    const sound = joined(await Promise.all(spans.map(read)));
    const score = judge(sound);
    if (best === undefined || score.value > best.score.value) best = { window: { ...window, spans }, sound, score };
  }
  if (best === undefined) return undefined;
  const sample = await writeSample(best.sound, path);
  const { spans, text } = best.window;
  return { sample: { ...sample, spans, text, language: script.language }, fault: best.score.fault };
}

/** Cuts a sample at times that the user gave. */
export async function cutSample(
  spans: readonly Span[],
  script: Script,
  read: ReadSound,
  path: string,
): Promise<CastSample> {
  const sample = await writeSample(joined(await Promise.all(spans.map(read))), path);
  return { ...sample, spans, language: script.language };
}

/** How long a sample will be that is cut at these times. */
export function cutLengthMs(spans: readonly Span[]): number {
  return spans.reduce((sum, span) => sum + lengthMs(span), joinMs * Math.max(0, spans.length - 1));
}

async function writeSample(sound: Float32Array, path: string): Promise<CastSample> {
  await writeFile(path, toSampleBytes(levelled(sound)), { mode: 0o600 });
  return (await describeSample(path))!;
}

/** From all over the film, if there are many: the best by length may all be of one noisy scene. */
function spread(windows: readonly SampleWindow[]): readonly SampleWindow[] {
  if (windows.length <= mostHeard) return windows;
  const near = windows.slice(0, mostHeard * 8).sort((a, b) => a.spans[0]!.startMs - b.spans[0]!.startMs);
  return Array.from({ length: mostHeard }, (_, i) => near[Math.floor((i * near.length) / mostHeard)]!);
}

function withMargins({ startMs, endMs }: Span, others: readonly Span[]): Span {
  const wider = { startMs: Math.max(0, startMs - marginMs), endMs: endMs + marginMs };
  const isShared = (span: Span) => others.some((other) => overlapMs(span, other) > 0);
  return {
    startMs: isShared({ startMs: wider.startMs, endMs: startMs }) ? startMs : wider.startMs,
    endMs: isShared({ startMs: endMs, endMs: wider.endMs }) ? endMs : wider.endMs,
  };
}

interface Score {
  readonly value: number;
  readonly fault?: string | undefined;
}

/** How far speech stands above what else is heard; more than 40 dB makes no difference. */
function judge(sound: Float32Array): Score {
  const { speechDb, floorDb, clipped } = measureClarity(sound, listeningRate);
  const clear = Math.min(40, speechDb - floorDb);
  const value = clear - Math.max(0, -30 - speechDb) - Math.min(20, clipped * 1e4);
  if (speechDb < loudEnoughDb) return { value, fault: 'it is very quiet' };
  return clear < cleanEnoughDb ? { value, fault: 'noise or music is heard in it' } : { value };
}

function levelled(sound: Float32Array): Float32Array {
  const peak = sound.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  return peak === 0 ? sound : sound.map((sample) => (sample * peakLevel) / peak);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const gap = Math.round((joinMs * listeningRate) / 1000);
  const length = parts.reduce((sum, part) => sum + part.length, 0) + gap * Math.max(0, parts.length - 1);
  const whole = new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length + gap;
  }
  return whole;
}
