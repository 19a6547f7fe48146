import { type FileHandle, open } from 'node:fs/promises';
import { addFaded, type Fades } from '../../sound/fades.js';
import { fadeFrames } from './format.js';
import type { DubTake } from './place.js';

/** A take with its gain. */
export interface LevelledTake extends DubTake {
  /** Linear. */
  readonly gain: number;
}

interface OpenTake {
  readonly take: LevelledTake;
  readonly file: FileHandle;
}

/**
 * Adds takes to blocks of the mix, each frame where it belongs. A take is opened in the block it starts in and closed
 * in the block it ends in; of an open one only a block's worth of samples is in memory.
 */
export class DubTrack {
  readonly #takes: readonly LevelledTake[];
  readonly #channels: { readonly count: number; readonly targets: readonly number[] };
  #next = 0;
  #open: OpenTake[] = [];
  #mostOpen = 0;
  #bytes = Buffer.alloc(0);

  /** @param takes in order of start */
  constructor(
    takes: readonly LevelledTake[],
    channels: { readonly count: number; readonly targets: readonly number[] },
  ) {
    this.#takes = takes;
    this.#channels = channels;
  }

  /** The most takes that were open at once so far. */
  get mostOpen(): number {
    return this.#mostOpen;
  }

  /** Adds what is heard in a block of interleaved samples. Ask in order: `first` never falls. */
  async addTo(block: Float32Array, first: number): Promise<void> {
    const last = first + block.length / this.#channels.count;
    for (; this.#next < this.#takes.length && this.#takes[this.#next]!.startFrame < last; this.#next++) {
      const take = this.#takes[this.#next]!;
      this.#open.push({ take, file: await open(take.path) });
    }
    this.#mostOpen = Math.max(this.#mostOpen, this.#open.length);
    for (const each of this.#open) await this.#add(each, block, first, last);
    const ended = this.#open.filter(({ take }) => take.startFrame + take.length <= last);
    this.#open = this.#open.filter((each) => !ended.includes(each));
    for (const { file } of ended) await file.close();
  }

  /** Closes what is still open. */
  async close(): Promise<void> {
    for (const { file } of this.#open.splice(0)) await file.close();
  }

  async #add({ take, file }: OpenTake, block: Float32Array, first: number, last: number): Promise<void> {
    const from = Math.max(0, first - take.startFrame);
    const to = Math.min(take.length, last - take.startFrame);
    const samples = await this.#read(file, from, to);
    const fades: Fades = { length: take.length, fadeIn: fadeFrames, fadeOut: take.fadeOut };
    addFaded(block, this.#channels, take.startFrame + from - first, samples, from, take.gain, fades);
  }

  async #read(file: FileHandle, from: number, to: number): Promise<Float32Array> {
    const length = (to - from) * 2;
    if (this.#bytes.length < length) this.#bytes = Buffer.alloc(length);
    const { bytesRead } = await file.read(this.#bytes, 0, length, from * 2);
    const samples = new Float32Array(bytesRead >> 1);
    for (let i = 0; i < samples.length; i++) samples[i] = this.#bytes.readInt16LE(i * 2) / 32_768;
    return samples;
  }
}
