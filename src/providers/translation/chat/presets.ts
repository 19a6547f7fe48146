import { z } from 'zod';
import { DubError } from '../../../errors.js';
import { defineProvider } from '../../define.js';
import { completionsClient } from '../../vendors/completions/client.js';
import type { TranslationProvider } from '../contract.js';
import type { ModelTraits, Rung } from './models.js';
import { ChatTranslator, translatorFields } from './translator.js';

/** What differs from one OpenAI-compatible service to the next. */
interface Preset {
  /** As written after `--translator`. */
  readonly id: string;
  readonly name: string;
  readonly summary: string;
  readonly baseUrl: string;
  readonly keyVariable: string;
  /** Undefined where only the user knows what is served. */
  readonly model: string | undefined;
  /** The strictest way to ask for JSON that it takes. */
  readonly rung: Rung;
  /** How thinking is switched off; undefined where it is off or cannot be. */
  readonly thinkingOff?: object | undefined;
  readonly concurrency: number;
}

const disabled = { thinking: { type: 'disabled' } } as const;

/** Base URLs, models and peculiarities as the services' pages and SDKs had them in November 2026. */
const presets = {
  glm: {
    ...{
      id: 'glm',
      name: 'Zhipu GLM',
      summary: 'Zhipu GLM: JSON mode, limits by requests under way',
      keyVariable: 'GLM_API_KEY',
    },
    ...{
      baseUrl: 'https://open.bigmodel.cn/api/paas/v4',
      model: 'glm-4.7-flash',
      rung: 'object',
      thinkingOff: disabled,
      concurrency: 2,
    },
  },
  deepseek: {
    ...{
      id: 'deepseek',
      name: 'DeepSeek',
      summary: 'DeepSeek: JSON mode, thinking switched off',
      keyVariable: 'DEEPSEEK_API_KEY',
    },
    ...{
      baseUrl: 'https://api.deepseek.com',
      model: 'deepseek-flash',
      rung: 'object',
      thinkingOff: disabled,
      concurrency: 4,
    },
  },
  openai: {
    ...{
      id: 'openai',
      name: 'the OpenAI-compatible server',
      summary: 'OpenAI, or any server shaped like it: MODEL@https://host/v1',
      keyVariable: 'OPENAI_API_KEY',
    },
    ...{ baseUrl: 'https://api.openai.com/v1', model: 'gpt-4.1-mini', rung: 'schema', concurrency: 4 },
  },
  ollama: {
    ...{
      id: 'ollama',
      name: 'Ollama',
      summary: 'Ollama on this machine, with a model you have pulled',
      keyVariable: 'OLLAMA_API_KEY',
    },
    ...{ baseUrl: 'http://localhost:11434/v1', model: undefined, rung: 'schema', concurrency: 1 },
  },
} as const satisfies Record<string, Preset>;

/** Translation by Zhipu GLM. */
export const glm = define(presets.glm);
/** Translation by DeepSeek. */
export const deepseek = define(presets.deepseek);
/** Translation by OpenAI, or by any server shaped like it. */
export const openai = define(presets.openai);
/** Translation by Ollama on this machine. */
export const ollama = define(presets.ollama);

function define(preset: Preset) {
  const { model } = preset;
  const options = z.strictObject({
    ...translatorFields,
    /** `MODEL`, or `MODEL@URL` for a server of one's own. */
    model: model === undefined ? z.string().trim().min(1).optional() : z.string().trim().min(1).default(model),
    baseUrl: z.string().trim().min(1).default(preset.baseUrl),
    /** From the service's own variable; without it only servers of this machine are ready. */
    apiKey: z.string().trim().min(1).optional(),
    concurrency: translatorFields.concurrency.unwrap().default(preset.concurrency),
  });
  return defineProvider({
    kind: 'translation',
    name: preset.id,
    summary: preset.summary,
    options,
    secrets: ['apiKey'],
    modelOption: 'model',
    create: (given, tools): TranslationProvider => {
      const named = split(given.model ?? '', given.baseUrl);
      const { name, keyVariable } = preset;
      const client = completionsClient({ name, keyVariable, baseUrl: named.baseUrl, apiKey: given.apiKey }, tools);
      const ready = named.model === '' ? () => unnamed(preset) : client.ready;
      const asked = named.model === '' ? { ask: () => Promise.reject(noModel(preset)) } : {};
      return new ChatTranslator({ ...client, ready, ...asked }, { ...given, model: named.model }, mannerOf(preset));
    },
  });
}

function mannerOf({ rung, thinkingOff }: Preset) {
  const traits: ModelTraits = {
    ...{ rung, thinking: thinkingOff === undefined ? undefined : false },
    ...{ requestsPerMinute: 600, tokensPerMinute: 1_000_000 },
  };
  return { traits, thinkingSwitch: (thinking: boolean) => (thinking ? {} : (thinkingOff ?? {})) };
}

/** `MODEL@URL`; a URL in the model wins over the configured one. */
function split(model: string, baseUrl: string): { readonly model: string; readonly baseUrl: string } {
  const [, name = '', url] = /^(.*?)@(https?:\/\/.*)$/is.exec(model) ?? [];
  return url === undefined ? { model, baseUrl } : { model: name, baseUrl: url };
}

function unnamed({ name, id }: Preset) {
  return { ready: false, detail: `no model is named for ${name}`, hint: `Name one: --translator ${id}:MODEL.` };
}

function noModel(preset: Preset): DubError {
  const { detail, hint } = unnamed(preset);
  return new DubError('CONFIG_INVALID', `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`, { hint });
}
