import { z } from 'zod';

/** Options of recognition on Volcengine. */
export const volcengineOptions = z.strictObject({
  /** The new console's one key; from VOLCENGINE_ASR_API_KEY. */
  apiKey: z.string().trim().optional(),
  /** The old console's pair; from VOLCENGINE_ASR_APP_KEY and VOLCENGINE_ASR_ACCESS_KEY. */
  appKey: z.string().trim().optional(),
  accessKey: z.string().trim().optional(),
  /** `standard` or `seed` (2.0), `idle`, or `flash`; chosen by whether the sound can be published when left out. */
  model: z.enum(['standard', 'seed', 'idle', 'flash']).optional(),
  /** Without a path. */
  baseUrl: z.string().trim().min(1).default('https://openspeech.bytedance.com'),
  /** Hot words, to be heard right. */
  words: z.array(z.string().trim().min(1)).max(5000).default([]),
  /** The first wait between two questions, milliseconds; it grows to five times that. */
  pollMs: z.number().int().min(10).max(60_000).default(1000),
  /** From the submit to the transcript; by the length of the sound when left out. */
  timeoutMs: z.number().int().positive().optional(),
});

/** What `volcengineOptions` parse to. */
export type VolcengineOptions = z.output<typeof volcengineOptions>;

/** Options that are never printed. */
export const volcengineSecrets = ['apiKey', 'appKey', 'accessKey'] as const;
