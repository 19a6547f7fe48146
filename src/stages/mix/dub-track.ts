import { addFaded, type Fades } from '../../sound/fades.js';
import { fadeFrames } from './format.js';
import type { DubTake } from './place.js';
import { readRawTake } from './raw-take.js';

/** A take with its gain. */
export interface LevelledTake extends DubTake {
  /** Linear. */
  readonly gain: number;
}

interface OpenTake {
  readonly take: LevelledTake;
  readonly samples: Float32Array;
}

/**
 * Adds takes to blocks of the mix, each frame where it belongs. A take is read in the block it starts in and let go in
 * the block it ends in, so that only what is heard is in memory.
 */
export class DubTrack {
  readonly #takes: readonly LevelledTake[];
  readonly #channels: { readonly count: number; readonly targets: readonly number[] };
  #next = 0;
  #open: OpenTake[] = [];
  #mostOpen = 0;

  /** @param takes in order of start */
  constructor(
    takes: readonly LevelledTake[],
    channels: { readonly count: number; readonly targets: readonly number[] },
  ) {
    this.#takes = takes;
    this.#channels = channels;
  }

  /** The most takes that were held at once so far. */
  get mostOpen(): number {
    return this.#mostOpen;
  }

  /** Adds what is heard in a block of interleaved samples. Ask in order: `first` never falls. */
  async addTo(block: Float32Array, first: number): Promise<void> {
    const last = first + block.length / this.#channels.count;
    for (; this.#next < this.#takes.length && this.#takes[this.#next]!.startFrame < last; this.#next++) {
      const take = this.#takes[this.#next]!;
      this.#open.push({ take, samples: await readRawTake(take.path, take.length) });
    }
    this.#mostOpen = Math.max(this.#mostOpen, this.#open.length);
    for (const each of this.#open) this.#add(each, block, first, last);
    this.#open = this.#open.filter(({ take }) => take.startFrame + take.length > last);
  }

  #add({ take, samples }: OpenTake, block: Float32Array, first: number, last: number): void {
    const from = Math.max(0, first - take.startFrame);
    const to = Math.min(take.length, last - take.startFrame);
    const fades: Fades = { length: take.length, fadeIn: fadeFrames, fadeOut: take.fadeOut };
    addFaded(block, this.#channels, take.startFrame + from - first, samples.subarray(from, to), from, take.gain, fades);
  }
}
