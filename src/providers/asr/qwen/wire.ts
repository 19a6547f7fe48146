import { z } from 'zod';

/** Where whole files are submitted (qwen-asr-api-reference and Fun-ASR HTTP API, 2026). */
export const transcriptionPath = '/api/v1/services/audio/asr/transcription';
/** Where short sound is sent along with the request. */
export const generationPath = '/api/v1/services/aigc/multimodal-generation/generation';

const text = z.string().nullish().catch(undefined);
const number = z.number().nullish().catch(undefined);

const subtask = z.looseObject({ transcription_url: text, subtask_status: text, code: text, message: text });

/** How a task of recognition ended: `result` with the Qwen model, `results` with Fun-ASR; either is read. */
export const taskResult = z.looseObject({
  output: z.looseObject({
    result: subtask.nullish().catch(undefined),
    results: z.array(subtask).nullish().catch(undefined),
  }),
  /** Whole seconds: of sound with the Qwen model, of speech with Fun-ASR. */
  usage: z.looseObject({ seconds: number, duration: number }).nullish().catch(undefined),
});

/** A sub-task: the one file of the task. */
export type Subtask = z.output<typeof subtask>;

const word = z.looseObject({
  begin_time: z.number(),
  end_time: z.number(),
  text: z.string(),
  punctuation: text,
  confidence: number,
});

const sentence = z.looseObject({
  begin_time: z.number(),
  end_time: z.number(),
  text: z.string(),
  /** From 0, with diarization only. */
  speaker_id: z.union([z.number(), z.string()]).nullish().catch(undefined),
  language: text,
  /** Left out for some languages. */
  words: z.array(word).nullish().catch(undefined),
});

/** The file behind `transcription_url`; times are milliseconds from the start of the file. */
export const transcriptFile = z.looseObject({
  transcripts: z.array(
    z.looseObject({
      channel_id: number,
      text,
      sentences: z
        .array(sentence)
        .nullish()
        .transform((all) => all ?? []),
    }),
  ),
});

/** What `transcriptFile` parses to. */
export type TranscriptFile = z.output<typeof transcriptFile>;
/** One sentence of it. */
export type SentenceWire = z.output<typeof sentence>;
/** One word of it. */
export type WordWire = z.output<typeof word>;

const content = z.union([z.string(), z.array(z.looseObject({ text }))]).nullish();

const generationOutput = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        finish_reason: text,
        message: z.looseObject({ content, annotations: z.array(z.looseObject({ language: text })).nullish() }),
      }),
    )
    .min(1),
});

/** Answer of the synchronous model. Workspace hosts have been seen to leave out `output` for its sister models. */
export const generationReply = z.union([
  z.looseObject({ output: generationOutput, usage: z.looseObject({ seconds: number }).nullish().catch(undefined) }),
  generationOutput
    .extend({ usage: z.looseObject({ seconds: number }).nullish().catch(undefined) })
    .transform(({ usage, ...output }) => ({ output, usage })),
]);

const timedSentence = sentence.extend({ text: z.string().catch('') });

const timedParts = {
  text,
  sentence: timedSentence.nullish().catch(undefined),
  sentences: z
    .array(timedSentence)
    .nullish()
    .catch(undefined)
    .transform((all) => all ?? []),
};

/** Seconds, or the tokens that some models are billed by. */
const timedUsage = z
  .looseObject({ duration: number, seconds: number, input_tokens: number, output_tokens: number })
  .nullish()
  .catch(undefined);

/**
 * Answer of the newer models with times. On workspace hosts everything stands at the top, with a copy under `output`
 * that lacks the usage: measured 2026-09-25.
 */
export const timedReply = z.union([
  z
    .looseObject({ ...timedParts, usage: timedUsage })
    .refine((all) => typeof all.text === 'string' || all.sentence != null),
  z
    .looseObject({ output: z.looseObject(timedParts), usage: timedUsage })
    .transform(({ output, usage }) => ({ ...output, usage })),
]);

/** What `timedReply` parses to. */
export type TimedReply = z.output<typeof timedReply>;

/** What `generationReply` parses to. */
export type GenerationReply = z.output<typeof generationReply>;
