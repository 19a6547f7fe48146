/** Zero crossings of the kernel on each side, in output samples: aliases and images lie 50 dB and more below. */
const reach = 6;
const pointsPerSample = 256;
/** Half of the pass band's edge lies here, as a share of the output's Nyquist rate. */
const cutoff = 0.9;

/** A sinc under a raised cosine, sampled finely, for one side. */
const kernel = Float64Array.from({ length: reach * pointsPerSample + 2 }, (_, i) => {
  const x = i / pointsPerSample;
  if (x >= reach) return 0;
  const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x);
  return sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / reach));
});

/**
 * Lowers the sample rate of a mono stream, block by block, by any factor of at least 1. Output sample `k` stands exactly
 * at input sample `k * step`: no delay. For listening and measuring, not for playing.
 */
export class Downsampler {
  readonly #step: number;
  readonly #width: number;
  readonly #weights: Float64Array | undefined;
  #held: Float32Array = new Float32Array(0);
  /** Index in the stream of the first held sample. */
  #heldFrom = 0;
  #next = 0;

  /**
   * @param step input samples for each output sample; need not be whole
   * @throws RangeError when it is below 1: that would raise the rate
   */
  constructor(step: number) {
    if (!(step >= 1)) throw new RangeError(`A step of ${step} would raise the sample rate.`);
    this.#step = step;
    this.#width = Math.ceil(reach * step);
    if (Number.isInteger(step)) {
      this.#weights = Float64Array.from({ length: 2 * this.#width + 1 }, (_, i) => weightAt(i - this.#width, step));
    }
  }

  /** Takes the next samples and gives the output samples they complete. */
  push(block: Float32Array): Float32Array {
    this.#held = joined([this.#held, block]);
    return this.#produce(this.#heldFrom + this.#held.length - this.#width);
  }

  /** The output samples that are left at the end of the stream, silence following. */
  end(): Float32Array {
    return this.#produce(this.#heldFrom + this.#held.length);
  }

  #produce(until: number): Float32Array {
    const out = new Float32Array(Math.max(0, Math.ceil(until / this.#step) - this.#next));
    if (this.#weights) this.#fillWhole(out, this.#weights);
    else this.#fillBetween(out);
    this.#next += out.length;
    const drop = Math.floor(this.#next * this.#step) - this.#width - this.#heldFrom;
    if (drop > 0) {
      this.#held = this.#held.slice(drop);
      this.#heldFrom += drop;
    }
    return out;
  }

  /** For whole steps: every output sample weighs its neighbours alike. */
  #fillWhole(out: Float32Array, weights: Float64Array): void {
    const held = this.#held;
    const width = this.#width;
    for (let i = 0; i < out.length; i++) {
      const centre = (this.#next + i) * this.#step - this.#heldFrom;
      out[i] =
        centre >= width && centre + width < held.length
          ? weighedAround(held, centre, weights, width)
          : weighedAtEdge(held, centre, weights, width);
    }
  }

  #fillBetween(out: Float32Array): void {
    const held = this.#held;
    const step = this.#step;
    const width = this.#width;
    const scale = pointsPerSample / step;
    for (let i = 0; i < out.length; i++) {
      const centre = (this.#next + i) * step - this.#heldFrom;
      const last = Math.min(held.length - 1, Math.floor(centre + width));
      let sum = 0;
      for (let at = Math.max(0, Math.ceil(centre - width)); at <= last; at++) {
        sum += held[at]! * (kernel[Math.round(Math.abs(at - centre) * scale)] ?? 0);
      }
      out[i] = sum / step;
    }
  }
}

/** Both sides weigh alike, so each weight is used for two samples at once. */
function weighedAround(held: Float32Array, centre: number, weights: Float64Array, width: number): number {
  let sum = held[centre]! * weights[width]!;
  for (let away = 1; away <= width; away++) {
    sum += (held[centre - away]! + held[centre + away]!) * weights[width + away]!;
  }
  return sum;
}

function weighedAtEdge(held: Float32Array, centre: number, weights: Float64Array, width: number): number {
  let sum = 0;
  for (let at = Math.max(0, centre - width); at <= Math.min(held.length - 1, centre + width); at++) {
    sum += held[at]! * weights[at - centre + width]!;
  }
  return sum;
}

/** A whole mono recording at a lower rate; see `Downsampler`. */
export function downsample(samples: Float32Array, step: number): Float32Array {
  const downsampler = new Downsampler(step);
  return joined([downsampler.push(samples), downsampler.end()]);
}

function weightAt(distance: number, step: number): number {
  return (kernel[Math.round((Math.abs(distance) * pointsPerSample) / step)] ?? 0) / step;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
