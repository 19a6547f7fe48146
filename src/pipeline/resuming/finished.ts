import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Source } from '../../domain/source.js';
import { readArtefact, readKept, type WorkFolder } from '../../workspace/folder.js';
import { hashFile } from '../../workspace/hash.js';
import type { OutputSummary } from '../events.js';
import type { DubJob, Target } from '../job.js';
import { providerKey } from '../keys.js';
import { type PlannedOutput, planOutputs, workFolderPath } from '../outputs.js';

/** What an earlier run of the same job has left. */
export interface EarlierWork {
  /** The work folder that the whole job has. */
  readonly work: string;
  /** Summaries of the targets that need not be made again, in the order of the targets. */
  readonly outputs: readonly OutputSummary[];
  /** Files that a run of dub left which was killed before it had finished them; they may be replaced. */
  readonly leftovers: ReadonlySet<string>;
}

interface Finished {
  readonly output: OutputSummary;
  /** Bytes. */
  readonly size: number;
}

/** A file as it was just before it got its name, which changes neither. */
interface Published {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * The targets whose output is there, as an earlier run left it that was given the very same: input, engines, settings.
 * A file of that name which somebody else made, or changed since, is none of them.
 */
export async function findFinished(job: DubJob, source: Source): Promise<EarlierWork> {
  const planned = await planOutputs({ ...job, force: true }, source);
  const work = workFolderPath(job, planned);
  const outputs: OutputSummary[] = [];
  const leftovers = new Set<string>();
  for (const output of planned) {
    const found = await readFinished(work, job, source, output);
    if (found !== undefined) outputs.push({ ...found, kept: true });
    else for (const path of await findLeftovers(work, job, source, output)) leftovers.add(path);
  }
  return { work, outputs, leftovers };
}

/** The job with only those targets that are missing, in the work folder that it has with all of them. */
export function withoutFinished(job: DubJob, { work, outputs }: EarlierWork): DubJob {
  const isMissing = ({ language }: Target) => !outputs.some((output) => output.language === language);
  return { ...job, work, targets: job.targets.filter(isMissing) };
}

/** Remembers that a target is finished. */
export async function noteFinished(
  folder: WorkFolder,
  job: DubJob,
  source: Source,
  made: PlannedOutput,
  output: OutputSummary,
) {
  const { size } = await stat(made.path);
  const key = await finishedKey(job, made.target, source, made.path);
  await folder.keep(`dubbed.${output.language}`, key, { output, size } satisfies Finished);
}

/**
 * Remembers a file that is about to get its name: should the run be killed after that, the next one knows it by this.
 * @param partial the file under the name it has until then
 */
export async function notePublished(
  folder: WorkFolder,
  job: DubJob,
  source: Source,
  { target, path }: PlannedOutput,
  partial: string,
  name: string,
) {
  const { size, mtimeMs } = await stat(partial);
  const key = await finishedKey(job, target, source, path);
  await folder.keep(publishedName(target, name === path), key, { path: name, size, mtimeMs } satisfies Published);
}

function publishedName({ language }: Target, isDub: boolean): string {
  return `published.${language}${isDub ? '' : '.beside'}`;
}

async function readFinished(work: string, job: DubJob, source: Source, { target, path }: PlannedOutput) {
  const standing = await look(path);
  if (standing === undefined) return undefined;
  const key = await finishedKey(job, target, source, path);
  const finished = await readKept<Finished>(work, `dubbed.${target.language}`, key);
  return finished?.size === standing.size ? finished.output : undefined;
}

/** Only what the same job left: a dub that was finished with other settings is somebody's. */
async function findLeftovers(work: string, job: DubJob, source: Source, { target, path, sidecar }: PlannedOutput) {
  const key = await finishedKey(job, target, source, path);
  const found: string[] = [];
  for (const file of [path, sidecar]) {
    if (file === undefined) continue;
    const note = await readKept<Published>(work, publishedName(target, file === path), key);
    const standing = await look(file);
    if (note?.path === file && note.size === standing?.size && note.mtimeMs === standing.mtimeMs) found.push(file);
  }
  return found;
}

/** Everything of a job that shapes an output. What is new in a job counts unless it is named here. */
async function finishedKey(job: DubJob, target: Target, source: Source, path: string): Promise<unknown> {
  const { input: _i, output: _o, work: _w, cache: _c, force: _f, skipFinished: _s, strict: _t, ...rest } = job;
  const {
    asr,
    storage,
    targets: _a,
    settings: _b,
    money: _m,
    fromStage: _r,
    onlyShow: _n,
    cacheBytes: _y,
    deleteVoices: _d,
    openTts: _e,
    castEngines: _g,
    ...shaping
  } = rest;
  return {
    path,
    source: source.fingerprint,
    asr: await providerKey(asr),
    storage: await providerKey(storage),
    language: target.language,
    translator: await providerKey(target.translator),
    tts: await providerKey(target.tts),
    // One that cannot be read is the run's to refuse.
    cast: job.castFile === undefined ? undefined : await hashFile(job.castFile).catch(() => undefined),
    shaping,
  };
}

async function look(path: string): Promise<{ readonly size: number; readonly mtimeMs: number } | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? found : undefined;
}

/** Paths of the outputs that a work folder says are finished, whatever the job; empty when there is no such folder. */
export async function finishedOutputs(work: string): Promise<readonly string[]> {
  const names = await readdir(join(work, '.state')).catch(() => []);
  const artefacts = names.filter((name) => /^dubbed\..*\.json$/.test(name)).map((name) => name.slice(0, -5));
  const found = await Promise.all(artefacts.map((name) => readArtefact<Finished>(work, name)));
  return found.flatMap((finished) => (finished === undefined ? [] : [finished.output.path]));
}
