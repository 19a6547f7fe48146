/** Coefficients of one second-order section, a0 normalised to 1. */
interface Biquad {
  readonly b0: number;
  readonly b1: number;
  readonly b2: number;
  readonly a1: number;
  readonly a2: number;
}

/**
 * The high shelf of ITU-R BS.1770-4 (table 1) for any sample rate: the analogue prototype that gives the standard's
 * 48 kHz coefficients, through the bilinear transform.
 */
function shelf(sampleRate: number): Biquad {
  const k = Math.tan((Math.PI * 1681.974450955533) / sampleRate);
  const q = 0.7071752369554196;
  const high = 10 ** (3.999843853973347 / 20);
  const band = high ** 0.4996667741545416;
  const a0 = 1 + k / q + k * k;
  return {
    b0: (high + (band * k) / q + k * k) / a0,
    b1: (2 * (k * k - high)) / a0,
    b2: (high - (band * k) / q + k * k) / a0,
    a1: (2 * (k * k - 1)) / a0,
    a2: (1 - k / q + k * k) / a0,
  };
}

/** The high pass of ITU-R BS.1770-4 (table 2) for any sample rate. */
function highPass(sampleRate: number): Biquad {
  const k = Math.tan((Math.PI * 38.13547087602444) / sampleRate);
  const q = 0.5003270373238773;
  const a0 = 1 + k / q + k * k;
  return { b0: 1, b1: -2, b2: 1, a1: (2 * (k * k - 1)) / a0, a2: (1 - k / q + k * k) / a0 };
}

/** Below this a filter's memory is noise; left alone it becomes subnormal numbers, which are 100 times slower. */
const quietest = 1e-25;

function settle(value: number): number {
  return Math.abs(value) < quietest ? 0 : value;
}

/** The K-weighting of ITU-R BS.1770-4 for one channel; keeps its memory from one call to the next. */
export class KWeighting {
  readonly #shelf: Biquad;
  readonly #highPass: Biquad;
  readonly #memory = new Float64Array(4);

  constructor(sampleRate: number) {
    this.#shelf = shelf(sampleRate);
    this.#highPass = highPass(sampleRate);
  }

  /** Filters `samples[from, to)` and gives the sum of the squares of what comes out; `samples` stay as they are. */
  energy(samples: Float32Array, from: number, to: number): number {
    const { b0, b1, b2, a1, a2 } = this.#shelf;
    const { a1: c1, a2: c2 } = this.#highPass;
    const memory = this.#memory;
    let [s1, s2, h1, h2] = [memory[0]!, memory[1]!, memory[2]!, memory[3]!];
    let sum = 0;
    for (let i = from; i < to; i++) {
      const x = samples[i]!;
      const y = b0 * x + s1;
      s1 = b1 * x - a1 * y + s2;
      s2 = b2 * x - a2 * y;
      const z = y + h1;
      h1 = -2 * y - c1 * z + h2;
      h2 = y - c2 * z;
      sum += z * z;
    }
    this.#remember(s1, s2, h1, h2);
    return sum;
  }

  /**
   * The same for two channels of interleaved samples, frames `[from, to)`: each step of a filter waits for the one before
   * it, so two side by side take hardly longer than one. `other` must be of the same sample rate.
   * @param channels of `interleaved`, and which two of them
   * @param sums gets what the first and the second give
   */
  energyOfTwo(
    other: KWeighting,
    interleaved: Float32Array,
    channels: { readonly count: number; readonly first: number; readonly second: number },
    from: number,
    to: number,
    sums: Float64Array,
  ): void {
    const { b0, b1, b2, a1, a2 } = this.#shelf;
    const { a1: c1, a2: c2 } = this.#highPass;
    const { count, first, second } = channels;
    const [own, others] = [this.#memory, other.#memory];
    let [s1, s2, h1, h2] = [own[0]!, own[1]!, own[2]!, own[3]!];
    let [t1, t2, g1, g2] = [others[0]!, others[1]!, others[2]!, others[3]!];
    let sum = 0;
    let otherSum = 0;
    for (let at = from * count, end = to * count; at < end; at += count) {
      const x = interleaved[at + first]!;
      const u = interleaved[at + second]!;
      const y = b0 * x + s1;
      const v = b0 * u + t1;
      s1 = b1 * x - a1 * y + s2;
      t1 = b1 * u - a1 * v + t2;
      s2 = b2 * x - a2 * y;
      t2 = b2 * u - a2 * v;
      const z = y + h1;
      const w = v + g1;
      h1 = -2 * y - c1 * z + h2;
      g1 = -2 * v - c1 * w + g2;
      h2 = y - c2 * z;
      g2 = v - c2 * w;
      sum += z * z;
      otherSum += w * w;
    }
    this.#remember(s1, s2, h1, h2);
    other.#remember(t1, t2, g1, g2);
    sums[0] = sum;
    sums[1] = otherSum;
  }

  #remember(s1: number, s2: number, h1: number, h2: number): void {
    const memory = this.#memory;
    memory[0] = settle(s1);
    memory[1] = settle(s2);
    memory[2] = settle(h1);
    memory[3] = settle(h2);
  }
}
