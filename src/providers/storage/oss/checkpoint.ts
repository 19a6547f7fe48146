import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { OssPlace } from './options.js';

const part = z.object({ md5: z.string(), etag: z.string() });
const noted = z.object({
  version: z.literal(1),
  key: z.string().min(1),
  uploadId: z.string().min(1),
  partSize: z.number().int().positive(),
  size: z.number().int().nonnegative(),
  /** By number, from 1. Parts count as done only as long as the file has the same bytes there. */
  parts: z.record(z.string(), part),
});

/** An upload in parts as it is noted: nothing secret, and enough to go on with it in another run. */
export type UploadNote = z.output<typeof noted>;

/** The note of one upload, on disk. */
export interface Checkpoint {
  /** The note of an earlier attempt; undefined when there is none that can be read. */
  read(): Promise<UploadNote | undefined>;
  /** Replaces the note as a whole. */
  write(note: UploadNote): Promise<void>;
  remove(): Promise<void>;
}

/**
 * The note of the upload of this file to this bucket. Two uploads of one file at once would share it: the caller sees
 * to it that there are not.
 */
export function openCheckpoint(folder: string, file: string, place: OssPlace, prefix: string): Checkpoint {
  const path = join(resolve(folder), checkpointName(file, place, prefix));
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (step: () => Promise<void>): Promise<void> => {
    const turn = last.then(step);
    last = turn.catch(() => undefined);
    return turn;
  };
  return {
    async read() {
      const text = await readFile(path, 'utf8').catch(() => '');
      const found = noted.safeParse(parse(text));
      return found.success ? found.data : undefined;
    },
    write: (note) => inTurn(() => writeWhole(path, JSON.stringify(note))),
    remove: () => inTurn(() => rm(path, { force: true })),
  };
}

/** One name for one file and one place, so that a later run finds it. */
export function checkpointName(file: string, place: OssPlace, prefix: string): string {
  const subject = JSON.stringify([place.endpoint, place.bucket, prefix, resolve(file)]);
  return `oss-${createHash('sha256').update(subject).digest('hex').slice(0, 32)}.json`;
}

async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(beside, text, { mode: 0o600 });
  await rename(beside, path);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
