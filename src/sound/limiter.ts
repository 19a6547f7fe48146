import { fromDecibels } from './loudness.js';
import { eachGroup, interpolatorTaps, mostOvershoot, peakBetween } from './true-peak.js';

const lookAheadSeconds = 0.005;
const releaseSeconds = 0.08;
/** Samples on either side that interpolation reads. */
const reach = interpolatorTaps / 2;
/** A gain this near to 1 (0.0009 dB) is taken for 1, so that a limiter at rest changes no bit. */
const atRest = 0.9999;

/**
 * Holds a true-peak ceiling: the gain of all channels together falls over 5 ms before a peak and recovers with 80 ms
 * after it. A stream in, the same stream out, sample for sample in place; where nothing exceeds the ceiling no bit
 * changes. The result does not depend on how the stream is cut.
 */
export class Limiter {
  readonly #channels: number;
  readonly #ceiling: number;
  readonly #look: number;
  readonly #release: number;
  /** Per channel: `reach` samples that have gone out, then those that wait. */
  #lines: Float32Array[];
  /** Gain that each waiting sample needs by itself. */
  #need: Float64Array;
  #waiting = 0;
  /** Waiting samples whose need is known. */
  #known = 0;
  /** The gain after release, and its last `look` values, whose mean is applied. */
  #released = 1;
  readonly #recent: Float64Array;
  #recentAt = 0;
  #recentSum: number;
  #recentLowered = 0;
  #deepest = 1;
  /** Samples of silence laid before the stream, so that the gain can fall ahead of its very first sample. */
  #lead: number;

  /** @param ceilingDbtp dBTP; between samples the result may exceed it by a few hundredths of a dB */
  constructor(format: { readonly sampleRate: number; readonly channels: number }, ceilingDbtp: number) {
    this.#channels = format.channels;
    this.#ceiling = fromDecibels(ceilingDbtp);
    this.#look = Math.max(1, Math.round(format.sampleRate * lookAheadSeconds));
    this.#release = 1 - Math.exp(-1 / (format.sampleRate * releaseSeconds));
    this.#lines = Array.from({ length: format.channels }, () => new Float32Array(reach));
    this.#need = new Float64Array(0);
    this.#recent = new Float64Array(this.#look).fill(1);
    this.#recentSum = this.#look;
    this.#lead = this.#look;
    this.#append(new Float32Array(this.#lead * format.channels));
  }

  /** Takes interleaved samples and gives those that are ready, about 5 ms behind; possibly none. */
  push(interleaved: Float32Array): Float32Array {
    this.#append(interleaved);
    this.#findNeeds();
    return this.#takeOut(Math.max(0, this.#known - this.#look));
  }

  /** The samples that are still inside. Nothing may be pushed after it. */
  finish(): Float32Array {
    const rest = this.#waiting;
    this.#append(new Float32Array((reach + this.#look) * this.#channels));
    this.#findNeeds();
    return this.#takeOut(rest);
  }

