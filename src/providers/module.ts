import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DubError } from '../errors.js';
import type { ProviderKind } from './contract.js';
import type { AnyDefinition } from './define.js';

/** True for what is written like a path: `./x.js`, `../x`, `/x`, `C:\x`, a `file:` URL, anything ending in .js. */
export function isPath(name: string): boolean {
  return /^(?:\.{1,2}(?:[\\/]|$)|file:)/.test(name) || isAbsolute(name) || /\.[cm]?[jt]s(?::|$)/.test(name);
}

/**
 * The file of a module or package.
 * @returns undefined for a package that is not installed where `baseFolder` sees it
 * @throws CONFIG_INVALID for a path without a file
 */
export async function resolveModule(name: string, baseFolder: string): Promise<string | undefined> {
  if (!isPath(name)) return resolvePackage(name, baseFolder);
  const path = name.startsWith('file:') ? fileURLToPath(name) : resolve(baseFolder, name);
  if (await isFile(path)) return path;
  throw new DubError('CONFIG_INVALID', `There is no provider module ${path}.`, {
    hint: `Relative paths count from ${baseFolder}.`,
  });
}

/**
 * Loads a module and finds the definition of that kind: its default export, else the only named one that is one.
 * @throws CONFIG_INVALID when it cannot be loaded, exports none, or several
 */
export async function importDefinition<Kind extends ProviderKind>(
  kind: Kind,
  path: string,
): Promise<AnyDefinition<Kind>> {
  const exported = await importModule(path);
  if (isDefinition(kind, exported.default)) return exported.default;
  const found = Object.values(exported).filter((value) => isDefinition(kind, value));
  if (found.length === 1) return found[0]!;
  const what = found.length === 0 ? `exports no ${kind} provider` : `exports ${found.length} ${kind} providers`;
  const others = Object.entries(exported).map(([name, value]) => `${name} (${describe(value)})`);
  throw new DubError('CONFIG_INVALID', `${path} ${what}; it exports: ${others.join(', ') || 'nothing'}.`, {
    hint: `Export one made with defineProvider({ kind: '${kind}', name, summary, options, create }), best as the default.`,
  });
}

async function importModule(path: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (cause) {
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new DubError('CONFIG_INVALID', `The provider module ${path} cannot be loaded (${reason}).`, {
      hint: 'It must be JavaScript that this Node runs; try `node --check` on it.',
      cause,
    });
  }
}

function isDefinition<Kind extends ProviderKind>(kind: Kind, value: unknown): value is AnyDefinition<Kind> {
  if (typeof value !== 'object' || value === null) return false;
  const { kind: its, name, summary, options, create } = value as Record<string, unknown>;
  const hasSchema = typeof options === 'object' && options !== null && 'safeParse' in options;
  return (
    its === kind && typeof name === 'string' && typeof summary === 'string' && hasSchema && typeof create === 'function'
  );
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return typeof value;
  const whole = isDefinition(value.kind as ProviderKind, value);
  return whole ? `a provider of kind ${String(value.kind)}` : `kind ${String(value.kind)}, but not whole`;
}

async function resolvePackage(name: string, baseFolder: string): Promise<string | undefined> {
  if (!/^(?:@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-~][a-z0-9-._~]*(?:\/[^.][^\\]*)?$/i.test(name)) return undefined;
  const require = createRequire(join(baseFolder, 'package.json'));
  try {
    const path = require.resolve(name);
    return isAbsolute(path) ? path : undefined;
  } catch (error) {
    // `require` cannot see a package that exports to `import` alone.
    const unseen = error instanceof Error && 'code' in error && error.code === 'ERR_PACKAGE_PATH_NOT_EXPORTED';
    return unseen ? importEntry(name, baseFolder) : undefined;
  }
}

async function importEntry(name: string, baseFolder: string): Promise<string | undefined> {
  for (let folder = resolve(baseFolder); ; folder = dirname(folder)) {
    const home = join(folder, 'node_modules', name);
    const manifest = join(home, 'package.json');
    if (await isFile(manifest)) {
      const { exports } = JSON.parse(await readFile(manifest, 'utf8')) as { exports?: unknown };
      const target = importTarget(exports);
      return target === undefined ? undefined : join(home, target);
    }
    if (folder === dirname(folder)) return undefined;
  }
}

/** The file behind `exports` for `import`, however deep the conditions are nested. */
function importTarget(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return undefined;
  const conditions = exports as Record<string, unknown>;
  for (const key of ['.', 'import', 'node', 'default']) {
    const target = importTarget(conditions[key]);
    if (target !== undefined) return target;
  }
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
