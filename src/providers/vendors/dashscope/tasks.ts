import { z } from 'zod';
import { DubError, throwIfAborted } from '../../../errors.js';
import type { Clock } from '../../../net/clock.js';
import type { RetryNotice, Schema } from '../../../net/http.js';

/** A task that the service took on, and that is billed from now on. */
export interface SubmittedTask {
  readonly taskId: string;
  readonly requestId: string;
}

/** How a task is waited for. */
export interface PollOptions {
  /** From now on, in milliseconds; `taskDeadlineMs` scales it to the audio. */
  readonly deadlineMs: number;
  /** Told of every state that was read. */
  readonly onState?: ((state: TaskState) => void) | undefined;
}

/** What a question for a task's state brought. */
export interface TaskState {
  readonly status: string;
  /** Sub-tasks, where the service counts them. */
  readonly total?: number | undefined;
  readonly succeeded?: number | undefined;
}

/** How a task ended. Whatever is no success has its error ready to throw: some failures (no speech) are results. */
export type FinishedTask<T> =
  | { readonly status: 'SUCCEEDED'; readonly value: T; readonly requestIds: readonly string[] }
  | {
      /** `UNKNOWN`: not this account's, or older than 24 hours. */
      readonly status: 'FAILED' | 'CANCELED' | 'UNKNOWN';
      readonly code: string | undefined;
      readonly message: string | undefined;
      /** The whole answer: sub-tasks may say more. */
      readonly reply: unknown;
      readonly error: DubError;
      readonly requestIds: readonly string[];
    };

/** What `pollTask` needs. */
export interface Polling {
  readonly clock: Clock;
  readonly random: () => number;
  /** The first wait in milliseconds. */
  readonly firstWaitMs: number;
  /** Told of a question that failed and is asked again. */
  readonly onRetry?: ((notice: Pick<RetryNotice, 'attempt' | 'waitMs' | 'code'>) => void) | undefined;
  /** Asks once; the answer is a `taskReply`. */
  ask(): Promise<TaskReply>;
  /** The error of a task that failed. */
  failed(code: string | undefined, message: string | undefined, requestId: string | undefined): DubError;
}

/** The answer to a question, as it came. */
export interface TaskReply {
  readonly json: z.output<typeof taskReply>;
  readonly requestIds: readonly string[];
}

/** Answer to a submit (manage-asynchronous-tasks, 2026-10-12). */
export const submitReply = z.looseObject({
  output: z.looseObject({ task_id: z.string().min(1), task_status: z.string().optional() }),
});

const count = z.number().optional().catch(undefined);
const text = z.string().optional().catch(undefined);

/** What is read of any task's answer, whatever the model. */
export const taskReply = z.looseObject({
  output: z.looseObject({
    task_status: z.string(),
    code: text,
    message: text,
    task_metrics: z.looseObject({ TOTAL: count, SUCCEEDED: count }).optional().catch(undefined),
  }),
});

const longestWaitMs = 10_000;
/** A task is left alone when every question has failed for this long. */
const silenceMs = 600_000;

/**
 * How long to wait for a recording of this length: a quarter of an hour for the queue and half its length for the work
 * (measured by others: 4,226 s in 66 s), three hours at most, when the service gives a task up by itself.
 */
export function taskDeadlineMs(audioMs: number): number {
  return Math.min(3 * 3_600_000, 900_000 + Math.round(audioMs / 2));
}

/**
 * Asks for a task's state until it has ended. The wait grows with the task's age, from `firstWaitMs` to ten seconds,
 * so that a result lies around for a fortieth of the task's time at most, and is spread by 15 % either way.
 */
