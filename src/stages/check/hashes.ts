import { access } from 'node:fs/promises';
import type { Source } from '../../domain/source.js';
import { hashRepackagedStreams, hashStreams } from '../../media/stream-hash.js';
import type { StageContext } from '../context.js';
import { together } from '../together.js';

/** Hashes of the picture and sound of both files, by stream index. */
export interface BothHashes {
  /** Undefined when the input is gone: a dub may be checked long after it was made. */
  readonly source: ReadonlyMap<number, string> | undefined;
  readonly output: ReadonlyMap<number, string>;
}

/**
 * Hashes both files, each read once and side by side. Where the input packages its bits in another way than the output,
 * what is not found there is hashed once more as MP4 would package it.
 */
export async function hashBoth(source: Source, output: Source, ctx: StageContext): Promise<BothHashes> {
  const [before, after] = [hashable(source), hashable(output)];
  const isThere = await access(source.path).then(
    () => true,
    () => false,
  );
  if (!isThere) return { source: undefined, output: await hashStreams(output.path, after, ctx) };
  const [sourceHashes, outputHashes] = await together(
    ctx.signal,
    (signal) => hashStreams(source.path, before, { ...ctx, signal }),
    (signal) => hashStreams(output.path, after, { ...ctx, signal }),
  );
  const known = new Set(outputHashes.values());
  const unknown = before.filter((index) => !known.has(sourceHashes.get(index) ?? ''));
  if (unknown.length === 0 || !packagesOtherwise(source)) return { source: sourceHashes, output: outputHashes };
  const toRepackage = source.streams.filter((stream) => unknown.includes(stream.index));
  const repackaged = await hashRepackagedStreams(source.path, toRepackage, ctx);
  return { source: new Map([...sourceHashes, ...repackaged]), output: outputHashes };
}

/** Picture and sound; the rest is small and may be rewritten by containers. */
function hashable(file: Source): number[] {
  const real = file.streams.filter((stream) => !stream.attachedPicture && ['video', 'audio'].includes(stream.type));
  return real.map((stream) => stream.index);
}

/** Containers that write H.264, HEVC and AAC with start codes and headers of their own. */
function packagesOtherwise(file: Source): boolean {
  return /mpegts|avi|mpeg|h264|hevc|flv|aac/.test(file.format);
}
