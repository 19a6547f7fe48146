import type { OutputSummary, RunEvent } from '../../pipeline/events.js';
import type { ChildEnd } from './child.js';

/** What became of one file. */
export interface FileOutcome {
  /** Absolute path of the input. */
  readonly file: string;
  /** `finished-before`: an earlier run had done it; `gaps`: done, but some line is not as asked; `not-started`: the batch was stopped first. */
  readonly state: 'done' | 'finished-before' | 'gaps' | 'failed' | 'interrupted' | 'not-started';
  /** Undefined for one that was not started. */
  readonly exit?: number | undefined;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly hint?: string | undefined;
  readonly work?: string | undefined;
  readonly outputs: readonly OutputSummary[];
  readonly ms: number;
}

/** The whole batch, as --summary writes it. */
export interface BatchSummary {
  readonly v: 1;
  readonly type: 'batch';
  /** ISO 8601, UTC. */
  readonly time: string;
  /** True while files are still being worked on. */
  readonly running: boolean;
  /** The gravest of all. */
  readonly exit: number;
  readonly counts: Readonly<Record<FileOutcome['state'], number>>;
  readonly files: readonly FileOutcome[];
}

/** Exit numbers from harmless to grave: gaps and gates, one file, the call, time, account, machine, a fault, a stop. */
const byGravity = [0, 8, 7, 3, 2, 6, 5, 4, 1, 130];

/** The gravest of several exit numbers. */
export function worstExit(exits: readonly number[]): number {
  return exits.reduce((worst, exit) => (byGravity.indexOf(exit) > byGravity.indexOf(worst) ? exit : worst), 0);
}

/** What became of a file, from the last event of its process and from how the process ended. */
export function outcomeOf(file: string, last: RunEvent | undefined, end: ChildEnd, ms: number): FileOutcome {
  if (last?.type === 'summary' && end.exit === last.exit) {
    const { exit, outputs, work } = last;
    const wasThere = outputs.length > 0 && outputs.every(({ kept }) => kept);
    const state = exit === 0 ? (wasThere ? 'finished-before' : 'done') : exit === 8 || exit === 7 ? 'gaps' : 'failed';
    return { file, state, exit, work, outputs, ms };
  }
  if (last?.type === 'error') {
    const { exit, code, message, hint } = last;
    return { file, state: exit === 130 ? 'interrupted' : 'failed', exit, code, message, hint, outputs: [], ms };
  }
  const how =
    end.signal !== undefined
      ? `was ended by ${end.signal}`
      : end.exit === undefined
        ? 'could not be started'
        : `ended with ${end.exit}`;
  const message = `Its process ${how}${end.text === '' ? '' : `: ${end.text.trimEnd().split('\n').at(-1)}`}`;
  const hint = 'The same command goes on from where it was.';
  return { file, state: 'failed', exit: 1, code: 'PROCESS_ENDED', message, hint, outputs: [], ms };
}

/** A file that was not begun. */
export function notStarted(file: string): FileOutcome {
  return { file, state: 'not-started', outputs: [], ms: 0 };
}

/** The batch so far. */
export function summarise(files: readonly FileOutcome[], running: boolean): BatchSummary {
  const counts = { done: 0, 'finished-before': 0, gaps: 0, failed: 0, interrupted: 0, 'not-started': 0 };
  for (const { state } of files) counts[state]++;
  const exit = worstExit(files.map((file) => file.exit ?? 0));
  return { v: 1, type: 'batch', time: new Date().toISOString(), running, exit, counts, files };
}