export async function pollTask<T>(
  taskId: string,
  schema: Schema<T>,
  polling: Polling,
  options: PollOptions,
  signal: AbortSignal,
): Promise<FinishedTask<T>> {
  const { clock, random, firstWaitMs } = polling;
  const startedAt = clock.now();
  const endsAt = startedAt + options.deadlineMs;
  let failingSince: number | undefined;
  let failures = 0;
  let last = 'PENDING';
  for (;;) {
    throwIfAborted(signal);
    let told: number | undefined;
    let failed: DubError | undefined;
    try {
      const reply = await polling.ask();
      failingSince = undefined;
      failures = 0;
      const { finished, status } = read(taskId, schema, reply, polling, options);
      if (finished !== undefined) return finished;
      last = status;
    } catch (error) {
      // The task goes on and is paid for already: only what cannot pass ends the waiting.
      if (!(error instanceof DubError) || !error.retryable || error.code === 'INTERRUPTED') throw error;
      // Counted from the first failure: a machine that slept was not told anything either.
      failingSince ??= clock.now();
      if (clock.now() - failingSince >= silenceMs) throw error;
      told = error.retryAfterMs;
      failed = error;
      failures++;
    }
    const now = clock.now();
    const grown = Math.min(longestWaitMs, Math.max(firstWaitMs, (now - startedAt) / 40));
    const waitMs = Math.max(grown * (0.85 + 0.3 * random()), Math.min(told ?? 0, 60_000));
    if (now >= endsAt) throw tooLate(taskId, last, options.deadlineMs);
    if (failed !== undefined) polling.onRetry?.({ attempt: failures, waitMs: Math.round(waitMs), code: failed.code });
    await clock.sleep(Math.min(waitMs, endsAt - now), signal);
  }
}

function read<T>(
  taskId: string,
  schema: Schema<T>,
  { json, requestIds }: TaskReply,
  { failed }: Polling,
  { onState }: PollOptions,
): { readonly status: string; readonly finished?: FinishedTask<T> } {
  const { code, message, task_status, task_metrics } = json.output;
  const status = task_status.toUpperCase();
  onState?.({ status, total: task_metrics?.TOTAL, succeeded: task_metrics?.SUCCEEDED });
  if (status === 'SUCCEEDED') {
    return { status, finished: { status, value: validated(taskId, schema, json, requestIds), requestIds } };
  }
  const ended = { code, message, reply: json, requestIds };
  if (status === 'FAILED') {
    return { status, finished: { ...ended, status, error: failed(code, message, requestIds[0]) } };
  }
  if (status === 'UNKNOWN') return { status, finished: { ...ended, status, error: unknownTask(taskId, requestIds) } };
  if (status === 'CANCELED' || status === 'CANCELLED') {
    return { status, finished: { ...ended, status: 'CANCELED', error: canceledTask(taskId, requestIds) } };
  }
  // PENDING, RUNNING, and SUSPENDED, which only the SDK's list of states has.
  return { status };
}

function validated<T>(taskId: string, schema: Schema<T>, json: unknown, requestIds: readonly string[]): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const wrong = result.error.issues.slice(0, 3).map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
  const message = `The result of task ${taskId} is not as documented: ${wrong.join('; ')}${asked(requestIds)}.`;
  throw new DubError('PROVIDER_BAD_REPLY', message, {
    hint: 'A newer version of dub may know this form; if not, report it with the request id.',
  });
}

function canceledTask(taskId: string, requestIds: readonly string[]): DubError {
  return new DubError('PROVIDER_REFUSED', `Task ${taskId} was cancelled${asked(requestIds)}.`, {
    hint: 'Somebody with a key of this account cancelled it; the same command submits it again.',
  });
}

function unknownTask(taskId: string, requestIds: readonly string[]): DubError {
  return new DubError('PROVIDER_BAD_REPLY', `DashScope does not know task ${taskId} (any more)${asked(requestIds)}.`, {
    hint: 'Tasks are kept for 24 hours by the account and region they were submitted to: check that the key and the region are still the same.',
  });
}

function tooLate(taskId: string, status: string, deadlineMs: number): DubError {
  const minutes = Math.max(1, Math.round(deadlineMs / 60_000));
  return new DubError('PROVIDER_TIMEOUT', `Task ${taskId} is still ${status} after ${minutes} min.`, {
    hint: 'It goes on at DashScope and is not paid twice: the same command asks for it again.',
    retryable: true,
  });
}

function asked(requestIds: readonly string[]): string {
  return requestIds[0] === undefined ? '' : ` (request ${requestIds[0]})`;
}
