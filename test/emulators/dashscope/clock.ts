import { setTimeout as wait } from 'node:timers/promises';

/** The emulator's time: the machine's, plus whatever a test has advanced it by. */
export interface EmulatorClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Moves the clock on: links, files and policies age, tasks go on, buckets fill. */
  advance(ms: number): void;
  /** Waits in the machine's time. */
  sleep(ms: number): Promise<void>;
}

/** A clock that stands where the machine's does. */
export function createEmulatorClock(): EmulatorClock {
  let advanced = 0;
  return {
    now: () => Date.now() + advanced,
    advance(ms) {
      advanced += ms;
    },
    sleep: (ms) => wait(ms, undefined, { ref: false }),
  };
}

/** A moment as the task service writes it: Beijing time, no zone (`2025-10-27 14:19:31.150`). */
export function beijingTime(ms: number): string {
  return new Date(ms + 8 * 3_600_000).toISOString().replace('T', ' ').replace('Z', '');
}
