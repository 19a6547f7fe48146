import { mixRate } from './format.js';

/** Frames that one peak stands for: 10 ms. */
export const peakFrames = mixRate / 100;

/** The largest magnitude of each 10 ms in any channel. */
export class PeakList {
  readonly #length: number;
  #values = new Float32Array(4096);
  #count = 0;
  #filled = 0;

  constructor(channels: number) {
    this.#length = peakFrames * channels;
  }

  /** Takes the next interleaved samples. */
  push(block: Float32Array): void {
    for (let at = 0; at < block.length; ) {
      const end = Math.min(block.length, at + this.#length - this.#filled);
      this.#filled += end - at;
      let most = this.#values[this.#count]!;
      for (; at < end; at++) {
        const magnitude = Math.abs(block[at]!);
        if (magnitude > most) most = magnitude;
      }
      this.#values[this.#count] = most;
      if (this.#filled === this.#length) this.#close();
    }
  }

  /** One value for each 10 ms begun so far. */
  values(): Float32Array {
    return this.#values.subarray(0, this.#count + (this.#filled > 0 ? 1 : 0));
  }

  #close(): void {
    this.#filled = 0;
    this.#count++;
    if (this.#count < this.#values.length) return;
    const longer = new Float32Array(this.#values.length * 2);
    longer.set(this.#values);
    this.#values = longer;
  }
}
