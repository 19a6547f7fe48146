/** The spectrum of a real signal: `size / 2 + 1` bins from 0 to half the sample rate. */
export interface Spectrum {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/**
 * Fourier transform of real signals of one fixed length, there and back. Forward is unscaled, inverse divides by the
 * length, so the two cancel. Radix-2 on complex numbers of half the length (Cooley and Tukey 1965), two passes at a time,
 * tables made once.
 */
export class RealFft {
  readonly size: number;
  readonly #half: number;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #turns: Spectrum;
  readonly #reversed: Uint32Array;
  readonly #re: Float64Array;
  readonly #im: Float64Array;

  /**
   * @param size a power of two, at least 4
   * @throws RangeError when it is not
   */
  constructor(size: number) {
    if (size < 4 || !Number.isInteger(Math.log2(size)))
      throw new RangeError(`An FFT of ${size} points is not a power of two.`);
    this.size = size;
    this.#half = size / 2;
    this.#cos = Float64Array.from({ length: this.#half }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.#sin = Float64Array.from({ length: this.#half }, (_, k) => Math.sin((2 * Math.PI * k) / size));
    this.#turns = turnsByWidth(this.#half);
    this.#reversed = bitReversal(this.#half);
    this.#re = new Float64Array(this.#half);
    this.#im = new Float64Array(this.#half);
  }

  /**
   * The spectrum of `signal`; what it lacks to `size` counts as zeros, what it has beyond is ignored.
   * @param into where to put it, to save memory when many are made
   */
  forward(signal: ArrayLike<number>, into: Spectrum = this.emptySpectrum()): Spectrum {
    const count = Math.min(signal.length, this.size);
    for (let i = 0; i < this.#half; i++) {
      const at = this.#reversed[i]!;
      this.#re[at] = 2 * i < count ? signal[2 * i]! : 0;
      this.#im[at] = 2 * i + 1 < count ? signal[2 * i + 1]! : 0;
    }
    this.#transform();
    this.#untangle(into);
    return into;
  }

