import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { primaryLanguage } from '../../../domain/language.js';
import { DubError } from '../../../errors.js';
import { type DashscopeClient, prefixes } from '../../vendors/dashscope/index.js';
import type { SampleLimits, VoiceEnrolment, VoiceSample } from '../contract.js';
import { languageTypes } from './models.js';

/** Voice cloning API of Qwen (qwen-tts voice cloning, 2026): one path for all actions. */
const customisationPath = `${prefixes.native}/services/audio/tts/customization`;

const enrolmentModel = 'qwen-voice-enrollment';

/** 180 a minute, as for speech (rate-limit page, 2026). */
const requestsPerMinute = 180;

/**
 * At least 3 s of unbroken speech, 60 s at most, the data URI under 10 MB; 10 to 20 s are best. The URI is a third
 * longer than the file.
 */
export const sampleLimits: SampleLimits = {
  minMs: 3000,
  maxMs: 60_000,
  maxBytes: 7_400_000,
  needsText: false,
  way: 'enrolled',
  fixedRate: true,
};

/** Names of cloned voices, as the service makes them: they speak with the model they were made for only. */
export function isClonedVoice(voice: string): boolean {
  return /^qwen-tts-vc-/.test(voice);
}

const createReply = z.looseObject({
  output: z.looseObject({
    voice: z.string().min(1),
    target_model: z.string().nullish(),
    fallback_mode: z.unknown().optional(),
    fallback_reason: z.string().nullish().catch(undefined),
  }),
  usage: z.looseObject({ count: z.number().nonnegative().nullish() }).nullish().catch(undefined),
});

const listReply = z.looseObject({
  output: z.looseObject({
    // The older page may not have it.
    total_count: z.number().int().nonnegative().nullish().catch(undefined),
    voice_list: z.array(
      z.looseObject({ voice: z.string(), gmt_create: z.string().nullish(), target_model: z.string().nullish() }),
    ),
  }),
});

const deleteReply = z.looseObject({});

const pageSize = 100;
/** More than an account is said to have room for (1000). */
const mostPages = 50;

/**
 * Voices made from samples, kept by the account at Model Studio.
 * @param targetModel the model that will speak with them: a voice serves no other
 */
export function createEnrolment(client: DashscopeClient, targetModel: string): VoiceEnrolment {
  const limit = () => client.limit(enrolmentModel, { requestsPerMinute });

  async function* pages(signal: AbortSignal) {
    for (let page = 0; page < mostPages; page++) {
      const input = { action: 'list', page_index: page, page_size: pageSize };
      const body = { model: enrolmentModel, input };
      const { value } = await client.post(customisationPath, body, listReply, signal, { idempotent: 'safe' });
      const voices = value.output.voice_list;
      yield voices;
      if (voices.length < pageSize) return;
    }
  }

  return {
    account: `${client.host} ${client.account}`,
    model: targetModel,
    async create(sample, preferredName, signal) {
      await limit();
      const body = { model: enrolmentModel, input: await createInput(sample, preferredName, targetModel) };
      const { value, requestIds } = await client
        .post(customisationPath, body, createReply, signal)
        .catch((error: unknown) => {
          throw explained(error, targetModel);
        });
      const { voice, target_model: made, fallback_mode: poor, fallback_reason: reason } = value.output;
      if (made && made !== targetModel) throw otherModel(voice, made, targetModel);
      const count = value.usage?.count ?? 1;
      const warnings = poor
        ? [
            `Model Studio made the voice ${voice} from a sample it finds poor${reason ? ` (${reason})` : ''}; a longer, cleaner one would be closer.`,
          ]
        : [];
      return { voice, warnings, units: [{ unit: 'voice', count, model: enrolmentModel }], requestIds };
    },
    async list(signal) {
      await limit();
      const found: { voice: string; createdAt?: string }[] = [];
      for await (const voices of pages(signal)) {
        for (const { voice, gmt_create: createdAt } of voices)
          found.push({ voice, ...(createdAt ? { createdAt } : {}) });
      }
      return found;
    },
    async delete(voice, signal) {
      await limit();
      const body = { model: enrolmentModel, input: { action: 'delete', voice } };
      try {
        await client.post(customisationPath, body, deleteReply, signal, { idempotent: 'repeatable' });
      } catch (error) {
        if (!isUnknownVoice(error)) throw error;
      }
    },
  };
}

async function createInput(sample: VoiceSample, preferredName: string, targetModel: string): Promise<object> {
  const bytes = await readFile(sample.path).catch((cause: unknown) => {
    throw new DubError('INPUT_UNREADABLE', `The voice sample ${sample.path} cannot be read.`, {
      hint: 'Check that the file is still there and may be read.',
      cause,
    });
  });
  refuseUnfit(sample, bytes.length);
  const language = sample.language === undefined ? undefined : primaryLanguage(sample.language);
  const spoken = language !== undefined && language in languageTypes ? { language } : {};
  return {
    action: 'create',
    target_model: targetModel,
    preferred_name: wireName(preferredName),
    audio: { data: `data:audio/wav;base64,${bytes.toString('base64')}` },
    ...(sample.text === undefined ? {} : { text: sample.text }),
    ...spoken,
  };
}

/** At most 16 letters, digits and `_`. */
function wireName(name: string): string {
  return (
    name
      .replaceAll(/[^A-Za-z0-9]+/g, '_')
      .slice(0, 16)
      .replace(/^_+$/, '') || 'speaker'
  );
}

function refuseUnfit({ path, durationMs }: VoiceSample, size: number): void {
  const { minMs, maxMs, maxBytes } = sampleLimits;
  const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;
  const why =
    durationMs < minMs || durationMs > maxMs
      ? `is ${seconds(durationMs)} long; Model Studio takes ${seconds(minMs)} to ${seconds(maxMs)}`
      : size > maxBytes
        ? `has ${size} bytes; Model Studio takes ${maxBytes}`
        : undefined;
  if (why === undefined) return;
  throw new DubError('PROVIDER_UNSUPPORTED', `The voice sample ${path} ${why}.`, {
    hint: 'Ten to twenty seconds of clear speech are best.',
  });
}

function isUnknownVoice(error: unknown): boolean {
  return (
    error instanceof DubError &&
    /not (exist|found)|VoiceNotFound|Invalid voice/i.test(error.message) &&
    !/ModelNotFound/.test(error.message)
  );
}

/** Cloning was announced to end on 2026-10-10; whether it did is not known. */
function explained(error: unknown, targetModel: string): unknown {
  if (!(error instanceof DubError)) return error;
  if (!/\b(ModelNotFound|Endpoint\.AccessDenied|Model\.AccessDenied)\b|\b404\b/.test(error.message)) return error;
  const message = `Model Studio does not clone voices for ${targetModel} here (it was to be withdrawn on 2026-10-10): ${error.message}`;
  const hint =
    'Name voices with --voice (`dub voices --tts qwen` lists them), clone by the newer models (--tts cosyvoice) or with a server of your own (--tts indextts), or name another model as cloneModel in the options of qwen.';
  return new DubError('PROVIDER_UNSUPPORTED', message, { hint, cause: error });
}

function otherModel(voice: string, made: string, wanted: string): DubError {
  return new DubError('PROVIDER_BAD_REPLY', `Model Studio made the voice ${voice} for ${made} instead of ${wanted}.`, {
    hint: `Name ${made} as cloneModel in the options of qwen, or delete the voice: dub voices delete ${voice}.`,
  });
}
