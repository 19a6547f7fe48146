import { z } from 'zod';
import { defineProvider } from '../../define.js';
import { askChat } from '../../vendors/dashscope/chat.js';
import { dashscope, dashscopeFields, dashscopeSecrets } from '../../vendors/dashscope/index.js';
import type { TranslationProvider } from '../contract.js';
import { traitsOf } from './models.js';
import type { ChatService } from './service.js';
import { ChatTranslator, translatorFields } from './translator.js';

const qwenOptions = z.strictObject({
  ...dashscopeFields,
  /** Any chat model of Model Studio. */
  model: z.string().trim().min(1).default('qwen-plus'),
  ...translatorFields,
});

/** Qwen and the other chat models of Model Studio: JSON in, JSON out, to a length. */
export const qwen = defineProvider({
  kind: 'translation',
  name: 'qwen',
  summary: 'Qwen and other chat models on Model Studio: writes lines to the time they have',
  options: qwenOptions,
  secrets: dashscopeSecrets,
  modelOption: 'model',
  create(options, tools): TranslationProvider {
    const client = dashscope(options, tools);
    const { host, region, warnings } = client;
    const service = {
      ...{ host, region, warnings, ready: client.ready, limit: client.limit },
      ask: (...asked: Parameters<ChatService['ask']>) => askChat(client, ...asked),
    };
    const traits = traitsOf(options.model);
    return new ChatTranslator(service, options, { traits, thinkingSwitch: (enable_thinking) => ({ enable_thinking }) });
  },
});
