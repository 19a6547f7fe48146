import type { SourceStream } from '../domain/source.js';
import { type ContainerName, containers, holds } from './container-table.js';

/** How the dub track is encoded, and the file it lies in until the mux. */
export interface DubCodec {
  /** ffmpeg's codec name of the result, e.g. `aac`. */
  readonly codec: string;
  /** ffmpeg's encoder name, e.g. `libopus`. */
  readonly encoder: string;
  /** Hz; every codec here takes 48 kHz. */
  readonly sampleRate: number;
  /** Of the encoded track: the source's, or fewer where the codec holds fewer. */
  readonly channels: number;
  readonly layout: string;
  /**
   * ffmpeg output options, complete with `-c:a`, `-af` and `-f`; only the path is missing. They take PCM that starts at
   * the programme's start, in the source's layout. No other `-af` may stand beside them.
   */
  readonly options: readonly string[];
  /** Extension of the file to write, with the dot: one that keeps sample-exact starts until the mux. */
  readonly extension: string;
}

/** How ffmpeg writes a codec. Bit rates in kb/s. */
interface Encoder {
  readonly encoder: string;
  readonly maxChannels: number;
  /** Least and most per channel; undefined for lossless. */
  readonly rate?: {
    readonly least: number;
    readonly most: number;
    readonly total: number;
    readonly steps?: readonly number[];
  };
  readonly options?: readonly string[];
  /**
   * Samples the encoder puts before the first one it is given. Containers that cannot declare it get a track whose first
   * samples are left out by as many, so that everything after is heard in time by every player. Measured with ffmpeg
   * 5.1 by finding a chirp in the decoded file.
   */
  readonly delay?: number;
}

