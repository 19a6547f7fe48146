import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, toFileError, writeWhole } from './files.js';
import { hashValue } from './hash.js';

/** The figures of one take, as plain numbers; `id` tells the same take from another. */
export interface LoggedTake {
  readonly id: string;
  readonly figures: readonly number[];
}

/** What takes of one voice measured, from all runs that share the cache folder. */
export interface TakeLog {
  /** The newest takes, at most 400, in order of writing; none when nothing is logged or the log cannot be read. */
  read(): Promise<readonly LoggedTake[]>;
  /** Adds takes that are not there yet. @throws DISK_FULL, OUTPUT_UNWRITABLE */
  add(takes: readonly LoggedTake[]): Promise<void>;
}

/** More takes than this tell nothing new of a voice. */
const mostTakes = 400;

/**
 * The log under `key` in the cache folder. A line is appended for each take, whole or not at all as far as the disk is
 * concerned, so processes may write side by side; a torn line is passed over. A log that has grown to twice its size is
 * written anew, in which another process may lose a few of its takes: they are there to be averaged, not to be counted.
 */
export function openTakeLog(cache: string, key: Readonly<Record<string, unknown>>): TakeLog {
  const path = join(cache, 'paces', `${hashValue(key).slice(0, 32)}.ndjson`);
  return {
    async read() {
      return (await readLog(path)).slice(-mostTakes);
    },
    async add(takes) {
      const logged = await readLog(path);
      const known = new Set(logged.map(({ id }) => id));
      const fresh = takes.filter(({ id }) => !known.has(id));
      if (fresh.length === 0) return;
      await makeFolder(join(path, '..'));
      const all = [...logged, ...fresh];
      try {
        if (all.length > 2 * mostTakes) await writeWhole(path, toLines(all.slice(-mostTakes)));
        else await appendFile(path, toLines(fresh), { mode: 0o600 });
      } catch (error) {
        throw toFileError(error, path);
      }
    },
  };
}

async function readLog(path: string): Promise<LoggedTake[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => parseTake(line) ?? []);
}

function toLines(takes: readonly LoggedTake[]): string {
  return takes.map(({ id, figures }) => `${JSON.stringify([id, ...figures])}\n`).join('');
}

function parseTake(line: string): LoggedTake | undefined {
  try {
    const [id, ...figures] = JSON.parse(line) as unknown[];
    if (typeof id !== 'string' || !figures.every((figure) => Number.isFinite(figure))) return undefined;
    return { id, figures: figures as number[] };
  } catch {
    return undefined;
  }
}
