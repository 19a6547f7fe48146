import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DubError, throwIfAborted } from '../errors.js';
import { toFileError } from './files.js';
import { describeHolder, type Holder, parseHolder, processLives } from './holder.js';

/** A held lock. */
export interface Lock {
  release(): Promise<void>;
}

/** How locks keep time, all by clocks that never go back. Milliseconds. */
export interface LockTimes {
  /** How often a live run touches its lock. */
  readonly beatMs: number;
  /** After how long without a beat a run on another machine is taken for dead. */
  readonly quietMs: number;
  /** How often a waiting run looks. */
  readonly lookMs: number;
}

const usualTimes: LockTimes = { beatMs: 5000, quietMs: 20_000, lookMs: 50 };

/**
 * Takes the lock file, or takes it over from a run that is dead: its process is gone (this machine) or its heartbeat
 * stopped (another machine, a shared folder), which takes `quietMs` to find out.
 * @throws WORK_LOCKED when a live run holds it
 */
export async function takeLock(path: string, times: LockTimes = usualTimes): Promise<Lock> {
  const watch = new HolderWatch(path, times);
  for (;;) {
    const lock = await tryLock(path, times);
    if (lock !== undefined) return lock;
    const seen = await watch.look();
    if (seen.state === 'alive') throw lockedError(path, seen.holder);
    if (seen.state === 'dead') await removeDead(path, seen.holder, times);
    else if (seen.state === 'unsure') await sleep(times.lookMs);
  }
}

/**
 * Takes the lock, waiting for a live holder; a dead one's is taken over.
 * @param isDone looked at while waiting: true when there is nothing left to be locked for
 * @returns undefined when `isDone` said so
 * @throws INTERRUPTED, DISK_FULL, OUTPUT_UNWRITABLE
 */
export async function waitForLock(
  path: string,
  isDone: () => Promise<boolean>,
  signal: AbortSignal,
  times: LockTimes = usualTimes,
): Promise<Lock | undefined> {
  const watch = new HolderWatch(path, times);
  for (;;) {
    throwIfAborted(signal);
    const lock = await tryLock(path, times);
    if (lock !== undefined) return lock;
    const seen = await watch.look();
    if (seen.state === 'dead') await removeDead(path, seen.holder, times);
    else if (seen.state !== 'gone') await sleep(times.lookMs, undefined, { signal }).catch(() => undefined);
    if (await isDone()) return undefined;
  }
}

/**
 * Removes a lock whose run is dead. Of one on another machine it takes a beat, or its silence, to know.
 * @returns whether a run that lives holds it
 */
export async function releaseDead(path: string, times: LockTimes = usualTimes): Promise<boolean> {
  const watch = new HolderWatch(path, times);
  for (;;) {
    const seen = await watch.look();
    if (seen.state === 'alive') return true;
    if (seen.state === 'gone') return false;
    if (seen.state === 'dead') await removeDead(path, seen.holder, times);
    else await sleep(times.lookMs);
  }
}

/** @returns undefined when somebody holds it, dead or alive */
async function tryLock(path: string, times: LockTimes): Promise<Lock | undefined> {
  const holder = describeHolder();
  return (await create(path, holder)) ? hold(path, holder.token, times) : undefined;
}

async function create(path: string, holder: Holder): Promise<boolean> {
  try {
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(JSON.stringify(holder));
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw toFileError(error, path);
  }
}

type Seen =
  | { readonly state: 'gone' }
  | { readonly state: 'alive' | 'dead' | 'unsure'; readonly holder: Holder | undefined };

/**
 * Looks at a lock again and again. Whether a heartbeat goes on is told by whether it changes while this process looks on,
 * never by comparing times: the clocks of two machines differ, and a clock may be set back.
 */
class HolderWatch {
  #beat: string | undefined;
  #sinceMs = 0;

  constructor(
    private readonly path: string,
    private readonly times: LockTimes,
  ) {}

  async look(): Promise<Seen> {
    const holder = await readHolder(this.path);
    if (holder === 'gone') return { state: 'gone' };
    const lives = holder && processLives(holder);
    if (lives !== undefined) return { state: lives ? 'alive' : 'dead', holder };
    const beat = await stat(this.path).then(
      ({ mtimeMs }) => `${holder?.token ?? ''} ${mtimeMs}`,
      () => undefined,
    );
    if (beat === undefined) return { state: 'gone' };
    const now = performance.now();
    if (this.#beat === beat) return { state: now - this.#sinceMs > this.times.quietMs ? 'dead' : 'unsure', holder };
    const first = this.#beat === undefined;
    this.#beat = beat;
    this.#sinceMs = now;
    return { state: first ? 'unsure' : 'alive', holder };
  }
}

/** @returns undefined for a lock that is being written or is damaged, `gone` when it was released meanwhile */
async function readHolder(path: string): Promise<Holder | undefined | 'gone'> {
  try {
    return parseHolder(await readFile(path, 'utf8'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : undefined;
  }
}

/**
 * Removes a dead run's lock. Only one of several waiting runs may do that at a time, and it looks again first: a lock
 * that another run has taken meanwhile must stay.
 */
async function removeDead(path: string, dead: Holder | undefined, times: LockTimes): Promise<void> {
  const guard = `${path}.guard`;
  if (!(await create(guard, describeHolder()))) return waitForGuard(guard, times);
  try {
    const holder = await readHolder(path);
    const same = typeof holder === 'object' ? holder.token === dead?.token : holder === undefined && dead === undefined;
    if (same) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

/** A guard lasts milliseconds; one that stays belongs to a run that was killed while it held it. */
async function waitForGuard(guard: string, times: LockTimes): Promise<void> {
  const watch = new HolderWatch(guard, times);
  for (;;) {
    const { state } = await watch.look();
    if (state === 'gone') return;
    if (state === 'dead') return rm(guard, { force: true });
    await sleep(Math.min(25, times.lookMs));
  }
}

function hold(path: string, token: string, times: LockTimes): Lock {
  let beats = 0;
  const beat = setInterval(() => {
    // A beat is a count, not a time: it changes also while the clock stands still.
    beats++;
    utimes(path, beats, beats).catch(() => undefined);
  }, times.beatMs);
  beat.unref();
  return {
    async release() {
      clearInterval(beat);
      const holder = await readHolder(path);
      if (typeof holder === 'object' && holder.token === token) await rm(path, { force: true });
    },
  };
}

function lockedError(path: string, holder: Holder | undefined): DubError {
  const who = holder ? ` by process ${holder.pid} on ${holder.host}` : '';
  return new DubError('WORK_LOCKED', `Another dub is working in this folder${who}: ${path}.`, {
    hint: 'Wait for it to end, or give this run its own folder with --work DIR.',
    retryable: true,
  });
}
