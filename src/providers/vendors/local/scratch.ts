import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../../../errors.js';

/** Runs `use` with a new folder inside `scratch` that is gone afterwards, however it ends. */
export async function withScratchFolder<Value>(
  scratch: string,
  signal: AbortSignal,
  use: (folder: string) => Promise<Value>,
): Promise<Value> {
  throwIfAborted(signal);
  await mkdir(scratch, { recursive: true });
  const folder = await mkdtemp(join(scratch, 'engine-'));
  try {
    return await use(folder);
  } finally {
    // A killed engine's child may write one last file while the folder is emptied.
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
