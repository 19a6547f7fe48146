import { createHash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { DubError } from '../errors.js';

/** What can be told of a file without knowing its format. */
export interface ReadableFile {
  /** Hash of size, modification time and three samples of 64 KiB: notices a changed file without reading 4 GB. */
  readonly fingerprint: string;
  /** Its first bytes, 16 at most. */
  readonly head: Buffer;
}

/**
 * Checks that a path is a file that can be read and holds something, and takes its fingerprint.
 * @throws INPUT_UNREADABLE: no such file, a folder, a device, empty, no permission
 */
export async function examineFile(path: string): Promise<ReadableFile> {
  const { bytes, modifiedMs } = await examineEntry(path);
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const hash = createHash('sha256').update(`${bytes} ${modifiedMs}`);
    const pieces = await readSamples(handle, bytes);
    for (const piece of pieces) hash.update(piece);
    return { fingerprint: hash.digest('hex').slice(0, 32), head: pieces[0]!.subarray(0, 16) };
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    await handle.close();
  }
}

const sampleBytes = 65_536;

async function readSamples(handle: FileHandle, bytes: number): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  for (const at of [0, Math.floor(bytes / 2), Math.max(0, bytes - sampleBytes)]) {
    const piece = Buffer.alloc(sampleBytes);
    const { bytesRead } = await handle.read(piece, 0, sampleBytes, at);
    pieces.push(piece.subarray(0, bytesRead));
  }
  return pieces;
}

async function examineEntry(path: string): Promise<{ bytes: number; modifiedMs: number }> {
  const found = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (found.isDirectory()) {
    throw new DubError('INPUT_UNREADABLE', `${path} is a folder, not a media file.`, {
      hint: 'Name a file in it; several files can be given side by side.',
    });
  }
  if (!found.isFile()) {
    throw new DubError('INPUT_UNREADABLE', `${path} is not a regular file.`, { hint: 'Name a media file on disk.' });
  }
  if (found.size === 0) {
    throw new DubError('INPUT_UNREADABLE', `${path} is empty (0 bytes).`, { hint: 'Fetch or export it again.' });
  }
  return { bytes: found.size, modifiedMs: Math.round(found.mtimeMs) };
}

function unreadable(path: string, cause: unknown): DubError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const hint = 'Check the spelling and the folder; a name with spaces needs quotes.';
    return new DubError('INPUT_UNREADABLE', `There is no file ${path}.`, { hint, cause });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    const hint = 'Check its permissions and those of the folders it is in: `ls -l` shows them.';
    return new DubError('INPUT_UNREADABLE', `${path} may not be read by this user.`, { hint, cause });
  }
  if (code === 'ENAMETOOLONG') {
    const hint = 'Most file systems take names of 255 bytes at most.';
    return new DubError('INPUT_UNREADABLE', `The name is too long to be a file's: ${path}`, { hint, cause });
  }
  return new DubError('INPUT_UNREADABLE', `${path} cannot be read (${code}).`, {
    hint: 'Check the disk or the network drive it is on.',
    cause,
  });
}
