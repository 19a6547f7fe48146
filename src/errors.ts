/** Every way `dub` can fail as expected; a code is for scripts and keeps its meaning for ever. */
export type DubErrorCode =
  | 'USAGE'
  | 'CONFIG_INVALID'
  | 'INPUT_UNREADABLE'
  | 'INPUT_NO_AUDIO'
  | 'INPUT_NO_SPEECH'
  | 'OUTPUT_EXISTS'
  | 'OUTPUT_UNWRITABLE'
  | 'WORK_LOCKED'
  | 'FFMPEG_MISSING'
  | 'FFMPEG_TOO_OLD'
  | 'FFMPEG_FAILED'
  | 'ENGINE_MISSING'
  | 'DISK_FULL'
  | 'PROVIDER_AUTH'
  | 'PROVIDER_QUOTA'
  | 'PROVIDER_REFUSED'
  | 'PROVIDER_UNSUPPORTED'
  | 'PROVIDER_BUSY'
  | 'PROVIDER_UNREACHABLE'
  | 'PROVIDER_TIMEOUT'
  | 'PROVIDER_BAD_REPLY'
  | 'COST_UNKNOWN'
  | 'COST_LIMIT'
  | 'TIMING_OVERFLOW'
  | 'VERDICT_FAILED'
  | 'INTERRUPTED';

/**
 * The process exit number of each code: 2 whoever typed it, 3 whoever chose the file, 4 whoever runs the machine,
 * 5 whoever holds the account, 6 time (the same command resumes), 7 an editor (only with --strict), 130 interrupted.
 */
export const exitNumbers = {
  USAGE: 2,
  CONFIG_INVALID: 2,
  COST_UNKNOWN: 2,
  INPUT_UNREADABLE: 3,
  INPUT_NO_AUDIO: 3,
  INPUT_NO_SPEECH: 3,
  OUTPUT_EXISTS: 2,
  OUTPUT_UNWRITABLE: 4,
  WORK_LOCKED: 6,
  FFMPEG_MISSING: 4,
  FFMPEG_TOO_OLD: 4,
  FFMPEG_FAILED: 4,
  ENGINE_MISSING: 4,
  DISK_FULL: 4,
  PROVIDER_AUTH: 5,
  PROVIDER_QUOTA: 5,
  PROVIDER_REFUSED: 5,
  PROVIDER_UNSUPPORTED: 5,
  PROVIDER_BUSY: 6,
  PROVIDER_UNREACHABLE: 6,
  PROVIDER_TIMEOUT: 6,
  PROVIDER_BAD_REPLY: 6,
  COST_LIMIT: 6,
  TIMING_OVERFLOW: 7,
  VERDICT_FAILED: 7,
  INTERRUPTED: 130,
} as const satisfies Record<DubErrorCode, number>;

/** What a `DubError` carries besides its code and message. */
export interface DubErrorDetails {
  /** What to do next, with the command, flag or variable spelled out. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** True when the same request may succeed later without a change. */
  readonly retryable?: boolean;
  /** How long the service asked to wait, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** An expected failure: what happened, why, and what to do. Anything else thrown is a bug. */
export class DubError extends Error {
  override readonly name = 'DubError';
  readonly code: DubErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: DubErrorCode, message: string, details: DubErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.retryable = details.retryable ?? false;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Throws `INTERRUPTED` when the signal was aborted. */
export function throwIfAborted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  if (signal.reason instanceof DubError) throw signal.reason;
  throw new DubError('INTERRUPTED', 'The run was interrupted; finished work is kept.', {
    hint: 'Run the same command again to go on from here.',
    cause: signal.reason,
  });
}
