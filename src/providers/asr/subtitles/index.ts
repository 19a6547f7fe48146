import { basename, resolve } from 'node:path';
import { z } from 'zod';
import { parseLanguage, sameLanguage } from '../../../domain/language.js';
import { DubError, throwIfAborted } from '../../../errors.js';
import { noNotes } from '../../contract.js';
import { defineProvider } from '../../define.js';
import { readCueFile, type SpokenCues, spokenCues } from '../../vendors/cue-file/read.js';
import { readinessOf } from '../../vendors/local/readiness.js';
import type { AsrProvider, AsrReply, AsrRequest } from '../contract.js';
import { chooseTrack } from './track.js';

const subtitleOptions = z.strictObject({
  /** An SRT or WebVTT file. */
  file: z.string().min(1).optional(),
  /** A subtitle track of the input: its stream index, or its language. */
  track: z.string().min(1).optional(),
});

type SubtitleOptions = z.output<typeof subtitleOptions>;

/** Reads the script from a subtitle file, or from a text track of the input: right words at the right times. */
export const subtitles = defineProvider({
  kind: 'asr',
  name: 'subtitles',
  summary: 'the script from an SRT or WebVTT file, or from a subtitle track of the input',
  options: subtitleOptions,
  modelOption: 'track',
  create: (options): AsrProvider => new SubtitleScript(options),
});

class SubtitleScript implements AsrProvider {
  readonly limits = {
    languages: 'any',
    needsUrl: false,
    times: 'segment',
    speakers: true,
    detectsLanguage: false,
    needsAudio: false,
  } as const;

  constructor(private readonly options: SubtitleOptions) {}

  ready() {
    const { file, track } = this.options;
    if (file === undefined) {
      const detail = `reads ${track === undefined ? 'a text subtitle track' : `the subtitle track ${track}`} of the input`;
      return Promise.resolve({ ready: true, detail });
    }
    return readinessOf(async () => `${basename(file)}, ${(await readCueFile(resolve(file))).cues.length} cues`);
  }

  async transcribe(request: AsrRequest, signal: AbortSignal): Promise<AsrReply> {
    throwIfAborted(signal);
    const { cues, warnings, language } = await this.read(request, signal);
    const segments = cues.map(({ number, startMs, endMs, text, speaker, newVoice }) => ({
      id: number,
      startMs,
      endMs,
      // The mark stays: it is what tells two unnamed speakers from one.
      text: newVoice ? `- ${text}` : text,
      speaker,
      words: [],
    }));
    const unheard = request.speakers !== undefined && !cues.some((cue) => cue.speaker !== undefined);
    const noSpeakers = unheard ? ['The subtitles name no speakers, so all lines are one speaker’s.'] : [];
    return { ...noNotes, warnings: [...warnings, ...noSpeakers], transcript: { language, segments } };
  }

  private async read(request: AsrRequest, signal: AbortSignal): Promise<SpokenCues & { language: string }> {
    const { file, track } = this.options;
    if (file !== undefined) {
      const language = request.language ?? languageOfName(basename(file));
      return { ...(await readCueFile(resolve(file))), language: language ?? unknownLanguage(basename(file)) };
    }
    const chosen = chooseTrack(request.subtitleTracks, track, request.language);
    const name = `subtitle track ${chosen.index}`;
    const read = spokenCues(Buffer.from(await request.readSubtitleTrack(chosen.index, signal)), name);
    const tagged = chosen.language === undefined ? undefined : parseLanguage(chosen.language);
    const language = request.language ?? tagged ?? unknownLanguage(name);
    const differs = tagged !== undefined && !sameLanguage(tagged, language);
    const warning = `The ${name} is tagged ${tagged}, and is read as ${language} because --from says so.`;
    return { ...read, language, warnings: differs ? [...read.warnings, warning] : read.warnings };
  }
}

/** The language that a file's name tells: `en` of `talk.en.srt`, `pt-BR` of `talk.pt-BR.forced.vtt`. */
function languageOfName(name: string): string | undefined {
  const parts = name.split('.').slice(1, -1).reverse();
  return parts.map(parseLanguage).find((tag) => tag !== undefined);
}

function unknownLanguage(name: string): never {
  throw new DubError('USAGE', `The language of ${name} is not known.`, {
    hint: 'Name it with --from LANG, or in the file’s name: `talk.en.srt`.',
  });
}
