import { randomBytes } from 'node:crypto';
import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { DubError } from '../errors.js';
import { toFileError } from './files.js';

/** How often a live run touches its lock, and after what silence another machine takes it for dead. */
const heartbeatMs = 5000;
const deadAfterMs = 60_000;

/** A held lock. */
export interface Lock {
  release(): Promise<void>;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

/**
 * Takes the lock file, or takes it over from a run that is dead: its process is gone (same machine) or its heartbeat
 * stopped (another machine, a shared folder).
 * @throws WORK_LOCKED when a live run holds it
 */
export async function takeLock(path: string): Promise<Lock> {
  const token = randomBytes(8).toString('hex');
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await create(path, token)) return hold(path, token);
    const holder = await readHolder(path);
    if (holder === 'gone') continue;
    if (await isAlive(path, holder)) throw lockedError(path, holder);
    await removeDead(path, holder);
  }
  throw lockedError(path, undefined);
}

async function create(path: string, token: string): Promise<boolean> {
  try {
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(JSON.stringify({ pid: process.pid, host: hostname(), token } satisfies Holder));
      await handle.sync();
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw toFileError(error, path);
  }
}

/** @returns undefined for a lock that is being written or is damaged, `gone` when it was released meanwhile */
async function readHolder(path: string): Promise<Holder | undefined | 'gone'> {
  try {
    const holder: unknown = JSON.parse(await readFile(path, 'utf8'));
    const { pid, host, token } = holder as Partial<Holder>;
    return typeof pid === 'number' && typeof host === 'string' && typeof token === 'string'
      ? { pid, host, token }
      : undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : undefined;
  }
}

async function isAlive(path: string, holder: Holder | undefined): Promise<boolean> {
  if (holder?.host === hostname()) return processExists(holder.pid);
  const age = await stat(path).then(
    (found) => Date.now() - found.mtimeMs,
    () => Number.POSITIVE_INFINITY,
  );
  return age < deadAfterMs;
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Removes a dead run's lock. Only one of several waiting runs may do that at a time, and it looks again first: a lock
 * that another run has taken meanwhile must stay.
 */
async function removeDead(path: string, dead: Holder | undefined): Promise<void> {
  const guard = `${path}.guard`;
  if (!(await create(guard, ''))) return waitForGuard(guard);
  try {
    const holder = await readHolder(path);
    const same = typeof holder === 'object' ? holder.token === dead?.token : holder === undefined && dead === undefined;
    if (same) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

/** A guard lasts milliseconds; one that lasts seconds belongs to a run that was killed while it held it. */
async function waitForGuard(guard: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 25));
  const age = await stat(guard).then(
    (found) => Date.now() - found.mtimeMs,
    () => 0,
  );
  if (age > deadAfterMs) await rm(guard, { force: true });
}

function hold(path: string, token: string): Lock {
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, heartbeatMs);
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
