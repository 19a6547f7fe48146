import type { Voice } from '../contract.js';

/** BCP 47 primary codes of CosyVoice 3 (its own page, 2025-12) and of Qwen's interface; which of them a service refuses is not told. */
export const languages: readonly string[] = ['zh', 'en', 'de', 'it', 'pt', 'es', 'ja', 'ko', 'fr', 'ru'];

/** What the system voices speak natively by the voice lists (2026-07); anything else may come with an accent. */
export const nativeLanguages: readonly string[] = ['zh', 'en'];

/** System voices by model (CosyVoice and Qwen-Audio-TTS voice lists, 2026): a voice of one serves no other. */
const byModel: readonly (readonly [model: RegExp, voices: readonly Voice[]])[] = [
  [
    /^cosyvoice-v3-(flash|plus)$/,
    [
      voice('longanyang', 'male', '龙安洋: sunny young man'),
      voice('longanhuan', 'female', '龙安欢: lively young woman'),
    ],
  ],
  [
    /^cosyvoice-v2$/,
    [
      voice('longxiaochun_v2', 'female', '龙小淳: gentle'),
      voice('longcheng_v2', 'male', '龙橙: sunny'),
      voice('longwan_v2', 'female', '龙婉: standard Chinese'),
      voice('longshu_v2', 'male', '龙书: news'),
      voice('longxiaoxia_v2', 'female', '龙小夏: soft'),
      voice('loongbella_v2', 'female', 'Bella: news'),
    ],
  ],
  [
    /^qwen-audio-3\.0-tts-plus$/,
    [voice('longanlingxin', 'female', '龙安灵心: warm'), voice('longanlufeng', 'male', '龙安鲁风: bright')],
  ],
  [/^qwen-audio-3\.\d-tts-flash$/, [voice('longanhuan_v3.6', 'female', '龙安欢: lively young woman')]],
];

/** System voices of a model; none for v3.5, which speaks with voices of the account's own. */
export function systemVoices(model: string): readonly Voice[] {
  return byModel.find(([pattern]) => pattern.test(model))?.[1] ?? [];
}

/** Whether a voice was made by `voice-enrollment`: `cosyvoice-v3.5-flash-dub0a1b2c-…`. */
export function isClonedVoice(name: string): boolean {
  return /^(cosyvoice|qwen-audio)-/.test(name);
}

function voice(name: string, gender: 'female' | 'male', note: string): Voice {
  return { name, languages, gender, note };
}
