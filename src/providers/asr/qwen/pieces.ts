import { parseLanguage } from '../../../domain/language.js';
import { DubError } from '../../../errors.js';
import type { Schema } from '../../../net/http.js';
import { readSoundFile } from '../../vendors/sound-file/read.js';
import type { AsrReply, AsrRequest } from '../contract.js';
import { type FileRecogniser, noSpeakers } from './file.js';
import { codeFor } from './language.js';
import { saysNoSpeech } from './silence.js';
import { settleLanguage } from './transcript.js';
import { type GenerationReply, generationPath, generationReply } from './wire.js';

/** 300 s is the service's limit; shorter pieces leave room, and their times are better. */
export const longestPieceMs = 180_000;

/** The service's limit of 10 MB holds for the text that base64 makes of the sound. */
const mostEncodedBytes = 10_000_000;

/** Largest file: base64 makes four bytes of three, and the data URI has a head. */
export const largestPieceBytes = Math.floor(((mostEncodedBytes - 64) / 4) * 3);

/** Recognises one piece of sound that is sent along with the request. It gives no times: the segment spans the piece. */
export async function recognisePiece(
  recogniser: FileRecogniser,
  request: AsrRequest,
  signal: AbortSignal,
): Promise<AsrReply> {
  const { model, options } = recogniser;
  const language = codeFor(request.language, model);
  const audio = await allowedPiece(recogniser, request);
  const body = bodyFor(model.id, audio.uri, language, options.context);
  const wantsSpeakers = request.speakers !== undefined && request.speakers !== 1;
  const told = wantsSpeakers ? [noSpeakers(model)] : [];
  const answer = await askForPiece(recogniser, body, generationReply, signal);
  if (answer === undefined) return emptyReply(request, told);
  const { value, requestIds } = answer;
  const { text, heard, cut } = readAnswer(value);
  const segments = text === '' ? [] : [{ id: '1', startMs: 0, endMs: audio.durationMs, text, words: [] }];
  const { language: settled, warnings } = settleLanguage(request.language, heard, segments);
  const seconds = value.usage?.seconds ?? Math.ceil(audio.durationMs / 1000);
  return {
    transcript: { language: settled, segments },
    warnings: [
      ...told,
      ...warnings,
      ...(cut ? [`${model.id} broke off: a piece of the transcript is not whole.`] : []),
    ],
    units: [{ unit: 'second', count: seconds, model: model.id }],
    requestIds,
  };
}

function bodyFor(model: string, uri: string, language: string | undefined, context: string | undefined): object {
  const system = context === undefined ? [] : [{ role: 'system', content: [{ text: context }] }];
  return {
    model,
    input: { messages: [...system, { role: 'user', content: [{ audio: uri }] }] },
    parameters: { asr_options: { ...(language === undefined ? {} : { language }), enable_itn: false } },
  };
}

/**
 * The sound of a piece as it goes along with a call, when it is within the limits.
 * @throws PROVIDER_UNSUPPORTED for a piece that is too long, INPUT_UNREADABLE
 */
export async function allowedPiece({ model }: FileRecogniser, { audio }: AsrRequest) {
  if (!audio) throw new Error('qwen was asked to transcribe without audio');
  const { mediaType, durationMs } = audio;
  if (durationMs > longestPieceMs) throw tooLong(model.id, `${Math.round(durationMs / 1000)} s`, '180 s');
  const bytes = await readSoundFile(audio.path);
  if (bytes.length > largestPieceBytes) throw tooLong(model.id, `${bytes.length} bytes`, `${largestPieceBytes} bytes`);
  return { uri: `data:${mediaType};base64,${bytes.toString('base64')}`, mediaType, durationMs };
}

/** Asks within the model's rate. Undefined when the service says by an error that there is no speech. */
export async function askForPiece<T>(
  { model, client, options }: FileRecogniser,
  body: object,
  schema: Schema<T>,
  signal: AbortSignal,
) {
  const { requestsPerMinute = model.requestsPerMinute, concurrency, timeoutMs } = options;
  await client.limit(model.id, { requestsPerMinute, concurrency });
  const limits = timeoutMs === undefined ? undefined : { totalMs: timeoutMs };
  try {
    return await client.post(generationPath, body, schema, signal, { limits });
  } catch (error) {
    if (saysNoSpeech(error)) return undefined;
    throw error;
  }
}

function readAnswer({ output }: GenerationReply): { text: string; heard: string | undefined; cut: boolean } {
  const { message, finish_reason } = output.choices[0]!;
  const { content } = message;
  const text = typeof content === 'string' ? content : (content ?? []).map((part) => part.text ?? '').join('');
  const named = message.annotations?.map(({ language }) => language).find(Boolean);
  const heard = named ? parseLanguage(named) : undefined;
  return { text: text.trim(), heard, cut: finish_reason === 'length' };
}

/** What is said of a piece without speech. */
export function emptyReply({ language }: AsrRequest, warnings: readonly string[]): AsrReply {
  return {
    transcript: { language: settleLanguage(language, undefined, []).language, segments: [] },
    ...{ warnings, units: [], requestIds: [] },
  };
}

function tooLong(model: string, has: string, takes: string): DubError {
  return new DubError('PROVIDER_UNSUPPORTED', `${model} takes at most ${takes} of sound in one call; this is ${has}.`, {
    hint: 'Choose a model for whole files, which needs a store: --asr qwen --store dashscope.',
  });
}
