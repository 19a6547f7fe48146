import type { StreamFate } from '../../domain/dub.js';
import type { Source, SourceStream } from '../../domain/source.js';
import { burnFilter, pictureEncoder } from '../../media/burn.js';
import { type Container, type ContainerName, containers } from '../../media/containers.js';
import type { FfmpegInput } from '../../media/run.js';
import { planStream, type StreamPlan } from '../../media/stream-plan.js';
import { chapterFile, containerOptions } from './container-options.js';
import {
  clockOptions,
  delayFilter,
  leavesDelayOut,
  missingTimes,
  offset,
  opusShiftSeconds,
  sourceOffsetUs,
  tailFilter,
} from './timing.js';
import { dubTags, originalTags, subtitleTags } from './track-tags.js';

/** What the dub is called and what stays beside it. */
export interface MuxOptions {
  readonly container: ContainerName;
  /** BCP 47 of the dub. */
  readonly language: string;
  /** Title of the dub's track, e.g. `Español`. */
  readonly title: string;
  /** Index in the input of the audio stream that was dubbed. */
  readonly dubbedStreamIndex: number;
  /** False leaves that one stream out. */
  readonly keepOriginal: boolean;
  /** The dub's subtitles as an SRT file, for a soft track. */
  readonly subtitles?: { readonly path: string; readonly title: string } | undefined;
  /** The dub's subtitles as an SRT file to be drawn into the picture, which is encoded anew for it. */
  readonly burn?: { readonly path: string; readonly font: string } | undefined;
}

/** Files that the mux puts in besides the input. */
export interface MuxFiles {
  readonly dubPath: string;
  /** The dub's one audio stream, as probed: its encoder delay decides where it starts. */
  readonly dub: SourceStream;
  /** Where a helper file of this name lies: covers, chapters. */
  readonly besides: (name: string) => string;
  /** True when the index shall come before the media data; MP4 and QuickTime only. */
  readonly indexFirst: boolean;
  /** ffmpeg's version as it prints it. */
  readonly ffmpeg: string;
}

/** One ffmpeg run that makes the output, and where every stream of the input went. */
export interface MuxPlan {
  readonly inputs: readonly FfmpegInput[];
  /** All but the output's path. */
  readonly options: readonly string[];
  /** Pictures that must be written to files first, by stream index of the input. */
  readonly covers: readonly { readonly index: number; readonly path: string }[];
  /** Text that must be written to a file first. */
  readonly chapters: { readonly path: string; readonly text: string } | undefined;
  readonly fates: readonly StreamFate[];
  readonly warnings: readonly string[];
}

/** A track of the output in its order. */
interface Track {
  readonly input: number;
  /** ffmpeg's specifier within the input. */
  readonly stream: string;
  readonly type: string;
  readonly encoder: readonly string[];
  readonly tags: readonly (readonly [string, string])[];
  readonly dispositions: readonly string[];
  readonly codecTag?: string | undefined;
  /** ffmpeg's bitstream filter chain, which moves or drops whole packets. */
  readonly filter?: string | undefined;
  /** ffmpeg's filter chain for pictures that are encoded anew. */
  readonly drawn?: string | undefined;
  /** How much later all its packets go than they are read. */
  readonly shiftSeconds: number;
}

/**
 * Plans the output: picture first, then the dub, the original that was dubbed, other sound, the dub's subtitles, other
 * subtitles, data, attachments; everything copied that the container holds.
 */
