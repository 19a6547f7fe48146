import type { Source } from '../../domain/source.js';
import type { Container } from '../../media/containers.js';
import { languageFor } from './track-tags.js';

/** Muxer options and the file's own tags. */
export function containerOptions(
  source: Source,
  container: Container,
  options: { readonly language: string },
  indexFirst: boolean,
): string[] {
  switch (container.name) {
    case 'mp4':
    case 'mov':
    case 'm4a':
      return mp4Options(source, indexFirst);
    case 'matroska':
    case 'webm':
      // Default marks as planned, not guessed from the order; the brands of MP4 mean nothing here.
      return ['-default_mode', 'passthrough', ...withoutBrands, ...withoutChance];
    case 'mp3':
      return ['-id3v2_version', '3', ...fileLanguage(container, options.language)];
    case 'wav':
      return ['-rf64', 'auto', ...fileLanguage(container, options.language)];
    case 'flac':
    case 'ogg':
      return [...songTags(source), ...fileLanguage(container, options.language), ...withoutChance];
    case 'mpegts':
      return [];
  }
}

/** Ids of files and streams are not drawn at random: the same dub made once more is the same file, byte for byte. */
const withoutChance = ['-fflags', '+bitexact'];

const brands = ['major_brand', 'minor_version', 'compatible_brands'];
const withoutBrands = brands.flatMap((key) => ['-metadata', `${key}=`]);

/** Keys that MP4's ordinary tags hold (ffmpeg's movenc, and what it writes elsewhere in the file). */
const ordinaryTags = new Set(
  (
    'title artist album_artist composer album date year encoder comment genre copyright grouping lyrics description ' +
    'synopsis show episode_id network keywords episode_sort season_number media_type hd_video gapless_playback ' +
    'compilation track disc tempo location creation_time encoding_tool performer author language timecode ' +
    'sort_name sort_artist sort_album sort_album_artist sort_composer sort_show rating'
  ).split(' '),
);

function mp4Options(source: Source, indexFirst: boolean): string[] {
  const cover = source.streams.some((stream) => stream.attachedPicture);
  const unusual = Object.keys(source.tags).some((key) => !ordinaryTags.has(key) && !brands.includes(key));
  // Free keys need another kind of tag box, which has no room for a cover.
  const freeKeys = unusual && !cover;
  const flags = `${indexFirst ? '+faststart' : ''}${freeKeys ? '+use_metadata_tags' : ''}`;
  return [
    // Delays of tracks are kept in the movie's own time scale, by default whole milliseconds.
    ...['-movie_timescale', '90000'],
    // FLAC and TrueHD in MP4, and Dolby Vision's boxes, are behind this switch in ffmpeg 5.1.
    ...['-strict', 'experimental'],
    ...(flags === '' ? [] : ['-movflags', flags]),
    ...(freeKeys ? withoutBrands : []),
  ];
}

function fileLanguage(container: Container, language: string): string[] {
  return ['-metadata', `language=${languageFor(container, language)}`];
}

/** Ogg keeps a song's tags with its one stream; the dub's stream comes from another file and has none of them. */
function songTags(source: Source): string[] {
  const song = source.streams.find((stream) => stream.type === 'audio');
  const tags = Object.entries({ ...song?.tags, ...source.tags }).filter(([key]) => !/^(encoder|language)$/i.test(key));
  return tags.flatMap(([key, value]) => ['-metadata:s:0', `${key}=${value}`]);
}

/**
 * Chapters as an ffmpeg metadata file, where the container needs more than a copy: QuickTime's chapter track is read
 * from its own start, so chapters that begin late would all move to the front; an untitled one before them holds their place.
 */
export function chapterFile(
  source: Source,
  container: Container,
  path: string,
): { readonly path: string; readonly text: string } | undefined {
  const first = source.chapters[0];
  const hasTrack = ['mp4', 'mov', 'm4a'].includes(container.name);
  if (!first || !hasTrack || first.startMs === 0) return undefined;
  const chapters = [{ startMs: 0, endMs: first.startMs, title: '' }, ...source.chapters];
  const blocks = chapters.map(
    ({ startMs, endMs, title }) =>
      `[CHAPTER]\nTIMEBASE=1/1000\nSTART=${startMs}\nEND=${endMs}\ntitle=${title.replace(/[=;#\\\n]/g, '\\$&')}\n`,
  );
  return { path, text: `;FFMETADATA1\n${blocks.join('')}` };
}
