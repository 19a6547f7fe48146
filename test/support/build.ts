import { execFile } from 'node:child_process';
import { mkdir, rm, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lock = `${root}node_modules/.dubbing-build`;

/**
 * Builds `dist/` once before the tests, for those that start `bin/dub.js` itself. Several test runs in one checkout
 * take turns: the lock is a folder, which only one of them can make; one left behind is taken over after two minutes.
 */
export default async function build(): Promise<void> {
  for (;;) {
    const made = await mkdir(lock).then(
      () => true,
      () => false,
    );
    if (made) break;
    const since = (await stat(lock).catch(() => undefined))?.mtimeMs;
    const age = since === undefined ? 0 : Date.now() - since;
    if (age > 120_000) await rm(lock, { recursive: true, force: true });
    else await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    // The compiler writes what it can even when a type is wrong; the type check is a step of its own.
    await promisify(execFile)(process.execPath, [
      `${root}node_modules/typescript/bin/tsc`,
      '-p',
      `${root}tsconfig.json`,
    ]).catch((error: { stdout?: string }) => {
      if (!error.stdout?.includes('error TS')) throw error;
    });
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}
