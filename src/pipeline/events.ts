import { z } from 'zod';
import { moneyAmounts, receipt } from './money/receipt-schema.js';

const common = {
  /** Version of the event format; documented fields only grow within one. */
  v: z.literal(1),
  /** ISO 8601, UTC. */
  time: z.string(),
  /** Id of the run, the same in all its events. */
  run: z.string(),
  file: z.string().optional().describe('the input, in the events of a batch'),
};

const language = z.string().optional().describe('target language, when the event concerns one');

/** One gate of a verdict. */
export const gate = z.object({
  name: z.string(),
  passed: z.boolean(),
  value: z.number().optional(),
  unit: z.string().optional(),
  limit: z.string(),
  detail: z.string(),
  judges: z.enum(['file', 'wording']),
});

const doubt = z.enum(['number', 'unit', 'name', 'term']);

const fallbackSummary = z.object({
  stage: z.string(),
  language,
  from: z.string().describe('the engine that was named first'),
  to: z.string().describe('the engine that did it instead'),
  utteranceIds: z.array(z.string()).describe('the lines; empty for a whole stage'),
});

const outputSummary = z.object({
  language: z.string(),
  path: z.string(),
  lines: z.object({
    total: z.number().int(),
    voiced: z.number().int(),
    failed: z.number().int(),
    overflowed: z.number().int(),
  }),
  adapted: z
    .object({
      rounds: z.number().int(),
      rate: z.number().int().describe("lines voiced at another rate of the voice's own"),
      wording: z.number().int().describe('lines voiced in another wording'),
      tried: z.number().int().describe('takes that were made for it, kept or not'),
    })
    .optional()
    .describe('what was done about lines that did not fit'),
  verified: z
    .object({
      recogniser: z
        .string()
        .optional()
        .describe('what listened to the finished dub; none when only texts were compared'),
      lost: z.array(z.object({ utteranceId: z.string(), kind: doubt, what: z.string() })),
      unlike: z.array(z.object({ utteranceId: z.string(), errorRate: z.number(), heard: z.string() })),
      voicedAgain: z.number().int(),
    })
    .optional()
    .describe('what --verify found'),
  failures: z.array(z.object({ utteranceId: z.string(), stage: z.string(), code: z.string(), message: z.string() })),
  verdict: z.object({ passed: z.boolean(), gates: z.array(gate) }).optional(),
  fallbacks: z
    .array(fallbackSummary)
    .optional()
    .describe('what another engine did than the one named first; absent when there is nothing'),
  warnings: z.array(z.string()),
  kept: z.boolean().optional().describe('true when an earlier run of the same job had finished it'),
});

const moneySpan = { least: moneyAmounts, likely: moneyAmounts, most: moneyAmounts };

const costRange = z.object({
  ...moneySpan,
  priced: z.boolean().describe('false when a part of it has no known price'),
  calls: z.number().int(),
  kept: z.number().int().describe('answers that are kept and cost nothing'),
});

/** Who does a stage, what it is sent and what it costs. */
const plannedEngine = {
  provider: z.string().optional(),
  leaves: z.string().optional().describe('what leaves this machine, and to where'),
  cost: z
    .number()
    .nullable()
    .describe('the likely cost; null when the price is unknown or in several currencies; 0 on this machine'),
  currency: z.string().nullable(),
  range: costRange.optional().describe('for stages that ask an engine'),
};

const toBuy = z.object({
  lines: z.number().int().describe('that are not kept'),
  characters: z.number().int().describe('of the text to send, as far as it is known'),
});

const lineChange = z.object({
  utteranceId: z.string(),
  startMs: z.number(),
  source: z.string().describe('what is said'),
  sourceWas: z.string().optional(),
  was: z.string().optional().describe('its translation in the last run; absent for a new line'),
  now: z.string().optional().describe('absent when it is yet to be translated'),
  byHand: z.boolean().describe('true when a person worded it'),
  machine: z.string().optional().describe("the machine's own wording of a line that a person worded"),
  voice: z.string().optional().describe('its voice, when that is another one'),
  gone: z.boolean().optional().describe('true for a line that is no longer in the script'),
});

