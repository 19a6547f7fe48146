import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, rm, unlink } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { DubError } from '../errors.js';

/** Longest file name of common file systems, in bytes of UTF-8. */
const longestName = 255;

/**
 * Writes a file so that it is either whole or not there: beside, synced, renamed. Private to the user (0600).
 * @throws DISK_FULL, OUTPUT_UNWRITABLE
 */
export async function writeWhole(path: string, data: string | Uint8Array): Promise<void> {
  const partial = partialPath(path);
  try {
    const handle = await open(partial, 'wx', 0o600);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true });
    throw toFileError(cause, path);
  }
}

/** A name for an unfinished file: in the same folder, hidden, with the same extension, never longer than allowed. */
export function partialPath(path: string): string {
  const extension = extname(path);
  return join(
    dirname(path),
    fitName(`.${basename(path, extension)}`, `.${randomBytes(6).toString('hex')}.partial${extension}`),
  );
}

/** Whether a file's name is one that `partialPath` gives. */
export function isPartial(name: string): boolean {
  return /^\..*\.[0-9a-f]{12}\.partial(\.[^.]+)?$/s.test(name);
}

/**
 * Gives a finished scratch file its final name, synced first.
 * @param replace false: an existing file of that name is an OUTPUT_EXISTS error, also when it appeared meanwhile
 */
export async function publishFile(partial: string, path: string, replace: boolean): Promise<void> {
  try {
    await syncFile(partial);
    if (replace) await rename(partial, path);
    else await linkThenUnlink(partial, path);
  } catch (cause) {
    throw toFileError(cause, path);
  }
}

/** `link` refuses an existing name atomically, which `rename` does not; some file systems have no links. */
async function linkThenUnlink(partial: string, path: string): Promise<void> {
  try {
    await link(partial, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EMLINK') throw error;
    const handle = await open(path, 'wx');
    await handle.close();
    await rename(partial, path);
    return;
  }
  await unlink(partial);
}

/** Flushes a file that another program wrote to the disk. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Flushes a folder's list of names, so that a renamed file is still there after a power cut; where that is possible. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** Makes a folder private to the user (0700) with its parents; an existing one is left as it is. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw toFileError(cause, path);
  }
}

/** `stem + suffix`, the stem cut at a whole character so that the name stays within 255 bytes; a cut stem ends in `~`. */
export function fitName(stem: string, suffix: string): string {
  const room = longestName - Buffer.byteLength(suffix);
  if (Buffer.byteLength(stem) <= room) return stem + suffix;
  let cut = '';
  for (const character of stem) {
    if (Buffer.byteLength(cut + character) > room - 1) break;
    cut += character;
  }
  return `${cut}~${suffix}`;
}

/** A file system error in the user's words. */
export function toFileError(cause: unknown, path: string): DubError {
  if (cause instanceof DubError) return cause;
  const code = (cause as NodeJS.ErrnoException).code;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new DubError('DISK_FULL', `The disk is full: ${path} could not be written.`, {
        hint: 'Free some space, or put the work folder elsewhere with --work DIR; the same command goes on from here.',
        cause,
      });
    case 'EEXIST':
      return new DubError('OUTPUT_EXISTS', `${path} exists already.`, {
        hint: 'Give --force to replace it, or another name with -o.',
        cause,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new DubError('OUTPUT_UNWRITABLE', `${path} cannot be written (${code}).`, {
        hint: 'Choose a folder you may write to with -o and --work, or mend its permissions.',
        cause,
      });
    default:
      return new DubError('OUTPUT_UNWRITABLE', `${path} cannot be written (${code ?? String(cause)}).`, {
        hint: 'Choose another place with -o and --work.',
        cause,
      });
  }
}
