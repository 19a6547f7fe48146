import { setImmediate as turn } from 'node:timers/promises';
import { type Clock, untilAborted } from '../../src/net/clock.js';

/** A clock whose sleeps end at once and move it on. */
export interface InstantClock extends Clock {
  readonly sleeps: readonly number[];
}

export function instantClock(start = 1_800_000_000_000): InstantClock {
  const sleeps: number[] = [];
  let now = start;
  return {
    sleeps,
    now: () => now,
    async sleep(ms) {
      sleeps.push(ms);
      now += ms;
    },
  };
}

/** A clock that stands still until it is moved. */
export interface VirtualClock extends Clock {
  /** Moves on by `ms`, waking every sleeper at its own moment. */
  advance(ms: number): Promise<void>;
}

export function virtualClock(): VirtualClock {
  let now = 0;
  let sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  return {
    now: () => now,
    sleep(ms, signal) {
      const slept = new Promise<void>((wake) => sleepers.push({ at: now + ms, wake }));
      return signal === undefined ? slept : untilAborted(slept, signal);
    },
    async advance(ms) {
      const end = now + ms;
      for (;;) {
        await turn();
        const next = sleepers.toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined || next.at > end) break;
        now = Math.max(now, next.at);
        sleepers = sleepers.filter((one) => one !== next);
        next.wake();
      }
      now = end;
    },
  };
}
