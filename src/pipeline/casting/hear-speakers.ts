import { chooseAudioStream } from '../../media/audio-stream.js';
import { probeFile } from '../../media/probe.js';
import { readSubtitleTrack } from '../../media/subtitle-track.js';
import type { AsrProvider } from '../../providers/asr/contract.js';
import { measurePitches, soundOf, speakersOf } from '../../stages/cast/listen.js';
import { segment } from '../../stages/segment/index.js';
import { textTracks } from '../../stages/transcribe.js';
import type { RunTools } from '../job.js';
import type { CastFile } from './cast-file.js';

/** A film that has a script and no cast yet. */
export interface UncastFilm {
  readonly input: string;
  /** Reads the script without listening. */
  readonly asr: AsrProvider;
  /** BCP 47 of the speech, where known. */
  readonly language?: string | undefined;
}

/**
 * Who speaks in a film, with the pitch of each, as a run would measure it. Writes nothing and asks no service.
 * @param scratch a folder for temporary files
 * @throws INPUT_UNREADABLE for a film or a script that cannot be read; USAGE when the script's language is not known
 */
export async function hearSpeakers(
  { input, asr, language }: UncastFilm,
  scratch: string,
  { media, signal }: Pick<RunTools, 'media' | 'signal'>,
): Promise<CastFile['speakers']> {
  const source = await probeFile(input, media, signal);
  const { transcript } = await asr.transcribe(
    {
      language,
      speakers: 'auto',
      subtitleTracks: textTracks(source),
      readSubtitleTrack: (index, stop) => readSubtitleTrack(source, index, scratch, media, stop),
    },
    signal,
  );
  const script = segment({ ...transcript, provider: 'subtitles' }, source.durationMs);
  const { index: streamIndex } = chooseAudioStream(source, { language: transcript.language });
  const pitches = await measurePitches(script, soundOf(source, { streamIndex }, { tools: media, signal }));
  return Object.fromEntries(speakersOf(script).map((speaker) => [speaker, { pitchHz: pitches.get(speaker) }]));
}
