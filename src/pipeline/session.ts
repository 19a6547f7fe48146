import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DubError, exitNumbers, throwIfAborted } from '../errors.js';
import type { Money } from '../pricing/money.js';
import type { Units } from '../providers/contract.js';
import { Breaker } from '../stages/chain.js';
import type { Buyer, JobKeeper, PurchaseFacts, StageContext, StageEvent } from '../stages/context.js';
import { cleanStore } from '../workspace/clean.js';
import type { Kept, WorkFolder } from '../workspace/folder.js';
import { hashValue } from '../workspace/hash.js';
import { withSpare } from '../workspace/spare-store.js';
import { type ContentStore, openContentStore } from '../workspace/store.js';
import { openUsage } from '../workspace/usage.js';
import { type Cashier, createBuyer } from './buyer.js';
import type { RunEvent, RunEventBody } from './events.js';
import type { DubJob, RunTools } from './job.js';
import { Account } from './money/account.js';
import type { Receipt } from './money/receipt-schema.js';
import { usualTerms } from './money/terms.js';
import { type Journal, noJournal, startJournal } from './resuming/journal.js';

/** One run: stamps its events, times its stages, and hands each stage its context. */
export interface Session {
  readonly folder: WorkFolder;
  readonly signal: AbortSignal;
  /** Stamps an event, logs it in the work folder and hands it to the caller. */
  emit(event: RunEventBody): RunEvent;
  /**
   * Runs one stage, told as `stage-start` and `stage-end`; of one that fails only the start is told.
   * @param about the stage's name and, for stages of one target, its language
   * @param describe what came out, for people
   */
  stage<T>(about: StageName, work: (ctx: StageContext) => Promise<Kept<T>>, describe: (value: T) => string): Promise<T>;
  /** What a stage is handed, for work that is done ahead of it. */
  ahead(about: StageName): StageContext;
  /** What the run has come to so far. */
  receipt(): Receipt;
  /** Looks at what is kept, and buys nothing. */
  readonly kept: Pick<Buyer, 'has' | 'find'>;
  /** What calls that are billed by these units would cost; undefined when a price is unknown. */
  estimate(facts: Pick<PurchaseFacts, 'stage' | 'provider'>, units: readonly Units[]): Money | undefined;
  /** Milliseconds since the run began. */
  elapsedMs(): number;
  /** Warnings given so far that concern this target or all, in order, each once. */
  warnings(language: string): string[];
  /** Writes a file for people into the work folder; says so when a person's edit was left in place. */
  write(name: string, text: string): Promise<void>;
  /** Logs the error that ended the run. */
  noteFailure(error: unknown): void;
  /** Resolves when the journal is on the disk. */
  close(): Promise<void>;
}

/** Which stage, and for which target when it is one of several. */
export interface StageName {
  readonly stage: string;
  readonly language?: string;
}

