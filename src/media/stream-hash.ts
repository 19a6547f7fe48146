import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { SourceStream } from '../domain/source.js';
import { throwIfAborted } from '../errors.js';
import { type FfmpegInput, type FfmpegJob, runFfmpeg } from './run.js';
import type { MediaTools } from './tools.js';

/** What hashing needs besides the file. */
export interface HashContext {
  readonly tools: MediaTools;
  readonly signal: AbortSignal;
  /** An existing folder for small files. */
  readonly scratch: string;
}

/**
 * MD5 of the packets of streams, as the container holds them, by reading the file once and decoding nothing. Equal
 * hashes mean equal bits; containers that package the same bits in another way (MPEG-TS, AVI) give others.
 * @param indexes which streams of the file
 * @returns hash by stream index; a stream without packets has none
 */
export async function hashStreams(
  path: string,
  indexes: readonly number[],
  context: HashContext,
): Promise<Map<number, string>> {
  if (indexes.length === 0) return new Map();
  const hashes = await hashInput({ from: path }, indexes, context);
  return new Map([...hashes].map(([position, hash]) => [indexes[position]!, hash]));
}

/**
 * The same, as the packets are once copied into MP4: what other containers package with start codes and headers becomes
 * comparable with MP4, QuickTime and Matroska.
 * @returns empty when MP4 cannot hold one of the streams
 */
export async function hashRepackagedStreams(
  path: string,
  streams: readonly Pick<SourceStream, 'index' | 'codec'>[],
  context: HashContext,
): Promise<Map<number, string>> {
  if (streams.length === 0) return new Map();
  const packets = new PassThrough();
  const repackage: FfmpegJob = {
    purpose: 'repackage streams for comparison',
    inputs: [{ from: path }],
    outputs: [{ options: [...mapsOf(streams.map((stream) => stream.index)), ...repackaging(streams)], to: packets }],
  };
  const positions = streams.map((_, position) => position);
  const [hashes, repackaged] = await Promise.allSettled([
    hashInput({ from: packets }, positions, context),
    runFfmpeg(repackage, context.tools, context.signal),
  ]);
  throwIfAborted(context.signal);
  if (hashes.status === 'rejected' || repackaged.status === 'rejected') return new Map();
  return new Map([...hashes.value].map(([position, hash]) => [streams[position]!.index, hash]));
}

/** A fragmented MP4 can be written to a pipe; `delay_moov` waits for the parameters that come with the first packets. */
function repackaging(streams: readonly Pick<SourceStream, 'codec'>[]): string[] {
  const headersOff = streams.flatMap(({ codec }, position) =>
    codec === 'aac' ? [`-bsf:${position}`, 'aac_adtstoasc'] : [],
  );
  return ['-c', 'copy', ...headersOff, '-f', 'mp4', '-movflags', 'frag_keyframe+delay_moov'];
}

/** Hashes by position among `indexes`: ffmpeg numbers its lines in the order of the maps. */
async function hashInput(
  input: FfmpegInput,
  indexes: readonly number[],
  context: HashContext,
): Promise<Map<number, string>> {
  const to = join(context.scratch, `hashes-${randomUUID()}.txt`);
  const options = [...mapsOf(indexes), '-c', 'copy', '-f', 'streamhash', '-hash', 'md5'];
  const job: FfmpegJob = { purpose: 'hash streams', inputs: [input], outputs: [{ options, to }] };
  try {
    await runFfmpeg(job, context.tools, context.signal);
    const lines = await readFile(to, 'utf8');
    return new Map([...lines.matchAll(/^(\d+),\w,MD5=(\w+)$/gm)].map(([, at, hash]) => [Number(at), hash!]));
  } finally {
    await rm(to, { force: true });
  }
}

function mapsOf(indexes: readonly number[]): string[] {
  return indexes.flatMap((index) => ['-map', `0:${index}`]);
}
