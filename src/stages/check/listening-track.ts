import { channelNames } from '../../sound/channels.js';
import { Downsampler } from '../../sound/downsample.js';
import { emphasise, listeningRate } from './line-finder.js';

/**
 * The stretch of the dub track that is being listened to: mono, emphasised, at the listening rate. Keeps what is not yet
 * forgotten, so that a long film needs no more memory than a short one.
 */
export class ListeningTrack {
  readonly #channels: number;
  readonly #front: readonly number[];
  readonly #downsampler: Downsampler;
  readonly #offset: number;
  #samples = new Float32Array(0);
  #from = 0;
  #before = 0;

  /** @param offset where the first sample lies on the programme's clock, in samples at the listening rate */
  constructor(format: { sampleRate: number; channels: number; layout: string }, offset: number) {
    this.#channels = format.channels;
    this.#front = frontChannels(format.layout, format.channels);
    this.#downsampler = new Downsampler(format.sampleRate / listeningRate);
    this.#offset = offset;
  }

  /** How many samples of the programme have been heard. */
  get heardUntil(): number {
    return this.#from + this.#samples.length + Math.floor(this.#offset);
  }

  /** What must be added to positions in a slice: the track's samples lie between the programme's. */
  get fraction(): number {
    return this.#offset - Math.floor(this.#offset);
  }

  /** Takes the next interleaved samples. */
  push(interleaved: Float32Array): void {
    this.#append(this.#downsampler.push(this.#toMono(interleaved)));
  }

  /** Says that nothing follows. */
  end(): void {
    this.#append(this.#downsampler.end());
  }

  /** Samples `[from, to)` of the programme; silence where nothing was heard. */
  slice(from: number, to: number): Float32Array {
    const shift = Math.floor(this.#offset) + this.#from;
    const out = new Float32Array(to - from);
    const first = Math.max(from, shift);
    if (first < to) out.set(this.#samples.subarray(first - shift, Math.max(0, to - shift)), first - from);
    return out;
  }

  /** Drops what lies before sample `from` of the programme. */
  forgetBefore(from: number): void {
    const drop = Math.min(this.#samples.length, from - Math.floor(this.#offset) - this.#from);
    // Copying the rest each time would cost more than the memory it saves.
    if (drop < listeningRate * 10) return;
    this.#samples = this.#samples.slice(drop);
    this.#from += drop;
  }

  #append(samples: Float32Array): void {
    if (samples.length === 0) return;
    const longer = new Float32Array(this.#samples.length + samples.length);
    longer.set(this.#samples);
    longer.set(emphasise(samples, this.#before), this.#samples.length);
    this.#before = samples.at(-1)!;
    this.#samples = longer;
  }

  #toMono(interleaved: Float32Array): Float32Array {
    const channels = this.#channels;
    if (channels === 1) return interleaved;
    const mono = new Float32Array(Math.floor(interleaved.length / channels));
    for (const channel of this.#front) {
      for (let i = 0, at = channel; i < mono.length; i++, at += channels) mono[i]! += interleaved[at]!;
    }
    return mono;
  }
}

/** The channels a voice comes from; the others would only bring more of the bed. */
function frontChannels(layout: string, channels: number): number[] {
  const names = channelNames(layout, channels);
  const front = names.flatMap((name, index) => (['FL', 'FR', 'FC', 'DL', 'DR'].includes(name) ? [index] : []));
  return front.length > 0 ? front : names.map((_, index) => index);
}
