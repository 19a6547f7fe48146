import { z } from 'zod';

/** Money in several currencies. */
export const moneyAmounts = z
  .record(z.string(), z.number())
  .describe('amount by currency (ISO 4217); empty for nothing');
const units = z.array(z.object({ unit: z.string(), count: z.number() }));

/** What a run came to: every call that was made, every answer that was paid for before, and the money. */
export const receipt = z.object({
  money: moneyAmounts,
  unpriced: z.number().int().describe('calls whose price is not known: they are not in `money`'),
  uncertain: moneyAmounts.describe('the most that failed calls may have been billed; not in `money`'),
  calls: z.number().int(),
  cached: z.number().int().describe('answers that were paid for before'),
  failed: z.number().int(),
  retries: z.number().int(),
  stages: z.array(
    z.object({
      stage: z.string(),
      language: z.string().optional().describe('target language, when the stage concerns one'),
      provider: z.string(),
      model: z.string().optional(),
      calls: z.number().int(),
      cached: z.number().int(),
      failed: z.number().int(),
      retries: z.number().int(),
      units,
      money: moneyAmounts,
      unpriced: z.number().int(),
      requestIds: z.array(z.string()),
    }),
  ),
  lines: z.array(
    z.object({
      utteranceId: z.string(),
      language: z.string().optional(),
      calls: z.number().int(),
      money: moneyAmounts.describe('of a call for several lines each has an equal share'),
      requestIds: z.array(z.string()),
    }),
  ),
});

/** What a run came to. */
export type Receipt = z.infer<typeof receipt>;
