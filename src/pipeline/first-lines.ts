import { primaryLanguage } from '../domain/language.js';
import type { Script } from '../domain/script.js';
import type { Soundtrack, Source } from '../domain/source.js';
import { unknownPace } from '../domain/spoken/pace.js';
import { DubError } from '../errors.js';
import { readLevels } from '../media/levels.js';
import type { StageContext } from '../stages/context.js';
import { segment } from '../stages/segment/index.js';
import { onsetBlockMs, snapOnsets } from '../stages/segment/onsets.js';
import { countSettled } from '../stages/segment/settled.js';
import type { Draft } from '../stages/transcribe.js';
import { translate } from '../stages/translate.js';
import type { DubJob, Target } from './job.js';
import { glossaryOf, lineScope } from './keys.js';
import type { Session } from './session.js';

/** By language, the lines that were translated before their stage began. */
export type BoughtAhead = ReadonlyMap<string, ReadonlySet<string>>;

/** A film may get shorter lines further on; a script is taken for long when it may come this near to it. */
const longShare = 0.75;

/**
 * Has the first lines translated while later pieces of the sound are still being recognised. Only lines that can no
 * longer change are asked for, and their answers are kept as the translation itself keeps them: it finds them and asks
 * for the rest. A script that may become long enough to be read as a whole waits for that, so that its terms hold from
 * the first line on; and so does one that a person may have mended. Budgets are by the usual pace of the language: which
 * voice speaks is not known yet. What fails here is left to the translation to meet and to tell.
 */
export class FirstLines {
  readonly #bought = new Map<string, Set<string>>();
  readonly #own = new AbortController();
  #newest: Draft | undefined;
  #working: Promise<void> | undefined;
  #levels: Promise<Float32Array> | undefined;
  #stopped = false;
  #bug: unknown;

  constructor(
    private readonly job: DubJob,
    private readonly source: Source,
    private readonly soundtrack: Soundtrack,
    private readonly session: Session,
  ) {}

  /** Takes what is known so far; of several that come while lines are asked for the newest counts. */
  take(draft: Draft): void {
    if (this.#stopped || this.job.range !== undefined || this.job.onlyShow === true) return;
    this.#newest = draft;
    this.#working ??= this.#work();
  }

  /** Begins nothing more, and waits for what is under way. */
  async finish(): Promise<BoughtAhead> {
    this.#stopped = true;
    await this.#working;
    if (this.#bug !== undefined) throw this.#bug;
    return this.#bought;
  }

  /** Ends what is under way: there will be no transcript. */
  async abandon(): Promise<void> {
    this.#own.abort();
    await this.finish().catch(() => undefined);
  }

  async #work(): Promise<void> {
    try {
      if ((await this.session.folder.read('segment')) !== undefined) return;
      while (this.#newest !== undefined && !this.#stopped) {
        const draft = this.#newest;
        this.#newest = undefined;
        const script = await this.#script(draft);
        await Promise.all(this.job.targets.map((target) => this.#ask(target, script, draft)));
      }
    } catch (error) {
      if (!(error instanceof DubError)) this.#bug = error;
      this.#stopped = true;
    } finally {
      this.#working = undefined;
    }
  }

  /** The lines that are sure, and the one after them. */
  async #script({ transcript }: Draft): Promise<Script> {
    if (transcript.segments.some(({ speaker }) => speaker !== undefined)) return { language: '', utterances: [] };
    const script = segment({ ...transcript, provider: '' }, this.source.durationMs);
    const settled = countSettled(script);
    const { tools } = this.session.ahead({ stage: 'segment' });
    this.#levels ??= readLevels(this.soundtrack.speechPath!, tools, this.#signal, onsetBlockMs);
    const sure = { ...script, utterances: script.utterances.slice(0, settled === 0 ? 0 : settled + 1) };
    return snapOnsets(sure, await this.#levels);
  }

  async #ask(target: Target, script: Script, draft: Draft): Promise<void> {
    const { provider, label } = target.translator;
    const { language } = target;
    const own = primaryLanguage(language) === primaryLanguage(script.language);
    if (script.utterances.length < 2 || own || provider.host === undefined || mayBeRead(target, script, draft)) return;
    const { session, source } = this;
    const only = new Set(script.utterances.slice(0, -1).map(({ id }) => id));
    const options = {
      ...{ target: language, label, only, settled: new Map(), paceOf: () => unknownPace },
      shapedBy: await lineScope(target, source, session.folder.rounds),
      termsIn: glossaryOf(target),
      onLine: () => undefined,
      onFailure: () => undefined,
    };
    const { lines } = await translate(
      script,
      provider,
      options,
      this.#quiet(session.ahead({ stage: 'translate', language })),
    );
    const bought = this.#bought.get(language) ?? new Set();
    for (const { utteranceId } of lines) bought.add(utteranceId);
    this.#bought.set(language, bought);
  }

  get #signal(): AbortSignal {
    return AbortSignal.any([this.session.signal, this.#own.signal]);
  }

  /** The lines are told of by their stage. */
  #quiet(ctx: StageContext): StageContext {
    return { ...ctx, signal: this.#signal, emit: (event) => event.type === 'warning' && ctx.emit(event) };
  }
}

/** Whether the whole script may become one that the translator reads first. */
function mayBeRead({ translator: { provider } }: Target, { utterances }: Script, { doneMs, leftMs }: Draft): boolean {
  const { prepare, limits } = provider;
  const foreseen = (utterances.length * (doneMs + leftMs)) / doneMs;
  return prepare !== undefined && foreseen > longShare * (limits.preparesAbove ?? 0);
}
