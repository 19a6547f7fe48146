import { languageName, sameLanguage } from '../domain/language.js';
import type { Source, SourceStream } from '../domain/source.js';
import { DubError } from '../errors.js';

/** Which audio stream a person means. */
export interface AudioChoice {
  /** Its number among the audio streams from 0, or a language tag. */
  readonly audioTrack?: number | string | undefined;
  /** The language spoken, where known: a track tagged with it is preferred. */
  readonly language?: string | undefined;
}

/**
 * The audio stream to dub: the one named, else the first tagged with the language spoken (full sound before
 * commentary and audio description), else the default one, else the first.
 * @throws INPUT_NO_AUDIO when there is none; USAGE when the one named does not exist
 */
export function chooseAudioStream(source: Source, choice: AudioChoice = {}): SourceStream {
  const streams = source.streams.filter((stream) => stream.type === 'audio');
  if (streams.length === 0) {
    throw new DubError('INPUT_NO_AUDIO', `${source.path} has no audio track, so there is nothing to dub.`, {
      hint: 'Choose a file with sound; `ffprobe FILE` lists what a file holds.',
    });
  }
  if (choice.audioTrack !== undefined) return namedStream(streams, choice.audioTrack);
  const spoken = streams.filter((stream) => stream.language && sameLanguage(stream.language, choice.language ?? ''));
  const candidates = spoken.length > 0 ? spoken : streams;
  const main = candidates.filter((stream) => !stream.dispositions.some((name) => sideTracks.includes(name)));
  const preferred = main.length > 0 ? main : candidates;
  return preferred.find((stream) => stream.dispositions.includes('default')) ?? preferred[0]!;
}

const sideTracks = ['comment', 'visual_impaired', 'hearing_impaired', 'karaoke'];

function namedStream(streams: readonly SourceStream[], wanted: number | string): SourceStream {
  const found =
    typeof wanted === 'number'
      ? streams[wanted]
      : streams.find((stream) => stream.language !== undefined && sameLanguage(stream.language, wanted));
  if (found) return found;
  const known = streams.map((stream, index) => `${index}${stream.language ? ` (${nameOf(stream.language)})` : ''}`);
  throw new DubError('USAGE', `There is no audio track ${wanted}; there are: ${known.join(', ')}.`, {
    hint: 'Give --audio-track one of these; a language works where the tracks are tagged with theirs.',
  });
}

function nameOf(tag: string): string {
  return languageName(tag) ?? tag;
}
