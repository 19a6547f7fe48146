import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder, toFileError } from './files.js';

/**
 * Adds one line to a file that several processes may add to, and syncs it. A line that a killed process left unfinished
 * stays a line of its own: it never runs into the next. Private to the user (0600).
 * @throws DISK_FULL, OUTPUT_UNWRITABLE
 */
export async function appendLine(path: string, line: string): Promise<void> {
  await makeFolder(dirname(path));
  try {
    const handle = await open(path, 'a+', 0o600);
    try {
      const { size } = await handle.stat();
      const isWhole = size === 0 || (await readByte(handle, size - 1)) === newline;
      // One write: the system puts it at the end as a whole, whoever else writes there.
      await handle.appendFile(`${isWhole ? '' : '\n'}${line}\n`);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw toFileError(cause, path);
  }
}

const newline = 0x0a;

async function readByte(handle: Awaited<ReturnType<typeof open>>, position: number): Promise<number | undefined> {
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, position);
  return buffer[0];
}
