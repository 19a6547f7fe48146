import type { SourceStream } from '../domain/source.js';
import { type Container, holds, holdsCover, isTextSubtitle } from './container-table.js';

/** What becomes of one stream of the input in a container. */
export type StreamPlan =
  | { readonly action: 'copy' }
  /** Encoded anew with ffmpeg's `encoder`; `note` says what that means. */
  | { readonly action: 'convert'; readonly encoder: readonly string[]; readonly note: string }
  /** A picture that becomes an attached file, bit for bit. */
  | { readonly action: 'attach' }
  /** Not copied because the muxer writes it anew. */
  | { readonly action: 'rewrite'; readonly note: string }
  /** `lost` is false when nothing that a viewer or listener had goes with it. */
  | { readonly action: 'leave-out'; readonly note: string; readonly lost: boolean };

/**
 * What becomes of a stream in a container: copied where that holds it, converted where nothing but the form changes,
 * else left out with the reason.
 */
export function planStream(stream: SourceStream, container: Container): StreamPlan {
  if (stream.attachedPicture) return planCover(stream, container);
  switch (stream.type) {
    case 'video':
      return holds(container, 'video', stream.codec) ? { action: 'copy' } : leaveOut(stream, container);
    case 'audio':
      return planAudio(stream, container);
    case 'subtitle':
      return planSubtitle(stream, container);
    case 'attachment':
      return container.attachments ? { action: 'copy' } : leaveOut(stream, container);
    case 'data':
      return planData(stream, container);
  }
}

function planCover(stream: SourceStream, container: Container): StreamPlan {
  if (!holdsCover(container, stream.codec)) return leaveOut(stream, container, 'cover art');
  // ffmpeg's Matroska muxer would make a one-frame film of it; there a cover is an attached file.
  return container.name === 'matroska' ? { action: 'attach' } : { action: 'copy' };
}

function planAudio(stream: SourceStream, container: Container): StreamPlan {
  if (holds(container, 'audio', stream.codec)) return { action: 'copy' };
  const depth = /^pcm_s(16|24)(le|be)$/.exec(stream.codec)?.[1];
  if (depth !== undefined && holds(container, 'audio', 'alac')) {
    const format = depth === '16' ? 's16p' : 's32p';
    const note = `${container.title} cannot hold PCM; it is ALAC now, which loses nothing`;
    return { action: 'convert', encoder: ['alac', '-sample_fmt', format], note };
  }
  return leaveOut(stream, container);
}

function planSubtitle(stream: SourceStream, container: Container): StreamPlan {
  if (holds(container, 'subtitle', stream.codec)) return { action: 'copy' };
  const target = container.textSubtitle;
  if (target === undefined || !isTextSubtitle(stream.codec)) return leaveOut(stream, container);
  const styled = stream.codec === 'ass' || stream.codec === 'ssa';
  const note = `${container.title} cannot hold ${stream.codec}; it is ${target} now${styled ? ', without its styling' : ''}`;
  return { action: 'convert', encoder: [target === 'subrip' ? 'srt' : target], note };
}

function planData(stream: SourceStream, container: Container): StreamPlan {
  const tag = stream.codecTag ?? '';
  if (container.rewritten.includes(tag)) {
    const from = tag === 'tmcd' ? 'time code' : 'chapters';
    return { action: 'rewrite', note: `written anew from the ${from}` };
  }
  if (container.data.includes(stream.codec) || container.data.includes(`${stream.codec}/${tag}`)) {
    return { action: 'copy' };
  }
  const chapters = tag === 'text' && stream.codec === 'bin_data' && container.chapters;
  if (chapters) return { action: 'leave-out', note: `${container.title} keeps chapters without a track`, lost: false };
  return leaveOut(stream, container, tag ? `${tag} data` : undefined);
}

function leaveOut(stream: SourceStream, container: Container, what: string = stream.codec): StreamPlan {
  const note = `${container.title} cannot hold ${what === 'unknown' ? 'data of an unknown kind' : what}`;
  return { action: 'leave-out', note, lost: true };
}
