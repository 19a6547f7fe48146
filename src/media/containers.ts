import { extname } from 'node:path';
import type { Source, SourceStream } from '../domain/source.js';
import { chooseAudioStream } from './audio-stream.js';
import { type Container, type ContainerName, containers, findContainer } from './container-table.js';
import { planStream } from './stream-plan.js';

export { type Container, type ContainerName, containers, findContainer } from './container-table.js';

/** What an output must hold besides the dub and the input's picture. */
export interface ContainerNeeds {
  /** False when the audio stream that is dubbed is left out. */
  readonly keepOriginal: boolean;
  /** Index of the audio stream that is dubbed; the one dubbed by default when undefined. */
  readonly dubbedStreamIndex?: number | undefined;
  /** True when the dub's subtitles go in as a track. */
  readonly softSubtitles?: boolean | undefined;
}

/** The container of an output. */
export interface ContainerChoice {
  readonly container: ContainerName;
  /** With the dot, in the user's own spelling where it stays. */
  readonly extension: string;
  /** Said when it is another one than was asked for. */
  readonly warning?: string | undefined;
}

/**
 * The container for an extension, or Matroska where the one asked for would lose something of the input that Matroska
 * keeps. An audio file that is asked for stays one.
 * @param extension with the dot; empty takes the input's own kind
 */
export function chooseContainer(source: Source, extension: string, needs: ContainerNeeds): ContainerChoice {
  const wanted = extension === '' ? usualContainer(source) : findContainer(extension);
  if (!wanted) return replaceUnwritable(source, extension, needs);
  const spelled = extension === '' ? wanted.extensions[0]! : extension;
  const asked = { container: wanted.name, extension: spelled };
  if (wanted.singleTrack || (wanted.video.length === 0 && source.kind === 'video')) return asked;
  const lost = losses(source, wanted, needs);
  if (lost.length <= losses(source, containers.matroska, needs).length) return asked;
  const other = source.kind === 'video' ? '.mkv' : '.mka';
  const warning = `${wanted.title} cannot hold ${listOf(lost)}, so the dub is Matroska (${other}) instead.`;
  return { container: 'matroska', extension: other, warning };
}

function usualContainer(source: Source): Container {
  const fromName = findContainer(extname(source.path));
  if (fromName) return fromName;
  const [format = ''] = source.format.split(',');
  if (format === 'mov') return source.kind === 'video' ? containers.mp4 : containers.m4a;
  return Object.values(containers).find((container) => container.muxer === format) ?? containers.matroska;
}

/** AVI, FLV, WMV, AAC and the like: formats that hold no language, no default track, or no tags. */
function replaceUnwritable(source: Source, extension: string, needs: ContainerNeeds): ContainerChoice {
  const options: readonly (readonly [ContainerName, string])[] =
    source.kind === 'video'
      ? [['matroska', '.mkv']]
      : [
          ['m4a', '.m4a'],
          ['matroska', '.mka'],
        ];
  const fewest = Math.min(...options.map(([name]) => losses(source, containers[name], needs).length));
  const [container, other] = options.find(([name]) => losses(source, containers[name], needs).length === fewest)!;
  const title = containers[container].title;
  const warning = `${extension} files cannot tell tracks and languages apart, so the dub is ${title} (${other}) instead.`;
  return { container, extension: other, warning };
}

/** True when a container can hold subtitles as text. */
export function holdsText(name: ContainerName): boolean {
  return containers[name].textSubtitle !== undefined;
}

/** What the container would lose, in words. */
function losses(source: Source, container: Container, needs: ContainerNeeds): string[] {
  const dubbed = needs.dubbedStreamIndex ?? findDubbed(source);
  const kept = source.streams.filter((stream) => needs.keepOriginal || stream.index !== dubbed);
  const lost = kept.filter((stream) => {
    const plan = planStream(stream, container);
    return plan.action === 'leave-out' && plan.lost;
  });
  const subtitles = needs.softSubtitles && container.textSubtitle === undefined ? ['subtitles as text'] : [];
  const chapters = source.chapters.length > 0 && !container.chapters ? ['chapters'] : [];
  return [...lost.map(describe), ...subtitles, ...chapters];
}

function findDubbed(source: Source): number | undefined {
  return source.streams.some((stream) => stream.type === 'audio') ? chooseAudioStream(source).index : undefined;
}

function describe(stream: SourceStream): string {
  if (stream.attachedPicture) return 'cover art';
  if (stream.type === 'attachment') return 'attachments';
  const codec = stream.codec === 'unknown' ? (stream.codecTag ?? 'unknown') : stream.codec;
  return stream.type === 'subtitle' ? `${codec} subtitles` : `${codec} ${stream.type}`;
}

function listOf(items: readonly string[]): string {
  const once = [...new Set(items)];
  return once.length < 2 ? once.join('') : `${once.slice(0, -1).join(', ')} and ${once.at(-1)}`;
}
