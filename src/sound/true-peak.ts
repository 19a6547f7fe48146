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

interface NearTaps {
  readonly before: number;
  readonly after: number;
  /** Sum of the magnitudes of all other taps. */
  readonly rest: number;
}

/** The two samples an interpolated value lies between decide most of it. */
const nearTaps: readonly NearTaps[] = [quarter, middle, threeQuarters].map((phase) => {
  const before = Math.abs(phase[half - 1]!);
  const after = Math.abs(phase[half]!);
  return { before, after, rest: phase.reduce((sum, tap) => sum + Math.abs(tap), 0) - before - after };
});
const [nearQuarter, nearMiddle, nearThreeQuarters] = nearTaps as [NearTaps, NearTaps, NearTaps];

/** True when no value between the two samples can exceed `limit`, the samples around them being at most `reach`. */
function staysBelow(limit: number, before: number, after: number, reach: number): boolean {
  return (
    nearMiddle.before * before + nearMiddle.after * after + nearMiddle.rest * reach <= limit &&
    nearQuarter.before * before + nearQuarter.after * after + nearQuarter.rest * reach <= limit &&
    nearThreeQuarters.before * before + nearThreeQuarters.after * after + nearThreeQuarters.rest * reach <= limit
  );
}

/** Samples looked at together when deciding whether interpolation is worth while. */
const group = 32;

/**
 * Goes through `samples[from, to)` in groups of at most 32. `own` is the largest magnitude in the group, `reach` one at
 * least as large as every sample that values between the group's samples are made of: where `reach * mostOvershoot`
 * stays below a limit, so do they. Reads `samples[from - 16 … to + 15]`, which must exist.
 */
export function eachGroup(
  samples: Float32Array,
  from: number,
  to: number,
  visit: (start: number, end: number, own: number, reach: number) => void,
): void {
  let before = largest(samples, from - half, from);
  let own = largest(samples, from, Math.min(to, from + group));
  for (let start = from; start < to; start += group) {
    const end = Math.min(to, start + group);
    const after = largest(samples, end, Math.min(to + half, end + group));
    visit(start, end, own, Math.max(before, own, after));
    before = own;
    own = after;
  }
}

/**
 * The true peak of one channel (ITU-R BS.1770-4, annex 2). Interpolates only around samples large enough to bring a
 * new maximum, which changes nothing in the result.
 */
export class TruePeakMeter {
  #peak: number;
  /** The last samples of the call before, then the new ones. */
  #line = new Float32Array(interpolatorTaps);

  /** @param floor linear magnitude below which nothing need be found: less work for whoever asks only what exceeds it */
  constructor(floor = 0) {
    this.#peak = floor;
  }

  /** Takes the next samples, `samples[from, to)`. */
  push(samples: Float32Array, from: number, to: number): void {
    const length = interpolatorTaps + to - from;
    if (this.#line.length < length) {
      const longer = new Float32Array(length);
      longer.set(this.#line.subarray(0, interpolatorTaps));
      this.#line = longer;
    }
    this.#line.set(samples.subarray(from, to), interpolatorTaps);
    this.#scan(length);
    this.#line.copyWithin(0, length - interpolatorTaps, length);
  }

  /** The largest magnitude so far, linear; at least the floor. The end is taken to be followed by silence. */
  peak(): number {
    const rest = new TruePeakMeter(this.#peak);
    rest.#line.set(this.#line.subarray(0, interpolatorTaps));
    rest.push(new Float32Array(half), 0, half);
    return rest.#peak;
  }

  #scan(length: number): void {
    const line = this.#line;
    eachGroup(line, half, length - half, (start, end, own, reach) => {
      if (own > this.#peak) this.#peak = own;
      if (reach * mostOvershoot <= this.#peak) return;
      for (let i = start; i < end; i++) {
        if (staysBelow(this.#peak, Math.abs(line[i]!), Math.abs(line[i + 1]!), reach)) continue;
        const value = peakBetween(line, i);
        if (value > this.#peak) this.#peak = value;
      }
    });
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
