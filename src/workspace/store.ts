import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, partialPath, publishFile, toFileError } from './files.js';
import { hashValue } from './hash.js';

/** A folder of files, each named by the hash of everything that shaped it. */
export interface ContentStore {
  file(
    key: Readonly<Record<string, unknown>>,
    extension: string,
    make: (path: string) => Promise<void>,
  ): Promise<{ readonly path: string; readonly kept: boolean }>;
}

/** Opens a content-addressed folder; it is made when the first file is kept. */
export function openContentStore(root: string): ContentStore {
  const underWay = new Map<string, Promise<string>>();
  return {
    async file(key, extension, make) {
      const name = hashValue(key);
      const folder = join(root, name.slice(0, 2));
      const path = join(folder, name + extension);
      if (await isWhole(path)) return { path, kept: true };
      const running = underWay.get(path);
      if (running) return { path: await running, kept: true };
      const making = makeFile(folder, path, make).finally(() => underWay.delete(path));
      underWay.set(path, making);
      return { path: await making, kept: false };
    },
  };
}

async function isWhole(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile() && found.size > 0,
    () => false,
  );
}

async function makeFile(folder: string, path: string, make: (path: string) => Promise<void>): Promise<string> {
  await makeFolder(folder);
  const partial = partialPath(path);
  try {
    await make(partial);
    // A whole entry of the same key is as good as ours, whichever process wrote it: replacing it changes nothing.
    await publishFile(partial, path, true);
    return path;
  } catch (error) {
    await rm(partial, { force: true });
    throw error instanceof Error && 'errno' in error ? toFileError(error, path) : error;
  }
}
