import type { Span } from '../../domain/time.js';

/** Original and dub are compared at this rate: speech and the body of music lie below 4 kHz. */
export const comparingRate = 8000;

/** Lags looked at in either direction, samples: decoders and resamplers may be this far apart (1 ms). */
const mostLag = 8;

/** How loud the original is within the dub in one stretch. */
export interface BedReading {
  /**
   * Gain of the original in the dub, dB: the best linear fit over lags up to 1 ms, so that what the dub adds does not
   * count; undefined where the original is next to silent.
   */
  readonly gainDb: number | undefined;
  /** What the fit would read if the original were not in the dub at all, dB: a soft original under a loud voice drowns. */
  readonly floorDb: number;
}

/** Mean power under which the original has nothing to compare: -70 dBFS. */
const silentPower = 1e-7;

/** Neighbouring samples of speech say much the same: so many count as one. */
const likeSamples = 8;
/** The highest of the lags of an unrelated signal is about twice its usual one. */
const highestOfLags = 2;

interface Window {
  readonly from: number;
  readonly to: number;
  energy: number;
  dubEnergy: number;
  readonly products: Float64Array;
}

/**
 * Compares the original with the dub as both go by, in stretches that are known beforehand. Memory is that of the
 * stretches' sums, whatever the length of the film.
 */
export class BedMeter {
  readonly #windows: Window[];
  /** Indexes of the windows by start; those before `#first` are over. */
  readonly #order: number[];
  #first = 0;
  #at = 0;
  #tail = new Float32Array(0);
  #tailDub = new Float32Array(0);

  /** @param spans on the programme's clock; they may overlap */
  constructor(spans: readonly Span[]) {
    const toSample = (ms: number) => Math.round((ms * comparingRate) / 1000);
    this.#windows = spans.map(({ startMs, endMs }) => ({
      from: toSample(startMs),
      to: toSample(endMs),
      energy: 0,
      dubEnergy: 0,
      products: new Float64Array(2 * mostLag + 1),
    }));
    this.#order = this.#windows
      .map((_, index) => index)
      .sort((a, b) => this.#windows[a]!.from - this.#windows[b]!.from);
  }

  /** Takes the next samples of both, mono, equally many. */
  push(original: Float32Array, dub: Float32Array): void {
    // What the last block could not be held against for want of later samples is carried over.
    const before = joined(this.#tail, original);
    const after = joined(this.#tailDub, dub);
    this.#compare(before, after, before.length - mostLag);
  }

  /** Says that nothing follows. */
  end(): void {
    this.#compare(this.#tail, this.#tailDub, this.#tail.length);
  }

  /** One reading for each stretch, in the order given. */
  readings(): BedReading[] {
    return this.#windows.map(({ from, to, energy, dubEnergy, products }) => {
      const samples = Math.max(1, to - from);
      if (energy / samples < silentPower) return { gainDb: undefined, floorDb: 0 };
      const chance = highestOfLags * Math.sqrt((dubEnergy / energy) * (likeSamples / samples));
      return { gainDb: inDb(peakBetween(products) / energy), floorDb: inDb(chance) };
    });
  }

  /** Compares samples `[kept, until)` of the blocks, where `kept` is what an earlier call has already compared. */
  #compare(original: Float32Array, dub: Float32Array, until: number): void {
    const start = this.#at - this.#compared;
    const from = this.#compared;
    const end = Math.max(from, until);
    while (this.#first < this.#order.length && this.#windows[this.#order[this.#first]!]!.to <= start + from)
      this.#first++;
    for (const index of this.#order.slice(this.#first)) {
      const window = this.#windows[index]!;
      if (window.from >= start + end) break;
      add(window, original, dub, Math.max(from, window.from - start), Math.min(end, window.to - start));
    }
    const keep = Math.max(0, end - mostLag);
    this.#tail = original.slice(keep);
    this.#tailDub = dub.slice(keep);
    this.#at = start + end;
    this.#compared = end - keep;
  }

  /** How many of the carried samples have been compared: they are there for the lags of the next ones. */
  #compared = 0;
}

function inDb(gain: number): number {
  return 20 * Math.log10(Math.max(1e-6, gain));
}

function joined(first: Float32Array, second: Float32Array): Float32Array {
  const whole = new Float32Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function add(window: Window, original: Float32Array, dub: Float32Array, from: number, to: number): void {
  const { products } = window;
  for (let i = from; i < to; i++) {
    window.energy += original[i]! * original[i]!;
    window.dubEnergy += dub[i]! * dub[i]!;
  }
  for (let lag = -mostLag; lag <= mostLag; lag++) {
    let sum = 0;
    const last = Math.min(to, dub.length - lag);
    for (let i = Math.max(from, -lag); i < last; i++) sum += original[i]! * dub[i + lag]!;
    products[lag + mostLag]! += sum;
  }
}

/** The highest value of a band-limited curve given at whole lags, found between them by a parabola. */
function peakBetween(products: Float64Array): number {
  let best = 0;
  for (let i = 1; i < products.length; i++) if (Math.abs(products[i]!) > Math.abs(products[best]!)) best = i;
  const middle = Math.abs(products[best]!);
  if (best === 0 || best === products.length - 1) return middle;
  const [left, right] = [Math.abs(products[best - 1]!), Math.abs(products[best + 1]!)];
  const bend = left - 2 * middle + right;
  return bend >= 0 ? middle : middle - (left - right) ** 2 / (8 * bend);
}
