import { primaryLanguage } from '../../../domain/language.js';
import { prefixes } from '../../vendors/dashscope/index.js';

/** CosyVoice and Qwen-Audio-TTS over HTTP (their HTTP API page, 2026). */
export const synthesizerPath = `${prefixes.native}/services/audio/tts/SpeechSynthesizer`;

/** The rates the service takes. */
export const rates = { min: 0.5, max: 2 } as const;

/** The body of a request: everything sits in `input`, and the rate of speech is called `rate`. */
export function toWire(
  model: string,
  { text, language, voice, rate }: { text: string; language: string; voice: string; rate?: number | undefined },
): object {
  const paced = rate === undefined || rate === 1 ? {} : { rate };
  return {
    model,
    input: {
      ...{ text, voice, format: 'wav', sample_rate: 24_000, language_hints: [primaryLanguage(language)] },
      ...paced,
    },
  };
}
