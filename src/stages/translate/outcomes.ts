import type { LineFailure, Script, TranslatedLine } from '../../domain/script.js';
import { noNotes, type Units } from '../../providers/contract.js';
import type { TranslationAnswer, TranslationReply } from '../../providers/translation/contract.js';
import { mayBeMended } from '../chain.js';
import type { StageContext } from '../context.js';
import type { TranslateOptions, Translator } from './options.js';
import type { Wanted } from './wanted.js';

/** How some lines are asked for, and what that may be billed. */
export interface Order {
  ask(
    lines: readonly Wanted[],
    onAnswers: (answers: readonly TranslationAnswer[]) => Promise<void>,
  ): Promise<TranslationReply>;
  estimate(lines: readonly Wanted[]): readonly Units[];
  likely(lines: readonly Wanted[]): readonly Units[];
}

/** Collects what becomes of each line, and tells of it as it comes. */
export class Outcomes {
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
      const isEarlier = this.options.boughtAhead?.has(utteranceId) !== true;
      if (kept !== undefined) this.#take(toTranslated(utteranceId, kept), isEarlier);
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

/** The answer as a line; wordings that are empty or come twice are left out. */
function toTranslated(utteranceId: string, answer: KeptLine): TranslatedLine {
  const text = answer.text.trim();
  const wordings = [...new Set((answer.wordings ?? []).map((wording) => wording.trim()))].filter(Boolean);
  return wordings.length > 1 && wordings.includes(text) ? { utteranceId, text, wordings } : { utteranceId, text };
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
