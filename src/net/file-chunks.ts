import { createReadStream } from 'node:fs';
import { DubError } from '../errors.js';

/**
 * Exactly `length` bytes of a file, in chunks.
 * @throws `INPUT_UNREADABLE` when the file cannot be read, or has become shorter since it was measured
 */
export async function* fileChunks(path: string, length: number): AsyncGenerator<Uint8Array> {
  if (length === 0) return;
  let read = 0;
  try {
    for await (const chunk of createReadStream(path, { end: length - 1 })) {
      read += chunk.length;
      yield chunk;
    }
  } catch (cause) {
    throw unreadableFile(path, cause);
  }
  if (read < length) throw new DubError('INPUT_UNREADABLE', `${path} became shorter while it was sent.`, { hint });
}

/** The error of a file that was to be sent and cannot be read. */
export function unreadableFile(path: string, cause: unknown): DubError {
  return new DubError('INPUT_UNREADABLE', `${path} cannot be read to send it.`, { hint, cause });
}

const hint = 'Check that the file is still there and may be read, and that nothing writes to it.';
