import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { DubError } from '../../errors.js';
import { writeWhole } from '../../workspace/files.js';
import type { RunEvent, RunSummary } from '../events.js';
import type { DubJob } from '../job.js';
import { toJsonText } from '../readable.js';

/** How far one stage has come. */
export interface StageRecord {
  readonly stage: string;
  /** The target, for stages that every target has of its own. */
  readonly language?: string | undefined;
  readonly state: 'running' | 'done';
  /** True when an earlier run had done it. */
  readonly kept?: boolean | undefined;
  /** Lines that have come out of it, of how many; undefined for stages that do not count lines. */
  readonly lines?: { readonly done: number; readonly failed: number } | undefined;
  readonly ms?: number | undefined;
}

/**
 * `run.json`: what the last run is or came to. A state of `running` without a live lock in `.state/lock` is a run that was
 * killed. All fields of the summary come in when it has finished.
 */
export interface RunRecord extends Partial<Omit<RunSummary, 'v'>> {
  readonly v: 1;
  readonly state: 'running' | 'finished' | 'failed' | 'interrupted';
  readonly run: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly process: { readonly pid: number; readonly host: string };
  readonly input: string;
  readonly work: string;
  readonly targets: readonly string[];
  /** Stage to `name[:model]`. */
  readonly providers: Readonly<Record<string, string>>;
  /** What the caller wants to be remembered of how the job was asked for; no secrets. `dub redo` starts from it. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** The stage that was asked to be done anew. */
  readonly fromStage?: string | undefined;
  readonly stages: readonly StageRecord[];
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string | undefined } | undefined;
}

/** What of a job the record holds. */
type Asked = Pick<DubJob, 'settings' | 'fromStage'>;

/** Keeps `run.json` up to date from the run's events. */
export interface Journal {
  note(event: RunEvent): void;
  /** Notes what ended the run. */
  fail(error: unknown): void;
  /** Resolves when everything noted so far is on the disk, or cannot be written. */
  flush(): Promise<void>;
}

/** Name of the record in the work folder. */
export const recordName = 'run.json';

/** For a run that does nothing worth a record. */
export const noJournal: Journal = { note: () => undefined, fail: () => undefined, flush: async () => undefined };

/** How often lines that come out are written down at most; beginnings and ends of stages are at once. Milliseconds. */
const linesEveryMs = 1000;

/** Starts the record of a run. */
export function startJournal(folder: string, job: Asked): Journal {
  const path = join(folder, recordName);
  let record: RunRecord | undefined;
  let writing: Promise<void> = Promise.resolve();
  let isWaiting = false;
  let writtenAt = 0;
  const write = () => {
    if (isWaiting || record === undefined) return;
    isWaiting = true;
    writtenAt = performance.now();
    // Whatever comes in while one version is written goes into the next one.
    writing = writing.then(async () => {
      isWaiting = false;
      const updatedAt = new Date().toISOString();
      // A record that cannot be written stops no run: what is paid for is kept elsewhere.
      await writeWhole(path, toJsonText({ ...record, updatedAt })).catch(() => undefined);
    });
  };
  return {
    note(event) {
      record = event.type === 'run-start' ? begin(event, job) : record && follow(record, event);
      const isSmall = event.type === 'line-done' || event.type === 'line-failed';
      if (isSmall ? performance.now() - writtenAt > linesEveryMs : written.has(event.type)) write();
    },
    fail(error) {
      if (record === undefined) return;
      const known = error instanceof DubError ? error : undefined;
      const { code, hint } = known ?? { code: 'BUG', hint: undefined };
      const message = error instanceof Error ? error.message : String(error);
      record = { ...record, state: code === 'INTERRUPTED' ? 'interrupted' : 'failed', error: { code, message, hint } };
      write();
    },
    flush: () => writing,
  };
}

const written: ReadonlySet<RunEvent['type']> = new Set(['run-start', 'stage-start', 'stage-end', 'summary']);

function begin(event: Extract<RunEvent, { type: 'run-start' }>, { settings, fromStage }: Asked): RunRecord {
  const { run, time, input, work, targets, providers } = event;
  const started = { v: 1, state: 'running', run, startedAt: time, updatedAt: time } as const;
  return {
    ...started,
    process: { pid: process.pid, host: hostname() },
    ...{ input, work, targets, providers, settings, fromStage, stages: [] },
  };
}

function follow(record: RunRecord, event: RunEvent): RunRecord {
  switch (event.type) {
    case 'stage-start':
      return {
        ...record,
        stages: [...record.stages, { stage: event.stage, language: event.language, state: 'running' }],
      };
    case 'stage-end': {
      const { kept, ms } = event;
      return change(record, event, (stage) => ({ ...stage, state: 'done', kept, ms }));
    }
    case 'line-done':
      return change(record, event, (stage) => ({ ...stage, lines: count(stage, 1, 0) }));
    case 'line-failed':
      return change(record, event, (stage) => ({ ...stage, lines: count(stage, 0, 1) }));
    case 'receipt':
      return { ...record, receipt: event.receipt };
    case 'summary':
      return { ...record, ...event, state: 'finished' };
    default:
      return record;
  }
}

/** Changes the stage's last record: one that is run again after an adaptation has several. */
function change(
  record: RunRecord,
  { stage, language }: { readonly stage: string; readonly language?: string | undefined },
  to: (stage: StageRecord) => StageRecord,
): RunRecord {
  const at = record.stages.findLastIndex((each) => each.stage === stage && each.language === language);
  if (at < 0) return record;
  return { ...record, stages: record.stages.with(at, to(record.stages[at]!)) };
}

function count({ lines }: StageRecord, done: number, failed: number) {
  return { done: (lines?.done ?? 0) + done, failed: (lines?.failed ?? 0) + failed };
}

/** What is read of a record; a file that anyone may have written is believed no further. */
const readableRecord = z.looseObject({
  v: z.literal(1),
  state: z.enum(['running', 'finished', 'failed', 'interrupted']),
  updatedAt: z.string(),
  input: z.string(),
  fromStage: z.string().optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
  outputs: z.array(z.looseObject({ path: z.string() })).optional(),
});

/** What of an earlier run's record can be relied on. */
export type EarlierRecord = z.infer<typeof readableRecord>;

/** The record of the last run in a work folder; undefined when there is none or it cannot be read. */
export async function readRecord(folder: string): Promise<EarlierRecord | undefined> {
  try {
    return readableRecord.safeParse(JSON.parse(await readFile(join(folder, recordName), 'utf8'))).data;
  } catch {
    return undefined;
  }
}
