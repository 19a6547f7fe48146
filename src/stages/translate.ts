import pLimit from 'p-limit';
import { type Room, roomsOf } from '../domain/room.js';
import type { LineFailure, Script, TranslatedLine, Translation, Utterance } from '../domain/script.js';
import { type Pace, unitsWithin } from '../domain/spoken/pace.js';
import { DubError, type DubErrorCode } from '../errors.js';
import { noNotes, type Units } from '../providers/contract.js';
import type {
  ContextLine,
  ScriptNotes,
  TranslationAnswer,
  TranslationLine,
  TranslationProvider,
  TranslationReply,
  TranslationRequest,
} from '../providers/translation/contract.js';
import { Breaker, fallbackOf, isMendable, mayBeMended } from './chain.js';
import type { Buyer, StageContext, WantedLine } from './context.js';
import { batchByScene } from './translate/batches.js';

/** An engine that translates. */
export interface Translator {
  readonly provider: TranslationProvider;
  /** `name[:model]`, for the artefact and for messages. */
  readonly label: string;
  /** What shapes every answer besides the line itself: the engine's options, the film; plain JSON. */
  readonly shapedBy: unknown;
}

/** What `translate` needs to know besides the script. */
export interface TranslateOptions extends Omit<Translator, 'provider'> {
  /** BCP 47. */
  readonly target: string;
  /** Who takes over the lines that the first engine cannot do, in order. */
  readonly others?: readonly Translator[] | undefined;
  /** Terms that a line must be translated with: another list is another answer, for the lines it concerns. */
  termsIn(text: string): unknown;
  /** Lines whose wording is settled already, by utterance id: they are not asked for. */
  readonly settled: ReadonlyMap<string, TranslatedLine>;
  /** How fast the voice of a speaker is, for the budgets. */
  paceOf(speaker: string): Pace;
  /**
   * Handed each line the moment it is there, in any order.
   * @param isSettled true for a line whose wording is not to be chosen any more
   */
  onLine(line: TranslatedLine, isSettled: boolean): void;
  /** Told of each line that will not come. */
  onFailure(utteranceId: string): void;
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
  const outcomes = new Outcomes(script, options, ctx);
  const engines = [{ provider, label: options.label, shapedBy: options.shapedBy }, ...(options.others ?? [])];
  const breaker = ctx.breaker ?? new Breaker();
  let left = outcomes.takeSettled();
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

/** How some lines are asked for, and what that may be billed. */
interface Order {
  ask(
    lines: readonly Wanted[],
    onAnswers: (answers: readonly TranslationAnswer[]) => Promise<void>,
  ): Promise<TranslationReply>;
  estimate(lines: readonly Wanted[]): readonly Units[];
  likely(lines: readonly Wanted[]): readonly Units[];
}

/** Version of what is kept of a line. */
const lineVersion = 1;

/** A line to translate. */
interface Wanted extends WantedLine {
  readonly utterance: Utterance;
  readonly line: TranslationLine;
}

/**
 * Every line with what it is kept under: its words, its place in time, its speaker, the engine and the film. The lines
 * around it and the notes on the script are left out: they help to understand it, but its translation stays right when
 * a neighbour is reworded, and a paid one is not lost for it. Of lines with the very same words each has its own answer.
 */
function wantedLines(
  script: Script,
  provider: TranslationProvider,
  { target, shapedBy, termsIn, paceOf }: Pick<TranslateOptions, 'target' | 'shapedBy' | 'termsIn' | 'paceOf'>,
): Wanted[] {
  const said = new Map<string, number>();
  const rooms = roomsOf(script);
  return script.utterances.map((utterance) => {
    const { text, speaker } = utterance;
    const time = said.get(text) ?? 0;
    said.set(text, time + 1);
    const line = toLine(utterance, rooms.get(utterance.id)!, target, paceOf(speaker));
    const { durationMs } = line.budget!;
    const engine = { shapedBy, fingerprint: provider.fingerprint?.() };
    const key = {
      made: 'line',
      v: lineVersion,
      ...engine,
      source: script.language,
      target,
      ...{ text, time, speaker, durationMs, terms: termsIn(text) },
    };
    return { utteranceId: utterance.id, key, utterance, line };
  });
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

/** Collects what becomes of each line, and tells of it as it comes. */
class Outcomes {
  readonly lines = new Map<string, TranslatedLine>();
  readonly failures: LineFailure[] = [];
  /** Lines that the engine whose turn it is leaves to the next one. */
  refused: string[] = [];
  #engine: Translator | undefined;
  #hasNext = false;

  constructor(
    private readonly script: Script,
    private readonly options: TranslateOptions,
    private readonly ctx: StageContext,
  ) {}

  /** Takes the lines that need not be asked for. @returns the ids of the others */
  takeSettled(): readonly string[] {
    const { settled } = this.options;
    const ids = this.script.utterances.map(({ id }) => id);
    for (const id of ids) {
      const line = settled.get(id);
      if (line !== undefined) this.#take(line, true, true);
    }
    return ids.filter((id) => !settled.has(id));
  }

  /** Begins an engine's turn. */
  begin(engine: Translator, hasNext: boolean): void {
    this.refused = [];
    this.#engine = engine;
    this.#hasNext = hasNext;
  }

  /** Takes the lines that were paid for before. @returns the others */
  async takeKept(wanted: readonly Wanted[]): Promise<readonly Wanted[]> {
    const found = await Promise.all(wanted.map(({ key }) => this.ctx.buyer.find<KeptLine>('translate', key)));
    for (const [index, { utteranceId }] of wanted.entries()) {
      const kept = found[index];
      if (kept !== undefined) this.#take(toTranslated(utteranceId, kept), true);
    }
    return wanted.filter(({ utteranceId }) => !this.lines.has(utteranceId));
  }

  /** Asks for lines and keeps each answer as it comes. */
  async buy(wanted: readonly Wanted[], { ask, estimate, likely }: Order): Promise<void> {
    const label = this.#label;
    let reply: TranslationReply | undefined;
    const { answers } = await this.ctx.buyer.buyLines<Wanted, KeptLine>({
      stage: 'translate',
      provider: label,
      lines: wanted,
      estimate,
      likely,
      call: async (lines, keep) => {
        const keptIds = new Set<string>();
        const keepAll = async (given: readonly TranslationAnswer[]) => {
          const fresh = given.filter(({ id, text }) => !keptIds.has(id) && text.trim() !== '');
          for (const { id } of fresh) keptIds.add(id);
          await Promise.all(
            fresh.map(async ({ id, text, wordings }) => {
              const line = lines.find(({ utteranceId }) => utteranceId === id);
              if (line !== undefined) await keep(line, { text: text.trim(), wordings });
            }),
          );
        };
        reply = await ask(lines, keepAll);
        await keepAll(reply.lines);
        return reply;
      },
    });
    for (const [utteranceId, { answer, kept }] of answers) this.#take(toTranslated(utteranceId, answer), kept);
    const unanswered = wanted.filter(({ utteranceId }) => !answers.has(utteranceId));
    this.takeReply(unanswered, reply ?? { lines: [], failures: [], ...noNotes });
  }

  /** Takes a reply that is not kept: of an engine that costs nothing, or for lines that failed. */
  takeReply(wanted: readonly Wanted[], reply: TranslationReply): void {
    for (const message of reply.warnings) this.ctx.emit({ type: 'warning', stage: 'translate', message });
    for (const outcome of readReply(wanted, reply, this.#label)) {
      if ('text' in outcome) this.#take(outcome, false);
      else this.#fail(outcome);
    }
  }

  get #label(): string {
    return this.#engine?.label ?? this.options.label;
  }

  #take(given: TranslatedLine, kept: boolean, isSettled = false): void {
    const line = isSettled || this.#label === this.options.label ? given : { ...given, provider: this.#label };
    this.lines.set(line.utteranceId, line);
    this.options.onLine(line, isSettled);
    this.ctx.emit({ type: 'line-done', stage: 'translate', utteranceId: line.utteranceId, kept });
    this.#tellProgress();
  }

  #fail(failure: LineFailure): void {
    if (this.#hasNext && mayBeMended(failure.code)) {
      this.refused.push(failure.utteranceId);
      return;
    }
    this.failures.push(failure);
    this.options.onFailure(failure.utteranceId);
    this.ctx.emit({ type: 'line-failed', ...failure });
    this.#tellProgress();
  }

