import type { Dirent } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isPartial } from './files.js';
import { type LockTimes, releaseDead } from './lock.js';
import { claimsFolder, damagedFolder } from './store.js';
import { findPins } from './usage.js';

/** What is to be given up. Without any of these only what nobody can use is. */
export interface CleanOptions {
  /** Entries that were used last before so many milliseconds. */
  readonly olderThanMs?: number | undefined;
  /** The entries used last longest ago, until the store holds no more bytes than this. */
  readonly maxBytes?: number | undefined;
  /** These entries. */
  readonly names?: ReadonlySet<string> | undefined;
  /** True to say what would be removed, and to remove nothing. */
  readonly dryRun?: boolean | undefined;
  readonly lockTimes?: LockTimes | undefined;
}

/** What cleaning came to. */
export interface Cleaned {
  /** Before. */
  readonly entries: number;
  readonly bytes: number;
  readonly freedEntries: number;
  /** Unfinished and damaged files among them. */
  readonly freedFiles: number;
  readonly freedBytes: number;
  /** Entries that would have gone but are used by a run that lives. */
  readonly inUse: number;
}

interface StoredEntry {
  readonly name: string;
  readonly paths: readonly string[];
  readonly bytes: number;
  /** When it was used last, by the wall clock. */
  readonly usedAtMs: number;
}

/** An unfinished file that is older than this belongs to no run. */
const strayAfterMs = 24 * 3_600_000;

/**
 * Gives up entries of a store, those first that were used last longest ago, never one that a running job uses. Unfinished
 * files of dead runs go, and damaged entries that were set aside as long ago as `olderThanMs` says.
 */
export async function cleanStore(root: string, options: CleanOptions): Promise<Cleaned> {
  const { entries, strays } = await scan(root, options);
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const pins = await findPins(root, options.lockTimes);
  const cleaned = { entries: entries.length, bytes, freedEntries: 0, freedFiles: 0, freedBytes: 0, inUse: 0 };
  for (const stray of strays) {
    cleaned.freedFiles++;
    cleaned.freedBytes += stray.bytes;
    if (!options.dryRun) await rm(stray.path, { force: true });
  }
  if (!options.dryRun) await releaseDeadClaims(root, options.lockTimes);
  let left = bytes;
  for (const entry of entries.sort((a, b) => a.usedAtMs - b.usedAtMs)) {
    if (!isWanted(entry, left, options)) continue;
    // Looked at just before: a run may have begun to use it while others were removed.
    if (await pins.holds(entry.name)) {
      cleaned.inUse++;
      continue;
    }
    left -= entry.bytes;
    cleaned.freedEntries++;
    cleaned.freedBytes += entry.bytes;
    // The record first: without it there is no entry, only a file that nobody finds.
    if (!options.dryRun) for (const path of entry.paths) await rm(path, { force: true });
  }
  return cleaned;
}

/** A run that was killed while it bought leaves its claim, which nobody takes over unless they want the same. */
async function releaseDeadClaims(root: string, times: LockTimes | undefined): Promise<void> {
  const folder = join(root, claimsFolder);
  const claims = (await readdir(folder).catch(() => [])).filter((name) => !name.endsWith('.guard'));
  await Promise.all(claims.map((name) => releaseDead(join(folder, name), times).catch(() => true)));
}

function isWanted(entry: StoredEntry, left: number, { olderThanMs, maxBytes, names }: CleanOptions): boolean {
  if (names?.has(entry.name)) return true;
  if (olderThanMs !== undefined && Date.now() - entry.usedAtMs > olderThanMs) return true;
  return maxBytes !== undefined && left > maxBytes;
}

interface Stray {
  readonly path: string;
  readonly bytes: number;
}

async function scan(root: string, options: CleanOptions): Promise<{ entries: StoredEntry[]; strays: Stray[] }> {
  const entries: StoredEntry[] = [];
  const strays: Stray[] = await oldFiles(join(root, damagedFolder), options.olderThanMs ?? Number.POSITIVE_INFINITY);
  for (const folder of await foldersOf(root)) {
    const files = await filesOf(folder);
    const byName = new Map<string, string[]>();
    for (const { name } of files) {
      const [entry = ''] = name.split('.');
      if (isPartial(name)) strays.push(...(await olderThan(join(folder, name), strayAfterMs)));
      else byName.set(entry, [...(byName.get(entry) ?? []), name]);
    }
    for (const [name, names] of byName) {
      const record = `${name}.record.json`;
      if (names.includes(record))
        entries.push(await measure(folder, name, [record, ...names.filter((one) => one !== record)]));
      else for (const one of names) strays.push(...(await olderThan(join(folder, one), strayAfterMs)));
    }
  }
  return { entries, strays };
}

/** The folders that entries lie in are called after the first two digits of their names. */
async function foldersOf(root: string): Promise<string[]> {
  const names = await readdir(root).catch(() => []);
  return names.filter((name) => /^[0-9a-f]{2}$/.test(name)).map((name) => join(root, name));
}

async function filesOf(folder: string): Promise<Dirent[]> {
  const found = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return found.filter((one) => one.isFile());
}

async function measure(folder: string, name: string, names: readonly string[]): Promise<StoredEntry> {
  const paths = names.map((one) => join(folder, one));
  const found = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
  const bytes = found.reduce((sum, one) => sum + (one?.size ?? 0), 0);
  return { name, paths, bytes, usedAtMs: found[0]?.mtimeMs ?? 0 };
}

async function oldFiles(folder: string, ms: number): Promise<Stray[]> {
  const files = await filesOf(folder);
  return (await Promise.all(files.map(({ name }) => olderThan(join(folder, name), ms)))).flat();
}

async function olderThan(path: string, ms: number): Promise<Stray[]> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > ms ? [{ path, bytes: found.size }] : [];
}