/** Every event of a run, one JSON object a line under `--json`. The last one is `summary` or `error`. */
export const runEvent = z.discriminatedUnion('type', [
  z.object({
    ...common,
    type: z.literal('run-start'),
    input: z.string(),
    targets: z.array(z.string()),
    work: z.string(),
    providers: z.record(z.string(), z.string()).describe('stage to name[:model]'),
  }),
  z.object({
    ...common,
    type: z
      .literal('resume')
      .describe('before anything is bought: what is kept, what will be bought, what has changed'),
    language: z.string(),
    lines: z.number().int().describe('of the script'),
    translate: toBuy,
    voice: toBuy.extend({ seconds: z.number().describe('length of these lines in the source') }),
    money: z.record(z.string(), z.number()).nullable().describe('by currency; null when a price is unknown'),
    changes: z.array(lineChange).describe('lines that are not as the last run left them; empty on a first run'),
  }),
  z.object({ ...common, type: z.literal('stage-start'), stage: z.string(), language }),
  z.object({
    ...common,
    type: z.literal('stage-progress'),
    stage: z.string(),
    language,
    done: z.number(),
    total: z.number(),
  }),
  z.object({
    ...common,
    type: z.literal('stage-end'),
    stage: z.string(),
    language,
    kept: z.boolean().describe('true when an earlier run had done it'),
    detail: z.string().optional().describe('what came out, for people'),
    ms: z.number().describe('wall time, milliseconds'),
  }),
  z.object({
    ...common,
    type: z.literal('line-done'),
    stage: z.string(),
    language,
    utteranceId: z.string(),
    kept: z.boolean(),
  }),
  z.object({
    ...common,
    type: z.literal('line-failed'),
    stage: z.string(),
    language,
    utteranceId: z.string(),
    code: z.string(),
    message: z.string(),
  }),
  z.object({
    ...common,
    type: z.literal('line-overflow'),
    language,
    utteranceId: z.string(),
    excessMs: z.number(),
  }),
  z.object({
    ...common,
    type: z.literal('line-adapted').describe('a line that did not fit was voiced in another way'),
    stage: z.string(),
    language,
    utteranceId: z.string(),
    round: z.number().int(),
    means: z.enum(['rate', 'wording']).describe("the voice's own rate, or another wording"),
    kept: z.boolean().describe('true when it fits better than before, as measured'),
    beforeMs: z.number(),
    afterMs: z.number().nullable().describe('null when it could not be voiced'),
    wantedMs: z.number(),
  }),
  z.object({
    ...common,
    type: z.literal('line-doubtful').describe('what --verify found'),
    stage: z.string(),
    language,
    utteranceId: z.string(),
    reason: doubt
      .or(z.literal('heard'))
      .describe('what the translation lost, or `heard` for a line not heard as written'),
    detail: z.string().describe('the number, unit, name or term; or what was heard'),
    errorRate: z.number().optional().describe('0 is heard as written, 1 nothing in common'),
  }),
  z.object({
    ...common,
    type: z.literal('provider-retry'),
    stage: z.string(),
    language,
    provider: z.string(),
    attempt: z.number().int().describe('the attempt that comes, from 2'),
    waitMs: z.number().describe('before it'),
    code: z.string(),
  }),
  z.object({
    ...common,
    type: z.literal('provider-fallback'),
    stage: z.string(),
    language,
    from: z.string(),
    to: z.string(),
    code: z.string(),
    message: z.string().describe('what the first one failed with'),
    utteranceIds: z.array(z.string()).describe('the lines concerned; empty for a whole stage'),
  }),
  z.object({
    ...common,
    type: z.literal('cost'),
    stage: z.string(),
    language,
    provider: z.string(),
    model: z.string().optional(),
    unit: z.string(),
    count: z.number(),
    money: z.number().nullable().describe('null when the price is unknown'),
    currency: z.string().nullable(),
    utteranceIds: z.array(z.string()).describe('the lines that the call was for'),
    requestIds: z.array(z.string()).describe("the service's ids of the call"),
  }),
  z.object({
    ...common,
    type: z.literal('receipt').describe('what a run that did not finish came to; a finished one has it in `summary`'),
    receipt,
  }),
  z.object({ ...common, type: z.literal('warning'), stage: z.string(), language, message: z.string() }),
  z.object({
    ...common,
    type: z.literal('plan').describe('what --dry-run found; a `summary` without outputs follows'),
    input: z.string(),
    durationMs: z.number(),
    work: z.string(),
    outputs: z.array(z.object({ language: z.string(), path: z.string() })),
    stages: z.array(
      z.object({
        stage: z.string(),
        language,
        action: z.enum(['run', 'keep']),
        ...plannedEngine,
        others: z
          .array(z.object(plannedEngine))
          .optional()
          .describe('the engines behind it in the chain, as if each did the whole stage'),
      }),
    ),
    lines: z.number().int().optional(),
    characters: z.number().int().optional(),
    cost: z.object({
      ...moneySpan,
      unknown: z.array(z.string()).describe('engines whose price is unknown: what they cost comes on top'),
      ceiling: z.object({ max: z.number(), currency: z.string(), holds: z.boolean() }).optional(),
    }),
    basis: z.array(z.string()).describe('what the figures rest on'),
    warnings: z.array(z.string()),
  }),
  z.object({
    ...common,
    type: z.literal('summary'),
    exit: z.number().int(),
    input: z.string(),
    work: z.string(),
    outputs: z.array(outputSummary),
    receipt: receipt.optional().describe('what the run came to; absent of a plan'),
    ms: z.number(),
  }),
  z.object({
    ...common,
    type: z.literal('error'),
    exit: z.number().int(),
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
  }),
]);

/** One event of a run. */
export type RunEvent = z.infer<typeof runEvent>;

/** What one target language came to. */
export type OutputSummary = z.infer<typeof outputSummary>;

/** What another engine did than the one named first. */
export type FallbackSummary = z.infer<typeof fallbackSummary>;

/** The last event of a run that finished. */
export type RunSummary = Extract<RunEvent, { type: 'summary' }>;

type WithoutCommon<E> = E extends RunEvent ? Omit<E, keyof typeof common> : never;

/** An event before the run has stamped it. */
export type RunEventBody = WithoutCommon<RunEvent>;
