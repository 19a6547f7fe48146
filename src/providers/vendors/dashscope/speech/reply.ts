import { z } from 'zod';

const text = z.string().nullish().catch(undefined);
const count = z.number().nonnegative().nullish().catch(undefined);

const usage = z
  .looseObject({
    characters: count,
    input_tokens: count,
    output_tokens: count,
    total_tokens: count,
    output_tokens_details: z.looseObject({ audio_tokens: count }).nullish().catch(undefined),
  })
  .nullish()
  .catch(undefined);

const audio = z.looseObject({ data: text, url: text }).nullish();

/** An answer in whole. The docs show the SDK's view, with `status_code`, `code` and `message`: those are not read. */
export const speechReply = z.looseObject({
  output: z.looseObject({ audio: audio.unwrap().unwrap(), finish_reason: text }),
  usage,
});

/** An event of a stream. Whether middle events have `url` and `usage`, or have them empty, differs between captures. */
export const speechEvent = z.looseObject({
  output: z.looseObject({ audio, finish_reason: text }).nullish(),
  usage,
});

/** What an answer bills; zeros and absences are the same. */
export type SpeechUsage = z.output<typeof usage>;
