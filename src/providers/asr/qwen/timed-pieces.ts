import type { Units } from '../../contract.js';
import { tokenUnits } from '../../vendors/completions/tokens.js';
import type { AsrReply, AsrRequest } from '../contract.js';
import { type FileRecogniser, noSpeakers } from './file.js';
import { codeFor } from './language.js';
import { allowedPiece, askForPiece, emptyReply } from './pieces.js';
import { readTranscript } from './transcript.js';
import { type TimedReply, timedReply } from './wire.js';

/**
 * Recognises one piece by the newer models that are called like `qwen3-asr-flash` and give times of words
 * (Qwen-Audio-ASR and Fun-ASR HTTP API, 2026). Without `context`: how it is to be sent is not documented clearly.
 */
export async function recogniseTimedPiece(
  recogniser: FileRecogniser,
  request: AsrRequest,
  signal: AbortSignal,
): Promise<AsrReply> {
  const { model, options } = recogniser;
  const language = codeFor(request.language, model);
  const audio = await allowedPiece(recogniser, request);
  const warnings = [
    ...(request.speakers !== undefined && request.speakers !== 1 ? [noSpeakers(model)] : []),
    ...(options.context === undefined
      ? []
      : [`${model.id} is asked without the context: it takes none in a way known here.`]),
  ];
  const body = bodyFor(model.id, audio, language);
  const answer = await askForPiece(recogniser, body, timedReply, signal);
  if (answer === undefined) return emptyReply(request, warnings);
  const { value, requestIds } = answer;
  const file = { transcripts: [{ channel_id: 0, text: value.text, sentences: sentencesOf(value) }] };
  const wish = { durationMs: audio.durationMs, language: request.language, wantsSpeakers: false };
  const { warnings: told, ...transcript } = readTranscript(file, wish);
  return {
    transcript,
    warnings: [...warnings, ...told],
    units: unitsOf(value, audio.durationMs, model.id),
    requestIds,
  };
}

function bodyFor(
  model: string,
  { uri, mediaType }: { readonly uri: string; readonly mediaType: string },
  language: string | undefined,
): object {
  return {
    model,
    input: { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: uri } }] }] },
    parameters: {
      format: formats[mediaType] ?? 'flac',
      // A string in every example.
      sample_rate: '16000',
      ...(language === undefined ? {} : { language_hints: [language] }),
    },
  };
}

/** `format` is required: what the sound is packed in. */
const formats: Readonly<Record<string, string>> = { 'audio/flac': 'flac', 'audio/mpeg': 'mp3', 'audio/wav': 'wav' };

/** All sentences, or the one where there is no list of them; its text may be told only for the whole. */
function sentencesOf({ text, sentence, sentences }: TimedReply) {
  const all = sentences.length > 0 ? sentences : sentence ? [sentence] : [];
  return all.map((one) => {
    const words = (one.words ?? []).map((word) => `${word.text}${word.punctuation ?? ''}`).join('');
    return { ...one, text: one.text || (all.length === 1 && text ? text : words) };
  });
}

/** Seconds, or the tokens that model 3.1 is billed by. */
function unitsOf({ usage }: TimedReply, durationMs: number, model: string): Units[] {
  const tokens = { input: usage?.input_tokens ?? 0, output: usage?.output_tokens ?? 0, undivided: 0 };
  if (tokens.input + tokens.output > 0) return tokenUnits([tokens], model);
  return [{ unit: 'second', count: usage?.duration ?? usage?.seconds ?? Math.ceil(durationMs / 1000), model }];
}
