import pLimit from 'p-limit';
import type { LineFailure, Script, Translation } from '../domain/script.js';
import { DubError } from '../errors.js';
import type { ScriptNotes, TranslationProvider, TranslationRequest } from '../providers/translation/contract.js';
import { Breaker, fallbackOf, isMendable } from './chain.js';
import type { Buyer, StageContext } from './context.js';
import { batchByScene } from './translate/batches.js';
import type { TranslateOptions, Translator } from './translate/options.js';
import { type Order, Outcomes } from './translate/outcomes.js';
import { around, readScript } from './translate/reading.js';
import { countCharacters, type Wanted, wantedLines } from './translate/wanted.js';

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
  const outcomes = new Outcomes(script, options, ctx);
  const engines = [{ provider, label: options.label, shapedBy: options.shapedBy }, ...(options.others ?? [])];
  const breaker = ctx.breaker ?? new Breaker();
  let left: readonly string[] = outcomes.takeSettled().filter((id) => options.only?.has(id) ?? true);
  for (const [index, engine] of engines.entries()) {
    const turn = { script, engine, next: engines[index + 1], outcomes, options, breaker };
    if (left.length > 0) left = await takeTurn(turn, new Set(left), ctx);
  }
  const { lines, failures } = outcomes;
  refuseIfNothing(lines.size, failures, options.label);
  return {
    language: options.target,
    provider: options.label,
    lines: script.utterances.map((utterance) => lines.get(utterance.id)).filter((line) => line !== undefined),
    failures: failures.sort((a, b) => (a.utteranceId < b.utteranceId ? -1 : 1)),
  };
}

/** One engine's turn at the lines that are left. */
interface Turn {
  readonly script: Script;
  readonly engine: Translator;
  /** Who takes over what this one cannot do; undefined for the last. */
  readonly next: Translator | undefined;
  readonly outcomes: Outcomes;
  readonly options: TranslateOptions;
  readonly breaker: Breaker;
}

/** Takes what is kept and asks for the rest. @returns the lines for the next engine */
async function takeTurn(turn: Turn, left: ReadonlySet<string>, ctx: StageContext): Promise<readonly string[]> {
  const { script, engine, next, outcomes, options, breaker } = turn;
  const { provider, label } = engine;
  outcomes.begin(engine, next !== undefined);
  const all = wantedLines(script, provider, { ...options, ...engine });
  const wanted = all.filter((one) => left.has(one.utteranceId));
  const unpaid = provider.host === undefined;
  const missing = unpaid ? wanted : await outcomes.takeKept(wanted);
  const passOn = (lines: readonly Wanted[], error: DubError) => {
    const utteranceIds = lines.map(({ utteranceId }) => utteranceId);
    outcomes.refused.push(...utteranceIds);
    ctx.emit({ type: 'provider-fallback', stage: 'translate', ...fallbackOf(label, next!.label, error), utteranceIds });
  };
  const mayPassOn = (error: unknown): error is DubError => {
    if (!isMendable(error)) return false;
    breaker.failed(label, error);
    return next !== undefined;
  };
  let notes: ScriptNotes | undefined;
  try {
    notes = missing.length === 0 ? undefined : await readScript(script, provider, { ...options, ...engine }, ctx);
  } catch (error) {
    if (!mayPassOn(error)) throw error;
    passOn(missing, error);
    return outcomes.refused;
  }
  const limit = pLimit(Math.max(1, provider.limits.concurrency));
  const answerBatch = async (lines: readonly Wanted[]) => {
    if (next !== undefined && !breaker.allows(label))
      return void outcomes.refused.push(...lines.map((one) => one.utteranceId));
    const requestFor = (asked: readonly Wanted[]) =>
      toRequest(script, options.target, provider.limits.wholeScript ? all : asked, notes);
    const order: Order = {
      ask: (asked, onAnswers) => provider.translate({ ...requestFor(asked), onAnswers }, ctx.signal),
      estimate: (asked) => provider.estimate?.(requestFor(asked)).most ?? countCharacters(asked),
      likely: (asked) => provider.estimate?.(requestFor(asked)).likely ?? countCharacters(asked),
    };
    try {
      if (unpaid) outcomes.takeReply(lines, await order.ask(lines, async () => undefined));
      else await outcomes.buy(lines, order);
      breaker.succeeded(label);
    } catch (error) {
      if (!mayPassOn(error)) throw error;
      // What came back before the failure is paid for.
      passOn(unpaid ? lines : await outcomes.takeKept(lines), error);
    }
  };
  const batches =
    provider.limits.wholeScript && missing.length > 0
      ? [missing]
      : batchByScene(missing, provider.limits, ({ line }) => line);
  await Promise.all(batches.map((lines) => limit(() => answerBatch(lines))));
  return outcomes.refused;
}

function toRequest(
  script: Script,
  target: string,
  wanted: readonly Wanted[],
  notes: ScriptNotes | undefined,
): TranslationRequest {
  const asked = wanted.map(({ utterance }) => utterance);
  const lines = wanted.map(({ line }) => line);
  return { source: script.language, target, lines, ...around(script.utterances, asked), notes };
}

/** Ids of the lines that are kept under the keys that `translate` would keep them under. Buys nothing. */
export async function keptTranslations(
  script: Script,
  provider: TranslationProvider,
  options: Pick<TranslateOptions, 'target' | 'shapedBy' | 'termsIn' | 'paceOf'>,
  buyer: Pick<Buyer, 'has'>,
): Promise<ReadonlySet<string>> {
  const wanted = wantedLines(script, provider, options);
  const found = await Promise.all(wanted.map(({ key }) => buyer.has('translate', key)));
  return new Set(wanted.filter((_, index) => found[index]).map(({ utteranceId }) => utteranceId));
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
