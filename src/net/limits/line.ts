import { throwIfAborted } from '../../errors.js';
import { untilAborted } from '../clock.js';

/** Lets one through at a time, in the order they came. */
export interface Line {
  /**
   * Does `work` when everyone ahead is through. Rejects at once with `INTERRUPTED` on abort; who leaves early lets
   * nobody jump ahead.
   */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

/** An empty line. */
export function createLine(): Line {
  let last: Promise<void> = Promise.resolve();
  return {
    async run(signal, work) {
      throwIfAborted(signal);
      const turn = last;
      let step: () => void = () => undefined;
      last = new Promise((resolve) => {
        step = resolve;
      });
      try {
        await untilAborted(turn, signal);
        return await work();
      } finally {
        // Whoever left early still has others ahead: the next one waits for those too.
        void turn.then(step);
      }
    },
  };
}
