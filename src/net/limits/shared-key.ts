import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import type { PassEnd } from './gate.js';
import type { Cost, Rates } from './limiter.js';
import { hasEnded, machineName, machineNow, thisProcess, uniqueName } from './machine.js';
import { openSharedFile, type Update } from './shared-file.js';
import {
  afterEnd,
  giveBack,
  type Holder,
  hasPlace,
  isFree,
  parseState,
  reserve,
  type SharedState,
  withHolder,
  withLate,
  withoutHolders,
} from './shared-state.js';

/** A process that has not shown itself for so long has stopped, whether or not it can be seen. */
const leaseMs = 30_000;

/** How long to wait for a place before looking whether those who hold one still live: their death tells nobody. */
const lookAgainMs = 1000;

/** What went so long after its slot is told to the others: a new connection takes time, and so does a busy machine. */
const lateMs = 20;

/** A machine that is so busy that it always misses its slot must go on all the same. */
const mostMissed = 3;

/** A place that a request has among those of all processes. */
export interface SharedPlace {
  leave(end: PassEnd): Promise<void>;
}

/** One key as all processes of the machine know it. Methods reject with the file system's error, `INTERRUPTED` on abort. */
export interface SharedKey {
  /** Waits for the moment the request may go; what it returns is called when the request is on its way. One at a time. */
  take(rates: Rates, cost: Cost, signal: AbortSignal): Promise<() => Promise<void>>;
  pause(ms: number): Promise<void>;
  /** Waits for a place. One call at a time. */
  enter(most: number, signal: AbortSignal): Promise<SharedPlace>;
  /** Places at the last look; more than any number before it. */
  readonly places: number;
  /** Shows that this process still has or wants a place; does nothing when it has and wants none. */
  beat(): Promise<void>;
  /** Waits for what is being written and takes this process off the list. */
  close(): Promise<void>;
}

/** @param folder the same for all processes that are to share the key */
export function openSharedKey(folder: string, key: string, clock: Clock): SharedKey {
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 32);
  const file = openSharedFile(join(folder, machineName(), hash), (json) => parseState(json, machineNow()));
  const name = uniqueName();
  const self = thisProcess();
  let running = 0;
  let ticket: number | undefined;
  let places = Infinity;
  let changing: Promise<unknown> = Promise.resolve();

  /** One change after the other, so that what this process knows of itself is what the file says. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = changing.then(work);
    changing = done.catch(() => undefined);
    return done;
  }

  function change<Result extends object>(make: (state: SharedState) => Update<SharedState, Result>): Promise<Result> {
    return inTurn(() => file.update((state) => make(withSelf(state))));
  }

  /** The state with this process as it is, whatever the file has of it: others may have taken it for gone. */
  function withSelf(state: SharedState, now = { running, ticket }): SharedState {
    return withHolder(state, name, { ...self, until: machineNow() + leaseMs, ...now });
  }

  function isGone(holder: Holder): boolean {
    const isSelf = holder.pid === self.pid && holder.started === self.started && holder.space === self.space;
    return !isSelf && (holder.until < machineNow() || hasEnded(holder));
  }

  /** A place when there is one, else a ticket of the line. */
  function tryPlace(state: SharedState, most: number): Update<SharedState, PlaceTried> {
    // Only who finds the places taken asks whether those who took them still live.
    const seen = hasPlace(state, name, most) ? state : withoutHolders(state, isGone);
    const told = { epoch: seen.epoch, places: Math.min(most, seen.places ?? most) };
    if (hasPlace(seen, name, most)) {
      return { result: { ...told, entered: true }, next: withSelf(seen, { running: running + 1, ticket: undefined }) };
    }
    const drawn = ticket ?? seen.ticket + 1;
    // Who waits on has nothing to write.
    if (drawn === ticket && seen === state) return { result: { ...told, entered: false, ticket } };
    const next = { ...withSelf(seen, { running, ticket: drawn }), ticket: Math.max(seen.ticket, drawn) };
    return { result: { ...told, entered: false, ticket: drawn }, next };
  }

  async function leaveLine(): Promise<void> {
    await inTurn(async () => {
      ticket = undefined;
      await file.update((state) => ({ result: {}, next: withSelf(state) }));
    });
  }

  async function tellLate(slot: number): Promise<void> {
    const now = machineNow();
    if (now - slot > lateMs) await change((state) => ({ result: {}, next: withLate(state, slot, now) }));
  }

  function placeOf(epoch: number, most: number): SharedPlace {
    return {
      leave: (end) =>
        inTurn(async () => {
          running--;
          const told = await file.update((state) => {
            const next = withSelf(afterEnd(state, end, epoch, most));
            return { result: { places: Math.min(most, next.places ?? most) }, next };
          });
          places = told.places;
        }),
    };
  }

  return {
    async take(rates, cost, signal) {
      let missed: number | undefined;
      for (let attempt = 0; ; attempt++) {
        const { slot } = await change((state) => {
          // Its tokens were counted the first time.
          const [from, left] = missed === undefined ? [state, cost] : [giveBack(state, missed), { ...cost, tokens: 0 }];
          const { slot: found, next } = reserve(from, rates, left, machineNow());
          return { result: { slot: found }, next };
        });
        const waitMs = slot - machineNow();
        if (waitMs <= 0) return () => tellLate(slot);
        await clock.sleep(waitMs, signal);
        const { value } = await file.read();
        if (isFree(value, rates, slot, machineNow()) || (attempt >= mostMissed && value.notBefore <= machineNow()))
          return () => tellLate(slot);
        missed = slot;
      }
    },
    async pause(ms) {
      const until = machineNow() + ms;
      await change((state) => ({ result: {}, next: { ...state, notBefore: Math.max(state.notBefore, until) } }));
    },
    async enter(most, signal) {
      for (;;) {
        const tried = await inTurn(async () => {
          const found = await file.update((state) => tryPlace(withSelf(state), most));
          ({ ticket, places } = { ticket: undefined, ...found });
          if (found.entered) running++;
          return found;
        });
        if (tried.entered) return placeOf(tried.epoch, most);
        try {
          await file.changed(tried.version, lookAgainMs, signal);
        } catch (error) {
          await leaveLine();
          throw error;
        }
      }
    },
    get places() {
      return places;
    },
    async beat() {
      if (running > 0 || ticket !== undefined) await change((state) => ({ result: {}, next: state }));
    },
    async close() {
      await changing;
      if (running === 0 && ticket === undefined) return;
      running = 0;
      await leaveLine();
    },
  };
}

interface PlaceTried {
  readonly entered: boolean;
  readonly epoch: number;
  readonly places: number;
  readonly ticket?: number | undefined;
}
