import pLimit from 'p-limit';
import type { LineFailure, Script, TranslatedLine, Translation, Utterance } from '../domain/script.js';
import { lengthMs } from '../domain/time.js';
import { DubError, type DubErrorCode } from '../errors.js';
import type {
  ContextLine,
  ScriptNotes,
  TranslationLimits,
  TranslationLine,
  TranslationProvider,
  TranslationReply,
} from '../providers/translation/contract.js';
import type { StageContext } from './context.js';

/** What `translate` needs to know besides the script. */
export interface TranslateOptions {
  /** BCP 47. */
  readonly target: string;
  /** `name[:model]`, for the artefact and for messages. */
  readonly label: string;
  /** Handed each line the moment its wording is final, in any order. */
  onLine(line: TranslatedLine): void;
}

/**
 * Translates every utterance, in batches within the provider's limits.
 * @returns one line per utterance; those without one are in `failures`, never replaced by the source text
 * @throws PROVIDER_UNSUPPORTED when the provider does not serve the pair; any `DubError` that concerns the whole job
 */
export async function translate(
  script: Script,
  provider: TranslationProvider,
  options: TranslateOptions,
  ctx: StageContext,
): Promise<Translation> {
  const batches = batch(script.utterances, provider.limits);
  const notes = await readScript(script, provider, options, ctx);
  const limit = pLimit(Math.max(1, provider.limits.concurrency));
  const lines = new Map<string, TranslatedLine>();
  const failures: LineFailure[] = [];
  const answerBatch = async (utterances: readonly Utterance[]) => {
    const reply = await provider.translate(
      {
        source: script.language,
        target: options.target,
        lines: utterances.map(toLine),
        ...around(script.utterances, utterances),
        notes,
      },
      ctx.signal,
    );
    for (const message of reply.warnings) ctx.emit({ type: 'warning', stage: 'translate', message });
    for (const outcome of readReply(utterances, reply, options.label)) {
      if ('text' in outcome) {
        lines.set(outcome.utteranceId, outcome);
        options.onLine(outcome);
        ctx.emit({ type: 'line-done', stage: 'translate', utteranceId: outcome.utteranceId, kept: false });
      } else {
        failures.push(outcome);
        ctx.emit({ type: 'line-failed', ...outcome });
      }
    }
    ctx.emit({
      type: 'stage-progress',
      stage: 'translate',
      done: lines.size + failures.length,
      total: script.utterances.length,
    });
  };
  await Promise.all(batches.map((utterances) => limit(() => answerBatch(utterances))));
  refuseIfNothing(lines.size, failures, options.label);
  return {
    language: options.target,
    provider: options.label,
    lines: script.utterances.map((utterance) => lines.get(utterance.id)).filter((line) => line !== undefined),
    failures: failures.sort((a, b) => (a.utteranceId < b.utteranceId ? -1 : 1)),
  };
}

/** Lines of context on either side of a batch. */
const contextLines = 2;

/** Failures of the reading that the translation need not share: it goes on without notes. */
const survivable: ReadonlySet<DubErrorCode> = new Set(['PROVIDER_BAD_REPLY', 'PROVIDER_REFUSED', 'PROVIDER_TIMEOUT']);

/** What the provider notes of the whole script; undefined when it notes nothing, or the script is short. */
async function readScript(
  script: Script,
  provider: TranslationProvider,
  { target, label }: TranslateOptions,
  ctx: StageContext,
): Promise<ScriptNotes | undefined> {
  const { utterances, language } = script;
  if (provider.prepare === undefined || utterances.length <= (provider.limits.preparesAbove ?? 0)) return undefined;
  try {
    const lines = utterances.map(toContext);
    const { summary, terms, warnings } = await provider.prepare({ source: language, target, lines }, ctx.signal);
    for (const message of warnings) ctx.emit({ type: 'warning', stage: 'translate', message });
    return { summary, terms };
  } catch (error) {
    if (!(error instanceof DubError) || !survivable.has(error.code)) throw error;
    const message = `${label} made no summary of the script, so terms may vary: ${error.message}`;
    ctx.emit({ type: 'warning', stage: 'translate', message });
    return undefined;
  }
}

/** The lines just before and after a batch of consecutive utterances. */
function around(all: readonly Utterance[], batched: readonly Utterance[]) {
  const first = all.indexOf(batched[0]!);
  const end = first + batched.length;
  return {
    before: all.slice(Math.max(0, first - contextLines), first).map(toContext),
    after: all.slice(end, end + contextLines).map(toContext),
  };
}

function toContext({ speaker, text }: Utterance): ContextLine {
  return { speaker, text };
}

/** Consecutive utterances, as many as the limits allow; one that is too long by itself goes alone. */
function batch(utterances: readonly Utterance[], limits: TranslationLimits): Utterance[][] {
  const batches: Utterance[][] = [];
  let chars = 0;
  for (const utterance of utterances) {
    const open = batches.at(-1);
    const fits =
      open !== undefined && open.length < limits.maxLines && chars + utterance.text.length <= limits.maxChars;
    if (fits) open.push(utterance);
    else batches.push([utterance]);
    chars = (fits ? chars : 0) + utterance.text.length;
  }
  return batches;
}

function toLine(utterance: Utterance): TranslationLine {
  return {
    id: utterance.id,
    text: utterance.text,
    speaker: utterance.speaker,
    startMs: utterance.startMs,
    endMs: utterance.endMs,
    segmentIds: utterance.segmentIds,
    budget: { durationMs: lengthMs(utterance.slot) },
  };
}

function readReply(
  utterances: readonly Utterance[],
  reply: TranslationReply,
  label: string,
): (TranslatedLine | LineFailure)[] {
  const answers = new Map(reply.lines.map((line) => [line.id, line.text.trim()]));
  const refusals = new Map(reply.failures.map((failure) => [failure.id, failure]));
  return utterances.map((utterance) => {
    const text = answers.get(utterance.id);
    if (text) return { utteranceId: utterance.id, text };
    const refusal = refusals.get(utterance.id);
    return {
      utteranceId: utterance.id,
      stage: 'translate',
      code: refusal?.code ?? 'PROVIDER_BAD_REPLY',
      message: refusal?.message ?? `${label} gave no text for this line.`,
    };
  });
}

/** A dub without a single line is no dub: the whole job failed, not its lines. */
function refuseIfNothing(translated: number, failures: readonly LineFailure[], label: string): void {
  const first = failures[0];
  if (translated > 0 || first === undefined) return;
  throw new DubError(
    'PROVIDER_REFUSED',
    `${label} translated none of the ${failures.length} lines. The first: ${first.message}`,
    {
      hint: 'Check that the translation belongs to this video, or choose another translator with --translator.',
    },
  );
}
