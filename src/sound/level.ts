import { KWeighting } from './k-weighting.js';
import { loudnessOf, silentLevel } from './loudness.js';

/** Length of the blocks that speech levels are made of, milliseconds. */
export const levelBlockMs = 50;

/** Collects the K-weighted power of a mono signal in blocks, of 50 ms unless told: 80 bytes for each second. */
export class LevelMeter {
  readonly #filter: KWeighting;
  readonly #blockLength: number;
  #powers = new Float32Array(256);
  #count = 0;
  #energy = 0;
  #filled = 0;

  constructor(sampleRate: number, blockMs = levelBlockMs) {
    this.#filter = new KWeighting(sampleRate);
    this.#blockLength = Math.max(1, Math.round((sampleRate * blockMs) / 1000));
  }

  /** Takes the next samples. */
  push(samples: Float32Array): void {
    for (let at = 0; at < samples.length; ) {
      const count = Math.min(samples.length - at, this.#blockLength - this.#filled);
      this.#energy += this.#filter.energy(samples, at, at + count);
      this.#filled += count;
      at += count;
      if (this.#filled === this.#blockLength) this.#closeBlock();
    }
  }

  /** Mean power of each block so far; one that is not full at the end counts as one. */
  powers(): Float32Array {
    if (this.#filled > 0) this.#closeBlock();
    return this.#powers.subarray(0, this.#count);
  }

  #closeBlock(): void {
    if (this.#count === this.#powers.length) {
      const longer = new Float32Array(this.#powers.length * 2);
      longer.set(this.#powers);
      this.#powers = longer;
    }
    this.#powers[this.#count++] = this.#energy / this.#filled;
    this.#energy = 0;
    this.#filled = 0;
  }
}

/**
 * Level of speech in LUFS from the powers of its blocks: pauses are left out by a gate 10 dB under the mean, as in
 * BS.1770-4, but over blocks short enough for a single word.
 * @returns -120 when nothing is above -70 LUFS
 */
export function gatedLevel(powers: Float32Array): number {
  const floor = 10 ** ((-70 + 0.691) / 10);
  const all = meanAbove(powers, floor);
  return all === 0 ? silentLevel : loudnessOf(meanAbove(powers, Math.max(floor, all / 10)));
}

function meanAbove(powers: Float32Array, gate: number): number {
  let sum = 0;
  let count = 0;
  for (const power of powers) {
    if (power <= gate) continue;
    sum += power;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}
