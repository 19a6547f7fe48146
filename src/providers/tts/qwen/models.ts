import { DubError } from '../../../errors.js';

/**
 * What a model speaks with. `flash`: system voices. `instruct`: some of them, led by words. `clone` and `design`:
 * voices made by the account itself. `legacy`: few voices, billed by tokens.
 */
export type QwenModelKind = 'flash' | 'instruct' | 'clone' | 'design' | 'legacy';

/** A Qwen-TTS model that is called over HTTP. */
export interface QwenModel {
  readonly name: string;
  readonly kind: QwenModelKind;
  /** What an account may ask of it unless it was granted more (rate limit page, 2026-05). */
  readonly requestsPerMinute: number;
  /** BCP 47 primary codes, dialects aside. */
  readonly languages: readonly string[];
}

/** `language_type` by primary code (Qwen-TTS API reference, 2026); capitals matter to the instruct model. */
export const languageTypes: Readonly<Record<string, string>> = {
  zh: 'Chinese',
  en: 'English',
  de: 'German',
  it: 'Italian',
  pt: 'Portuguese',
  es: 'Spanish',
  ja: 'Japanese',
  ko: 'Korean',
  fr: 'French',
  ru: 'Russian',
};

const usualRate = 180;
/** The legacy models and the dated one of September 2025. */
const slowRate = 10;

const kinds: readonly (readonly [pattern: RegExp, kind: QwenModelKind])[] = [
  [/^qwen-tts(-|$)/, 'legacy'],
  [/-instruct(-|$)/, 'instruct'],
  [/-vc(-|$)/, 'clone'],
  [/-vd(-|$)/, 'design'],
];

/**
 * What is known of a model by its name; later ones are taken to be like the alias they are named after.
 * @throws `CONFIG_INVALID` for models that speak in another way than over this interface
 */
export function readModel(name: string): QwenModel {
  const foreign = /(^|-)realtime(-|$)/.test(name) ? 'over a WebSocket only' : undefined;
  const other = /^(cosyvoice|qwen-audio|sambert)/i.test(name) ? 'by another interface of Model Studio' : undefined;
  const why = foreign ?? other;
  if (why !== undefined) {
    throw new DubError('CONFIG_INVALID', `The model ${name} speaks ${why}, which --tts qwen does not use.`, {
      hint:
        other === undefined
          ? 'Leave the model out for qwen3-tts-flash, or name another one that speaks over HTTP: --tts qwen:qwen3-tts-instruct-flash.'
          : `Write --tts cosyvoice:${name} for it.`,
    });
  }
  const kind = kinds.find(([pattern]) => pattern.test(name))?.[1] ?? 'flash';
  const isSlow = kind === 'legacy' || name === 'qwen3-tts-flash-2025-09-18';
  return {
    name,
    kind,
    requestsPerMinute: isSlow ? slowRate : usualRate,
    languages: kind === 'legacy' ? ['zh', 'en'] : Object.keys(languageTypes),
  };
}
