import type { Loudness } from '../domain/source.js';
import { channelWeights } from './channels.js';
import { KWeighting } from './k-weighting.js';
import { TruePeakMeter } from './true-peak.js';

/** What interleaved samples mean. */
export interface SoundFormat {
  readonly sampleRate: number;
  readonly channels: number;
  /** ffmpeg's layout name, e.g. `stereo`, `5.1(side)`. */
  readonly layout: string;
}

/** How `-Infinity` (digital silence, or less than 400 ms of sound) is written. */
export const silentLevel = -120;

/** Decibels of a linear magnitude, at least -120. */
export function toDecibels(magnitude: number): number {
  return magnitude > 0 ? Math.max(silentLevel, 20 * Math.log10(magnitude)) : silentLevel;
}

/** Linear magnitude of decibels. */
export function fromDecibels(decibels: number): number {
  return 10 ** (decibels / 20);
}

/**
 * Loudness by ITU-R BS.1770-4 and EBU R128: K-weighting, gated integration over 400 ms blocks every 100 ms, true peak
 * by four-times oversampling. Memory: 4 bytes for each 100 ms.
 */
export class LoudnessMeter {
  readonly #channels: number;
  readonly #weights: readonly number[];
  readonly #filters: readonly KWeighting[];
  /** Channels whose weight is not 0. */
  readonly #heard: readonly number[];
  readonly #spare: KWeighting;
  readonly #sums = new Float64Array(2);
  readonly #peaks: readonly TruePeakMeter[];
  readonly #stepLength: number;
  readonly #single: Float32Array;
  #steps = new Float32Array(1024);
  #stepCount = 0;
  #stepEnergy = 0;
  #stepFilled = 0;

  constructor(format: SoundFormat) {
    this.#channels = format.channels;
    this.#weights = channelWeights(format.layout, format.channels);
    this.#filters = this.#weights.map(() => new KWeighting(format.sampleRate));
    this.#heard = this.#weights.flatMap((weight, channel) => (weight > 0 ? [channel] : []));
    this.#spare = new KWeighting(format.sampleRate);
    this.#peaks = this.#weights.map(() => new TruePeakMeter());
    this.#stepLength = Math.max(1, Math.round(format.sampleRate / 10));
    this.#single = new Float32Array(this.#stepLength);
  }

  /** Takes the next samples; any number of whole frames. */
  push(interleaved: Float32Array): void {
    const frames = Math.floor(interleaved.length / this.#channels);
    for (let at = 0; at < frames; ) {
      const count = Math.min(frames - at, this.#stepLength - this.#stepFilled);
      this.#pushWithinStep(interleaved, at, count);
      at += count;
    }
  }

  /** Loudness of all samples so far. */
  result(): Loudness {
    return {
      integratedLufs: integratedLoudness(this.steps()),
      truePeakDbtp: toDecibels(Math.max(0, ...this.#peaks.map((meter) => meter.peak()))),
    };
  }

  /** Mean weighted power of each whole 100 ms so far, for `integratedLoudness`. */
  steps(): Float32Array {
    return this.#steps.subarray(0, this.#stepCount);
  }

  #pushWithinStep(interleaved: Float32Array, first: number, count: number): void {
    const single = this.#single;
    for (let channel = 0; channel < this.#channels; channel++) {
      for (let i = 0, at = first * this.#channels + channel; i < count; i++, at += this.#channels) {
        single[i] = interleaved[at]!;
      }
      this.#peaks[channel]!.push(single, 0, count);
    }
    this.#weigh(interleaved, first, first + count);
    this.#stepFilled += count;
    if (this.#stepFilled === this.#stepLength) this.#closeStep();
  }

  /** Channels that count, two at a time: an odd one out goes with itself, for nothing. */
  #weigh(interleaved: Float32Array, from: number, to: number): void {
    const heard = this.#heard;
    const sums = this.#sums;
    for (let at = 0; at < heard.length; at += 2) {
      const first = heard[at]!;
      const second = heard[at + 1] ?? first;
      const other = second === first ? this.#spare : this.#filters[second]!;
      const channels = { count: this.#channels, first, second };
      this.#filters[first]!.energyOfTwo(other, interleaved, channels, from, to, sums);
      this.#stepEnergy += this.#weights[first]! * sums[0]!;
      if (second !== first) this.#stepEnergy += this.#weights[second]! * sums[1]!;
    }
  }

  #closeStep(): void {
    if (this.#stepCount === this.#steps.length) {
      const longer = new Float32Array(this.#steps.length * 2);
      longer.set(this.#steps);
      this.#steps = longer;
    }
    this.#steps[this.#stepCount++] = this.#stepEnergy / this.#stepLength;
    this.#stepEnergy = 0;
    this.#stepFilled = 0;
  }
}

/**
 * Gated loudness in LUFS of mean weighted powers, one for each 100 ms: 400 ms blocks with 75 % overlap, absolute gate
 * at -70 LUFS, relative gate 10 LU below (ITU-R BS.1770-4, annex 1).
 * @returns -120 when no block passes the gates
 */
export function integratedLoudness(steps: Float32Array): number {
  const absolute = gatedMean(steps, powerOf(-70));
  if (absolute === 0) return silentLevel;
  const relative = gatedMean(steps, Math.max(powerOf(-70), absolute / 10));
  return relative === 0 ? silentLevel : loudnessOf(relative);
}

/** Loudness in LUFS of a K-weighted mean power. */
export function loudnessOf(power: number): number {
  return power > 0 ? Math.max(silentLevel, -0.691 + 10 * Math.log10(power)) : silentLevel;
}

function powerOf(lufs: number): number {
  return 10 ** ((lufs + 0.691) / 10);
}

/** Mean power of the 400 ms blocks above a power; 0 when there is none. */
function gatedMean(steps: Float32Array, gate: number): number {
  let sum = 0;
  let count = 0;
  for (let i = 3; i < steps.length; i++) {
    const power = (steps[i]! + steps[i - 1]! + steps[i - 2]! + steps[i - 3]!) / 4;
    if (power <= gate) continue;
    sum += power;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}
