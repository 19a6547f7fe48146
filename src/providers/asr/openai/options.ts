import { z } from 'zod';
import { openAiFields } from '../../vendors/audio-server/openai.js';

/** The options of the `openai` recogniser. */
export const openAiAsrOptions = z.strictObject({
  ...openAiFields,
  /** `MODEL` or `MODEL@URL`; servers with one model take none: `@http://127.0.0.1:8080`. */
  model: z.string().trim().min(1).default('whisper-1'),
  /** Names and terms that may be said. */
  prompt: z.string().trim().min(1).optional(),
  temperature: z.number().min(0).max(1).optional(),
});

/** What `openAiAsrOptions` parse to. */
export type OpenAiAsrOptions = z.output<typeof openAiAsrOptions>;
