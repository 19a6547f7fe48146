import type { MediaTools } from '../media/tools.js';
import type { ReplyNotes, Units } from '../providers/contract.js';

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

/** One call that may cost money: what it is for, everything that shapes its answer, and how it is made. */
export interface Purchase<Reply extends ReplyNotes> {
  readonly stage: string;
  /** `name[:model]` of the provider. */
  readonly provider: string;
  /** Every input that shapes the answer, as plain JSON values; an answer kept under the same key is not bought again. */
  readonly key: Readonly<Record<string, unknown>>;
  /** What it will be billed by, at most, as far as that is known: reserved against the ceiling before the call. */
  readonly estimate: readonly Units[];
  /** The lines it is for, for the receipt. */
  readonly utteranceIds?: readonly string[] | undefined;
  /** Makes the call. The answer must be plain JSON; sound goes through `FileKeeper`. */
  call(signal: AbortSignal): Promise<Reply>;
}

/**
 * Makes calls that may cost money: kept answers first, one buyer at a time for the same key across processes, the ceiling
 * asked before, the answer kept and synced before it is used, the receipt written after.
 */
export interface Buyer {
  buy<Reply extends ReplyNotes>(purchase: Purchase<Reply>): Promise<{ readonly reply: Reply; readonly kept: boolean }>;
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
  /** Undefined where nothing is kept and nothing is counted. */
  readonly buyer?: Buyer | undefined;
  emit(event: StageEvent): void;
}