/** @param job its `cache` is the shared store: what was paid for is kept there, across inputs */
export async function startSession(tools: RunTools, folder: WorkFolder, job: DubJob): Promise<Session> {
  const startedAt = performance.now();
  const journal = job.onlyShow ? noJournal : startJournal(folder.path, job);
  const stamper = startStamping(tools, folder, journal);
  const emit = (body: RunEventBody) => {
    if (body.type === 'provider-retry') account.noteRetry({ language: undefined, ...body });
    return stamper.emit(body);
  };
  const warn = (message: string) => void emit({ type: 'warning', stage: 'store', message });
  const usage = await openUsage(job.cache, join(folder.path, '.state'));
  const store = withSpare(
    openContentStore(job.cache, { warn, use: usage.use, added: usage.noteAdded }),
    openContentStore(join(folder.path, '.state', 'paid'), { warn }),
    warn,
  );
  const account = new Account(job.money ?? usualTerms, { job, run: stamper.run, emit: stamper.emit });
  const buyerFor = (about: StageName) => {
    const cashier = job.onlyShow ? buysNothing : account.cashierFor(about);
    return createBuyer({ store, cashier, signal: tools.signal, rounds: folder.rounds });
  };
  // One service does several stages, and may refuse one of them: each stage has its own, for all targets.
  const breakers = new Map<string, Breaker>();
  const breakerFor = ({ stage }: StageName) => {
    const breaker = breakers.get(stage) ?? new Breaker();
    breakers.set(stage, breaker);
    return breaker;
  };
  const ahead = (about: StageName) =>
    contextFor(about, tools, folder, { store, buyer: buyerFor(about), breaker: breakerFor(about) }, emit);
  return {
    folder,
    signal: tools.signal,
    emit,
    ahead,
    async stage(about, work, describe) {
      throwIfAborted(tools.signal);
      const stageStart = performance.now();
      emit({ type: 'stage-start', ...about });
      const { value, kept } = await work(ahead(about));
      const ms = Math.round(performance.now() - stageStart);
      emit({ type: 'stage-end', ...about, kept, detail: describe(value), ms });
      return value;
    },
    kept: buyerFor({ stage: 'work' }),
    estimate: (facts, units) => account.estimate(facts, units),
    receipt: () => account.receipt(),
    elapsedMs: () => Math.round(performance.now() - startedAt),
    warnings: stamper.warnings,
    async write(name, text) {
      const { path, yieldedToEdit } = await folder.writeForPeople(name, text);
      if (!yieldedToEdit) return;
      const message = `${name} was edited by hand and left as it is; what this run made of it is in ${path}.`;
      emit({ type: 'warning', stage: 'work', message });
    },
    noteFailure(error) {
      const receipt = account.receipt();
      if (receipt.calls > 0) emit({ type: 'receipt', receipt });
      const known = error instanceof DubError;
      stamper.log({
        type: 'error',
        exit: known ? exitNumbers[error.code] : 1,
        code: known ? error.code : 'BUG',
        message: String((error as Error).message),
      });
      journal.fail(error);
    },
    async close() {
      await journal.flush();
      await usage.close();
      // A store that cannot be cleaned is said by `dub clean`; the run is done all the same.
      if (usage.hasAdded && job.cacheBytes !== undefined)
        await cleanStore(job.cache, { maxBytes: job.cacheBytes }).catch(() => undefined);
    },
  };
}

/** For a run that only shows what would be done. */
const buysNothing: Cashier = {
  async reserve({ stage }) {
    throw new DubError('USAGE', `The result of ${stage} is not kept, and --dry-run buys nothing.`, {
      hint: 'Leave out --dry-run.',
    });
  },
  kept: () => undefined,
};

interface Stamper {
  /** Id of the run. */
  readonly run: string;
  emit(body: RunEventBody): RunEvent;
  /** Logs an event in the work folder only: the caller tells people of it. */
  log(body: RunEventBody): void;
  warnings(language: string): string[];
}

function startStamping(tools: RunTools, folder: WorkFolder, journal: Journal): Stamper {
  const run = randomUUID();
  const warned: { readonly language: string | undefined; readonly message: string }[] = [];
  const stamp = (body: RunEventBody) => ({ v: 1, time: new Date().toISOString(), run, ...body }) as RunEvent;
  const log = (body: RunEventBody) => folder.log(JSON.stringify(stamp(body)));
  return {
    run,
    log,
    emit(body) {
      const event = stamp(body);
      if (event.type === 'warning') warned.push({ language: event.language, message: event.message });
      folder.log(JSON.stringify(event));
      journal.note(event);
      tools.sink(event);
      return event;
    },
    warnings: (language) => {
      const concerned = warned.filter((warning) => warning.language === undefined || warning.language === language);
      return [...new Set(concerned.map((warning) => warning.message))];
    },
  };
}

function contextFor(
  { language }: StageName,
  tools: RunTools,
  folder: WorkFolder,
  { store, buyer, breaker }: { readonly store: ContentStore; readonly buyer: Buyer; readonly breaker: Breaker },
  emit: (body: RunEventBody) => void,
): StageContext {
  return {
    signal: tools.signal,
    scratch: folder.scratch,
    tools: tools.media,
    keeper: store,
    buyer,
    breaker,
    jobs: keepJobs(folder),
    emit: (event: StageEvent) => emit(language === undefined ? event : { ...event, language }),
  };
}

/** Jobs of this input, each an artefact of its own: another choice of engine leaves the first one's job alone. */
function keepJobs(folder: WorkFolder): JobKeeper {
  // A recognition that is begun anew on purpose does not ask for the job of the last one.
  const nameOf = (key: unknown) => `job-${hashValue([key, folder.rounds.transcribe ?? 0]).slice(0, 16)}`;
  return {
    read: (key) => folder.kept<string>(nameOf(key), key),
    write: (key, job) => folder.keep(nameOf(key), key, job),
  };
}
