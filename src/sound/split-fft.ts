import { RealFft, type Spectrum } from './fft.js';

/**
 * Fourier transform of real signals whose length is a power of two times a small odd number, such as 6144 or 7680, there
 * and back: scaled as `RealFft`. The signal is dealt out to that many transforms, whose spectra are joined.
 */
export class SplitFft {
  readonly size: number;
  readonly bins: number;
  readonly #parts: number;
  readonly #length: number;
  readonly #fft: RealFft;
  readonly #part: Float64Array;
  readonly #spectrum: Spectrum;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;

  /**
   * @param size a power of two, 8 at least, times an odd number of 15 at most
   * @throws RangeError when it is not
   */
  constructor(size: number) {
    const parts = oddPart(size);
    if (!(parts >= 1 && parts <= 15 && size / parts >= 8)) {
      throw new RangeError(`An FFT of ${size} points is not a power of two times 15 at most.`);
    }
    this.size = size;
    this.bins = size / 2 + 1;
    this.#parts = parts;
    this.#length = size / parts;
    this.#fft = new RealFft(this.#length);
    this.#part = new Float64Array(this.#length);
    this.#spectrum = this.#fft.emptySpectrum();
    this.#cos = Float64Array.from({ length: size }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.#sin = Float64Array.from({ length: size }, (_, k) => Math.sin((2 * Math.PI * k) / size));
  }

  /** Room for a spectrum of this size, all zeros. */
  emptySpectrum(): Spectrum {
    return { re: new Float64Array(this.bins), im: new Float64Array(this.bins) };
  }

  /** Puts the spectrum of `size` samples into `into`. */
  forward(signal: ArrayLike<number>, into: Spectrum): void {
    const [length, half] = [this.#length, this.#length / 2];
    into.re.fill(0);
    into.im.fill(0);
    for (let part = 0; part < this.#parts; part++) {
      for (let i = 0; i < length; i++) this.#part[i] = signal[i * this.#parts + part]!;
      const { re, im } = this.#fft.forward(this.#part, this.#spectrum);
      for (let k = 0; k < this.bins; k++) {
        const inner = k % length;
        const at = inner <= half ? inner : length - inner;
        const [a, b] = [re[at]!, inner <= half ? im[at]! : -im[at]!];
        const turn = (k * part) % this.size;
        into.re[k] = into.re[k]! + a * this.#cos[turn]! + b * this.#sin[turn]!;
        into.im[k] = into.im[k]! + b * this.#cos[turn]! - a * this.#sin[turn]!;
      }
    }
  }

  /** Puts the real signal of a spectrum into `into`, `size` samples. */
  inverse({ re, im }: Spectrum, into: Float64Array): void {
    const [length, half] = [this.#length, this.#length / 2];
    for (let part = 0; part < this.#parts; part++) {
      const { re: partRe, im: partIm } = this.#spectrum;
      for (let k = 0; k <= half; k++) {
        let [sumRe, sumIm] = [0, 0];
        for (let bin = k; bin < this.size; bin += length) {
          const mirrored = bin >= this.bins;
          const at = mirrored ? this.size - bin : bin;
          const [a, b] = [re[at]!, mirrored ? -im[at]! : im[at]!];
          const turn = (bin * part) % this.size;
          sumRe += a * this.#cos[turn]! - b * this.#sin[turn]!;
          sumIm += a * this.#sin[turn]! + b * this.#cos[turn]!;
        }
        partRe[k] = sumRe / this.#parts;
        partIm[k] = sumIm / this.#parts;
      }
      const signal = this.#fft.inverse(this.#spectrum);
      for (let i = 0; i < length; i++) into[i * this.#parts + part] = signal[i]!;
    }
  }
}

/** True for lengths that `SplitFft` takes. */
export function isSplitSize(size: number): boolean {
  return Number.isInteger(size) && size >= 8 && size % 2 === 0 && oddPart(size) <= 15 && size / oddPart(size) >= 8;
}

function oddPart(size: number): number {
  let odd = size;
  while (odd > 0 && odd % 2 === 0) odd /= 2;
  return odd;
}