const mpegSteps = [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const ac3Steps = [64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];

// 160 kb/s stereo AAC and 96 kb/s stereo Opus are where listening tests find no loss for speech and music; AAC's `fast`
// coder takes half the time of `twoloop` and is as good from there on (ffmpeg wiki, Encode/AAC).
const encoders: Readonly<Record<string, Encoder>> = {
  aac: {
    encoder: 'aac',
    maxChannels: 8,
    rate: { least: 80, most: 160, total: 640 },
    options: ['-aac_coder', 'fast'],
    delay: 1024,
  },
  opus: { encoder: 'libopus', maxChannels: 8, rate: { least: 48, most: 128, total: 510 } },
  vorbis: { encoder: 'libvorbis', maxChannels: 8, rate: { least: 80, most: 160, total: 500 } },
  mp3: {
    encoder: 'libmp3lame',
    maxChannels: 2,
    rate: { least: 80, most: 160, total: 320, steps: mpegSteps },
    delay: 1105,
  },
  ac3: { encoder: 'ac3', maxChannels: 6, rate: { least: 96, most: 160, total: 640, steps: ac3Steps }, delay: 256 },
  eac3: { encoder: 'eac3', maxChannels: 6, rate: { least: 96, most: 160, total: 640 }, delay: 256 },
  flac: { encoder: 'flac', maxChannels: 8, options: ['-sample_fmt', 's16'] },
  alac: { encoder: 'alac', maxChannels: 8, options: ['-sample_fmt', 's16p'] },
  pcm_s16le: { encoder: 'pcm_s16le', maxChannels: 64 },
  pcm_s24le: { encoder: 'pcm_s24le', maxChannels: 64 },
  pcm_s32le: { encoder: 'pcm_s32le', maxChannels: 64 },
  pcm_f32le: { encoder: 'pcm_f32le', maxChannels: 64 },
  pcm_s16be: { encoder: 'pcm_s16be', maxChannels: 64 },
  pcm_s24be: { encoder: 'pcm_s24be', maxChannels: 64 },
};

const sampleRate = 48_000;

/**
 * The codec of a dub track: the source's own where ffmpeg can encode it and the container holds it, else the
 * container's usual one. Bit rate as the source's, but at least 160 kb/s AAC or 96 kb/s Opus for stereo.
 * @param stream the audio stream that is dubbed
 */
export function audioCodecFor(stream: SourceStream, containerName: ContainerName): DubCodec {
  const container = containers[containerName];
  const codec = chooseCodec(stream, containerName);
  const encoder = encoders[codec]!;
  const channels = Math.min(stream.audio?.channels || 2, encoder.maxChannels);
  const layout = chooseLayout(codec, stream.audio?.layout ?? 'stereo', channels, stream.audio?.channels ?? 2);
  const delay = container.declaresDelay ? 0 : (encoder.delay ?? 0);
  const { muxer, extension } = fileBeforeMux(containerName, codec);
  return {
    codec,
    encoder: encoder.encoder,
    sampleRate,
    channels,
    layout,
    extension,
    options: [
      ...filterOptions(delay, layout === stream.audio?.layout ? undefined : layout),
      ...['-c:a', encoder.encoder, '-ar', String(sampleRate)],
      ...bitRateOptions(encoder, channels, codec === stream.codec ? stream.bitRate : undefined),
      ...(encoder.options ?? []),
      ...['-f', muxer],
    ],
  };
}

function chooseCodec(stream: SourceStream, containerName: ContainerName): string {
  const container = containers[containerName];
  const known = stream.codec in encoders && holds(container, 'audio', stream.codec);
  const fits = known && (stream.audio?.channels ?? 2) <= encoders[stream.codec]!.maxChannels;
  // ffmpeg cannot say how long a Vorbis or FLAC dub is late in containers other than its own, or marks it experimental.
  const awkward =
    (stream.codec === 'vorbis' && containerName !== 'ogg') ||
    (stream.codec === 'flac' && ['mp4', 'ogg'].includes(containerName));
  return fits && !awkward ? stream.codec : container.usualAudio;
}

/** Opus and AC-3 know the plain layouts only, not ffmpeg's `5.1(side)`; fewer channels mean a downmix. */
function chooseLayout(codec: string, layout: string, channels: number, sourceChannels: number): string {
  if (channels < sourceChannels) return channels === 2 ? 'stereo' : '5.1';
  if (codec === 'opus' || codec === 'vorbis') return layout.replace('(side)', '');
  return layout;
}

function filterOptions(delay: number, layout: string | undefined): string[] {
  const filters = [
    ...(layout ? [`aformat=channel_layouts=${layout}`] : []),
    ...(delay > 0 ? [`atrim=start_sample=${delay}`] : []),
  ];
  return filters.length > 0 ? ['-af', filters.join(',')] : [];
}

function bitRateOptions(encoder: Encoder, channels: number, sourceBitRate: number | undefined): string[] {
  const rate = encoder.rate;
  if (!rate) return [];
  const wanted = Math.min(
    Math.max((sourceBitRate ?? 0) / 1000, rate.least * channels),
    rate.most * channels,
    rate.total,
  );
  const kbits = rate.steps?.find((step) => step >= wanted) ?? rate.steps?.at(-1) ?? Math.round(wanted);
  return ['-b:a', `${kbits}k`];
}

/**
 * MP4 keeps starts to the sample by edit list, Matroska to the millisecond; MP3 and Ogg must not change containers on
 * the way, or their delay is lost (measured: 23 ms for MP3, 7.5 ms for Opus from Matroska).
 */
function fileBeforeMux(container: ContainerName, codec: string): { muxer: string; extension: string } {
  if (container === 'mp4' || container === 'm4a') return { muxer: 'mp4', extension: '.mp4' };
  if (container === 'mov') return { muxer: 'mov', extension: '.mov' };
  if (container === 'mpegts' && codec === 'opus') return { muxer: 'ogg', extension: '.ogg' };
  if (containers[container].singleTrack) {
    return { muxer: containers[container].muxer, extension: containers[container].extensions[0]! };
  }
  return { muxer: 'matroska', extension: '.mka' };
}