  /** Room for a spectrum of this size, all zeros. */
  emptySpectrum(): Spectrum {
    return { re: new Float64Array(this.#half + 1), im: new Float64Array(this.#half + 1) };
  }

  /** The real signal of a spectrum, `size` samples. */
  inverse({ re, im }: Spectrum): Float64Array {
    const half = this.#half;
    for (let k = 0; k < half; k++) {
      const sumRe = re[k]! + re[half - k]!;
      const sumIm = im[k]! - im[half - k]!;
      const differenceRe = re[k]! - re[half - k]!;
      const differenceIm = im[k]! + im[half - k]!;
      const oddRe = differenceRe * this.#cos[k]! - differenceIm * this.#sin[k]!;
      const oddIm = differenceRe * this.#sin[k]! + differenceIm * this.#cos[k]!;
      // Conjugated on the way in and out, the forward transform runs backwards.
      const at = this.#reversed[k]!;
      this.#re[at] = (sumRe - oddIm) / 2;
      this.#im[at] = -(sumIm + oddRe) / 2;
    }
    this.#transform();
    const signal = new Float64Array(this.size);
    for (let i = 0; i < half; i++) {
      signal[2 * i] = this.#re[i]! / half;
      signal[2 * i + 1] = -this.#im[i]! / half;
    }
    return signal;
  }

  /** Complex transform in place of what was written in bit-reversed order. */
  #transform(): void {
    let width = 1;
    if (Math.log2(this.#half) % 2 === 1) {
      this.#firstPass();
      width = 2;
    }
    for (; width < this.#half; width *= 4) this.#twoPasses(width);
  }

  /** The pass of width 1, whose turn is none. */
  #firstPass(): void {
    const re = this.#re;
    const im = this.#im;
    for (let i = 0; i < this.#half; i += 2) {
      const [realPart, imaginaryPart] = [re[i + 1]!, im[i + 1]!];
      re[i + 1] = re[i]! - realPart;
      im[i + 1] = im[i]! - imaginaryPart;
      re[i] = re[i]! + realPart;
      im[i] = im[i]! + imaginaryPart;
    }
  }

  /** The passes of `width` and twice that at once: long transforms wait for memory more than for arithmetic. */
  #twoPasses(width: number): void {
    const half = this.#half;
    const re = this.#re;
    const im = this.#im;
    const { re: turnsRe, im: turnsIm } = this.#turns;
    for (let from = 0; from < half; from += 4 * width) {
      for (let k = 0; k < width; k++) {
        const a = from + k;
        const b = from + k + width;
        const c = from + k + 2 * width;
        const d = from + k + 3 * width;
        const t1Re = turnsRe[width + k]!;
        const t1Im = turnsIm[width + k]!;
        const t2Re = turnsRe[2 * width + k]!;
        const t2Im = turnsIm[2 * width + k]!;
        const bRe = re[b]! * t1Re - im[b]! * t1Im;
        const bIm = re[b]! * t1Im + im[b]! * t1Re;
        const dRe = re[d]! * t1Re - im[d]! * t1Im;
        const dIm = re[d]! * t1Im + im[d]! * t1Re;
        const sumRe = re[c]! + dRe;
        const sumIm = im[c]! + dIm;
        const differenceRe = re[c]! - dRe;
        const differenceIm = im[c]! - dIm;
        const cRe = sumRe * t2Re - sumIm * t2Im;
        const cIm = sumRe * t2Im + sumIm * t2Re;
        // The second pass turns its other half by a quarter more: times -i.
        const eRe = differenceRe * t2Im + differenceIm * t2Re;
        const eIm = differenceIm * t2Im - differenceRe * t2Re;
        const firstRe = re[a]! + bRe;
        const firstIm = im[a]! + bIm;
        const secondRe = re[a]! - bRe;
        const secondIm = im[a]! - bIm;
        re[a] = firstRe + cRe;
        im[a] = firstIm + cIm;
        re[b] = secondRe + eRe;
        im[b] = secondIm + eIm;
        re[c] = firstRe - cRe;
        im[c] = firstIm - cIm;
        re[d] = secondRe - eRe;
        im[d] = secondIm - eIm;
      }
    }
  }

  /** Takes the spectra of even and odd samples, computed as one complex signal, apart and joins them. */
  #untangle({ re, im }: Spectrum): void {
    const half = this.#half;
    for (let k = 0; k <= half; k++) {
      const a = k % half;
      const b = (half - k) % half;
      const evenRe = (this.#re[a]! + this.#re[b]!) / 2;
      const evenIm = (this.#im[a]! - this.#im[b]!) / 2;
      const oddRe = (this.#im[a]! + this.#im[b]!) / 2;
      const oddIm = (this.#re[b]! - this.#re[a]!) / 2;
      const cos = k === half ? -1 : this.#cos[k]!;
      const sin = k === half ? 0 : this.#sin[k]!;
      re[k] = evenRe + oddRe * cos + oddIm * sin;
      im[k] = evenIm + oddIm * cos - oddRe * sin;
    }
  }
}

/** The smallest power of two that is at least `length` (and at least 4). */
export function fftSize(length: number): number {
  return Math.max(4, 2 ** Math.ceil(Math.log2(Math.max(1, length))));
}

/** The turns of every pass side by side, those of width `w` from index `w` on, so that passes read them in order. */
function turnsByWidth(half: number): Spectrum {
  const re = new Float64Array(half);
  const im = new Float64Array(half);
  for (let width = 1; width < half; width *= 2) {
    for (let k = 0; k < width; k++) {
      re[width + k] = Math.cos((Math.PI * k) / width);
      im[width + k] = -Math.sin((Math.PI * k) / width);
    }
  }
  return { re, im };
}

function bitReversal(count: number): Uint32Array {
  const reversed = new Uint32Array(count);
  const top = count / 2;
  for (let i = 1; i < count; i++) reversed[i] = (reversed[i >> 1]! >> 1) + (i & 1 ? top : 0);
  return reversed;
}