export function planMux(source: Source, files: MuxFiles, options: MuxOptions): MuxPlan {
  const container = containers[options.container];
  const planned = source.streams.map((stream) => ({ stream, plan: planFor(stream, container, options) }));
  const kept = planned.filter(({ plan }) => plan.action === 'copy' || plan.action === 'convert');
  const subtitles = container.textSubtitle === undefined ? undefined : options.subtitles;
  const tracks = [
    ...kept.filter(({ stream }) => stream.type === 'video' && !stream.attachedPicture).map(toTrack),
    dubTrack(files, source, container, options),
    ...originalFirst(kept, options.dubbedStreamIndex).map(toTrack),
    ...(subtitles ? [subtitleTrack(subtitles.title, container, options)] : []),
    ...kept.filter(({ stream }) => stream.type === 'subtitle').map(toTrack),
    ...kept.filter(({ stream }) => stream.attachedPicture).map(toTrack),
    ...kept.filter(({ stream }) => stream.type === 'data').map(toTrack),
    ...kept.filter(({ stream }) => stream.type === 'attachment').map(toTrack),
  ];
  const covers = planned
    .filter(({ plan }) => plan.action === 'attach')
    .map(({ stream }) => ({ stream, index: stream.index, path: files.besides(`cover-${stream.index}`) }));
  const chapters = chapterFile(source, container, files.besides('chapters.txt'));
  const offsetUs = sourceOffsetUs(source, kept, container);
  const shifts = [...new Set(tracks.filter(({ input }) => input === 0).map(({ shiftSeconds }) => shiftSeconds))];
  const dubShift = tracks.find(({ input }) => input === 1)!.shiftSeconds;
  const inputs: FfmpegInput[] = [
    { options: [...missingTimes(source), ...clockOptions(source), ...offset(offsetUs)], from: source.path },
    { options: offset(dubShift * 1e6), from: files.dubPath },
    ...(subtitles ? [{ options: ['-f', 'srt'], from: subtitles.path }] : []),
    ...(chapters ? [{ options: ['-f', 'ffmetadata'], from: chapters.path }] : []),
  ];
  const chaptersAt = chapters ? inputs.length - 1 : 0;
  // Only a whole input can be moved, so the file is read a second time for tracks that move on their own.
  const shifted = shifts.filter((seconds) => seconds !== 0);
  const inputOf = ({ input, shiftSeconds }: Track) =>
    input === 0 && shiftSeconds !== 0 ? inputs.length + shifted.indexOf(shiftSeconds) : input;
  const again = shifted.map((seconds) => ({ options: offset(offsetUs + seconds * 1e6), from: source.path }));
  return {
    inputs: [...inputs, ...again],
    options: [
      ...tracks.flatMap((track) => ['-map', `${inputOf(track)}:${track.stream}`]),
      ...['-c', 'copy', '-max_muxing_queue_size', '4096'],
      ...tracks.flatMap(trackOptions),
      ...covers.flatMap(({ stream, path }, index) => attachOptions(stream, path, tracks.length + index)),
      ...['-map_metadata', '0', '-map_chapters', container.chapters ? String(chaptersAt) : '-1'],
      ...containerOptions(source, container, options, files.indexFirst),
      ...['-f', container.muxer],
    ],
    covers: covers.map(({ index, path }) => ({ index, path })),
    chapters,
    fates: planned.map(({ stream, plan }) => toFate(stream, plan, leavesDelayOut(stream, source.format, container))),
    warnings: [...warningsOf(planned, options), ...chapterWarning(source, container)],
  };

  function toTrack({ stream, plan }: Planned): Track {
    const audio = stream.type === 'audio';
    return {
      input: 0,
      stream: String(stream.index),
      type: stream.type,
      encoder: plan.action === 'convert' ? plan.encoder : [],
      tags: originalTags(stream, container),
      // Only one track may be the default, or players choose the original by the viewer's language.
      dispositions: stream.dispositions.filter((name) => !(audio && name === 'default')),
      codecTag: codecTagFor(stream, source, container),
      filter: leavesDelayOut(stream, source.format, container) ? delayFilter : undefined,
      shiftSeconds: opusShiftSeconds(stream, source.format, container, files.ffmpeg),
      drawn:
        options.burn && plan.action === 'convert' && stream.type === 'video'
          ? burnFilter(options.burn.path, options.burn.font)
          : undefined,
    };
  }
}

type Planned = { readonly stream: SourceStream; readonly plan: StreamPlan };

function planFor(stream: SourceStream, container: Container, options: MuxOptions): StreamPlan {
  if (stream.type === 'audio' && stream.index === options.dubbedStreamIndex && !options.keepOriginal) {
    return { action: 'leave-out', note: 'left out as asked (--no-keep-original)', lost: false };
  }
  if (stream.type === 'audio' && container.singleTrack) {
    return { action: 'leave-out', note: `${container.title} holds one track, and that is the dub`, lost: true };
  }
  const plan = planStream(stream, container);
  if (options.burn === undefined || stream.type !== 'video' || stream.attachedPicture) return plan;
  const encoder = pictureEncoder(stream, container);
  return { action: 'convert', encoder, note: 'encoded anew with the subtitles in the picture, as asked' };
}

function originalFirst(kept: readonly Planned[], dubbedStreamIndex: number): Planned[] {
  const audio = kept.filter(({ stream }) => stream.type === 'audio');
  const rank = ({ stream }: Planned) => (stream.index === dubbedStreamIndex ? 0 : 1);
  return audio.sort((a, b) => rank(a) - rank(b));
}

