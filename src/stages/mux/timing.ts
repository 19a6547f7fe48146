import type { Source, SourceStream } from '../../domain/source.js';
import type { Container } from '../../media/containers.js';

/**
 * Timestamps are left as they are, but not those of transport and program streams: there ffmpeg's own mending of jumps
 * is wanted, which first moves the earliest of the streams in use to zero.
 */
export function clockOptions(source: Source): string[] {
  return mendsJumps(source) ? [] : ['-copyts'];
}

/**
 * AVI has no presentation times and program streams (MPG, VOB) one for some frames only, so that pictures with B-frames
 * come without; ffmpeg then works them out from the order of decoding. Other containers refuse packets without a time.
 */
export function missingTimes(source: Source): string[] {
  return /^(avi|mpeg)$/.test(source.format) ? ['-fflags', '+genpts'] : [];
}

/** What is added to the input's timestamps so that the programme starts at zero, microseconds. */
export function sourceOffsetUs(
  source: Source,
  kept: readonly { readonly stream: SourceStream }[],
  container: Container,
): number {
  if (!mendsJumps(source)) return -roundFor(source.zeroUs, source, container);
  const starts = kept.map(({ stream }) => stream.startUs).filter((us) => us !== undefined);
  return starts.length > 0 ? Math.min(...starts) - source.zeroUs : 0;
}

/** Input option that moves a whole input. */
export function offset(us: number): string[] {
  return us === 0 ? [] : ['-itsoffset', (us / 1e6).toFixed(6)];
}

function mendsJumps(source: Source): boolean {
  return /mpeg/.test(source.format);
}

/** Matroska counts milliseconds: half of one added would move every block by rounding. */
function roundFor(us: number, source: Source, container: Container): number {
  return isMatroska(source.format) || isMatroska(container.muxer) ? Math.round(us / 1000) * 1000 : us;
}

/**
 * How much later an Opus track's packets must go into Matroska and WebM than they are read, seconds. Readers take the
 * pre-skip off its blocks' times (RFC 9559, CodecDelay). ffmpeg before 6.0 does so when reading and does not add it when
 * writing, so that a copied track slides 7 ms against the picture with each copy (measured; libavformat 59.30.101 mends it).
 * @param readAs ffmpeg's name of the format it is read from
 */
export function opusShiftSeconds(stream: SourceStream, readAs: string, container: Container, ffmpeg: string): number {
  if (stream.codec !== 'opus' || stream.delayUs === undefined || !isMatroska(container.muxer)) return 0;
  if (!/^n?5\./.test(ffmpeg)) return 0;
  return isMatroska(readAs) ? Math.round(stream.delayUs / 1000) / 1000 : stream.delayUs / 1e6;
}

/**
 * True when the encoder delay of a track of the input is not copied. MP4 says how much of a track's start nobody shall
 * hear; Matroska has a field for it that ffmpeg fills for Opus alone when copying, and blocks before zero are not valid
 * (RFC 9559), so ffmpeg would move the whole film instead: by 21 ms for most AAC, by 128 ms for one at 8 kHz.
 */
export function leavesDelayOut(stream: SourceStream, readAs: string, container: Container): boolean {
  const declared = stream.type === 'audio' && stream.codec !== 'opus' && stream.delayUs !== undefined;
  return declared && isMatroska(container.muxer) && !isMatroska(readAs);
}

/**
 * The bitstream filter that leaves the delay out: packets that end before the start are dropped (a tenth of a packet of
 * sound may go: MP3's delay is 47 samples short of one), one that reaches across it is moved to the start. Times and
 * durations are only compared with each other, for their unit is not the same in all versions of ffmpeg.
 */
export const delayFilter = 'noise=drop=lt(pts\\,0)*lte(pts\\,-0.9*duration),setts=ts=max(TS\\,0)';

/** Samples in a packet of the codecs that a dub in Matroska may have and whose packets are long enough to matter. */
const packetSamples: Readonly<Record<string, number>> = { aac: 1024, mp3: 1152, ac3: 1536, eac3: 1536 };

/**
 * The bitstream filter that drops a last packet of the dub which would make the file longer by more than half a frame:
 * packets last 21 to 32 ms, and Matroska cannot say that part of one is not to be heard.
 */
export function tailFilter(dub: SourceStream, source: Source, container: Container): string | undefined {
  const samples = packetSamples[dub.codec];
  if (samples === undefined || !dub.audio || !isMatroska(container.muxer)) return undefined;
  const endMs = source.durationMs + source.frameMs / 2;
  const packets = Math.max(1, Math.floor((endMs * dub.audio.sampleRate) / (1000 * samples)));
  return `noise=drop=gte(n\\,${packets})`;
}

function isMatroska(format: string): boolean {
  return format.includes('matroska') || format.includes('webm');
}
