import { fftSize, RealFft, type Spectrum } from './fft.js';

/** Where two sounds are most alike. */
export interface Peak {
  /** Samples from the start of the signal to the first sample of the template, interpolated between samples. */
  readonly lag: number;
  /** Normalised cross-correlation there, at most 1. */
  readonly likeness: number;
}

/** Sounds this far below the template count as silence: nothing there can be like it. */
const silenceRatio = 1e-6;

/** A transform and the room it works in, made once for each length: takes by the hundred are as long as each other. */
interface Workshop {
  readonly fft: RealFft;
  readonly signal: Spectrum;
  readonly template: Spectrum;
}

const workshops = new Map<number, Workshop>();

function workshopFor(size: number): Workshop {
  const known = workshops.get(size);
  if (known) return known;
  const fft = new RealFft(size);
  const made = { fft, signal: fft.emptySpectrum(), template: fft.emptySpectrum() };
  workshops.set(size, made);
  return made;
}

/**
 * Normalised cross-correlation of a template with every stretch of a signal that is as long: 1 where the signal is the
 * template at any loudness, 0 where it has nothing in common with it, -1 where it is upside down.
 * @returns one value for each lag from 0 to `signal.length - template.length`; empty when the template is longer
 */
export function correlate(signal: Float32Array, template: Float32Array): Float32Array {
  return productsOf(signal, template).likeness;
}

/** Sums of products at every lag, and the likeness they mean. */
export interface Products {
  readonly likeness: Float32Array;
  /** Not normalised; longer than `likeness`. */
  readonly sums: Float64Array;
}

/** The same, with the sums that `correlateRest` needs. */
export function productsOf(signal: Float32Array, template: Float32Array): Products {
  if (signal.length < template.length || template.length === 0) {
    return { likeness: new Float32Array(0), sums: new Float64Array(0) };
  }
  const sums = slidingProducts(signal, template);
  return { sums, likeness: normalised(sums, signal, template) };
}

/**
 * What `correlate` gives of `rest`, the signal with the template taken away at a lag with a gain. Taking away is linear,
 * so it is done to the sums, which costs half of a new correlation.
 */
export function correlateRest(
  { sums }: Products,
  rest: Float32Array,
  template: Float32Array,
  lag: number,
  gain: number,
): Float32Array {
  const own = autoProducts(template, rest.length);
  const left = new Float64Array(rest.length - template.length + 1);
  for (let at = 0; at < left.length; at++) {
    const away = at - lag;
    left[at] = sums[at]! - gain * own[away < 0 ? own.length + away : away]!;
  }
  return normalised(left, rest, template);
}

function normalised(sums: Float64Array, signal: Float32Array, template: Float32Array): Float32Array {
  const lags = signal.length - template.length + 1;
  const templateEnergy = energyOf(template);
  const floor = templateEnergy * silenceRatio;
  const likeness = new Float32Array(lags);
  let energy = 0;
  for (let i = 0; i < template.length; i++) energy += signal[i]! ** 2;
  for (let lag = 0; lag < lags; lag++) {
    likeness[lag] = energy > floor && templateEnergy > 0 ? sums[lag]! / Math.sqrt(energy * templateEnergy) : 0;
    energy += (signal[lag + template.length] ?? 0) ** 2 - signal[lag]! ** 2;
  }
  return likeness;
}

/**
 * The highest value of `likeness` at the lags `[from, to)`, and where it lies between samples (a parabola through the
 * peak and its neighbours).
 * @returns undefined when there is no lag in that range
 */
export function findPeak(likeness: Float32Array, from: number, to: number): Peak | undefined {
  let best = -1;
  for (let lag = Math.max(0, from); lag < Math.min(likeness.length, to); lag++) {
    if (best < 0 || likeness[lag]! > likeness[best]!) best = lag;
  }
  if (best < 0) return undefined;
  const [before, at, after] = [likeness[best - 1], likeness[best]!, likeness[best + 1]];
  if (before === undefined || after === undefined) return { lag: best, likeness: at };
  const bend = before - 2 * at + after;
  const shift = bend < 0 ? Math.max(-0.5, Math.min(0.5, (before - after) / (2 * bend))) : 0;
  return { lag: best + shift, likeness: Math.min(1, at - ((before - after) * shift) / 4) };
}