function dubTrack(files: MuxFiles, source: Source, container: Container, options: MuxOptions): Track {
  const { dub } = files;
  return {
    input: 1,
    stream: String(dub.index),
    type: 'audio',
    encoder: [],
    tags: dubTags(container, options),
    dispositions: ['default', 'dub'],
    filter: tailFilter(dub, source, container),
    shiftSeconds: opusShiftSeconds(dub, container.muxer, container, files.ffmpeg),
  };
}

function subtitleTrack(title: string, container: Container, options: MuxOptions): Track {
  const encoder = container.textSubtitle === 'subrip' ? 'srt' : container.textSubtitle!;
  return {
    input: 2,
    stream: '0',
    type: 'subtitle',
    encoder: [encoder],
    tags: subtitleTags(container, options.language, title),
    // Neither default nor forced: who hears the dub does not want it on the screen unasked.
    dispositions: [],
    shiftSeconds: 0,
  };
}

function trackOptions(track: Track, index: number): string[] {
  const [encoder, ...encoderOptions] = track.encoder;
  return [
    ...(encoder ? [`-c:${index}`, encoder, ...perStream(encoderOptions, index)] : []),
    ...(track.codecTag ? [`-tag:${index}`, track.codecTag] : []),
    ...(track.filter ? [`-bsf:${index}`, track.filter] : []),
    // Every frame keeps its own time: a picture of varying frame rate stays one.
    ...(track.drawn ? [`-filter:${index}`, track.drawn, `-fps_mode:${index}`, 'passthrough'] : []),
    ...track.tags.flatMap(([key, value]) => [`-metadata:s:${index}`, `${key}=${value}`]),
    ...(track.type === 'attachment' || track.type === 'data'
      ? []
      : [`-disposition:${index}`, track.dispositions.join('+') || '0']),
  ];
}

function perStream(options: readonly string[], index: number): string[] {
  return options.map((option) => (option.startsWith('-') ? `${option}:${index}` : option));
}

function attachOptions(stream: SourceStream, path: string, index: number): string[] {
  const jpeg = stream.codec === 'mjpeg';
  const filename = stream.tags?.filename ?? (jpeg ? 'cover.jpg' : 'cover.png');
  const mimetype = stream.tags?.mimetype ?? (jpeg ? 'image/jpeg' : 'image/png');
  return [
    ...['-attach', `file:${path}`],
    ...[`-metadata:s:${index}`, `filename=${filename}`, `-metadata:s:${index}`, `mimetype=${mimetype}`],
  ];
}

/**
 * HEVC from Matroska has its parameter sets in the header, as `hvc1` means; Apple's players take no `hev1`. Where the
 * input is MP4 or QuickTime its own tag is kept (also Dolby Vision's `dvh1`).
 */
function codecTagFor(stream: SourceStream, source: Source, container: Container): string | undefined {
  if (stream.type !== 'video' || stream.codec !== 'hevc' || !['mp4', 'mov'].includes(container.name)) return undefined;
  if (source.format.includes('mov')) return stream.codecTag;
  return source.format.includes('matroska') ? 'hvc1' : undefined;
}

function toFate(stream: SourceStream, plan: StreamPlan, withoutDelay: boolean): StreamFate {
  const { index, type, codec } = stream;
  if (plan.action === 'convert') return { index, type, codec, fate: 'converted', note: plan.note };
  if (plan.action === 'leave-out') return { index, type, codec, fate: 'left-out', note: plan.note };
  if (withoutDelay) {
    const note = `copied without the ${Math.round(stream.delayUs! / 1000)} ms of encoder delay before its first sound`;
    return { index, type, codec, fate: 'converted', note };
  }
  return { index, type, codec, fate: 'kept', ...(plan.action === 'rewrite' ? { note: plan.note } : {}) };
}

function warningsOf(planned: readonly Planned[], options: MuxOptions): string[] {
  return planned.flatMap(({ stream, plan }) => {
    const name = `Stream ${stream.index} (${stream.attachedPicture ? 'cover art' : stream.type}, ${stream.codec})`;
    if (plan.action === 'convert') return [`${name}: ${plan.note}.`];
    if (plan.action !== 'leave-out' || (!plan.lost && stream.index === options.dubbedStreamIndex)) return [];
    return [`${name} is left out: ${plan.note}.`];
  });
}

function chapterWarning(source: Source, container: Container): string[] {
  if (source.chapters.length === 0 || container.chapters) return [];
  return [`${source.chapters.length} chapters are left out: ${container.title} cannot hold chapters.`];
}
