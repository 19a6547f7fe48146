import { z } from 'zod';
import { dashscopeFields } from '../../vendors/dashscope/index.js';

/** Options of recognition on Model Studio. */
export const qwenOptions = z.strictObject({
  ...dashscopeFields,
  /** Chosen by what is asked when left out: see `usualModels`. */
  model: z.string().trim().min(1).optional(),
  /** Names and terms that are spoken, to be heard right; it biases and is no instruction. At most 10,000 tokens. */
  context: z.string().trim().min(1).max(20_000).optional(),
  /** How `qwen3-asr-flash-filetrans` is sent the context: its pages disagree. A refusal of one leads to the other. */
  contextAs: z.enum(['text', 'corpus']).default('text'),
  /** Requests that start work, of one account; by the model when left out. */
  requestsPerMinute: z.number().int().positive().optional(),
  /** Pieces that are recognised side by side. */
  concurrency: z.number().int().min(1).max(64).default(8),
  /** For one call, and for a task from its submit on; by the length of the sound when left out. */
  timeoutMs: z.number().int().positive().optional(),
});

/** What `qwenOptions` parse to. */
export type QwenOptions = z.output<typeof qwenOptions>;
