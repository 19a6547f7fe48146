import { z } from 'zod';
import { openAiFields } from '../../vendors/audio-server/openai.js';

/** The options of the `openai` voices. */
export const openAiTtsOptions = z.strictObject({
  ...openAiFields,
  /** `MODEL` or `MODEL@URL`. */
  model: z.string().trim().min(1).default('gpt-4o-mini-tts'),
  /** Voices that the server does not list. */
  voices: z.array(z.string().trim().min(1)).default([]),
  /** What `--voice` says, by speaker: where the server lists nothing, these are taken to be there. */
  asked: z.record(z.string(), z.string()).default({}),
  /** How to speak, in words; not every model follows them. */
  instructions: z.string().trim().min(1).optional(),
  /** `wav` spares a conversion; a server that answers in another form is understood all the same. */
  format: z.enum(['wav', 'mp3', 'flac', 'opus', 'aac', 'pcm']).default('wav'),
  /** Of `pcm`, which has no header that could tell. */
  sampleRate: z.number().int().min(8000).max(96_000).default(24_000),
  /**
   * How the language is told, for servers that want to know: `code` (es) or `name` (Spanish) in a field `language`;
   * `auto` knows some models, and tells the others nothing.
   */
  language: z.enum(['auto', 'none', 'code', 'name']).default('auto'),
  /** Longest input of one request, in characters; a longer line is split at its sentences. */
  maxInputChars: z.number().int().min(20).max(100_000).default(4096),
});

/** What `openAiTtsOptions` parse to. */
export type OpenAiTtsOptions = z.output<typeof openAiTtsOptions>;
