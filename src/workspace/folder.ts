import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { isPartial, makeFolder, toFileError, writeWhole } from './files.js';
import { canonicalJson, hashValue } from './hash.js';
import { takeLock } from './lock.js';
import { type ContentStore, openContentStore } from './store.js';

/** What `once` did. */
export interface Kept<T> {
  readonly value: T;
  /** True when an earlier run had made it from the very same inputs. */
  readonly kept: boolean;
}

/** The work folder of one input: what a person may read, and under `.state` what a later run goes on from. */
export interface WorkFolder {
  readonly path: string;
  /** A folder for this run only; removed by `close`. */
  readonly scratch: string;
  /** Files of this input that are kept between runs. */
  readonly files: ContentStore;
  /** How often each stage was begun anew on purpose: part of the key of everything it makes. */
  readonly rounds: Readonly<Record<string, number>>;
  /** Begins a stage anew: what is kept of it is not used again. */
  beginRound(stage: string): Promise<void>;
  /**
   * The artefact `name`, made first when there is none or when anything it was given has changed.
   * @param given everything that shapes it, as plain JSON values; include a version of the code that makes it
   * @param holds says whether the files the artefact points to are still there
   */
  once<T>(
    name: string,
    given: unknown,
    make: () => Promise<T>,
    holds?: (value: T) => Promise<boolean>,
  ): Promise<Kept<T>>;
  /** The artefact when it was made from the very same inputs and what it points to is still there, else undefined. */
  kept<T>(name: string, given: unknown, holds?: (value: T) => Promise<boolean>): Promise<T | undefined>;
  /** Stores an artefact at once; it resolves when it is safely on the disk. `kept` finds it under the same `given`. */
  keep(name: string, given: unknown, value: unknown): Promise<void>;
  /** The artefact as the last run left it, whatever it was made from; undefined when there is none or it is damaged. */
  read<T>(name: string): Promise<T | undefined>;
  /**
   * Writes a file for people. One that a person has changed since is never overwritten: the new text goes beside it.
   * @param name relative to the work folder
   * @returns the path written, and whether a person's own version was left in place
   */
  writeForPeople(name: string, text: string): Promise<{ readonly path: string; readonly yieldedToEdit: boolean }>;
  /**
   * Notes an unfinished file outside the folder before it is written: should this run be killed, the next one that opens
   * the folder removes it.
   */
  expectLeftover(path: string): Promise<void>;
  /** A file for people as it stands and as it was last written; each undefined when there is none. */
  readForPeople(name: string): Promise<PeoplesFile>;
  /** Takes a person's version for the one that was written: the next writing replaces it. */
  acceptEdit(name: string, text: string): Promise<void>;
  /** Appends a line to `events.ndjson`; lines keep their order. */
  log(line: string): void;
  /** Flushes the log, removes the scratch folder and releases the lock. */
  close(): Promise<void>;
}

/** A file for people and what became of it. */
export interface PeoplesFile {
  readonly standing: string | undefined;
  readonly written: string | undefined;
}

interface StoredArtefact {
  readonly key: string;
  readonly sum: string;
  readonly value: unknown;
}

/**
 * Opens a work folder, making it when needed, and takes its lock.
 * @throws WORK_LOCKED, OUTPUT_UNWRITABLE, DISK_FULL
 */
export async function openWorkFolder(path: string): Promise<WorkFolder> {
  const state = join(path, '.state');
  await makeFolder(state);
  const lock = await takeLock(join(state, 'lock'));
  try {
    await tidyAfterDead(path, state);
    const scratch = await mkdtemp(join(state, 'run-'));
    const rounds = await readRounds(state);
    return workFolder({ path, state, scratch, rounds }, () => lock.release());
  } catch (error) {
    await lock.release();
    throw toFileError(error, path);
  }
}

/** The artefact as `WorkFolder.kept` gives it, read without taking the folder's lock. */
export async function readKept<T>(folder: string, name: string, given: unknown): Promise<T | undefined> {
  const state = join(folder, '.state');
  const key = keyOf(name, given, await readRounds(state));
  return (await findKept<T>(join(state, `${name}.json`), key, undefined))?.value;
}

/** Reads an artefact of a work folder without taking its lock, as `WorkFolder.read` does. */
export async function readArtefact<T>(folder: string, name: string): Promise<T | undefined> {
  return (await readStored(join(folder, '.state', `${name}.json`)))?.value as T | undefined;
}

const leftoversName = 'leftovers';

/** What a run that was killed left behind: its scratch folder, unfinished files, the torn last line of its log. */
async function tidyAfterDead(path: string, state: string): Promise<void> {
  const left = await readFile(join(state, leftoversName), 'utf8').catch(() => '');
  const names = await readdir(state, { recursive: true });
  const inState = names.filter((name) => /^run-[^/\\]*$/.test(name) || isPartial(basename(name)));
  const elsewhere = left.split('\0').filter((name) => isAbsolute(name) && isPartial(basename(name)));
  for (const name of [...inState.map((each) => join(state, each)), ...elsewhere]) {
    await rm(name, { recursive: true, force: true }).catch(() => undefined);
  }
  await rm(join(state, leftoversName), { force: true });
  await cutTornLine(join(path, 'events.ndjson'));
}

