import { interruption, onAbort } from '../clock.js';

/** How a request that had a pass ended. `busy`: the service said that it gets too many. */
export type PassEnd = 'ok' | 'busy' | 'failed';

/** Leave to have one request under way. */
export interface Pass {
  /** Gives the place to the next one; only the first call counts. */
  leave(end: PassEnd): void;
}

/**
 * How many requests of a key run side by side: halved when the service is busy, one more after as many successes as
 * there are places, never below one, never above what was configured.
 */
export interface Gate {
  /** Sets the most places of a key; a key that was not configured has no limit until it first meets `busy`. */
  configure(key: string, places: number): void;
  /** Resolves in the order of the calls; rejects at once with `INTERRUPTED` on abort. */
  enter(key: string, signal: AbortSignal): Promise<Pass>;
  /** How many may run side by side now. */
  places(key: string): number;
}

interface Door {
  most: number;
  places: number;
  running: number;
  /** Raised at every shrinking: requests that began before it do not shrink it again. */
  epoch: number;
  readonly waiting: (() => void)[];
}

/** A gate with nothing configured. */
export function createGate(): Gate {
  const doors = new Map<string, Door>();

  function doorOf(key: string): Door {
    const found = doors.get(key);
    if (found !== undefined) return found;
    const door: Door = { most: Infinity, places: Infinity, running: 0, epoch: 0, waiting: [] };
    doors.set(key, door);
    return door;
  }

  return {
    configure(key, places) {
      const door = doorOf(key);
      const shrunk = door.places < door.most;
      door.most = Math.max(1, places);
      door.places = shrunk ? Math.min(door.places, door.most) : door.most;
      admit(door);
    },
    enter(key, signal) {
      const door = doorOf(key);
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(interruption(signal));
        const forget = onAbort(signal, () => {
          door.waiting.splice(door.waiting.indexOf(go), 1);
          reject(interruption(signal));
        });
        function go(): void {
          forget();
          resolve(passOf(door));
        }
        door.waiting.push(go);
        admit(door);
      });
    },
    places: (key) => Math.floor(doorOf(key).places),
  };
}

function admit(door: Door): void {
  while (door.waiting.length > 0 && door.running < Math.floor(door.places)) {
    door.running++;
    door.waiting.shift()?.();
  }
}

function passOf(door: Door): Pass {
  const epoch = door.epoch;
  let left = false;
  return {
    leave(end) {
      if (left) return;
      left = true;
      if (end === 'busy' && epoch === door.epoch) shrink(door);
      if (end === 'ok') door.places = Math.min(door.most, door.places + 1 / door.places);
      door.running--;
      admit(door);
    },
  };
}

/** Halves what was truly running: a service that is busy at 3 requests is not helped by going from 64 places to 32. */
function shrink(door: Door): void {
  door.places = Math.max(1, Math.floor(Math.min(door.places, door.running) / 2));
  door.epoch++;
}
