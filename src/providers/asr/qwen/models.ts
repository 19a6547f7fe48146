import { primaryLanguage } from '../../../domain/language.js';
import { DubError } from '../../../errors.js';

/** How a family of models is called. */
export type AsrFamily = 'filetrans' | 'fun' | 'sync' | 'timed';

/** One model of recognition. */
export interface AsrModel {
  readonly id: string;
  readonly family: AsrFamily;
  /** The service's own code for each BCP 47 primary code that users may write. */
  readonly codes: ReadonlyMap<string, string>;
  /** Of one account, for calls that start work. */
  readonly requestsPerMinute: number;
}

/** The model that is taken for each need. Aliases: the dated ones are being withdrawn (notice 118331). */
export const usualModels = {
  file: 'qwen3-asr-flash-filetrans',
  speakers: 'fun-asr',
  pieces: 'qwen3-asr-flash',
} as const;

/** 27 languages; Chinese dialects but Cantonese come under `zh` (qwen-asr-api-reference, 2026). */
const qwenLanguages = 'zh yue en ja de ko ru fr pt ar it es hi id th tr uk vi cs da fil fi is ms no pl sv';
/** 30 languages; Filipino is `tl` in one list of the docs and `fil` in another (Fun-ASR HTTP API, 2026). */
const funLanguages = 'zh en ja ko vi th id ms tl hi ar fr de es pt ru it nl sv da fi no el pl cs hu ro bg hr sk';
/** Page of paraformer-v2. */
const paraformerLanguages = 'zh en ja yue ko de fr ru';

/** Other codes for the same language: users and containers write either. */
const sameCodes: Readonly<Record<string, readonly string[]>> = { no: ['nb', 'nn'], fil: ['tl'], tl: ['fil'] };

interface Rule {
  readonly pattern: RegExp;
  readonly family: AsrFamily;
  readonly languages: string;
  readonly requestsPerMinute: number;
}

// Rates: alibabacloud.com model-studio rate-limit, about 2026-04. The first pattern that fits counts.
const rules: readonly Rule[] = [
  {
    ...{ pattern: /^qwen3-asr-flash-filetrans(-\d{4}-\d\d-\d\d)?(-us)?$/, family: 'filetrans' },
    ...{ languages: qwenLanguages, requestsPerMinute: 100 },
  },
  {
    ...{ pattern: /^qwen3-asr-flash(-\d{4}-\d\d-\d\d)?(-us)?$/, family: 'sync' },
    ...{ languages: qwenLanguages, requestsPerMinute: 100 },
  },
  {
    ...{ pattern: /^fun-asr-2025-08-25$/, family: 'fun' },
    ...{ languages: 'zh en', requestsPerMinute: 600 },
  },
  {
    ...{ pattern: /^fun-asr-mtl(-\d{4}-\d\d-\d\d)?$/, family: 'fun' },
    ...{ languages: funLanguages, requestsPerMinute: 100 },
  },
  {
    ...{ pattern: /^(fun-asr(-\d{4}-\d\d-\d\d)?|qwen-audio-3\.\d-asr-flash-filetrans.*)$/, family: 'fun' },
    ...{ languages: funLanguages, requestsPerMinute: 600 },
  },
  {
    // No rate is documented but for 3.1: 1200. The lowest of the family is kept to.
    ...{ pattern: /^(qwen-audio-3\.\d-asr-flash|fun-asr-flash)(-\d{4}-\d\d-\d\d)?$/, family: 'timed' },
    ...{ languages: funLanguages, requestsPerMinute: 600 },
  },
  {
    ...{ pattern: /^paraformer-v2$/, family: 'fun' },
    ...{ languages: paraformerLanguages, requestsPerMinute: 1200 },
  },
];

/** @throws `PROVIDER_UNSUPPORTED` for a model that is not called in any of the ways known here */
export function findModel(id: string): AsrModel {
  const rule = rules.find(({ pattern }) => pattern.test(id));
  if (rule) {
    const { family, languages, requestsPerMinute } = rule;
    return { id, family, requestsPerMinute, codes: codesOf(languages.split(' ')) };
  }
  throw new DubError('PROVIDER_UNSUPPORTED', `${JSON.stringify(id)} is no recogniser of Model Studio known here.`, {
    hint: `--asr qwen takes ${Object.values(usualModels).join(', ')}, qwen-audio-3.0-asr-flash-filetrans, qwen-audio-3.1-asr-flash, their dated names, or no model at all: then it is chosen by what is asked.`,
  });
}

/** The model for what is asked: whole files, unless they can be put nowhere; speakers, where the language allows it. */
export function chooseModel(wish: {
  readonly language?: string | undefined;
  readonly speakers?: number | 'auto' | undefined;
  readonly canPublish: boolean;
}): AsrModel {
  const [file, fun] = [findModel(usualModels.file), findModel(usualModels.speakers)];
  if (!wish.canPublish) return findModel(usualModels.pieces);
  const knows = (model: AsrModel) => wish.language === undefined || model.codes.has(primaryLanguage(wish.language));
  const wantsSpeakers = wish.speakers !== undefined && wish.speakers !== 1;
  if (wantsSpeakers && knows(fun)) return fun;
  return knows(file) || !knows(fun) ? file : fun;
}

function codesOf(languages: readonly string[]): Map<string, string> {
  const own = new Map(languages.map((code) => [code, code]));
  for (const code of languages) {
    for (const other of sameCodes[code] ?? []) if (!own.has(other)) own.set(other, code);
  }
  return own;
}
