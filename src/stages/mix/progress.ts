import type { StageContext } from '../context.js';

const leastIntervalMs = 1000;

/** Reports how much of one part of the work is done, 0…1. */
export type Report = (share: number) => void;

/** Turns the parts of the mix into one `stage-progress`, in milliseconds of programme, at most once a second. */
export class Progress {
  readonly #total: number;
  readonly #ctx: Pick<StageContext, 'emit'>;
  readonly #now: () => number;
  #told = 0;
  #toldAt: number;

  /** @param now a clock in milliseconds */
  constructor(total: number, ctx: Pick<StageContext, 'emit'>, now: () => number = Date.now) {
    this.#total = total;
    this.#ctx = ctx;
    this.#now = now;
    this.#toldAt = now();
  }

  /** The part of the work that leads from one share of the whole, 0…1, to another. */
  part(from: number, to: number): Report {
    return (share) => this.#tell(Math.round(this.#total * (from + (to - from) * Math.min(1, share))));
  }

  /** Never backwards: a part that must be done again is not told again. */
  #tell(done: number): void {
    const now = this.#now();
    if (done <= this.#told || now - this.#toldAt < leastIntervalMs) return;
    this.#told = done;
    this.#toldAt = now;
    this.#ctx.emit({ type: 'stage-progress', stage: 'mix', done, total: this.#total });
  }
}
