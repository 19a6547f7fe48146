import { z } from 'zod';

const seconds = z.number().nullish().catch(undefined);
const text = z.string().nullish().catch(undefined);
const score = z.number().nullish().catch(undefined);
const label = z.union([z.string(), z.number()]).nullish().catch(undefined);

/** A word, or a token of one (whisper.cpp, whose words begin with a space); `text` at servers that are not OpenAI's. */
const word = z.looseObject({ word: text, text, start: seconds, end: seconds, probability: score, confidence: score });

const segment = z.looseObject({
  start: seconds,
  end: seconds,
  text,
  words: z.array(word).nullish().catch(undefined),
  /** A letter or a name (OpenAI's diarize model), a number (whisper.cpp in stereo). */
  speaker: label,
  /** `SPK0` (funasr-server). */
  spk: label,
  avg_logprob: score,
  no_speech_prob: score,
  compression_ratio: score,
});

/**
 * A transcription as json, verbose_json or diarized_json (openai-openapi, 2026-08), as far as it is used. Durations are
 * not read: some servers mean the time they took.
 */
export const transcriptionReply = z.looseObject({
  text,
  /** A code, or the English name of the language in full. */
  language: text,
  segments: z.array(segment).nullish().catch(undefined),
  words: z.array(word).nullish().catch(undefined),
  usage: z.looseObject({ type: text, seconds: score }).nullish().catch(undefined),
});

/** A transcription. */
export type Transcription = z.output<typeof transcriptionReply>;

/** One segment of it. */
export type SegmentWire = z.output<typeof segment>;

/** One word or token of it. */
export type WordWire = z.output<typeof word>;
