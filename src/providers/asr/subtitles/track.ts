import { parseLanguage, sameLanguage } from '../../../domain/language.js';
import { DubError } from '../../../errors.js';
import type { SubtitleTrack } from '../contract.js';

/**
 * Which of the input's text tracks is the script: the one named by stream index or language, else the first in the
 * source's language, else the first without a language tag; any track will do when the language is not known.
 * @throws PROVIDER_UNSUPPORTED when none fits
 */
export function chooseTrack(
  tracks: readonly SubtitleTrack[],
  named: string | undefined,
  language: string | undefined,
): SubtitleTrack {
  const track = named === undefined ? fittingTrack(tracks, language) : namedTrack(tracks, named);
  if (track) return track;
  const wanted = named ?? language;
  const which = wanted === undefined ? 'no text subtitle track' : `no text subtitle track for ${wanted}`;
  throw new DubError('PROVIDER_UNSUPPORTED', `The input has ${which}; it has: ${listOf(tracks)}.`, {
    hint: 'Name a subtitle file with --script FILE, or a track with --asr subtitles:INDEX or subtitles:LANGUAGE.',
  });
}

function fittingTrack(tracks: readonly SubtitleTrack[], language: string | undefined): SubtitleTrack | undefined {
  if (language === undefined) return tracks[0];
  const tagged = tracks.find((track) => track.language !== undefined && sameLanguage(track.language, language));
  return tagged ?? tracks.find((track) => track.language === undefined);
}

function namedTrack(tracks: readonly SubtitleTrack[], named: string): SubtitleTrack | undefined {
  if (/^\d+$/.test(named)) return tracks.find((track) => track.index === Number(named));
  const wanted = parseLanguage(named) ?? named;
  const exact = tracks.find((track) => track.language !== undefined && parseLanguage(track.language) === wanted);
  return exact ?? tracks.find((track) => track.language !== undefined && sameLanguage(track.language, wanted));
}

function listOf(tracks: readonly SubtitleTrack[]): string {
  if (tracks.length === 0) return 'none';
  return tracks.map((track) => `${track.index} (${track.language ?? 'no language'}, ${track.codec})`).join(', ');
}
