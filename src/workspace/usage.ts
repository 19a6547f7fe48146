import { closeSync, openSync, writeSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DubError } from '../errors.js';
import { makeFolder } from './files.js';
import { describeHolder } from './holder.js';
import { type Lock, type LockTimes, releaseDead, takeLock } from './lock.js';

/** Says which entries of a store this run uses, so that nobody cleans them away under it. */
export interface Usage {
  /** Notes a name before it is read or written. */
  use(name: string): void;
  /** Notes that an entry was added. */
  noteAdded(): void;
  /** Whether this run has added entries. */
  readonly hasAdded: boolean;
  close(): Promise<void>;
}

/** Folder inside a store where running jobs say what they use. */
const runningFolder = 'running';

/** Name of the list in `.state` of everything that a work folder's runs have used of the store. */
const usedName = 'used';

/**
 * Begins to note what a run uses: in the store while it runs, and in its work folder for good. A store that cannot be
 * written is not cleaned either.
 * @param state the `.state` folder of the work folder
 */
export async function openUsage(root: string, state: string): Promise<Usage> {
  const known = await readUsed(state);
  const running = await announce(root);
  const lists = [running && openList(running.list), openList(join(state, usedName))];
  let hasAdded = false;
  const used = new Set<string>();
  return {
    use(name) {
      if (used.has(name)) return;
      used.add(name);
      lists[0]?.add(name);
      if (!known.has(name)) lists[1]?.add(name);
    },
    noteAdded() {
      hasAdded = true;
    },
    get hasAdded() {
      return hasAdded;
    },
    async close() {
      for (const list of lists) list?.close();
      if (running === undefined) return;
      await rm(running.list, { force: true });
      await running.lock.release();
    },
  };
}

/** A list of names that others may read at any moment; one that cannot be written is none: only cleaning goes by it. */
function openList(path: string): { add(name: string): void; close(): void } | undefined {
  const withoutError = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch {
      return undefined;
    }
  };
  // Held open, for a run may use thousands of entries; written before the entry is read, so not in the background.
  const file = withoutError(() => openSync(path, 'a', 0o600));
  if (file === undefined) return undefined;
  return {
    add: (name) => void withoutError(() => writeSync(file, `${name}\n`)),
    close: () => void withoutError(() => closeSync(file)),
  };
}

/** Names of all entries that the runs of a work folder have used. */
export async function readUsed(state: string): Promise<ReadonlySet<string>> {
  return namesIn(await readFile(join(state, usedName), 'utf8').catch(() => ''));
}

async function announce(root: string): Promise<{ readonly list: string; readonly lock: Lock } | undefined> {
  const folder = join(root, runningFolder);
  const { token } = describeHolder();
  try {
    await makeFolder(folder);
    return { list: join(folder, `${token}.used`), lock: await takeLock(join(folder, `${token}.lock`)) };
  } catch (error) {
    if (!(error instanceof DubError)) throw error;
    return undefined;
  }
}

/** What the runs that live now use of a store. */
export interface Pins {
  /** Looks again: true when a live run uses the name. */
  holds(name: string): Promise<boolean>;
}

/** Finds the runs that live, and removes what dead ones have left. One on another machine is waited for until it shows. */
export async function findPins(root: string, times?: LockTimes): Promise<Pins> {
  const folder = join(root, runningFolder);
  const locks = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.lock'));
  const live = await Promise.all(
    locks.map(async (name): Promise<string | undefined> => {
      const list = join(folder, name.replace(/\.lock$/, '.used'));
      if (await releaseDead(join(folder, name), times)) return list;
      await rm(list, { force: true });
      return undefined;
    }),
  );
  const lists = live.filter((list) => list !== undefined);
  return {
    async holds(name) {
      for (const list of lists) if (namesIn(await readFile(list, 'utf8').catch(() => '')).has(name)) return true;
      return false;
    },
  };
}

function namesIn(text: string): ReadonlySet<string> {
  return new Set(text.split('\n').filter((name) => /^[0-9a-f]{40}$/.test(name)));
}
