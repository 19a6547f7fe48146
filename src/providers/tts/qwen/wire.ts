import { z } from 'zod';
import { prefixes } from '../../vendors/dashscope/index.js';
import { languageTypes, type QwenModel } from './models.js';
import { primaryOf } from './voices.js';

/** Qwen-TTS over HTTP (Qwen-TTS API reference, 2026). */
export const speechPath = `${prefixes.native}/services/aigc/multimodal-generation/generation`;

/** Raised when the same request would be made or read in another way: what is kept from before is then not reused. */
export const wireVersion = 1;

/** What a request says besides text, language and voice. */
export interface Manner {
  readonly instructions?: string | undefined;
  readonly optimizeInstructions?: boolean | undefined;
  readonly speechRate?: number | undefined;
}

/** The body of a request. All that is documented sits in `input`; Cantonese and other dialects are Chinese here. */
export function toWire(
  model: QwenModel,
  request: { readonly text: string; readonly language: string; readonly voice: string },
  { instructions, optimizeInstructions, speechRate }: Manner,
): object {
  const { text, language, voice } = request;
  const led = instructions === undefined ? {} : { instructions };
  return {
    model: model.name,
    input: {
      text,
      voice,
      language_type: languageTypes[primaryOf(language)] ?? 'Chinese',
      ...led,
      ...(optimizeInstructions === true ? { optimize_instructions: true } : {}),
    },
    // Not in the docs; measured to work on 2026-08-13, and to be ignored where it does not.
    ...(speechRate === undefined ? {} : { parameters: { speech_rate: speechRate } }),
  };
}

const text = z.string().nullish().catch(undefined);
const count = z.number().nonnegative().nullish().catch(undefined);

const usage = z
  .looseObject({
    characters: count,
    input_tokens: count,
    output_tokens: count,
    total_tokens: count,
    output_tokens_details: z.looseObject({ audio_tokens: count }).nullish().catch(undefined),
  })
  .nullish()
  .catch(undefined);

const audio = z.looseObject({ data: text, url: text }).nullish();

/** An answer in whole. The docs show the SDK's view, with `status_code`, `code` and `message`: those are not read. */
export const speechReply = z.looseObject({
  output: z.looseObject({ audio: audio.unwrap().unwrap(), finish_reason: text }),
  usage,
});

/** An event of a stream. Whether middle events have `url` and `usage`, or have them empty, differs between captures. */
export const speechEvent = z.looseObject({
  output: z.looseObject({ audio, finish_reason: text }).nullish(),
  usage,
});

/** What an answer bills; zeros and absences are the same. */
export type SpeechUsage = z.output<typeof usage>;