  #tellProgress(): void {
    const done = this.lines.size + this.failures.length;
    this.ctx.emit({ type: 'stage-progress', stage: 'translate', done, total: this.script.utterances.length });
  }
}

/** What is kept of a line. */
type KeptLine = Pick<TranslationAnswer, 'text' | 'wordings'>;

/** For providers that do not say what they will bill. */
function countCharacters(lines: readonly Wanted[]): Units[] {
  return [{ unit: 'character', count: lines.reduce((sum, { line }) => sum + [...line.text].length, 0) }];
}

/** Lines of context on either side of a batch. */
const contextLines = 2;

/** Version of what is kept of the reading. */
const notesVersion = 1;

/** Failures of the reading that the translation need not share: it goes on without notes. */
const survivable: ReadonlySet<DubErrorCode> = new Set(['PROVIDER_BAD_REPLY', 'PROVIDER_REFUSED', 'PROVIDER_TIMEOUT']);

/**
 * What the provider notes of the whole script, kept for the film: a script that was mended by hand is the same one.
 * Undefined when it notes nothing, or the script is short.
 */
async function readScript(
  script: Script,
  provider: TranslationProvider,
  { target, label, shapedBy }: TranslateOptions,
  ctx: StageContext,
): Promise<ScriptNotes | undefined> {
  const { utterances, language } = script;
  if (!readsFirst(script, provider)) return undefined;
  try {
    const lines = utterances.map(toContext);
    const feared = provider.estimatePreparing?.({ source: language, target, lines });
    const prepare = (signal: AbortSignal) => provider.prepare!({ source: language, target, lines }, signal);
    const { reply } = await ctx.buyer.buy({
      stage: 'translate',
      provider: label,
      key: {
        made: 'notes',
        v: notesVersion,
        shapedBy,
        fingerprint: provider.fingerprint?.(),
        source: language,
        target,
      },
      estimate: feared?.most ?? [],
      likely: feared?.likely,
      call: prepare,
    });
    const { summary, terms, warnings } = reply;
    for (const message of warnings) ctx.emit({ type: 'warning', stage: 'translate', message });
    return { summary, terms };
  } catch (error) {
    if (!(error instanceof DubError) || !survivable.has(error.code)) throw error;
    const message = `${label} made no summary of the script, so terms may vary: ${error.message}`;
    ctx.emit({ type: 'warning', stage: 'translate', message });
    return undefined;
  }
}

