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
  /** Samples in use lie at its start; the rest is room to grow. */
  #room = new Float32Array(16 * listeningRate);
  #length = 0;
  /** Index in the track of the first sample in use. */
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
    return this.#from + this.#length + Math.floor(this.#offset);
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
    const last = Math.min(to - shift, this.#length);
    if (first - shift < last) out.set(this.#room.subarray(first - shift, last), first - from);
    return out;
  }

  /** Drops what lies before sample `from` of the programme. */
  forgetBefore(from: number): void {
    const drop = Math.min(this.#length, from - Math.floor(this.#offset) - this.#from);
    // Moving the rest each time would cost more than the memory it saves.
    if (drop < listeningRate) return;
    this.#room.copyWithin(0, drop, this.#length);
    this.#length -= drop;
    this.#from += drop;
  }

  #append(samples: Float32Array): void {
    if (samples.length === 0) return;
    const length = this.#length + samples.length;
    if (length > this.#room.length) {
      const larger = new Float32Array(2 * length);
      larger.set(this.#room);
      this.#room = larger;
    }
    this.#room.set(emphasise(samples, this.#before), this.#length);
    this.#before = samples.at(-1)!;
    this.#length = length;
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
