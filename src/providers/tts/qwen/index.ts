import { defineProvider } from '../../define.js';
import { dashscopeSecrets } from '../../vendors/dashscope/index.js';
import type { TtsProvider } from '../contract.js';
import { createWithCloning } from './cloning.js';
import { qwenOptions } from './options.js';

/**
 * Qwen-TTS on Model Studio: `qwen3-tts-flash` with 49 voices, ten languages and some Chinese dialects, or another of
 * its models that speak over HTTP. 24 kHz mono. Text and voice leave this machine, no sound does.
 */
export const qwen = defineProvider({
  kind: 'tts',
  name: 'qwen',
  summary: 'Qwen-TTS on Model Studio: 49 voices, 10 languages',
  options: qwenOptions,
  secrets: dashscopeSecrets,
  modelOption: 'model',
  create: (options, tools): TtsProvider => createWithCloning(options, tools),
});