function readsFirst({ utterances }: Script, { prepare, limits }: TranslationProvider): boolean {
  return prepare !== undefined && utterances.length > (limits.preparesAbove ?? 0);
}

/** The lines just before the first and after the last line of a batch. */
function around(all: readonly Utterance[], batched: readonly Utterance[]) {
  const first = all.indexOf(batched[0]!);
  const end = all.indexOf(batched.at(-1)!) + 1;
  return {
    before: all.slice(Math.max(0, first - contextLines), first).map(toContext),
    after: all.slice(end, end + contextLines).map(toContext),
  };
}

function toContext({ speaker, text }: Utterance): ContextLine {
  return { speaker, text };
}

/** The answer as a line; wordings that are empty or come twice are left out. */
function toTranslated(utteranceId: string, answer: KeptLine): TranslatedLine {
  const text = answer.text.trim();
  const wordings = [...new Set((answer.wordings ?? []).map((wording) => wording.trim()))].filter(Boolean);
  return wordings.length > 1 && wordings.includes(text) ? { utteranceId, text, wordings } : { utteranceId, text };
}

function toLine(utterance: Utterance, { aimMs }: Room, target: string, pace: Pace): TranslationLine {
  return {
    id: utterance.id,
    text: utterance.text,
    speaker: utterance.speaker,
    startMs: utterance.startMs,
    endMs: utterance.endMs,
    segmentIds: utterance.segmentIds,
    budget: { durationMs: aimMs, units: unitsWithin(aimMs, target, pace) },
  };
}

function readReply(
  wanted: readonly Wanted[],
  reply: TranslationReply,
  label: string,
): (TranslatedLine | LineFailure)[] {
  const answers = new Map(reply.lines.map((line) => [line.id, line]));
  const refusals = new Map(reply.failures.map((failure) => [failure.id, failure]));
  return wanted.map(({ utteranceId }) => {
    const answer = answers.get(utteranceId);
    if (answer?.text.trim()) return toTranslated(utteranceId, answer);
    const refusal = refusals.get(utteranceId);
    return {
      utteranceId,
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
