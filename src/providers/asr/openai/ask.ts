import { DubError } from '../../../errors.js';
import { replyStatus } from '../../../net/facts.js';
import type { HttpReply } from '../../../net/judge.js';
import { readMessage } from '../../vendors/audio-server/errors.js';
import type { OpenAiServer } from '../../vendors/audio-server/openai.js';
import type { OpenAiAsrOptions } from './options.js';
import { type Transcription, transcriptionReply } from './wire.js';

/** One sound to be recognised. */
export interface Sound {
  readonly path: string;
  readonly mediaType: string;
}

const forms = ['words', 'segments', 'plain'] as const;
/** How the reply is asked for, in falling order of what it tells; `diarized` by models that tell speakers apart. */
export type ReplyForm = (typeof forms)[number] | 'diarized';

/** Asks a server, and remembers what it does not take and where its route is. */
export interface Asker {
  ask(sound: Sound, language: string | undefined, signal: AbortSignal): Promise<Transcription>;
}

/** Whisper's own codes where they differ. */
const whisperCodes: Readonly<Record<string, string>> = { nb: 'no', jv: 'jw', fil: 'tl' };

/** whisper.cpp's own route; its `/v1` is there only when it was started with it. */
const whisperCppRoute = '/inference';

/** @param form what the model can give at best */
export function createAsker(client: OpenAiServer, model: string, form: ReplyForm, options: OpenAiAsrOptions): Asker {
  const isInference = client.server.address.base.endsWith(whisperCppRoute);
  const state = { form, whisperCpp: isInference ? true : (undefined as boolean | undefined) };

  async function send(sound: Sound, language: string | undefined, signal: AbortSignal): Promise<HttpReply> {
    if (state.whisperCpp === true)
      return client.server.send(isInference ? '' : whisperCppRoute, bodyOf(sound, language ?? 'auto'), signal);
    try {
      return await client.send('/audio/transcriptions', bodyOf(sound, language), signal);
    } catch (error) {
      if (![404, 405].includes(replyStatus(error) ?? 0) || !(await isWhisperCpp(signal))) throw error;
      state.whisperCpp = true;
      return client.server.send(whisperCppRoute, bodyOf(sound, language ?? 'auto'), signal);
    }
  }

  /** whisper.cpp says `{"status":"ok"}` and has no list of models. */
  async function isWhisperCpp(signal: AbortSignal): Promise<boolean> {
    const { status, body } = await client.server.look('/health', signal);
    const health: unknown = body.json;
    return status === 200 && typeof health === 'object' && health !== null && Reflect.get(health, 'status') === 'ok';
  }

  /** The file's ending tells some servers its form. whisper.cpp takes everything for English unless told. */
  function bodyOf({ path, mediaType }: Sound, language: string | undefined) {
    const responseFormat =
      state.form === 'diarized' ? 'diarized_json' : state.form === 'plain' ? 'json' : 'verbose_json';
    const granular = state.form === 'words' && state.whisperCpp !== true ? ['word', 'segment'] : [];
    const fields: [string, string][] = [
      ...(model === '' ? [] : [['model', model] as [string, string]]),
      ...(language === undefined ? [] : [['language', whisperCodes[language] ?? language] as [string, string]]),
      ['response_format', responseFormat],
      // The brackets belong to the name; asked for words alone, a server leaves the segments out.
      ...granular.map((one) => ['timestamp_granularities[]', one] as [string, string]),
      ...(state.form === 'diarized' ? [['chunking_strategy', 'auto'] as [string, string]] : []),
      ...(options.prompt === undefined ? [] : [['prompt', options.prompt] as [string, string]]),
      ...(options.temperature === undefined ? [] : [['temperature', String(options.temperature)] as [string, string]]),
      ...(state.whisperCpp === true ? [['no_language_probabilities', 'true'] as [string, string]] : []),
    ];
    const ending = { 'audio/flac': 'flac', 'audio/mpeg': 'mp3', 'audio/wav': 'wav' }[mediaType] ?? 'wav';
    return { form: { fields, files: [{ name: 'file', filename: `speech.${ending}`, mediaType, content: { path } }] } };
  }

  return {
    async ask(sound, language, signal) {
      for (;;) {
        try {
          return read(await send(sound, language, signal), client.host);
        } catch (error) {
          const next = lesserForm(error, state.form);
          if (next === undefined) throw error;
          state.form = next;
        }
      }
    },
  };
}

/** The next form to try where a refusal names the one that was asked for. */
function lesserForm(error: unknown, form: ReplyForm): ReplyForm | undefined {
  const names =
    error instanceof DubError &&
    error.code === 'PROVIDER_REFUSED' &&
    /granularit|response_?format|verbose_json/i.test(error.message);
  const at = forms.indexOf(form as (typeof forms)[number]);
  return names && at >= 0 ? forms[at + 1] : undefined;
}

/** Text in other forms than JSON is text without times; an error with status 200 is an error. */
function read({ status, body, headers }: HttpReply, host: string): Transcription {
  const { json } = body;
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  const said = isObject && !('text' in json) && !('segments' in json) ? readMessage(body) : '';
  if (said !== '') {
    throw new DubError('PROVIDER_BAD_REPLY', `${host} answered with an error (${status}): ${said}.`, {
      hint: again,
      retryable: true,
    });
  }
  const parsed = isObject ? transcriptionReply.safeParse(json) : undefined;
  if (parsed?.success && ('text' in parsed.data || parsed.data.segments)) return parsed.data;
  if (json === undefined && /^text\/plain\b/i.test(headers['content-type'] ?? '') && body.text.trim() !== '')
    return { text: body.text };
  throw new DubError('PROVIDER_BAD_REPLY', `${host} answered with something else than a transcription.`, {
    hint: again,
    retryable: true,
  });
}

const again = 'Check the address and the model; the same command asks again.';
