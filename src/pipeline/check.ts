import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Dub, Verdict } from '../domain/dub.js';
import type { Script, Translation } from '../domain/script.js';
import type { Source } from '../domain/source.js';
import type { Takes, Timeline } from '../domain/timeline.js';
import { DubError } from '../errors.js';
import { type CheckOptions, check } from '../stages/check.js';
import type { StageContext } from '../stages/context.js';
import { type Drawn, drawSounds, report } from '../stages/report.js';
import { together } from '../stages/together.js';
import { makeFolder, writeWhole } from '../workspace/files.js';
import { type Kept, readArtefact } from '../workspace/folder.js';
import { hashFile } from '../workspace/hash.js';
import { openContentStore } from '../workspace/store.js';
import { createBuyer, freeOfCharge } from './buyer.js';
import type { RunTools } from './job.js';
import { reportKey, verdictKey } from './keys.js';

/** Everything a later check of a finished dub needs, left in the work folder by the run that made it. */
export interface CheckRecord {
  readonly language: string;
  readonly source: Source;
  readonly script: Script;
  readonly translation: Translation;
  readonly takes: Takes;
  readonly timeline: Timeline;
  readonly dub: Dub;
  readonly options: CheckOptions;
}

/** Name of the artefact that holds a target's `CheckRecord`. */
export function checkRecordName(language: string): string {
  return `finished.${language}`;
}

/**
 * Measures finished dubs again: one output file, or all that a work folder has made.
 * @param path an output file or a work folder
 * @throws USAGE when no work folder belongs to the file; INPUT_UNREADABLE when an output is gone
 */
