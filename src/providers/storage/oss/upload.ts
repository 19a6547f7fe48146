import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { DubError, throwIfAborted } from '../../../errors.js';
import type { Checkpoint } from './checkpoint.js';
import { type OssConnection, openClient, unwrapped } from './client.js';
import { ossCodeOf } from './errors.js';
import { uploadInParts } from './parts.js';
import { cleanUpMs, isStoredWhole, removeQuietly } from './stored.js';
import { arrivedWhole, damaged, sumsOf } from './sums.js';

/** A file on its way to the bucket. */
export interface Upload {
  readonly path: string;
  /** Under which name it is stored; an upload that is gone on with keeps its own. */
  readonly key: string;
  readonly mediaType: string;
  readonly checkpoint: Checkpoint | undefined;
  readonly onProgress?: ((sentBytes: number, totalBytes: number) => void) | undefined;
}

/**
 * Puts a file, at once or in parts by its size, and checks that the bucket holds the same bytes.
 * @returns the name it was stored under
 */
export async function uploadFile(connection: OssConnection, upload: Upload, signal: AbortSignal): Promise<string> {
  throwIfAborted(signal);
  const size = await sizeOf(upload.path);
  if (size <= connection.options.multipartFrom) return putWhole(connection, upload, signal);
  const file = await open(upload.path).catch((cause: unknown) => {
    throw unreadable(upload.path, cause);
  });
  try {
    return await uploadInParts(
      connection,
      upload,
      { size, read: (at, length) => readAt(file, upload.path, at, length) },
      signal,
    );
  } finally {
    await file.close();
  }
}

async function putWhole(connection: OssConnection, upload: Upload, signal: AbortSignal): Promise<string> {
  const bytes = await readFile(upload.path).catch((cause: unknown) => {
    throw unreadable(upload.path, cause);
  });
  const trace = { mayBeThere: false };
  try {
    await putChecked(connection, upload, bytes, trace, signal);
    return upload.key;
  } catch (error) {
    // Nobody would ever delete an object whose name was never told.
    const removal = trace.mayBeThere && removeQuietly(connection, upload.key, AbortSignal.timeout(cleanUpMs));
    if (!signal.aborted) await removal;
    throw error;
  }
}

/** Sent again once when it arrived otherwise than it left. */
async function putChecked(
  connection: OssConnection,
  upload: Upload,
  bytes: Buffer,
  trace: { mayBeThere: boolean },
  signal: AbortSignal,
): Promise<void> {
  const sums = sumsOf(bytes);
  const client = await openClient(connection, signal);
  const onSent = (sent: number) => {
    trace.mayBeThere ||= sent >= bytes.length;
    upload.onProgress?.(sent, bytes.length);
  };
  for (let attempt = 1; attempt <= 2; attempt++) {
    const options = { mime: upload.mediaType, ctx: { onSent }, headers: {} };
    const { res } = await unwrapped('an upload', () => client.put(upload.key, bytes, options)).catch(
      (error: unknown) => {
        if (isRefusal(error)) trace.mayBeThere = false;
        throw error;
      },
    );
    trace.mayBeThere = true;
    if (arrivedWhole(res.headers, sums) ?? (await isStoredWhole(connection, upload.key, sums, signal))) return;
    if (attempt === 1) connection.onRetry?.({ attempt, waitMs: 0, code: 'PROVIDER_BAD_REPLY' });
  }
  throw damaged(upload.path);
}

/** Whether OSS said that it did not take the object. */
function isRefusal(error: unknown): boolean {
  return error instanceof DubError && !error.retryable && ossCodeOf(error) !== undefined;
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (!found.isFile()) throw unreadable(path, undefined);
  return found.size;
}

async function readAt(file: FileHandle, path: string, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await file.read(bytes, read, length - read, position + read).catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
    if (bytesRead === 0)
      throw new DubError('INPUT_UNREADABLE', `${path} became shorter while it was uploaded.`, { hint });
    read += bytesRead;
  }
  return bytes;
}

const hint = 'Check that the file is there, is a file and may be read, and that nothing writes to it.';

function unreadable(path: string, cause: unknown): DubError {
  return new DubError('INPUT_UNREADABLE', `${path} cannot be read to upload it.`, { hint, cause });
}
