import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lock = join(root, 'node_modules', '.dubbing-build');
const staleAfterMs = 120_000;

/**
 * Builds `dist/` before the tests for those that start `bin/dub.js` itself, unless it is newer than `src/`. Several test
 * runs in one checkout take turns: the lock is a folder, which only one of them can make.
 */
export default async function build(): Promise<void> {
  await takeTurn();
  try {
    if (!(await isFresh())) await compile();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function takeTurn(): Promise<void> {
  while (!(await makeLock())) {
    const since = await modifiedMs(lock);
    // A run that was killed leaves its lock behind.
    if (since > 0 && Date.now() - since > staleAfterMs) await rm(lock, { recursive: true, force: true });
    else await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function makeLock(): Promise<boolean> {
  return mkdir(lock).then(
    () => true,
    () => false,
  );
}

async function isFresh(): Promise<boolean> {
  const names = await readdir(join(root, 'src'), { recursive: true });
  const sources = names.filter((name) => name.endsWith('.ts')).map((name) => join(root, 'src', name));
  const times = await Promise.all([...sources, join(root, 'tsconfig.json')].map(modifiedMs));
  const built = await Promise.all(
    sources.map((path) => modifiedMs(path.replace(join(root, 'src'), join(root, 'dist')).replace(/\.ts$/, '.js'))),
  );
  return Math.min(...built) > Math.max(...times);
}

function modifiedMs(path: string): Promise<number> {
  return stat(path).then(
    (found) => found.mtimeMs,
    () => 0,
  );
}

/** The compiler writes what it can even when a type is wrong; checking types is a step of its own. */
async function compile(): Promise<void> {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const failed = await promisify(execFile)(process.execPath, [tsc, '-p', join(root, 'tsconfig.json')]).then(
    () => undefined,
    (error: Error & { stdout?: string }) => error,
  );
  if (failed && !failed.stdout?.includes('error TS')) throw failed;
}
