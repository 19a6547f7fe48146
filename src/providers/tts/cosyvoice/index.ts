import { defineProvider } from '../../define.js';
import { dashscopeSecrets } from '../../vendors/dashscope/index.js';
import { cosyvoiceOptions } from './options.js';
import { createCosyvoice } from './provider.js';

/** CosyVoice and Qwen-Audio-TTS on Model Studio, over HTTP. Text and voice samples leave this machine, no other sound does. */
export const cosyvoice = defineProvider({
  kind: 'tts',
  name: 'cosyvoice',
  summary: 'CosyVoice and Qwen-Audio-TTS on Model Studio: cloned voices, a rate of their own',
  options: cosyvoiceOptions,
  secrets: dashscopeSecrets,
  modelOption: 'model',
  create: createCosyvoice,
});
