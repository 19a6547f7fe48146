import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { primaryLanguage } from '../../../domain/language.js';
import { DubError } from '../../../errors.js';
import { systemClock } from '../../../net/clock.js';
import { type DashscopeClient, prefixes } from '../../vendors/dashscope/index.js';
import type { OwnVoice, SampleLimits, VoiceEnrolment, VoiceSample } from '../contract.js';

const path = `${prefixes.native}/services/audio/tts/customization`;
const enrolmentModel = 'voice-enrollment';

/** The service uses 3 to 30 s of a sample (`max_prompt_audio_length`). */
export const sampleLimits: SampleLimits = {
  minMs: 3000,
  maxMs: 30_000,
  maxBytes: 7_400_000,
  needsText: false,
  way: 'enrolled',
};

const createReply = z.looseObject({ output: z.looseObject({ voice_id: z.string().min(1) }) });
const queryReply = z.looseObject({ output: z.looseObject({ status: z.string() }) });
const listReply = z.looseObject({
  output: z.looseObject({
    voice_list: z.array(z.looseObject({ voice_id: z.string(), gmt_create: z.string().nullish() })),
  }),
});
const anyReply = z.looseObject({});

const pageSize = 100;
const mostPages = 50;
/** How long a voice may be on its way to `OK`. */
const deployMs = 300_000;

/**
 * Voices made from samples by `voice-enrollment`, for CosyVoice and Qwen-Audio-TTS.
 * @param targetModel the model that will speak with them: a voice serves no other
 */
export function createEnrolment(client: DashscopeClient, targetModel: string): VoiceEnrolment {
  async function ask<T>(
    schema: Parameters<typeof client.post<T>>[2],
    input: object,
    signal: AbortSignal,
    repeat = true,
  ) {
    await client.limit(enrolmentModel, { requestsPerMinute: 600 });
    const body = { model: enrolmentModel, input };
    return client.post(path, body, schema, signal, repeat ? { idempotent: 'repeatable' } : {});
  }

  async function untilReady(voice: string, signal: AbortSignal): Promise<void> {
    for (let waited = 0, pause = 500; ; waited += pause, pause = Math.min(5000, pause * 1.5)) {
      const { value } = await ask(queryReply, { action: 'query_voice', voice_id: voice }, signal);
      if (value.output.status === 'OK') return;
      if (value.output.status !== 'DEPLOYING' || waited > deployMs) throw notReady(voice, value.output.status);
      await systemClock.sleep(pause, signal);
    }
  }

  async function make(sample: VoiceSample, signal: AbortSignal) {
    const bytes = await readSample(sample);
    const language = sample.language === undefined ? {} : { language_hints: [primaryLanguage(sample.language)] };
    const order = (url: string) => ({
      ...{ action: 'create_voice', target_model: targetModel, prefix: prefixOf(sample), url },
      ...language,
    });
    const inline = `data:audio/wav;base64,${bytes.toString('base64')}`;
    try {
      return await ask(createReply, order(inline), signal, false);
    } catch (error) {
      // A data URI was seen to work, but is not documented; temporary storage is the other way without a bucket.
      if (!(error instanceof DubError) || error.code !== 'PROVIDER_REFUSED' || !/\burl\b/i.test(error.message))
        throw error;
      const stored = await client.upload(sample.path, { model: enrolmentModel, mediaType: 'audio/wav' }, signal);
      return ask(createReply, order(stored.url), signal, false);
    }
  }

  return {
    account: `${client.host} ${client.account}`,
    model: targetModel,
    async create(sample, _preferredName, signal) {
      const { value, requestIds } = await make(sample, signal).catch((error: unknown) => {
        throw explained(error, targetModel);
      });
      const voice = value.output.voice_id;
      await untilReady(voice, signal);
      return { voice, warnings: [], units: [{ unit: 'voice', count: 1, model: enrolmentModel }], requestIds };
    },
    async list(signal) {
      const found: OwnVoice[] = [];
      for (let page = 0; page < mostPages; page++) {
        const { value } = await ask(listReply, { action: 'list_voice', page_index: page, page_size: pageSize }, signal);
        const voices = value.output.voice_list;
        found.push(
          ...voices.map(({ voice_id: voice, gmt_create: createdAt }) => ({
            voice,
            ...(createdAt ? { createdAt } : {}),
          })),
        );
        if (voices.length < pageSize) break;
      }
      return found;
    },
    async delete(voice, signal) {
      try {
        await ask(anyReply, { action: 'delete_voice', voice_id: voice }, signal);
      } catch (error) {
        const gone =
          error instanceof DubError && /VoiceNotFound|ResourceNotExist|not (exist|found)/i.test(error.message);
        if (!gone || /ModelNotFound/.test(error.message)) throw error;
      }
    },
  };
}

async function readSample({ path: file, durationMs }: VoiceSample): Promise<Buffer> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new DubError('INPUT_UNREADABLE', `The voice sample ${file} cannot be read.`, {
      hint: 'Check that the file is still there and may be read.',
      cause,
    });
  });
  const { minMs, maxMs, maxBytes } = sampleLimits;
  if (durationMs >= minMs && durationMs <= maxMs && bytes.length <= maxBytes) return bytes;
  const message = `The voice sample ${file} has ${(durationMs / 1000).toFixed(1)} s and ${bytes.length} bytes; Model Studio takes 3 to 30 s and ${maxBytes} bytes.`;
  throw new DubError('PROVIDER_UNSUPPORTED', message, { hint: 'Ten to twenty seconds of clear speech are best.' });
}

/** At most 10 lower-case letters and digits; `dub` and six of the sample's hash, by which `isOurs` knows them. */
function prefixOf({ sha256 }: VoiceSample): string {
  return `dub${sha256.slice(0, 6)}`;
}

function notReady(voice: string, status: string): DubError {
  return new DubError('PROVIDER_BUSY', `The voice ${voice} is not ready to speak (${status}).`, {
    hint: `Run the same command later, or delete the voice: dub voices delete ${voice} --tts cosyvoice.`,
  });
}

function explained(error: unknown, model: string): unknown {
  if (!(error instanceof DubError) || !/ModelNotFound|Endpoint\.AccessDenied/.test(error.message)) return error;
  return new DubError(
    'PROVIDER_UNSUPPORTED',
    `Model Studio does not clone voices for ${model} here: ${error.message}`,
    {
      hint: 'Name another model as cloneModel in the options of tts:cosyvoice, clone by --tts qwen or with a server of your own (--tts indextts).',
      cause: error,
    },
  );
}
