import { defineProvider } from '../../define.js';
import type { TtsProvider } from '../contract.js';
import { indexTtsOptions } from './options.js';
import { createIndexTts } from './provider.js';

/**
 * IndexTTS on a server of the user's, or on several: zh and en, from version 2.5 on also ja, es and ar. Voices are
 * cloned from a sample of a few seconds, or are named where the server has names. Text and samples go to that server.
 */
export const indextts = defineProvider({
  kind: 'tts',
  name: 'indextts',
  summary: 'IndexTTS on your own server or rented GPU: cloned voices; zh en, by 2.5 also ja es ar',
  options: indexTtsOptions,
  secrets: ['apiKey'],
  modelOption: 'model',
  create: (options, tools): TtsProvider => createIndexTts(options, tools),
});
