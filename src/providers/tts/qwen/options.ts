import { z } from 'zod';
import { dashscopeFields } from '../../vendors/dashscope/index.js';

/** The options of the `qwen` voices. */
export const qwenOptions = z.strictObject({
  ...dashscopeFields,
  model: z.string().trim().min(1).default('qwen3-tts-flash'),
  /** Ids of cloned or designed voices, made for the very model that is named. */
  voiceIds: z.array(z.string().trim().min(1)).default([]),
  /** The model that speaks with cloned voices; they are made for it. */
  cloneModel: z.string().trim().min(1).default('qwen3-tts-vc-2026-01-22'),
  /** What `--voice` says, by speaker: ids of cloned voices among it are voices without being listed. */
  asked: z.record(z.string(), z.string()).default({}),
  /** How to speak, in Chinese or English; the instruct model only. */
  instructions: z.string().trim().min(1).optional(),
  /** Lets the service reword the instructions. */
  optimizeInstructions: z.boolean().default(false),
  /** 0.5 to 2; undocumented over HTTP, so the length of what comes back is looked at. */
  speechRate: z.number().min(0.5).max(2).optional(),
  /** Asks for the sound as a stream: the first of it comes sooner, which a dub has no use for. */
  stream: z.boolean().default(false),
  /** The limit of the account for this model: 180, or 10 for legacy ones, unless told. */
  requestsPerMinute: z.number().positive().optional(),
  /**
   * Requests side by side; fewer by themselves while the service says 429. An answer takes 2 to 6 s: fewer than these
   * would not use up the rate, and no limit on them is documented.
   */
  concurrency: z.number().int().min(1).max(64).default(12),
  /** For one request. */
  timeoutMs: z.number().int().positive().default(180_000),
});

/** What `qwenOptions` parse to. */
export type QwenOptions = z.output<typeof qwenOptions>;
