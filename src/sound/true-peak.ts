/** Samples that one interpolated value is made of. */
export const interpolatorTaps = 32;
const half = interpolatorTaps / 2;
const kaiserBeta = 9;

function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; k < 40; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** The value a quarter, a half and three quarters of the way to the next sample: Kaiser-windowed sinc. */
function makePhase(fraction: number): Float64Array {
  const taps = new Float64Array(interpolatorTaps);
  for (let k = 0; k < interpolatorTaps; k++) {
    const at = k - (half - 1) - fraction;
    const window = bessel(kaiserBeta * Math.sqrt(Math.max(0, 1 - (at / half) ** 2))) / bessel(kaiserBeta);
    taps[k] = window * (Math.sin(Math.PI * at) / (Math.PI * at));
  }
  const sum = taps.reduce((a, b) => a + b, 0);
  return taps.map((tap) => tap / sum);
}

const quarter = makePhase(0.25);
const middle = makePhase(0.5);
const threeQuarters = makePhase(0.75);

/** An interpolated value is at most this many times the largest sample it is made of. */
export const mostOvershoot = Math.max(
  ...[quarter, middle, threeQuarters].map((phase) => phase.reduce((sum, tap) => sum + Math.abs(tap), 0)),
);

/**
 * The largest magnitude of the four-times oversampled signal after sample `i` and before sample `i + 1`
 * (ITU-R BS.1770-4, annex 2). Reads `samples[i - 15 … i + 16]`, which must exist.
 */
export function peakBetween(samples: Float32Array, i: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  const first = i - half + 1;
  for (let k = 0; k < interpolatorTaps; k++) {
    const x = samples[first + k]!;
    a += quarter[k]! * x;
    b += middle[k]! * x;
    c += threeQuarters[k]! * x;
  }
  return Math.max(Math.abs(a), Math.abs(b), Math.abs(c));
}

/** Samples looked at together when deciding whether interpolation is worth while. */
const group = 32;

/**
 * The true peak of one channel (ITU-R BS.1770-4, annex 2). Interpolates only around samples large enough to bring a
 * new maximum, which changes nothing in the result.
 */
export class TruePeakMeter {
  #peak = 0;
  /** The last samples of the call before, then the new ones. */
  #line = new Float32Array(interpolatorTaps);
  #kept = interpolatorTaps;

  /** Takes the next samples, `samples[from, to)`. */
  push(samples: Float32Array, from: number, to: number): void {
    const length = this.#kept + to - from;
    if (this.#line.length < length) {
      const longer = new Float32Array(length);
      longer.set(this.#line.subarray(0, this.#kept));
      this.#line = longer;
    }
    this.#line.set(samples.subarray(from, to), this.#kept);
    this.#scan(length);
    this.#line.copyWithin(0, length - interpolatorTaps, length);
    this.#kept = interpolatorTaps;
  }

  /** The largest magnitude so far, linear; the end is taken to be followed by silence. */
  peak(): number {
    const rest = new TruePeakMeter();
    rest.#peak = this.#peak;
    rest.#line.set(this.#line.subarray(0, interpolatorTaps));
    rest.push(new Float32Array(half), 0, half);
    return rest.#peak;
  }

  #scan(length: number): void {
    const line = this.#line;
    const last = length - half;
    for (let start = half - 1; start < last; start += group) {
      const end = Math.min(last, start + group);
      const reach = largest(line, start - half + 1, end + half);
      if (reach > this.#peak) this.#peak = Math.max(this.#peak, largest(line, start, end + 1));
      if (reach * mostOvershoot <= this.#peak) continue;
      for (let i = start; i < end; i++) {
        const value = peakBetween(line, i);
        if (value > this.#peak) this.#peak = value;
      }
    }
  }
}

function largest(samples: Float32Array, from: number, to: number): number {
  let most = 0;
  for (let i = from; i < to; i++) {
    const magnitude = Math.abs(samples[i]!);
    if (magnitude > most) most = magnitude;
  }
  return most;
}
