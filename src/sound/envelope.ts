import { type Span, unionSpans } from '../domain/time.js';
import { fromDecibels } from './loudness.js';

/** How the bed is lowered under lines. */
export interface DuckingOptions {
  /** Gain under a line, dB; -20 unless told. */
  readonly duckDb?: number;
  /** The ramp down ends where the line starts; 120 ms. */
  readonly downMs?: number;
  /** The ramp up starts where the line ends; 250 ms. */
  readonly upMs?: number;
  /** Gaps between lines shorter than this stay lowered, 700 ms: a bed that pumps is worse than a quiet one. */
  readonly holdMs?: number;
}

interface Dip {
  /** In samples: the ramp down, the floor, the ramp up. */
  readonly from: number;
  readonly floorFrom: number;
  readonly floorTo: number;
  readonly to: number;
}

/** A gain over time that is 0 dB but for dips: straight ramps in decibels around the spans. */
export class DuckEnvelope {
  readonly #dips: readonly Dip[];
  readonly #duckDb: number;
  #next = 0;

  /** @param spans where lines are heard, in any order; they may overlap */
  constructor(spans: readonly Span[], sampleRate: number, options: DuckingOptions = {}) {
    const { duckDb = -20, downMs = 120, upMs = 250, holdMs = 700 } = options;
    const toSamples = (ms: number) => Math.round((ms * sampleRate) / 1000);
    this.#duckDb = duckDb;
    const heard = spans.filter((span) => span.endMs > span.startMs);
    this.#dips = unionSpans(heard, Math.max(holdMs - 1, downMs + upMs)).map((span) => ({
      from: toSamples(span.startMs - downMs),
      floorFrom: toSamples(span.startMs),
      floorTo: toSamples(span.endMs),
      to: toSamples(span.endMs + upMs),
    }));
  }

  /** Multiplies interleaved samples that start at frame `first` by the envelope. Ask in order: `first` never falls. */
  apply(interleaved: Float32Array, channels: number, first: number): void {
    const last = first + interleaved.length / channels;
    while (this.#next < this.#dips.length && this.#dips[this.#next]!.to <= first) this.#next++;
    for (let index = this.#next; index < this.#dips.length && this.#dips[index]!.from < last; index++) {
      this.#applyDip(this.#dips[index]!, interleaved, channels, first, last);
    }
  }

  #applyDip(dip: Dip, interleaved: Float32Array, channels: number, first: number, last: number): void {
    const floor = fromDecibels(this.#duckDb);
    const depth = Math.log(floor);
    const end = Math.min(last, dip.to);
    for (let frame = Math.max(first, dip.from); frame < end; frame++) {
      const down = frame < dip.floorFrom ? (frame - dip.from) / (dip.floorFrom - dip.from) : 1;
      const up = frame >= dip.floorTo ? (dip.to - frame) / (dip.to - dip.floorTo) : 1;
      const gain = down === 1 && up === 1 ? floor : Math.exp(depth * Math.min(down, up));
      const at = (frame - first) * channels;
      for (let channel = 0; channel < channels; channel++) interleaved[at + channel]! *= gain;
    }
  }
}
