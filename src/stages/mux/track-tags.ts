import { threeLetterLanguage } from '../../domain/language.js';
import type { SourceStream } from '../../domain/source.js';
import type { Container } from '../../media/containers.js';

type Tags = readonly (readonly [string, string])[];

/** Tags of the dub's track: its language as the container spells it, and its title. */
export function dubTags(container: Container, options: { readonly language: string; readonly title: string }): Tags {
  const language = ['language', languageFor(container, options.language)] as const;
  // A title in a file of one track is the title of the piece, which stays.
  if (container.singleTrack) return [];
  return [language, ...titleTags(container, options.title)];
}

/** Tags of the dub's subtitles. */
export function subtitleTags(container: Container, language: string, title: string): Tags {
  return [['language', languageFor(container, language)], ...titleTags(container, title)];
}

/** Tags of a track of the input that the container would not take over by itself. */
export function originalTags(stream: SourceStream, container: Container): Tags {
  if (stream.title === undefined) return [];
  return isMp4(container) ? [['handler_name', stream.title]] : [['title', stream.title]];
}

/** The language of a track as the container spells it: MP4 by ISO 639-2/T, the others by ISO 639-2/B. */
export function languageFor(container: Container, language: string): string {
  return threeLetterLanguage(language, isMp4(container) ? 'terminology' : 'bibliographic');
}

/** Most players show an MP4 track's handler name, not its title. */
function titleTags(container: Container, title: string): Tags {
  if (!container.trackTitles) return [];
  return isMp4(container)
    ? [
        ['title', title],
        ['handler_name', title],
      ]
    : [['title', title]];
}

function isMp4(container: Container): boolean {
  return ['mp4', 'mov', 'm4a'].includes(container.name);
}