  /** The strongest reduction so far, dB, 0 or negative. */
  deepestDb(): number {
    return 20 * Math.log10(this.#deepest);
  }

  #append(interleaved: Float32Array): void {
    const frames = interleaved.length / this.#channels;
    this.#grow(this.#waiting + frames);
    for (const [channel, line] of this.#lines.entries()) {
      let to = reach + this.#waiting;
      for (let at = channel; at < interleaved.length; at += this.#channels) line[to++] = interleaved[at]!;
    }
    this.#need.fill(1, this.#waiting, this.#waiting + frames);
    this.#waiting += frames;
  }

  #grow(waiting: number): void {
    if (this.#need.length >= waiting) return;
    this.#lines = this.#lines.map((line) => enlarged(line, reach + waiting));
    const need = new Float64Array(waiting);
    need.set(this.#need);
    this.#need = need;
  }

  #findNeeds(): void {
    const end = this.#waiting - reach;
    if (end <= this.#known) return;
    for (const line of this.#lines) {
      eachGroup(line, reach + this.#known, reach + end, (from, to, _own, largest) => {
        if (largest * mostOvershoot > this.#ceiling) this.#findGroupNeeds(line, from, to);
      });
    }
    this.#known = end;
  }

  /** A peak between two samples is lowered by lowering both. */
  #findGroupNeeds(line: Float32Array, from: number, to: number): void {
    const ceiling = this.#ceiling;
    const need = this.#need;
    for (let at = from; at < to; at++) {
      const i = at - reach;
      const between = peakBetween(line, at);
      const peak = Math.max(Math.abs(line[at]!), between);
      if (peak > ceiling) need[i] = Math.min(need[i]!, ceiling / peak);
      if (between > ceiling) need[i + 1] = Math.min(need[i + 1]!, ceiling / between);
    }
  }

  #takeOut(count: number): Float32Array {
    const out = new Float32Array(count * this.#channels);
    if (this.#restsUntil(count + this.#look - 1)) this.#copyOut(out, count);
    else this.#lowerOut(out, count);
    for (const line of this.#lines) line.copyWithin(0, count, reach + this.#waiting);
    this.#need.copyWithin(0, count, this.#waiting);
    this.#waiting -= count;
    this.#known -= count;
    const lead = Math.min(this.#lead, count);
    this.#lead -= lead;
    return lead > 0 ? out.subarray(lead * this.#channels) : out;
  }

  #restsUntil(end: number): boolean {
    if (this.#released < 1 || this.#recentLowered > 0) return false;
    for (let i = 0; i < end; i++) if (this.#need[i]! < 1) return false;
    return true;
  }

  #copyOut(out: Float32Array, count: number): void {
    for (const [channel, line] of this.#lines.entries()) {
      for (let i = 0, to = channel; i < count; i++, to += this.#channels) out[to] = line[reach + i]!;
    }
  }

  #lowerOut(out: Float32Array, count: number): void {
    const channels = this.#channels;
    const lowest = new SlidingMinimum(this.#need, this.#look);
    for (let i = 0; i < count; i++) {
      const gain = this.#follow(lowest.at(i));
      for (let channel = 0; channel < channels; channel++) {
        out[i * channels + channel] = this.#lines[channel]![reach + i]! * gain;
      }
    }
  }

  /** The mean of the last `look` gains reaches the need of a peak exactly when the peak goes out. */
  #follow(need: number): number {
    const risen = this.#released + (1 - this.#released) * this.#release;
    this.#released = Math.min(need, risen > atRest ? 1 : risen);
    const oldest = this.#recent[this.#recentAt]!;
    this.#recent[this.#recentAt] = this.#released;
    this.#recentAt = (this.#recentAt + 1) % this.#look;
    this.#recentLowered += (this.#released < 1 ? 1 : 0) - (oldest < 1 ? 1 : 0);
    this.#recentSum = this.#recentLowered === 0 ? this.#look : this.#recentSum + this.#released - oldest;
    const gain = this.#recentLowered === 0 ? 1 : this.#recentSum / this.#look;
    if (gain < this.#deepest) this.#deepest = gain;
    return gain;
  }
}

/** The smallest of `values[i … i + width - 1]` for i = 0, 1, 2, … in order. */
class SlidingMinimum {
  readonly #values: Float64Array;
  readonly #width: number;
  /** Places of ever larger values, the smallest first. */
  readonly #places: Int32Array;
  #head = 0;
  #tail = 0;
  #seen = 0;

  constructor(values: Float64Array, width: number) {
    this.#values = values;
    this.#width = width;
    this.#places = new Int32Array(values.length);
  }

  at(i: number): number {
    const end = Math.min(this.#values.length, i + this.#width);
    for (; this.#seen < end; this.#seen++) {
      while (this.#tail > this.#head && this.#values[this.#places[this.#tail - 1]!]! >= this.#values[this.#seen]!)
        this.#tail--;
      this.#places[this.#tail++] = this.#seen;
    }
    while (this.#places[this.#head]! < i) this.#head++;
    return this.#values[this.#places[this.#head]!]!;
  }
}

function enlarged(line: Float32Array, length: number): Float32Array {
  const longer = new Float32Array(length);
  longer.set(line);
  return longer;
}
