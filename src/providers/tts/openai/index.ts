import { defineProvider } from '../../define.js';
import { openAiSecrets } from '../../vendors/audio-server/openai.js';
import type { TtsProvider } from '../contract.js';
import { openAiTtsOptions } from './options.js';
import { createOpenAiTts } from './provider.js';

/**
 * Any server with OpenAI's `POST /audio/speech`: OpenAI itself, Groq, Kokoro-FastAPI, speaches, vLLM-Omni,
 * openai-edge-tts and more, by `--tts openai:MODEL@https://host/v1`. Text and voice leave for that host, no sound does.
 */
export const openai = defineProvider({
  kind: 'tts',
  name: 'openai',
  summary: 'any OpenAI-compatible audio server: openai:MODEL@https://host/v1',
  options: openAiTtsOptions,
  secrets: openAiSecrets,
  modelOption: 'model',
  create: (options, tools): TtsProvider => createOpenAiTts(options, tools),
});
