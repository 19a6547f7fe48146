import type { MediaTools } from '../media/tools.js';
import type { ReplyNotes, Units } from '../providers/contract.js';
import type { Breaker } from './chain.js';

/** What a stage tells while it works; the pipeline adds run, time and version. */
export type StageEvent =
  | { readonly type: 'stage-progress'; readonly stage: string; readonly done: number; readonly total: number }
  | { readonly type: 'line-done'; readonly stage: string; readonly utteranceId: string; readonly kept: boolean }
  | {
      readonly type: 'line-failed';
      readonly stage: string;
      readonly utteranceId: string;
      readonly code: string;
      readonly message: string;
    }
  | { readonly type: 'line-overflow'; readonly utteranceId: string; readonly excessMs: number }
  | {
      readonly type: 'provider-retry';
      readonly stage: string;
      readonly provider: string;
      readonly attempt: number;
      readonly waitMs: number;
      readonly code: string;
    }
  | {
      readonly type: 'line-adapted';
      readonly stage: string;
      readonly utteranceId: string;
      readonly round: number;
      readonly means: 'rate' | 'wording';
      readonly kept: boolean;
      readonly beforeMs: number;
      readonly afterMs: number | null;
      readonly wantedMs: number;
    }
  | {
      readonly type: 'provider-fallback';
      readonly stage: string;
      readonly from: string;
      readonly to: string;
      readonly code: string;
      readonly message: string;
      utteranceIds: string[];
    }
  | { readonly type: 'warning'; readonly stage: string; readonly message: string };

/** Keeps files that cost money or time under a hash of everything that shaped them. */
export interface FileKeeper {
  /**
   * The file kept under `key`, made first when there is none. `make` writes the whole file to the path it is given;
   * it is synced and renamed before this resolves, so a half-written one is never taken for whole.
   * @param key every input that shapes the file, as plain JSON values
   * @param extension with the dot
   */
  file(
    key: Readonly<Record<string, unknown>>,
    extension: string,
    make: (path: string) => Promise<void>,
  ): Promise<{ readonly path: string; readonly kept: boolean }>;
}

/** What is told of a call that may cost money before it is made. */
export interface PurchaseFacts {
  readonly stage: string;
  /** `name[:model]` of the provider. */
  readonly provider: string;
  /** What it will be billed by, at most, as far as that is known: reserved against the ceiling before the call. */
  readonly estimate: readonly Units[];
  /** What it will likely be billed by: told in a plan. As `estimate` when undefined. */
  readonly likely?: readonly Units[] | undefined;
  /** The lines it is for, for the receipt. */
  readonly utteranceIds?: readonly string[] | undefined;
}

/** One call that may cost money: what it is for, everything that shapes its answer, and how it is made. */
export interface Purchase<Reply extends ReplyNotes> extends PurchaseFacts {
  /** Every input that shapes the answer, as plain JSON values; an answer kept under the same key is not bought again. */
  readonly key: Readonly<Record<string, unknown>>;
  /** Makes the call. The answer must be plain JSON; for sound there is `buyFile`. */
  call(signal: AbortSignal): Promise<Reply>;
}

/** One call whose answer is a file, such as a take. */
export interface FilePurchase extends Omit<Purchase<ReplyNotes>, 'call'> {
  /** Of the file, with the dot. */
  readonly extension: string;
  call(signal: AbortSignal): Promise<{ readonly bytes: Uint8Array; readonly notes: ReplyNotes }>;
}

/** One line among those that a call is for. */
export interface WantedLine {
  readonly utteranceId: string;
  /** Every input that shapes this line's answer; what only helps to understand it is left out. */
  readonly key: Readonly<Record<string, unknown>>;
}

/**
 * One call for several lines, each answer kept by itself: a later call may put the lines together otherwise and still
 * finds those that came back.
 */
export interface LinesPurchase<Line extends WantedLine, Answer>
  extends Omit<PurchaseFacts, 'utteranceIds' | 'estimate' | 'likely'> {
  readonly lines: readonly Line[];
  estimate(lines: readonly Line[]): readonly Units[];
  likely?(lines: readonly Line[]): readonly Units[];
  /**
   * Makes the call for the lines that are not kept.
   * @param keep keeps one line's answer, plain JSON, as soon as it is there: resolves when it is safely on the disk
   */
  call(
    lines: readonly Line[],
    keep: (line: Line, answer: Answer) => Promise<void>,
    signal: AbortSignal,
  ): Promise<ReplyNotes>;
}

/** A line's answer. */
export interface BoughtLine<Answer> {
  readonly answer: Answer;
  /** True when it was paid for before. */
  readonly kept: boolean;
}

/**
 * Makes calls that may cost money: kept answers first, one buyer at a time for the same key across processes, the ceiling
 * asked before, the answer kept and synced before it is used, the receipt written after.
 */
export interface Buyer {
  buy<Reply extends ReplyNotes>(purchase: Purchase<Reply>): Promise<{ readonly reply: Reply; readonly kept: boolean }>;
  /** As `buy`; the answer is the path of a whole file and the notes that came with it. */
  buyFile(
    purchase: FilePurchase,
  ): Promise<{ readonly path: string; readonly notes: ReplyNotes; readonly kept: boolean }>;
  /**
   * As `buy`, for lines that are asked for together.
   * @returns answers by utterance id, also of lines kept before a failure; a line without an answer is absent
   */
  buyLines<Line extends WantedLine, Answer>(
    purchase: LinesPurchase<Line, Answer>,
  ): Promise<{ readonly answers: ReadonlyMap<string, BoughtLine<Answer>>; readonly notes: ReplyNotes | undefined }>;
  /** What is kept under the key of a purchase of this stage; undefined when there is none. Buys nothing. */
  find<Answer>(stage: string, key: Readonly<Record<string, unknown>>): Promise<Answer | undefined>;
  /** Whether something is kept under the key: a quick look that may take a damaged entry for a whole one. */
  has(stage: string, key: Readonly<Record<string, unknown>>): Promise<boolean>;
  /** Whether all these files of earlier purchases are still there and whole. Damaged ones are set aside. */
  holds(paths: readonly string[]): Promise<boolean>;
}

/** Remembers jobs that a service works on, so that a later run asks for them instead of paying again. */
export interface JobKeeper {
  /** What was written under the key, by this run or an earlier one; undefined when nothing was. */
  read(key: unknown): Promise<string | undefined>;
  /** Resolves when it is safely on the disk. */
  write(key: unknown, job: string): Promise<void>;
}

/** What every stage is handed. */
export interface StageContext {
  readonly signal: AbortSignal;
  /** An existing folder for files that need not survive the run. */
  readonly scratch: string;
  readonly tools: MediaTools;
  readonly keeper: FileKeeper;
  /** Undefined where nothing outlives the run. */
  readonly jobs?: JobKeeper | undefined;
  readonly buyer: Buyer;
  /** Which engines are left alone for a while; one for each stage, shared by all targets. */
  readonly breaker?: Breaker | undefined;
  emit(event: StageEvent): void;
}
