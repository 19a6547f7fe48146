import { access, constants, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import type { Source } from '../domain/source.js';
import { DubError } from '../errors.js';
import { type ContainerName, chooseContainer } from '../media/containers.js';
import { fitName } from '../workspace/files.js';
import type { DubJob, Target } from './job.js';

/** Where one target's dub goes, settled before any work is done. */
export interface PlannedOutput {
  readonly target: Target;
  /** Absolute path. */
  readonly path: string;
  readonly container: ContainerName;
  /** Where subtitles go that are delivered beside the file. */
  readonly sidecar?: string | undefined;
  /** Said when the container had to be another one than the path asked for. */
  readonly warning?: string | undefined;
  /** True when a file of that name may be replaced. */
  readonly replace: boolean;
}

/**
 * Settles every output's name and container, and refuses what would lose something of the user's.
 * @param ours files of an earlier run that was killed before it had finished them
 * @throws USAGE when two outputs or an output and the input are the same file; OUTPUT_EXISTS; OUTPUT_UNWRITABLE
 */
export async function planOutputs(
  job: DubJob,
  source: Source,
  ours: ReadonlySet<string> = new Set(),
): Promise<PlannedOutput[]> {
  const template = await folderAsTemplate(job.output);
  const planned = job.targets.map((target) => {
    const output = planOutput(job, source, template, target);
    return { ...output, replace: job.force || ours.has(output.path) };
  });
  refuseSameNames(planned);
  for (const { path, sidecar, replace } of planned) {
    await refuseUnsafe(path, source, replace);
    if (sidecar === undefined) continue;
    const mayReplace = (job.force || ours.has(sidecar)) && !isGivenFile(sidecar, job);
    await refuseUnsafe(sidecar, source, mayReplace);
  }
  return planned;
}

/** Where the dub of an input goes, as far as the names tell: a container that cannot hold it gets another ending. */
export async function outputName(template: string, input: string, language: string): Promise<string> {
  const whole = await folderAsTemplate(template);
  const ending = extname(whole.replace('{ext}', extname(input)));
  return resolve(fillTemplate(whole, ending, ending, input, language));
}

/** The work folder: the one asked for, or `{name}.dub` beside the first output. */
export function workFolderPath(job: DubJob, outputs: readonly PlannedOutput[]): string {
  if (job.work !== undefined) return resolve(job.work);
  return join(dirname(outputs[0]!.path), fitName(stemOf(job.input), '.dub'));
}

/** `-o out` where `out` is a folder means the usual names inside it. */
async function folderAsTemplate(template: string): Promise<string> {
  const usual = '{name}.{lang}{ext}';
  if (template.endsWith('/') || template.endsWith(sep)) return join(template, usual);
  const isFolder = !template.includes('{') && (await stat(template).catch(() => undefined))?.isDirectory();
  return isFolder ? join(template, usual) : template;
}

function planOutput(job: DubJob, source: Source, template: string, target: Target): Omit<PlannedOutput, 'replace'> {
  const wanted = extname(template.replace('{ext}', extname(source.path)));
  const chosen = chooseContainer(source, wanted, {
    keepOriginal: job.keepOriginal,
    softSubtitles: job.subtitles === 'soft' || job.subtitles === 'both',
  });
  const path = resolve(fillTemplate(template, wanted, chosen.extension, source.path, target.language));
  const beside = job.subtitles === 'srt' || job.subtitles === 'vtt' ? `.${job.subtitles}` : undefined;
  const sidecar = beside && path.slice(0, path.length - extname(path).length) + beside;
  return { target, path, container: chosen.container, sidecar, warning: chosen.warning };
}

/** A script or translation the user handed in is never replaced, whatever --force says. */
function isGivenFile(path: string, job: DubJob): boolean {
  const chosen = [job.asr, ...job.targets.flatMap((target) => [target.translator, target.tts])];
  return chosen.some(({ files }) => files.some((file) => resolve(file) === path));
}

function fillTemplate(template: string, wanted: string, extension: string, input: string, language: string): string {
  const hasToken = template.includes('{ext}');
  const filled = (hasToken ? template.replaceAll('{ext}', '') : template.slice(0, template.length - wanted.length))
    .replaceAll('{dir}', () => dirname(input))
    .replaceAll('{name}', () => stemOf(input))
    .replaceAll('{lang}', () => language);
  const folder = dirname(filled);
  return join(folder, fitOutputName(basename(filled), language, extension));
}

/** Cuts a name that is too long before its language, so that two targets never end up with one name. */
function fitOutputName(stem: string, language: string, extension: string): string {
  const tail = `.${language}`;
  return stem.endsWith(tail) ? fitName(stem.slice(0, -tail.length), tail + extension) : fitName(stem, extension);
}

function stemOf(path: string): string {
  return basename(path, extname(path));
}

function refuseSameNames(planned: readonly PlannedOutput[]): void {
  const seen = new Map<string, string>();
  for (const { path, target } of planned) {
    const other = seen.get(path);
    if (other !== undefined) {
      throw new DubError('USAGE', `The dubs in ${other} and ${target.language} would both be ${path}.`, {
        hint: 'Put {lang} into -o, e.g. -o "{dir}/{name}.{lang}{ext}".',
      });
    }
    seen.set(path, target.language);
  }
}

async function refuseUnsafe(path: string, source: Source, force: boolean): Promise<void> {
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isDirectory()) {
    throw new DubError('OUTPUT_UNWRITABLE', `The output ${path} is a folder.`, {
      hint: 'Give -o a file name, or end it in / to put files inside.',
    });
  }
  if (existing && (await isSameFile(path, source.path))) {
    throw new DubError('USAGE', `The output ${path} is the input itself.`, {
      hint: 'Give the dub another name with -o.',
    });
  }
  if (existing && !force) {
    throw new DubError('OUTPUT_EXISTS', `${path} exists already.`, {
      hint: 'Give --force to replace it, or another name with -o.',
    });
  }
  await refuseUnwritable(dirname(path));
}

async function isSameFile(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([stat(a), stat(b)]);
  return (first.dev === second.dev && first.ino === second.ino) || (await realpath(a)) === (await realpath(b));
}

async function refuseUnwritable(folder: string): Promise<void> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const what = missing
      ? `There is no folder ${folder} for the output.`
      : `The folder ${folder} cannot be written to.`;
    throw new DubError('OUTPUT_UNWRITABLE', what, {
      hint: missing ? `Make it first: mkdir -p '${folder}'` : 'Choose another folder with -o, or mend its permissions.',
      cause,
    });
  }
}
