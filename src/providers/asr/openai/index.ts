import { primaryLanguage } from '../../../domain/language.js';
import { DubError } from '../../../errors.js';
import { defineProvider } from '../../define.js';
import { withHint } from '../../vendors/audio-server/errors.js';
import { lookAtServer, openAiSecrets, openAiServer, splitModel } from '../../vendors/audio-server/openai.js';
import { requireSoundFile } from '../../vendors/sound-file/read.js';
import type { AsrLimits, AsrProvider, AsrReply, AsrRequest, AsrWay, AsrWish } from '../contract.js';
import { type Asker, createAsker, type ReplyForm } from './ask.js';
import { openAiAsrOptions } from './options.js';
import { readTranscription } from './transcript.js';

/** OpenAI's limit of an upload; Groq's free accounts have the same. */
const largestBytes = 25_000_000;
/** Pieces are cut shorter than this by the stage. */
const longestPieceMs = 600_000;

/**
 * Any server with OpenAI's `POST /audio/transcriptions`, and whisper.cpp's own server: `--asr openai:MODEL@https://host/v1`.
 * Sound is sent in pieces cut at silences, so that length and size have no limit and every line has a place in time also
 * where the server gives none; times and words of the server are used where it gives them. Only when speakers are asked
 * for does it go in one, since each piece would have speakers of its own.
 */
export const openai = defineProvider({
  kind: 'asr',
  name: 'openai',
  summary: 'any OpenAI-compatible recogniser: openai:MODEL@https://host/v1',
  options: openAiAsrOptions,
  secrets: openAiSecrets,
  modelOption: 'model',
  create(options, tools): AsrProvider {
    const { model, baseUrl } = splitModel(options.model, options.baseUrl);
    const client = openAiServer({ ...options, baseUrl }, tools);
    const diarizes = /diari[sz]e/i.test(model);
    const askers = new Map<ReplyForm, Asker>();
    const untold = [...client.warnings];

    function askerOf(form: ReplyForm): Asker {
      const asker = askers.get(form) ?? createAsker(client, model, form, options);
      askers.set(form, asker);
      return asker;
    }

    const limits = (whole: boolean): AsrLimits => ({
      languages: 'any',
      maxBytes: largestBytes,
      ...(whole ? {} : { maxDurationMs: longestPieceMs, audioFormat: 'wav' as const }),
      concurrency: options.concurrency,
      needsUrl: false,
      times: whole ? 'segment' : 'none',
      speakers: whole,
      detectsLanguage: true,
      needsAudio: true,
    });

    async function recognise(request: AsrRequest, whole: boolean, signal: AbortSignal): Promise<AsrReply> {
      const { audio, language, speakers } = request;
      if (!audio) throw new Error('openai was asked to transcribe without audio');
      await requireSoundFile(audio.path);
      const code = language === undefined ? undefined : primaryLanguage(language);
      const reply = await askerOf(formOf(model)).ask(audio, code, signal);
      const read = readTranscription(reply, audio.durationMs);
      if (whole) refuseUntimed(read.segments, audio.durationMs, client.host);
      const wantsSpeakers = speakers !== undefined && speakers !== 1;
      const toldNone =
        wantsSpeakers && read.segments.length > 0 && read.segments.every(({ speaker }) => speaker === undefined);
      const seconds = reply.usage?.seconds ?? Math.ceil(audio.durationMs / 1000);
      return {
        transcript: { language: language ?? read.language ?? 'en', segments: read.segments },
        warnings: [
          ...untold.splice(0),
          ...read.warnings,
          ...(toldNone ? ['The server told no speakers apart: all lines are one speaker’s.'] : []),
          ...(language === undefined && read.language === undefined && read.segments.length > 0
            ? [unknownLanguage]
            : []),
        ],
        units: [{ unit: 'second', count: seconds, ...(model === '' ? {} : { model }) }],
        requestIds: [],
      };
    }

    function choose({ speakers }: Pick<AsrWish, 'speakers'>): AsrWay {
      const whole = diarizes || (speakers !== undefined && speakers !== 1);
      return {
        limits: limits(whole),
        transcribe: (request, signal) => recognise(request, whole, signal).catch(withHint),
      };
    }

    return {
      host: client.host,
      local: client.local,
      billedModel: model || undefined,
      limits: limits(diarizes),
      async ready(signal) {
        const { models, ...state } = await lookAtServer(client, options.apiKey, signal);
        const absent = models !== undefined && models.length > 0 && model !== '' && !models.includes(model);
        return absent ? { ...state, detail: `${state.detail}; ${model} is not among them` } : state;
      },
      choose,
      transcribe: (request, signal) => choose(request).transcribe(request, signal),
    };
  },
});

/** What a model can give: of OpenAI's, only whisper-1 gives times. */
function formOf(model: string): ReplyForm {
  if (/diari[sz]e/i.test(model)) return 'diarized';
  return /gpt-(4o-(mini-)?)?transcribe/i.test(model) ? 'plain' : 'words';
}

const unknownLanguage =
  'The server did not say which language it heard; it is taken for en. If it is another, name it with --from.';

/** One segment for everything is no place in time. */
function refuseUntimed(segments: AsrReply['transcript']['segments'], durationMs: number, host: string): void {
  const [first] = segments;
  if (first === undefined || segments.length > 1 || first.words.length > 0 || durationMs < 30_000) return;
  if (first.startMs > 0 || first.endMs < durationMs) return;
  throw new DubError('PROVIDER_UNSUPPORTED', `${host} gives no times, so speakers cannot be told apart by it.`, {
    hint: 'Leave --speakers out: the sound is then cut at silences and sent in pieces. Or choose another recogniser with --asr.',
  });
}
