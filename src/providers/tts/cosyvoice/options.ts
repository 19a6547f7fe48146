import { z } from 'zod';
import { dashscopeFields } from '../../vendors/dashscope/index.js';

/** The options of the `cosyvoice` voices. */
export const cosyvoiceOptions = z.strictObject({
  ...dashscopeFields,
  model: z.string().trim().min(1).default('cosyvoice-v3-flash'),
  /** The model that speaks with cloned voices; they are made for it. */
  cloneModel: z.string().trim().min(1).default('cosyvoice-v3.5-flash'),
  /** What `--voice` says, by speaker: names that are not known here are sent all the same, and the service judges. */
  asked: z.record(z.string(), z.string()).default({}),
  /** Three a second by one page, twenty by another. */
  requestsPerMinute: z.number().positive().default(180),
  concurrency: z.number().int().min(1).max(64).default(4),
  /** For one request. */
  timeoutMs: z.number().int().positive().default(180_000),
});

/** What `cosyvoiceOptions` parse to. */
export type CosyvoiceOptions = z.output<typeof cosyvoiceOptions>;