async function cutTornLine(path: string): Promise<void> {
  const file = await open(path, 'r+').catch(() => undefined);
  if (file === undefined) return;
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, 65_536));
    await file.read(tail, 0, tail.length, size - tail.length);
    await file.truncate(size - tail.length + tail.lastIndexOf('\n') + 1);
  } finally {
    await file.close();
  }
}

interface OpenFolder {
  readonly path: string;
  readonly state: string;
  readonly scratch: string;
  readonly rounds: Record<string, number>;
}

function workFolder({ path, state, scratch, rounds }: OpenFolder, release: () => Promise<void>): WorkFolder {
  let logged: Promise<void> = Promise.resolve();
  let toLog = '';
  const artefactPath = (name: string) => join(state, `${name}.json`);
  return {
    path,
    scratch,
    files: openContentStore(join(state, 'files')),
    rounds,
    async beginRound(stage) {
      rounds[stage] = (rounds[stage] ?? 0) + 1;
      await writeStored(join(state, roundsName), 'rounds', rounds);
    },
    async once(name, given, make, holds) {
      const key = keyOf(name, given, rounds);
      const earlier = await findKept(artefactPath(name), key, holds);
      if (earlier !== undefined) return { value: earlier.value, kept: true };
      const value = await make();
      await writeStored(artefactPath(name), key, value);
      return { value, kept: false };
    },
    async kept(name, given, holds) {
      return (await findKept(artefactPath(name), keyOf(name, given, rounds), holds))?.value;
    },
    keep: (name, given, value) => writeStored(artefactPath(name), keyOf(name, given, rounds), value),
    async read(name) {
      return readArtefact(path, name);
    },
    writeForPeople: (name, text) => writeForPeople(path, state, name, text),
    readForPeople: (name) => readForPeople(path, state, name),
    acceptEdit: (name, text) => writeStored(writtenPath(state, name), 'written', text),
    async expectLeftover(leftover) {
      // Names may hold line breaks, but no zero.
      await appendFile(join(state, leftoversName), `${leftover}\0`, { mode: 0o600 }).catch((cause: unknown) => {
        throw toFileError(cause, join(state, leftoversName));
      });
    },
    log(line) {
      const isWaiting = toLog !== '';
      toLog += `${line}\n`;
      if (isWaiting) return;
      // What comes while lines are written goes into the next writing, in one.
      logged = logged
        .then(() => {
          const lines = toLog;
          toLog = '';
          return appendFile(join(path, 'events.ndjson'), lines, { mode: 0o600 });
        })
        .catch(() => undefined);
    },
    async close() {
      await logged;
      await rm(scratch, { recursive: true, force: true });
      await rm(join(state, leftoversName), { force: true });
      await release();
    },
  };
}

const roundsName = 'rounds.json';

async function readRounds(state: string): Promise<Record<string, number>> {
  const rounds = (await readStored(join(state, roundsName)))?.value;
  return typeof rounds === 'object' && rounds !== null ? (rounds as Record<string, number>) : {};
}

/** An artefact is called after its stage, with a target's language behind a dot. */
function keyOf(name: string, given: unknown, rounds: Readonly<Record<string, number>>): string {
  const round = rounds[name.split('.')[0]!] ?? 0;
  return hashValue(round === 0 ? given : { given, round });
}

async function findKept<T>(
  path: string,
  key: string,
  holds: ((value: T) => Promise<boolean>) | undefined,
): Promise<{ readonly value: T } | undefined> {
  const stored = await readStored(path);
  if (stored?.key !== key) return undefined;
  const value = stored.value as T;
  return holds === undefined || (await holds(value)) ? { value } : undefined;
}

async function readStored(path: string): Promise<StoredArtefact | undefined> {
  try {
    const stored = JSON.parse(await readFile(path, 'utf8')) as Partial<StoredArtefact>;
    // The sum tells an artefact that was damaged or edited from one this program wrote whole.
    if (stored.key === undefined || stored.sum !== sumOf(stored.value)) return undefined;
    return stored as StoredArtefact;
  } catch {
    return undefined;
  }
}

async function writeStored(path: string, key: string, value: unknown): Promise<void> {
  await writeWhole(path, JSON.stringify({ key, sum: sumOf(value), value } satisfies StoredArtefact));
}

function sumOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 16);
}

async function writeForPeople(
  folder: string,
  state: string,
  name: string,
  text: string,
): Promise<{ path: string; yieldedToEdit: boolean }> {
  const path = join(folder, name);
  await makeFolder(join(path, '..'));
  const { standing, written } = await readForPeople(folder, state, name);
  const edited = standing !== undefined && standing !== text && standing !== written;
  const target = edited ? join(folder, besideName(name)) : path;
  await writeWhole(target, text);
  if (!edited) await writeStored(writtenPath(state, name), 'written', text);
  return { path: target, yieldedToEdit: edited };
}

async function readForPeople(folder: string, state: string, name: string): Promise<PeoplesFile> {
  const standing = await readFile(join(folder, name), 'utf8').catch(() => undefined);
  const written = (await readStored(writtenPath(state, name)))?.value;
  return { standing, written: typeof written === 'string' ? written : undefined };
}

function writtenPath(state: string, name: string): string {
  return join(state, `written-${name.replaceAll('/', '-')}.json`);
}

/** `script.srt` becomes `script.new.srt`. */
function besideName(name: string): string {
  const dot = name.lastIndexOf('.');
  return `${name.slice(0, dot)}.new${name.slice(dot)}`;
}
