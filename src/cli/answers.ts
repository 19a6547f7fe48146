import { z } from 'zod';
import { gate } from '../pipeline/events.js';

const common = {
  v: z.literal(1),
  /** ISO 8601, UTC. */
  time: z.string(),
  /** Id of this call. */
  run: z.string(),
};

const spent = {
  calls: z.number().int(),
  money: z.record(z.string(), z.number()).describe('by currency'),
  unpriced: z.number().int().describe('calls of unknown price'),
};

const voice = z.object({ name: z.string(), languages: z.array(z.string()) });

/** The one line that a command other than a run prints under `--json`. Kept apart: start-up needs the types only. */
export const answer = z.discriminatedUnion('type', [
  z.object({
    ...common,
    type: z.literal('verdict').describe('`dub check`, one for each finished file'),
    passed: z.boolean(),
    output: z.string(),
    gates: z.array(gate),
    lines: z.array(z.object({ utteranceId: z.string(), present: z.boolean(), tempo: z.number() })),
    report: z.string().optional().describe('path of report.html'),
  }),
  z.object({
    ...common,
    type: z.literal('voices'),
    voices: z.array(z.object({ ...voice.shape, tts: z.string() })),
  }),
  z.object({
    ...common,
    type: z.literal('own-voices').describe('`dub voices --own`: voices that a service keeps'),
    tts: z.string(),
    voices: z.array(z.object({ voice: z.string() })),
  }),
  z.object({ ...common, type: z.literal('voices-deleted'), tts: z.string(), voices: z.array(z.string()) }),
  z.object({
    ...common,
    type: z.literal('providers'),
    providers: z.array(z.object({ kind: z.string(), name: z.string(), ready: z.boolean(), detail: z.string() })),
  }),
  z.object({
    ...common,
    type: z.literal('provider').describe('`dub providers check KIND:NAME`'),
    kind: z.string(),
    name: z.string(),
    ready: z.boolean(),
    detail: z.string(),
    checks: z.array(z.object({ name: z.string(), outcome: z.string() })),
  }),
  z.object({
    ...common,
    type: z.literal('doctor'),
    ok: z.boolean(),
    checks: z.array(z.object({ name: z.string(), status: z.string(), detail: z.string() })),
  }),
  z.object({
    ...common,
    type: z.literal('config'),
    files: z.array(z.string()),
    settings: z.record(z.string(), z.object({ value: z.unknown(), from: z.string(), name: z.string() })),
  }),
  z.object({
    ...common,
    type: z.literal('clean'),
    cache: z.string(),
    dryRun: z.boolean(),
    entries: z.number().int(),
    bytes: z.number(),
    freedEntries: z.number().int(),
    freedFiles: z.number().int(),
    freedBytes: z.number(),
  }),
  z.object({
    ...common,
    type: z.literal('costs'),
    months: z.array(z.object({ month: z.string(), ...spent })),
    damagedLines: z.number().int(),
  }),
  z.object({
    ...common,
    type: z.literal('cast'),
    path: z.string(),
    speakers: z.record(z.string(), z.object({ provider: z.string().optional(), voice: z.string().optional() })),
  }),
  z.object({
    ...common,
    type: z.literal('cast-suggestions'),
    tts: z.string(),
    language: z.string(),
    suggestions: z.array(z.unknown()),
  }),
]);

type Answer = z.infer<typeof answer>;

/** The kinds of answers. */
export type AnswerType = Answer['type'];
