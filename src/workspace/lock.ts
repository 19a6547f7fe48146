import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
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
  for (let attempt = 0; attempt < 20; attempt++) {
    if (await create(path, token)) return hold(path, token);
    const holder = await readHolder(path);
    if (holder === 'gone') continue;
    if (await isAlive(path, holder)) throw lockedError(path, holder);
    await putAside(path, holder);
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
 * Renaming first lets only one of several waiting runs remove a dead lock. What was renamed is looked at again: another
 * run may have taken the dead lock over since we looked, and then it gets its lock back.
 */
async function putAside(path: string, dead: Holder | undefined): Promise<void> {
  const aside = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    await rename(path, aside);
    const moved = await readHolder(aside);
    if (typeof moved === 'object' && moved.token !== dead?.token) await link(aside, path).catch(() => undefined);
    await rm(aside, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw toFileError(error, path);
  }
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
