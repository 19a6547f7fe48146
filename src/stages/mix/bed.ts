import type { Soundtrack } from '../../domain/source.js';
import type { Span } from '../../domain/time.js';
import { programmeClockFilter } from '../../media/filters.js';
import { openPcmReader, type PcmFormat, type PcmReader } from '../../media/pcm.js';
import { DuckEnvelope } from '../../sound/envelope.js';
import type { StageContext } from '../context.js';
import { mixRate, toFrames } from './format.js';
import type { MixOptions } from './options.js';
import type { DubTake } from './place.js';
import type { Report } from './progress.js';

/** Frames read at once: a third of a second. */
const blockFrames = 16_384;

/** Gain of the bed where it falls silent, dB: inaudible, but reached by a ramp. */
const silentDb = -80;

/** The original sound at 48 kHz on the programme's clock, exactly as long as the programme. */
export function openBed(
  soundtrack: Soundtrack,
  format: PcmFormat,
  ctx: Pick<StageContext, 'tools' | 'signal'>,
): PcmReader {
  const decode = {
    purpose: 'decode the original sound',
    input: { from: soundtrack.sourcePath },
    stream: `0:${soundtrack.streamIndex}`,
    filter: programmeClockFilter(soundtrack.offsetUs, mixRate, soundtrack.durationMs),
    format,
  };
  return openPcmReader(decode, ctx.tools, ctx.signal);
}

/**
 * The original without its speech under every line, and as it is elsewhere: the difference of the two fades out and in, as
 * far as a ducked bed would.
 */
function openSeparated(
  soundtrack: Soundtrack,
  backgroundPath: string,
  spans: readonly Span[],
  format: PcmFormat,
  ctx: Pick<StageContext, 'tools' | 'signal'>,
): PcmReader {
  const original = openBed(soundtrack, format, ctx);
  const background = openBed({ ...soundtrack, sourcePath: backgroundPath, streamIndex: 0, offsetUs: 0 }, format, ctx);
  const fade = new DuckEnvelope(spans, format.sampleRate, { duckDb: silentDb });
  const { channels } = format;
  let first = 0;
  let other = new Float32Array(0);
  return {
    async read(frames, into = new Float32Array(frames * channels)) {
      if (other.length < frames * channels) other = new Float32Array(frames * channels);
      const block = await original.read(frames, into);
      const below = await background.read(frames, other);
      for (let i = 0; i < block.length; i++) block[i]! -= below[i] ?? 0;
      fade.apply(block, channels, first);
      for (let i = 0; i < block.length; i++) block[i]! += below[i] ?? 0;
      first += block.length / channels;
      return block;
    },
    async close() {
      await Promise.all([original.close(), background.close()]);
    },
  };
}

/** Opens the bed that the options ask for. */
export function openBedOf(
  soundtrack: Soundtrack,
  takes: readonly DubTake[],
  options: MixOptions,
  format: PcmFormat,
  ctx: Pick<StageContext, 'tools' | 'signal'>,
): PcmReader {
  if (options.bed === 'mute') return openSilence(format.channels);
  if (options.backgroundPath === undefined) return openBed(soundtrack, format, ctx);
  return openSeparated(soundtrack, options.backgroundPath, spokenSpans(takes, options), format, ctx);
}

/** A bed in which nothing is heard. */
function openSilence(channels: number): PcmReader {
  return {
    read: async (frames, into = new Float32Array(frames * channels)) => into.fill(0),
    close: async () => {},
  };
}

/**
 * Hands a whole bed over in blocks, in order; a decode that ends early is followed by silence. A block may be changed, but
 * not kept: the next one takes its place.
 */
export async function eachBedBlock(
  bed: PcmReader,
  channels: number,
  durationMs: number,
  report: Report,
  visit: (block: Float32Array, firstFrame: number) => Promise<void> | void,
): Promise<void> {
  const frames = toFrames(durationMs);
  const whole = new Float32Array(Math.min(frames, blockFrames) * channels);
  for (let first = 0; first < frames; first += blockFrames) {
    const count = Math.min(blockFrames, frames - first);
    const block = whole.subarray(0, count * channels);
    const { length } = await bed.read(count, whole);
    await visit(block.fill(0, length), first);
    report((first + count) / frames);
  }
}

/** Lowers the blocks of a bed in order, from the first. */
export type Ducker = (block: Float32Array, firstFrame: number) => void;

/**
 * Lowers the bed as the options say: under every take, where the source speaks a voiced line (the original must not
 * stand out where its dub is shorter), and where it is to fall silent.
 */
export function makeDucker(
  takes: readonly DubTake[],
  options: MixOptions,
  format: { readonly sampleRate: number; readonly channels: number },
): Ducker {
  const { sampleRate, channels } = format;
  if (options.bed === 'mute') return (block) => void block.fill(0);
  const envelopes = [
    new DuckEnvelope(options.bed === 'duck' ? spokenSpans(takes, options) : [], sampleRate, { duckDb: options.duckDb }),
    new DuckEnvelope(options.silence ?? [], sampleRate, { duckDb: silentDb, holdMs: 0 }),
  ];
  return (block, firstFrame) => {
    for (const envelope of envelopes) envelope.apply(block, channels, firstFrame);
  };
}

/** Where takes are heard, and where the source speaks the lines that they stand for. */
function spokenSpans(takes: readonly DubTake[], options: MixOptions): Span[] {
  const voiced = new Set(takes.map((take) => take.utteranceId));
  return [...takes.map((take) => take.span), ...(options.lines ?? []).filter((line) => voiced.has(line.id))];
}

/** What ducking leaves of the bed's power in each 10 ms, 0…1: the same envelopes, looked at every millisecond. */
export function duckedShare(takes: readonly DubTake[], options: MixOptions, durationMs: number): Float32Array {
  const duck = makeDucker(takes, options, { sampleRate: 1000, channels: 1 });
  const gains = new Float32Array(10);
  return new Float32Array(Math.ceil(durationMs / 10)).map((_, index) => {
    duck(gains.fill(1), index * 10);
    return gains.reduce((sum, gain) => sum + gain * gain, 0) / gains.length;
  });
}
