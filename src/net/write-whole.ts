import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DubError } from '../errors.js';

/**
 * Writes chunks to a file that appears under its name only when it is whole: beside, synced, renamed.
 * @returns its size in bytes
 * @throws `DISK_FULL`, `OUTPUT_UNWRITABLE`, or what the chunks throw; nothing is left behind then
 */
export async function writeWhole(path: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const beside = join(dirname(path), `.${randomUUID()}.part`);
  try {
    const size = await writeBeside(beside, chunks);
    await rename(beside, path);
    return size;
  } catch (error) {
    await rm(beside, { force: true });
    throw error instanceof DubError ? error : unwritable(path, error);
  }
}

async function writeBeside(path: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const handle = await open(path, 'wx');
  let size = 0;
  try {
    for await (const chunk of chunks) {
      // Writes on from where it stands, and all of it; `write` may stop halfway.
      await handle.writeFile(chunk);
      size += chunk.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return size;
}

function unwritable(path: string, cause: unknown): unknown {
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
  if (typeof code !== 'string') return cause;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new DubError('DISK_FULL', `There is no room for ${path}.`, {
      hint: 'Free some space, or put the work folder elsewhere with --work DIR; the same command resumes.',
      cause,
    });
  return new DubError('OUTPUT_UNWRITABLE', `${path} cannot be written (${code}).`, {
    hint: 'Choose a folder you may write to with --work, or mend its permissions.',
    cause,
  });
}
