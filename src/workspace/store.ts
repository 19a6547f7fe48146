import { readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder, partialPath, publishFile, syncFolder, toFileError, writeWhole } from './files.js';
import { hashFile, hashValue } from './hash.js';
import { type Lock, type LockTimes, waitForLock } from './lock.js';
import { type KeptFile, parseRecord, sealRecord } from './record.js';

/** What is kept under a key. */
export interface Entry {
  /** Plain JSON. */
  readonly value: unknown;
  /** Absolute path of the file that belongs to it; undefined where there is none. */
  readonly path?: string | undefined;
}

/** A file to be kept with a value. */
export interface NewFile {
  /** With the dot. */
  readonly extension: string;
  /** Writes the whole file to the path it is given. */
  write(path: string): Promise<void>;
}

/** Where an entry came from: for people who look into the store, and for cleaning up. */
export interface About {
  readonly stage?: string | undefined;
  readonly provider?: string | undefined;
}

/** A folder of answers and files, each under the hash of everything that shaped it. */
export interface ContentStore {
  /**
   * What is kept under `name`, its checksum verified. A damaged entry is set aside in the folder `damaged`, told by a
   * warning, and counts as absent.
   */
  find(name: string): Promise<Entry | undefined>;
  /** Whether there is something under `name`, whole or not: cheap, for waiting. */
  has(name: string): Promise<boolean>;
  /**
   * Keeps a value and its file; both are whole and synced when this resolves.
   * @throws DISK_FULL, OUTPUT_UNWRITABLE
   */
  keep(name: string, value: unknown, about?: About, file?: NewFile): Promise<Entry>;
  /**
   * Waits until this process alone may make the entry `name`, on this machine or another one that shares the folder.
   * @param isDone looked at while waiting: true when the entry is there
   * @returns undefined when `isDone` said so
   */
  claim(name: string, isDone: () => Promise<boolean>, signal: AbortSignal): Promise<Lock | undefined>;
  /**
   * The file kept under `key`, made first when there is none.
   * @param make writes the whole file to the path it is given
   */
  file(
    key: Readonly<Record<string, unknown>>,
    extension: string,
    make: (path: string) => Promise<void>,
  ): Promise<{ readonly path: string; readonly kept: boolean }>;
}

/** How a store tells of what it does. */
export interface StoreOptions {
  /** Told of a damaged entry that was set aside, as a sentence for people. */
  readonly warn?: ((message: string) => void) | undefined;
  /** Told each name that is used, before it is read or written. */
  readonly use?: ((name: string) => void) | undefined;
  /** Told when an entry was added. */
  readonly added?: (() => void) | undefined;
  readonly lockTimes?: LockTimes | undefined;
}

/** Folder inside a store for entries that were found damaged. */
export const damagedFolder = 'damaged';

/** Folder inside a store where who buys something says so. */
export const claimsFolder = 'claims';

/** Opens a content-addressed folder; it is made when the first entry is kept. */
export function openContentStore(root: string, options: StoreOptions = {}): ContentStore {
  return new FolderStore(root, options);
}

/** Where an entry's record lies, beside its file. */
export function recordPath(root: string, name: string): string {
  return join(root, name.slice(0, 2), `${name}.record.json`);
}

class FolderStore implements ContentStore {
  readonly #underWay = new Map<string, Promise<string>>();

  constructor(
    private readonly root: string,
    private readonly options: StoreOptions,
  ) {}

  async find(name: string): Promise<Entry | undefined> {
    this.options.use?.(name);
    const path = recordPath(this.root, name);
    const text = await readRecord(path);
    if (text === undefined) return undefined;
    const record = parseRecord(text);
    const file = record?.file && { ...record.file, path: join(dirname(path), name + record.file.extension) };
    if (record === undefined || (file !== undefined && !(await isWhole(file)))) {
      await this.#setAside(path, file?.path);
      return undefined;
    }
    // The moment of last use, by which the oldest entries are given up first; a store that cannot be written has none.
    const now = new Date();
    await utimes(path, now, now).catch(() => undefined);
    return { value: record.value, path: file?.path };
  }

  has(name: string): Promise<boolean> {
    return stat(recordPath(this.root, name)).then(
      () => true,
      () => false,
    );
  }

  async keep(name: string, value: unknown, about: About = {}, file?: NewFile): Promise<Entry> {
    this.options.use?.(name);
    const path = recordPath(this.root, name);
    await makeFolder(dirname(path));
    const target = file && join(dirname(path), name + file.extension);
    const kept = file && target && (await this.#writeFile(target, file));
    await writeWhole(path, sealRecord({ about, value, ...(kept ? { file: kept } : {}) }));
    await syncFolder(dirname(path));
    this.options.added?.();
    return { value, path: target };
  }

  async claim(name: string, isDone: () => Promise<boolean>, signal: AbortSignal): Promise<Lock | undefined> {
    const folder = join(this.root, claimsFolder);
    await makeFolder(folder);
    return waitForLock(join(folder, name), isDone, signal, this.options.lockTimes);
  }

  async file(
    key: Readonly<Record<string, unknown>>,
    extension: string,
    make: (path: string) => Promise<void>,
  ): Promise<{ readonly path: string; readonly kept: boolean }> {
    const name = hashValue({ key, extension });
    const found = await this.find(name);
    if (found?.path !== undefined) return { path: found.path, kept: true };
    const running = this.#underWay.get(name);
    if (running) return { path: await running, kept: true };
    const making = this.keep(name, null, {}, { extension, write: make })
      .then((entry) => entry.path!)
      .finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, making);
    return { path: await making, kept: false };
  }

  async #writeFile(target: string, { extension, write }: NewFile): Promise<KeptFile> {
    const partial = partialPath(target);
    try {
      await write(partial);
      const [{ size: bytes }, sum] = [await stat(partial), await hashFile(partial)];
      // A whole file of the same key is as good as ours, whichever process wrote it: replacing it changes nothing.
      await publishFile(partial, target, true);
      return { extension, bytes, sum };
    } catch (error) {
      await rm(partial, { force: true });
      throw error instanceof Error && 'errno' in error ? toFileError(error, target) : error;
    }
  }

  /** Moves a damaged entry out of the way, where it can be looked at. */
  async #setAside(...paths: readonly (string | undefined)[]): Promise<void> {
    const folder = join(this.root, damagedFolder);
    const there = paths.filter((path) => path !== undefined);
    try {
      await makeFolder(folder);
      for (const path of there) {
        await rename(path, join(folder, basename(path))).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error;
        });
      }
      this.options.warn?.(`A kept answer is damaged and is made again: ${join(folder, basename(there[0]!))}.`);
    } catch {
      this.options.warn?.(`A kept answer is damaged and is made again; it could not be set aside: ${there[0]}.`);
    }
  }
}

/** @returns undefined when there is none; what cannot be read counts as damaged */
async function readRecord(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : '';
  }
}

async function isWhole({ path, bytes, sum }: KeptFile & { readonly path: string }): Promise<boolean> {
  try {
    return (await stat(path)).size === bytes && (await hashFile(path)) === sum;
  } catch {
    return false;
  }
}
