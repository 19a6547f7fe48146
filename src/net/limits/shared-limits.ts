import { DubError } from '../../errors.js';
import { type Clock, systemClock } from '../clock.js';
import type { Gate, Pass } from './gate.js';
import type { Limiter, Rates, Turn } from './limiter.js';
import { createLine, type Line } from './line.js';
import { openSharedKey, type SharedKey, type SharedPlace } from './shared-key.js';

/** Where limits are shared, and what is done when they cannot be. */
export interface SharedLimitsOptions {
  /** A folder that all processes of the machine may write to; made when it is needed. */
  readonly folder: string;
  /** Told once, with the file system's error: from then on this process keeps to the limits by itself. */
  readonly onLost?: ((error: unknown) => void) | undefined;
  readonly clock?: Clock | undefined;
}

/** What keeps to limits within one process: the way out when nothing can be shared. */
export interface OwnLimits {
  readonly limiter: Limiter;
  readonly gate: Gate;
}

/** A limiter and a gate whose keys are those of all processes of the machine. */
export interface SharedLimits extends OwnLimits {
  /** Writes what is being written, and takes this process off every list. */
  close(): Promise<void>;
}

/** How often a process with requests under way shows that it lives; three times before others take it for gone. */
const heartbeatMs = 10_000;

interface KnownKey {
  readonly shared: SharedKey;
  readonly taking: Line;
  readonly entering: Line;
  rates: Rates;
  /** Places that were configured; without any there is nothing that processes could share. */
  most: number | undefined;
}

/**
 * Limits that hold for all processes of the machine together, through small files. A request reserves the moment it may
 * go, in the order of asking; each process asks for one at a time, so all get the same share. Nothing is locked: a
 * process that is killed leaves a slot unused, and places that are free as soon as somebody waits for one.
 */
export function createSharedLimits(own: OwnLimits, options: SharedLimitsOptions): SharedLimits {
  const { folder, onLost, clock = systemClock } = options;
  const keys = new Map<string, KnownKey>();
  let lost = false;
  let heartbeat: NodeJS.Timeout | undefined;

  function keyOf(key: string): KnownKey {
    const found = keys.get(key);
    if (found !== undefined) return found;
    const known = {
      shared: openSharedKey(folder, key, clock),
      ...{ taking: createLine(), entering: createLine() },
      ...{ rates: {}, most: undefined },
    };
    keys.set(key, known);
    return known;
  }

  function lose(error: unknown): void {
    if (lost) return;
    lost = true;
    clearInterval(heartbeat);
    onLost?.(error);
  }

  /** Does `shared`, or `alone` when the files have failed. */
  async function either<T>(shared: () => Promise<T>, alone: () => Promise<T>): Promise<T> {
    if (lost) return alone();
    try {
      return await shared();
    } catch (error) {
      if (error instanceof DubError) throw error;
      lose(error);
      return alone();
    }
  }

  function startBeating(): void {
    heartbeat ??= setInterval(() => {
      for (const { shared } of keys.values()) void shared.beat().catch(lose);
    }, heartbeatMs).unref();
  }

  function turnOf(tell: () => Promise<void>): Turn {
    let told = false;
    return {
      sent() {
        if (!told && !lost) void tell().catch(lose);
        told = true;
      },
    };
  }

  function passOf(place: SharedPlace): Pass {
    let left = false;
    return {
      leave(end) {
        if (left) return;
        left = true;
        if (!lost) void place.leave(end).catch(lose);
      },
    };
  }

  const limiter: Limiter = {
    configure(key, rates) {
      own.limiter.configure(key, rates);
      keyOf(key).rates = rates;
    },
    take(key, cost, signal) {
      const { shared, taking, rates } = keyOf(key);
      return taking.run(signal, () =>
        either(
          async () => turnOf(await shared.take(rates, cost, signal)),
          () => own.limiter.take(key, cost, signal),
        ),
      );
    },
    pause(key, ms) {
      own.limiter.pause(key, ms);
      if (!lost) void keyOf(key).shared.pause(ms).catch(lose);
    },
  };

  const gate: Gate = {
    configure(key, places) {
      own.gate.configure(key, places);
      keyOf(key).most = Math.max(1, places);
    },
    enter(key, signal) {
      const { shared, entering, most } = keyOf(key);
      if (most === undefined) return own.gate.enter(key, signal);
      startBeating();
      return entering.run(signal, () =>
        either(
          async () => passOf(await shared.enter(most, signal)),
          () => own.gate.enter(key, signal),
        ),
      );
    },
    places(key) {
      const { shared, most } = keyOf(key);
      return lost || most === undefined ? own.gate.places(key) : Math.floor(Math.min(most, shared.places));
    },
  };

  return {
    limiter,
    gate,
    async close() {
      clearInterval(heartbeat);
      for (const { shared } of keys.values()) if (!lost) await shared.close().catch(lose);
    },
  };
}
