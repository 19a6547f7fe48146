import { realpath } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import type { Config } from '../../config/config.js';
import { DubError } from '../../errors.js';
import { outputName } from '../../pipeline/outputs.js';
import { finishedOutputs } from '../../pipeline/resuming/finished.js';

/** One file of a batch. */
export interface BatchFile {
  /** Absolute. */
  readonly path: string;
  /** Its name, or its path where several have that name. */
  readonly label: string;
  /** The work folder it must have because another file would have the same one. */
  readonly work?: string | undefined;
}

/** The files to dub, and those that were named and are none, with the reason. */
export interface BatchFiles {
  readonly files: readonly BatchFile[];
  readonly leftOut: readonly { readonly path: string; readonly why: string }[];
}

/**
 * Settles the files of a batch: each once, no dub among them, no two with the same output.
 * @param given paths as they were written, from operands and lists
 * @throws USAGE when two files would be dubbed into the same output
 */
export async function settleFiles(given: readonly string[], config: Config, cwd: string): Promise<BatchFiles> {
  const { paths, repeated } = await withoutRepeats(given.map((path) => resolve(cwd, path)));
  const { films, dubs } = await withoutDubs(paths, config);
  const own = shardOf(films, config.shard);
  await refuseSameOutputs(own, config);
  const works = await ownWorkFolders(own, config);
  const names = own.map((path) => basename(path));
  const files = own.map((path, index) => {
    const isOnly = names.indexOf(names[index]!) === names.lastIndexOf(names[index]!);
    return { path, label: isOnly ? names[index]! : relative(cwd, path), work: works.get(path) };
  });
  return { files, leftOut: [...repeated, ...dubs] };
}

/**
 * The part of a list that is this process's. Sorted by code unit first, so that it does not matter in which order a
 * shell lists a folder; then every `count`th path, so that parts differ by one at most.
 */
export function shardOf(paths: readonly string[], shard: Config['shard']): readonly string[] {
  if (shard === undefined) return paths;
  return [...paths].sort((a, b) => (a < b ? -1 : 1)).filter((_, index) => index % shard.count === shard.index - 1);
}

async function withoutRepeats(given: readonly string[]) {
  const seen = new Map<string, string>();
  const repeated: { path: string; why: string }[] = [];
  for (const path of given) {
    const real = await realpath(path).catch(() => path);
    const first = seen.get(real);
    if (first === undefined) seen.set(real, path);
    else repeated.push({ path, why: first === path ? 'is named twice' : `is the same file as ${first}` });
  }
  return { paths: [...seen.values()], repeated };
}

/** `dub *.mp4` a second time also names the dubs of the first time. */
async function withoutDubs(paths: readonly string[], config: Config) {
  const films: string[] = [];
  const dubs: { path: string; why: string }[] = [];
  const makers = new Map<string, string>();
  for (const path of paths) {
    for (const language of config.to) makers.set(withoutEnding(await outputName(config.output, path, language)), path);
  }
  for (const path of paths) {
    const maker = makers.get(withoutEnding(path));
    const from = maker !== undefined && maker !== path ? maker : await earlierMaker(path);
    if (from === undefined) films.push(path);
    else dubs.push({ path, why: `is a dub of ${basename(from)}` });
  }
  return { films, dubs };
}

/** The work folder beside a file that says that dub has made it: `talk.es.mp4` is remembered in `talk.dub`. */
async function earlierMaker(path: string): Promise<string | undefined> {
  const parts = basename(path).split('.');
  for (let length = parts.length - 2; length > 0; length--) {
    const work = join(dirname(path), `${parts.slice(0, length).join('.')}.dub`);
    if ((await finishedOutputs(work)).includes(path)) return work;
  }
  return undefined;
}

async function refuseSameOutputs(paths: readonly string[], config: Config): Promise<void> {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const output = await outputName(config.output, path, config.to[0] ?? '');
    const other = seen.get(output);
    if (other !== undefined) {
      const message = `With ${paths.length} inputs, --output ${config.output} would name the same file twice.`;
      const which = config.output.includes('{name}')
        ? ` Now ${output} would be the dub of ${other} and of ${path}.`
        : '';
      throw new DubError('USAGE', message, {
        hint: `Put {name} into it, and {dir} if the names repeat: {dir}/{name}.{lang}{ext}.${which}`,
      });
    }
    seen.set(output, path);
  }
}

/** `talk.mp4` and `talk.mkv` side by side would share `talk.dub`: all but the first get a folder with the whole name. */
async function ownWorkFolders(paths: readonly string[], config: Config): Promise<ReadonlyMap<string, string>> {
  const taken = new Set<string>();
  const own = new Map<string, string>();
  for (const path of [...paths].sort((a, b) => (a < b ? -1 : 1))) {
    const folder = dirname(await outputName(config.output, path, config.to[0] ?? ''));
    const usual = join(folder, `${basename(path, extname(path))}.dub`);
    if (taken.has(usual)) own.set(path, join(folder, `${basename(path)}.dub`));
    taken.add(usual);
  }
  return own;
}

function withoutEnding(path: string): string {
  return path.slice(0, path.length - extname(path).length);
}
