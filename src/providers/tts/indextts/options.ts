import { z } from 'zod';

/** The ways of speaking to an IndexTTS server; `auto` finds out by GET requests. */
export const dialectNames = ['tts-service', 'vllm1', 'vllm2', 'upload', 'gradio', 'omni', 'openai'] as const;

/** Name of one way. */
export type DialectName = (typeof dialectNames)[number];

/** The options of `indextts`. */
export const indexTtsOptions = z.strictObject({
  /** One server or several, separated by commas or as a list. */
  url: z
    .union([z.string(), z.array(z.string())])
    .transform((given) => [given].flat().flatMap((text) => text.split(',')))
    .transform((urls) => urls.map((url) => url.trim()).filter((url) => url !== ''))
    .default([]),
  /** Sent as X-Api-Key and as Bearer, to these servers only. */
  apiKey: z.string().trim().min(1).optional(),
  dialect: z.enum(['auto', ...dialectNames]).default('auto'),
  /** `2.5`, or a model's whole name, where the server does not tell. */
  model: z.string().trim().min(1).optional(),
  /** Voices by name: a WAV file here, `server:/path/on/the/server.wav`, or a link that the server fetches. */
  voices: z.record(z.string().min(1), z.string().min(1)).default({}),
  /** What `--voice` says, by speaker: paths on the server and links among it are voices without being listed. */
  asked: z.record(z.string(), z.string()).default({}),
  /** Said of samples whose speaker's consent a server asks for. */
  consent: z.string().trim().min(1).optional(),
  /** Requests side by side at each server; one GPU does not get faster with more than two. */
  concurrency: z.number().int().min(1).max(16).default(2),
  /** For one answer, which comes when all of it is spoken. */
  timeoutMs: z.number().int().positive().default(600_000),
  /** How long servers that cannot be reached or are loading are tried again before the run stops. */
  patienceMs: z.number().int().min(0).default(60_000),
});

/** What `indexTtsOptions` parse to. */
export type IndexTtsOptions = z.output<typeof indexTtsOptions>;

/** What is said when no address is set. */
export const missingUrl =
  'Set INDEXTTS_URL to the address of your server, such as https://u1234-abcd.westa.seetacloud.com:8443 or http://127.0.0.1:6006; several are separated by commas.';
