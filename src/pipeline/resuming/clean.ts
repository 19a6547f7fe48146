import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DubError } from '../../errors.js';
import { type Cleaned, type CleanOptions, cleanStore } from '../../workspace/clean.js';
import { takeLock } from '../../workspace/lock.js';
import { readUsed } from '../../workspace/usage.js';

/** What is to be given up of the store, and of a work folder. */
export interface CleanRequest extends Pick<CleanOptions, 'olderThanMs' | 'maxBytes' | 'dryRun'> {
  /** A work folder: what its runs used goes, and the sound that it keeps itself. What people read in it stays. */
  readonly work?: string | undefined;
}

/** What cleaning came to. */
export type CleanedCache = Cleaned;

/**
 * Cleans the shared store.
 * @throws USAGE for a folder that is no work folder; WORK_LOCKED when a run lives in it
 */
export async function cleanCache(cache: string, { work, ...request }: CleanRequest): Promise<CleanedCache> {
  if (work === undefined) return cleanStore(cache, request);
  const state = join(work, '.state');
  const isWork = await stat(state).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isWork) {
    throw new DubError('USAGE', `${work} is no work folder of dub.`, { hint: 'Name one, such as talk.dub.' });
  }
  const lock = await takeLock(join(state, 'lock'));
  try {
    const cleaned = await cleanStore(cache, { ...request, names: await readUsed(state) });
    const own = await cleanState(state, request.dryRun === true);
    return { ...cleaned, freedFiles: cleaned.freedFiles + own.files, freedBytes: cleaned.freedBytes + own.bytes };
  } finally {
    await lock.release();
  }
}

/** The sound that a work folder keeps: the speech track, the mixes, takes that the store did not take. */
async function cleanState(state: string, dryRun: boolean): Promise<{ files: number; bytes: number }> {
  const names = await readdir(state, { recursive: true });
  const sound = names.filter((name) => /^(files|paid)[/\\]|^mix\.[^/\\]*$/.test(name) && !name.endsWith('.json'));
  let [files, bytes] = [0, 0];
  for (const name of sound) {
    const found = await stat(join(state, name)).catch(() => undefined);
    if (!found?.isFile()) continue;
    files++;
    bytes += found.size;
    if (!dryRun) await rm(join(state, name), { force: true });
  }
  return { files, bytes };
}
