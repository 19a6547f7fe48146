import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { DubError } from '../errors.js';
import type { Surroundings } from './option.js';
import { isMapping } from './readers.js';

/** A config file as it stands in the file system, its values unread. */
export interface RcFile {
  /** Absolute. */
  readonly path: string;
  /** True for the user's own file and for one named by hand; false for one found in a project's folder. */
  readonly trusted: boolean;
  readonly values: Readonly<Record<string, unknown>>;
}

// Names without executable code only: a folder that came with somebody's files must not run anything.
const projectNames = ['.dubbingrc', '.dubbingrc.json', '.dubbingrc.yaml', '.dubbingrc.yml'];
const userNames = ['config.json', 'config.yaml', 'config.yml'];

/**
 * The config files that hold, strongest first: the nearest one from `cwd` upwards (it stops below the home folder),
 * then the user's own. When `named` is given, that file alone; it may be JavaScript.
 * @throws CONFIG_INVALID when a file cannot be read or parsed, or is no mapping
 */
export async function findRcFiles(around: Surroundings, named: string | undefined): Promise<readonly RcFile[]> {
  if (named !== undefined) return [await readNamed(resolve(around.cwd, named))];
  const project = await firstFound(projectPlaces(around), false);
  const user = await firstFound(userPlaces(around), true);
  return [project, user].filter((file) => file !== undefined);
}

function projectPlaces({ cwd, home }: Surroundings): string[] {
  const places: string[] = [];
  for (let folder = resolve(cwd); folder !== resolve(home); folder = dirname(folder)) {
    places.push(...projectNames.map((name) => join(folder, name)));
    if (dirname(folder) === folder) break;
  }
  return places;
}

function userPlaces({ env, home, platform }: Surroundings): string[] {
  const base = platform === 'win32' ? env.APPDATA || join(home, 'AppData', 'Roaming') : env.XDG_CONFIG_HOME;
  const folder = join(base || join(home, '.config'), 'dubbing');
  return [...projectNames.map((name) => join(home, name)), ...userNames.map((name) => join(folder, name))];
}

async function firstFound(places: readonly string[], trusted: boolean): Promise<RcFile | undefined> {
  for (const path of places) {
    const text = await readIfThere(path);
    if (text === undefined || text.trim() === '') continue;
    return { path, trusted, values: await parse(path, text) };
  }
  return undefined;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw new DubError('CONFIG_INVALID', `The config file ${path} cannot be read (${code ?? String(cause)}).`, {
      hint: 'Check its permissions, or name another one with --config FILE.',
      cause,
    });
  }
}

async function readNamed(path: string): Promise<RcFile> {
  const text = await readIfThere(path);
  if (text === undefined) {
    throw new DubError('CONFIG_INVALID', `There is no config file ${path}.`, {
      hint: 'Check the path after --config.',
    });
  }
  return { path, trusted: true, values: text.trim() === '' ? {} : await parse(path, text) };
}

/**
 * Only cosmiconfig's loaders are used: its search first runs `.config/config.js` of the working folder as its own
 * settings (9.0.2), and follows `$import` into code.
 */
async function parse(path: string, text: string): Promise<Readonly<Record<string, unknown>>> {
  const values = await load(path, text).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DubError('CONFIG_INVALID', `The config file ${path} cannot be parsed: ${withoutPath(reason)}`, {
      hint: 'It is JSON or YAML; .dubbingrc.example in the package shows every key.',
      cause,
    });
  });
  if (isMapping(values)) return values;
  throw new DubError('CONFIG_INVALID', `The config file ${path} holds no mapping of keys to values.`, {
    hint: 'Begin it like this: {"to": "es"}',
  });
}

async function load(path: string, text: string): Promise<unknown> {
  const { defaultLoaders } = await import('cosmiconfig');
  const extension = basename(path).startsWith('.') && extname(path) === '' ? 'noExt' : extname(path) || 'noExt';
  // Node strips types by itself from 22.18 on; cosmiconfig's way needs the typescript package and writes a file.
  const name = extension === '.ts' || extension === '.mts' ? '.mjs' : extension;
  const loader = (defaultLoaders as Readonly<Record<string, typeof defaultLoaders.noExt>>)[name];
  if (loader === undefined) throw new Error(`files ending in ${extension} are not understood.`);
  const values: unknown = await loader(path, text);
  return values ?? {};
}

/** cosmiconfig begins with `JSON Error in <path>:`; the path is said already. */
function withoutPath(reason: string): string {
  return reason.replace(/^(JSON|YAML) Error in [^\n]*:\n/, '').split('\n')[0]!;
}