export async function checkFinished(
  path: string,
  options: { readonly work?: string | undefined; readonly language?: string | undefined },
  tools: RunTools,
): Promise<Measured[]> {
  const records = await findRecords(resolve(path), options.work);
  const wanted = records.filter(({ record }) => options.language === undefined || record.language === options.language);
  if (wanted.length === 0) throw noRecord(path);
  const scratch = await mkdtemp(join(tmpdir(), 'dub-check-'));
  try {
    const measured: Measured[] = [];
    for (const { record, folder } of wanted) {
      const ctx = contextIn(scratch, tools);
      const verdict = await checkRecord(record, ctx);
      measured.push({ verdict, report: await tryReport(record, verdict, folder, ctx) });
    }
    return measured;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** What measuring a finished dub gave. */
export interface Measured {
  readonly verdict: Verdict;
  /** Path of the page that shows it; undefined when the work folder cannot be written to. */
  readonly report: string | undefined;
}

/** Measures one finished dub against what its run left behind. */
export function checkRecord(record: CheckRecord, ctx: StageContext): Promise<Verdict> {
  const { source, script, takes, timeline, dub, options } = record;
  return check(source, script, takes, timeline, dub, options, ctx);
}

/** A verdict, and what was drawn for its report beside the measuring: nothing where there was no measuring. */
export interface Judged {
  readonly verdict: Verdict;
  readonly drawn?: Drawn | undefined;
}

/**
 * The verdict on a file that has just been made. One on the very same bytes, held against the same, is not measured a
 * second time: a dub that is made anew of what is kept comes out bit for bit as before. The sounds of the report are
 * drawn meanwhile: ffmpeg has most of that work, Node most of the measuring.
 */
export async function checkOnce(record: CheckRecord, workFolder: string, ctx: StageContext): Promise<Kept<Judged>> {
  const { dub, options } = record;
  const files = [dub.path, ...(options.subtitles?.path === undefined ? [] : [options.subtitles.path])];
  const key = verdictKey(record, await Promise.all(files.map(hashFile)));
  let judged: Judged | undefined;
  const { path } = await ctx.keeper.file(key, '.json', async (to) => {
    const [verdict, drawn] = await together(
      ctx.signal,
      (signal) => checkRecord(record, { ...ctx, signal }),
      (signal) => drawSounds(filmOf(record, workFolder), { ...ctx, signal }),
    );
    judged = { verdict, drawn };
    await writeFile(to, JSON.stringify(verdict), { mode: 0o600 });
  });
  if (judged !== undefined) return { value: judged, kept: false };
  return { value: { verdict: JSON.parse(await readFile(path, 'utf8')) as Verdict }, kept: true };
}

function filmOf({ source, dub, timeline, options, language }: CheckRecord, workFolder: string) {
  return {
    source,
    dubPath: dub.path,
    programmeMs: timeline.programmeMs,
    originalStreamIndex: options.originalStreamIndex,
    folder: reportFolder(workFolder, language),
  };
}

function reportFolder(workFolder: string, language: string): string {
  return join(workFolder, language);
}

/**
 * Writes the verdict as a page for people into the work folder, `<language>/report.html`.
 * @returns its path
 */
export async function writeReport(
  record: CheckRecord,
  { verdict, drawn }: Judged,
  workFolder: string,
  ctx: StageContext,
): Promise<string> {
  const { source, script, translation, takes, timeline, options } = record;
  const folder = reportFolder(workFolder, record.language);
  const { originalStreamIndex } = options;
  const told = { source, script, translation, takes, timeline, verdict, originalStreamIndex, folder };
  const { path: kept } = await ctx.keeper.file({ ...reportKey(record, verdict), folder }, '.html', async (to) =>
    writeFile(to, await report(told, ctx, drawn), { mode: 0o600 }),
  );
  await makeFolder(folder);
  const path = join(folder, 'report.html');
  await writeWhole(path, await readFile(kept));
  return path;
}

/** Measuring needs no right to write: a film on a read-only disk is judged all the same. */
async function tryReport(
  record: CheckRecord,
  verdict: Verdict,
  workFolder: string,
  ctx: StageContext,
): Promise<string | undefined> {
  try {
    return await writeReport(record, { verdict }, workFolder, ctx);
  } catch (error) {
    if (error instanceof DubError && (error.code === 'OUTPUT_UNWRITABLE' || error.code === 'DISK_FULL'))
      return undefined;
    throw error;
  }
}

function contextIn(scratch: string, tools: RunTools): StageContext {
  const store = openContentStore(scratch);
  return {
    signal: tools.signal,
    scratch,
    tools: tools.media,
    keeper: store,
    buyer: createBuyer({ store, cashier: freeOfCharge, signal: tools.signal }),
    emit: () => undefined,
  };
}

/** A record and the work folder it lies in. */
interface FoundRecord {
  readonly record: CheckRecord;
  readonly folder: string;
}

async function findRecords(path: string, work: string | undefined): Promise<FoundRecord[]> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new DubError('INPUT_UNREADABLE', `There is no ${path}.`, {
      hint: 'Name a finished dub or its work folder.',
      cause,
    });
  });
  if (found.isDirectory()) return (await readRecords(path)).map((record) => ({ record, folder: path }));
  for (const folder of work === undefined ? await workFoldersNear(path) : [resolve(work)]) {
    const record = (await readRecords(folder)).find(({ dub }) => dub.path === path || isMoved(dub.path, path, folder));
    if (record) return [{ record: { ...record, dub: { ...record.dub, path } }, folder }];
  }
  return [];
}

/** A dub and its work folder that were moved together still belong together. */
function isMoved(recorded: string, path: string, folder: string): boolean {
  return basename(recorded) === basename(path) && dirname(path) === dirname(folder);
}

async function workFoldersNear(path: string): Promise<string[]> {
  const folder = dirname(path);
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && entry.name.endsWith('.dub'))
    .map(({ name }) => join(folder, name));
}

async function readRecords(folder: string): Promise<CheckRecord[]> {
  const names = await readdir(join(folder, '.state')).catch(() => []);
  const prefix = checkRecordName('');
  const finished = names.filter((name) => name.startsWith(prefix) && name.endsWith('.json')).sort();
  const records = await Promise.all(finished.map((name) => readArtefact<CheckRecord>(folder, name.slice(0, -5))));
  return records.filter((record) => record !== undefined);
}

function noRecord(path: string): DubError {
  return new DubError('USAGE', `${path} does not belong to any dub this tool has made here.`, {
    hint: 'A verdict needs the work folder of the run ({name}.dub); name it with --work DIR.',
  });
}
