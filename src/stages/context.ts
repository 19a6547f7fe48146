import type { MediaTools } from '../media/tools.js';

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
  emit(event: StageEvent): void;
}