/** How loud the template is in the signal at a lag: 1 for as it is, 0 for not at all. */
export function gainAt(signal: Float32Array, template: Float32Array, lag: number): number {
  const energy = energyOf(template);
  return energy > 0 ? productAt(signal, template, lag, 0, template.length) / energy : 0;
}

/** The signal without the template, taken away at a whole lag with a gain. */
export function subtractAt(signal: Float32Array, template: Float32Array, lag: number, gain: number): Float32Array {
  const rest = signal.slice();
  const until = Math.min(template.length, signal.length - lag);
  for (let i = Math.max(0, -lag); i < until; i++) rest[lag + i]! -= gain * template[i]!;
  return rest;
}

/** Which stretch of a template is heard, in its samples: `[from, to)`. */
export interface Heard {
  readonly from: number;
  readonly to: number;
}

/**
 * The stretch of the template that is really there at a lag: a take whose end was cut is like the signal only up to the
 * cut. Of all stretches it is the one where frames that are at least half as loud as the whole outweigh those that are
 * not, each frame weighing as its amplitude.
 * @param frame length of a frame in samples; the answer is a whole number of frames, or the template's end
 */
export function heardStretch(signal: Float32Array, template: Float32Array, lag: number, frame: number): Heard {
  const gain = loudestGain(signal, template, lag, frame);
  let best: Heard = { from: 0, to: 0 };
  let bestScore = 0;
  let from = 0;
  let score = 0;
  for (let at = 0; at < template.length; at += frame) {
    const to = Math.min(at + frame, template.length);
    const energy = energyOf(template, at, to);
    const there = energy > 0 ? productAt(signal, template, lag, at, to) / energy / gain : 0;
    if (score <= 0) {
      score = 0;
      from = at;
    }
    score += (Math.min(1, there) - 0.5) * Math.sqrt(energy);
    if (score > bestScore) {
      bestScore = score;
      best = { from, to };
    }
  }
  return best;
}

/** Energy of `samples[from, to)`. */
export function energyOf(samples: Float32Array, from = 0, to = samples.length): number {
  let energy = 0;
  for (let i = from; i < to; i++) energy += samples[i]! ** 2;
  return energy;
}

/** The gain of the template's louder half of frames: the median of them, so that a missing part does not lower it. */
function loudestGain(signal: Float32Array, template: Float32Array, lag: number, frame: number): number {
  const frames: { energy: number; gain: number }[] = [];
  for (let at = 0; at < template.length; at += frame) {
    const to = Math.min(at + frame, template.length);
    const energy = energyOf(template, at, to);
    if (energy > 0) frames.push({ energy, gain: productAt(signal, template, lag, at, to) / energy });
  }
  frames.sort((a, b) => b.energy - a.energy);
  const gains = frames.slice(0, Math.ceil(frames.length / 2)).map((one) => one.gain);
  gains.sort((a, b) => b - a);
  // The upper quartile rather than the middle: up to half of the loud frames may be cut off.
  return Math.max(Number.MIN_VALUE, gains[Math.floor(gains.length / 4)] ?? 0);
}

function productAt(signal: Float32Array, template: Float32Array, lag: number, from: number, to: number): number {
  let product = 0;
  const start = Math.max(from, -lag);
  const end = Math.min(to, signal.length - lag);
  for (let i = start; i < end; i++) product += signal[lag + i]! * template[i]!;
  return product;
}

/** Sums of products of the template with the signal at every lag: correlation is a product of spectra. */
function slidingProducts(signal: Float32Array, template: Float32Array): Float64Array {
  const { fft, ...room } = workshopFor(fftSize(signal.length));
  const a = fft.forward(signal, room.signal);
  const b = fft.forward(template, room.template);
  for (let k = 0; k < a.re.length; k++) {
    const re = a.re[k]! * b.re[k]! + a.im[k]! * b.im[k]!;
    a.im[k] = a.im[k]! * b.re[k]! - a.re[k]! * b.im[k]!;
    a.re[k] = re;
  }
  return fft.inverse(a);
}

/** Sums of products of the template with itself, moved by every distance; negative ones count from the end. */
function autoProducts(template: Float32Array, signalLength: number): Float64Array {
  const { fft, ...room } = workshopFor(fftSize(signalLength));
  const spectrum = fft.forward(template, room.template);
  for (let k = 0; k < spectrum.re.length; k++) {
    spectrum.re[k] = spectrum.re[k]! ** 2 + spectrum.im[k]! ** 2;
    spectrum.im[k] = 0;
  }
  return fft.inverse(spectrum);
}
