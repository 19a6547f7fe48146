import { z } from 'zod';

const offsets = z.object({ from: z.number(), to: z.number() });

/**
 * The file that `whisper-cli -ojf` writes, as far as it is used. `offsets` are milliseconds from the start of the
 * audio; a token without times lacks them. Source: examples/cli/cli.cpp of ggml-org/whisper.cpp, output_json.
 */
export const whisperReply = z.object({
  model: z.object({ multilingual: z.boolean().optional() }).optional(),
  result: z.object({ language: z.string() }),
  transcription: z.array(
    z.object({
      offsets,
      text: z.string(),
      tokens: z
        .array(z.object({ text: z.string(), offsets: offsets.optional(), p: z.number().optional() }))
        .default([]),
    }),
  ),
});

/** One segment of the reply. */
export type WhisperSegment = z.output<typeof whisperReply>['transcription'][number];

/** One token of a segment. */
export type WhisperToken = WhisperSegment['tokens'][number];
