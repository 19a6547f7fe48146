import { downsample } from './downsample.js';

/** The pitch of one short stretch of sound. */
export interface PitchFrame {
  /** Of the frame's middle, seconds. */
  readonly atSeconds: number;
  /** Fundamental frequency, Hz. */
  readonly hz: number;
  /** How periodic the sound is, 0…1. */
  readonly clarity: number;
}

/** Range of speaking voices, Hz: below it is hum, above it song and children's shrieks. */
const lowestHz = 60;
const highestHz = 400;
/** A rate at which every speaking pitch is some 20 samples long, Hz. */
const workingRate = 8000;
/** Two and a half periods of the lowest pitch, and how far frames are apart, seconds. */
const frameSeconds = 0.042;
const hopSeconds = 0.02;
/** Below this likeness of one period to the next the sound is breath, noise or several voices at once. */
const clearFrom = 0.7;
/** The first period nearly as good as the best is the true one: its multiples fit as well (McLeod and Wyvill, 2005). */
const nearlyBest = 0.9;
/** Frames so far below the loudest tenth are pauses, as a share of power: 25 dB. */
const pauseShare = 10 ** -2.5;

/**
 * The pitch of speech where it is voiced, by normalised autocorrelation (McLeod and Wyvill, "A smarter way to find
 * pitch", 2005). Pauses, breath and unvoiced sounds give no frame.
 * @param samples mono, at 8 kHz or more
 */
export function trackPitch(samples: Float32Array, sampleRate: number): PitchFrame[] {
  const slow = sampleRate > workingRate ? downsample(samples, sampleRate / workingRate) : samples;
  const rate = Math.min(sampleRate, workingRate);
  const [length, hop] = [Math.round(frameSeconds * rate), Math.round(hopSeconds * rate)];
  const starts = Array.from({ length: Math.max(0, Math.floor((slow.length - length) / hop) + 1) }, (_, i) => i * hop);
  const powers = starts.map((start) => powerOf(slow, start, start + length));
  const gate = quantile(powers, 0.9) * pauseShare;
  return starts.flatMap((start, index) => {
    if (powers[index]! <= gate || powers[index]! === 0) return [];
    const found = periodOf(slow.subarray(start, start + length), rate);
    if (found === undefined || found.clarity < clearFrom) return [];
    return [{ atSeconds: (start + length / 2) / rate, hz: rate / found.period, clarity: found.clarity }];
  });
}

/**
 * The middle pitch of a voice, Hz.
 * @returns undefined when too little of it is voiced to tell: less than a fifth of a second
 */
export function medianPitch(frames: readonly PitchFrame[]): number | undefined {
  if (frames.length * hopSeconds < 0.2) return undefined;
  return quantile(
    frames.map((frame) => frame.hz),
    0.5,
  );
}

/** The period in samples, parts of samples included. */
function periodOf(frame: Float32Array, rate: number): { period: number; clarity: number } | undefined {
  const [shortest, longest] = [Math.floor(rate / highestHz), Math.min(Math.ceil(rate / lowestHz), frame.length - 2)];
  const likeness = new Float32Array(longest + 2);
  for (let lag = shortest - 1; lag <= longest + 1; lag++) likeness[lag] = likenessAt(frame, lag);
  const peaks: number[] = [];
  for (let lag = shortest; lag <= longest; lag++) {
    if (likeness[lag]! > 0 && likeness[lag]! >= likeness[lag - 1]! && likeness[lag]! > likeness[lag + 1]!)
      peaks.push(lag);
  }
  const best = Math.max(0, ...peaks.map((lag) => likeness[lag]!));
  const first = peaks.find((lag) => likeness[lag]! >= nearlyBest * best);
  if (first === undefined) return undefined;
  const [before, at, after] = [likeness[first - 1]!, likeness[first]!, likeness[first + 1]!];
  const bend = before - 2 * at + after;
  const shift = bend === 0 ? 0 : (before - after) / (2 * bend);
  return { period: first + shift, clarity: Math.min(1, at) };
}

/** How like the frame is to itself `lag` samples later: 1 for a perfect period, 0 for noise. */
function likenessAt(frame: Float32Array, lag: number): number {
  let product = 0;
  let energy = 0;
  for (let i = 0; i + lag < frame.length; i++) {
    const [a, b] = [frame[i]!, frame[i + lag]!];
    product += a * b;
    energy += a * a + b * b;
  }
  return energy === 0 ? 0 : (2 * product) / energy;
}

function powerOf(samples: Float32Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += samples[i]! * samples[i]!;
  return sum / (to - from);
}

function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}
