import { readFile, rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Source, SourceStream } from '../../domain/source.js';
import { openPcmWriter, type PcmReader, type PcmWriter } from '../../media/pcm.js';
import { openTrackReader } from '../../media/track-reader.js';
import type { StageContext } from '../context.js';

/** What a page shows and plays of one sound track. */
export interface Picture {
  /** Loudest sample of each bin, 0…1; empty when there is no track. */
  readonly peaks: readonly number[];
  /** Length of a bin, milliseconds. */
  readonly binMs: number;
  /** Value of an audio element's `src`; undefined when there is nothing to play. */
  readonly sound?: string | undefined;
}

const rate = 24_000;
const blockFrames = rate;
/** Speech at 32 kb/s is 4 kB a second: fifteen minutes of both tracks make a page of 10 MB. */
const longestHeldMs = 15 * 60_000;
const bitRate = '32k';
const leastBinMs = 20;
const mostBins = 24_000;

/**
 * Listens to a track from the programme's start to its end, whatever the container's clock says.
 * @param index the stream, undefined when there is none
 */
export async function pictureOf(
  file: Source,
  index: number | undefined,
  about: { readonly folder: string; readonly programmeMs: number },
  ctx: StageContext,
): Promise<Picture> {
  const binMs = Math.max(leastBinMs, Math.ceil(about.programmeMs / mostBins));
  const stream = file.streams.find((one) => one.index === index);
  if (stream === undefined) return { peaks: [], binMs };
  const held = about.programmeMs <= longestHeldMs;
  const path = join(ctx.scratch, `report-${stream.index}-${file.fingerprint.slice(0, 12)}.m4a`);
  const format = { sampleRate: rate, channels: 1, layout: 'mono' };
  const reader = openTrackReader(file.path, stream.index, format, ctx.tools, ctx.signal);
  const writer = held ? openPcmWriter(soundFile(path, format), ctx.tools, ctx.signal) : undefined;
  try {
    const peaks = await read(reader, writer, leadFrames(file, stream), about.programmeMs, binMs);
    await writer?.finish();
    const sound = held ? await asDataUrl(path) : fromFolder(about.folder, file.path);
    return { peaks, binMs, sound };
  } finally {
    await reader.close();
    await writer?.close();
    await rm(path, { force: true });
  }
}

function soundFile(to: string, format: { sampleRate: number; channels: number; layout: string }) {
  const options = ['-c:a', 'aac', '-b:a', bitRate, '-aac_coder', 'fast', '-movflags', '+faststart', '-f', 'mp4'];
  return { purpose: 'make sound for the report', format, output: { options, to } };
}

/** Frames of silence before the track's first sample; negative when it begins before the programme. */
function leadFrames(file: Source, stream: SourceStream): number {
  return Math.round((((stream.startUs ?? file.zeroUs) - file.zeroUs) * rate) / 1e6);
}

async function read(
  reader: PcmReader,
  writer: PcmWriter | undefined,
  lead: number,
  programmeMs: number,
  binMs: number,
): Promise<number[]> {
  const total = Math.round((programmeMs * rate) / 1000);
  const perBin = Math.round((binMs * rate) / 1000);
  const peaks = new Array<number>(Math.ceil(total / perBin)).fill(0);
  let at = lead;
  if (lead > 0) await writer?.write(new Float32Array(Math.min(lead, total)));
  for (
    let block = await reader.read(blockFrames);
    block.length > 0 && at < total;
    block = await reader.read(blockFrames)
  ) {
    const heard = block.subarray(Math.max(0, -at), Math.max(0, total - at));
    const from = Math.max(0, at);
    for (let i = 0; i < heard.length; i++) {
      const bin = Math.floor((from + i) / perBin);
      peaks[bin] = Math.max(peaks[bin]!, Math.abs(heard[i]!));
    }
    // The writer keeps what it is given until ffmpeg has it, and the reader's next block is another one.
    if (heard.length > 0) await writer?.write(heard);
    at += block.length;
  }
  return peaks.map((peak) => Math.min(1, peak));
}

async function asDataUrl(path: string): Promise<string> {
  return `data:audio/mp4;base64,${(await readFile(path)).toString('base64')}`;
}

/** A path as a relative URL, so that a work folder moved together with its film still finds it. */
function fromFolder(folder: string, path: string): string {
  return relative(folder, path).split(sep).map(encodeURIComponent).join('/');
}
