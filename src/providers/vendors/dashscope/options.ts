import { z } from 'zod';

/** The options that every provider on Model Studio shares; to be spread into its strict zod object. */
export const dashscopeFields = {
  /** From DASHSCOPE_API_KEY; without it the provider is not ready. */
  apiKey: z.string().trim().optional(),
  /** `cn`, `intl`, `hongkong`, `us`, `eu`, `jp`, or the region's own id. */
  region: z.string().trim().min(1).default('cn'),
  /** A host of one's own choice, without a path; wins over the region. */
  baseUrl: z.string().trim().min(1).optional(),
  /** A workspace id: `ws-…` or `llm-…`. */
  workspace: z.string().trim().min(1).optional(),
  /** The first wait between two questions for a task's state, in milliseconds; it grows with the task's age. */
  pollMs: z.number().int().min(10).max(60_000).default(1000),
} as const;

const dashscopeSchema = z.object(dashscopeFields);

/** What `dashscopeFields` parse to. */
export type DashscopeOptions = z.output<typeof dashscopeSchema>;

/** The options among them that are never printed. */
export const dashscopeSecrets = ['apiKey'] as const;
