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
  request: {
    readonly text: string;
    readonly language: string;
    readonly voice: string;
    readonly rate?: number | undefined;
  },
  { instructions, optimizeInstructions, speechRate }: Manner,
): object {
  const { text, language, voice } = request;
  const words = [instructions, paceWords(model, request.rate)].filter((part) => part !== undefined).join(' ');
  const led = words === '' ? {} : { instructions: words };
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

/** A pace in words, which the instruct model follows about, not exactly; undefined where nothing is to be said of it. */
function paceWords({ kind }: QwenModel, rate = 1): string | undefined {
  const percent = Math.round(Math.abs(rate - 1) * 100);
  if (kind !== 'instruct' || percent === 0) return undefined;
  return `Speak about ${percent} percent ${rate > 1 ? 'faster' : 'slower'} than usual, at an even pace.`;
}
