import { randomUUID } from 'node:crypto';
import { ApiError } from './api-error.js';
import { beijingTime } from './clock.js';
import type { Call, Emulator } from './server.js';

/** How a task ends. Missing `status` is SUCCEEDED. */
export interface TaskEnd {
  readonly status?: 'SUCCEEDED' | 'FAILED' | 'CANCELED';
  /** Members of `output` besides id, status and times: `result`, `results`, `task_metrics`, `code`, `message`. */
  readonly output?: object;
  readonly usage?: object;
}

/** A task's life. */
export interface TaskScript {
  readonly pendingMs?: number;
  readonly runningMs?: number;
  /** `output.task_metrics` while it runs. */
  readonly metrics?: object;
  /** Does the work; called once, at the submit. A task is done when both its time is up and this has ended. */
  finish(): TaskEnd | Promise<TaskEnd>;
}

/** A task that was accepted. */
export interface EmulatedTask {
  readonly id: string;
  readonly model: string;
  readonly submitRequestId: string;
}

/** The task service. */
export interface Tasks {
  create(call: Call, script: TaskScript): EmulatedTask;
  /** Every task accepted so far, in order. */
  readonly all: readonly EmulatedTask[];
  /** Ends the next task in this way, or with this status, instead of by its own work. */
  scriptNext(end: TaskEnd | { readonly status: 'UNKNOWN' | 'RUNNING' | 'PENDING' | 'SUSPENDED' }): void;
}

interface Stored extends EmulatedTask {
  readonly account: string;
  readonly submittedAt: number;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly metrics: object;
  readonly stuck: string | undefined;
  /** Undefined until the work is done. */
  end: TaskEnd | undefined;
  canceled: boolean;
}

const keptMs = 24 * 3_600_000;
const timeoutMs = 3 * 3_600_000;

/** Endpoints `task.query`, `task.list` and `task.cancel`, 20 requests a second each for an account. */
export function createTasks(emulator: Emulator): Tasks {
  const tasks: Stored[] = [];
  const scripts: (TaskEnd | { readonly status: string })[] = [];
  const { clock } = emulator;

  function statusOf(task: Stored): string {
    const now = clock.now();
    if (task.canceled) return 'CANCELED';
    if (task.stuck === 'UNKNOWN') return 'UNKNOWN';
    if (now < task.startsAt) return 'PENDING';
    if (now > task.submittedAt + timeoutMs && (task.stuck !== undefined || task.end === undefined)) return 'TIMEOUT';
    if (task.stuck !== undefined) return task.stuck;
    return now < task.endsAt || task.end === undefined ? 'RUNNING' : (task.end.status ?? 'SUCCEEDED');
  }

  function outputOf(task: Stored, status: string): object {
    const submit_time = beijingTime(task.submittedAt);
    const base = { task_id: task.id, task_status: status, submit_time };
    if (status === 'PENDING') return base;
    const running = { ...base, scheduled_time: beijingTime(task.startsAt) };
    if (status === 'TIMEOUT') {
      const message = 'The task timed out.';
      return {
        ...running,
        task_status: 'FAILED',
        end_time: beijingTime(task.submittedAt + timeoutMs),
        code: 'InternalError.Timeout',
        message,
      };
    }
    if (status === 'RUNNING' || status === 'SUSPENDED') return { ...running, task_metrics: task.metrics };
    return { ...running, end_time: beijingTime(Math.max(task.endsAt, task.startsAt)), ...task.end?.output };
  }

  function find(call: Call): Stored | undefined {
    const task = tasks.find(({ id }) => id === call.params.id);
    return task && task.account === call.account.id && clock.now() < task.submittedAt + keptMs ? task : undefined;
  }

  emulator.route({
    endpoint: 'task.query',
    method: 'GET',
    path: '/api/v1/tasks/:id',
    async: 'either',
    handle(call) {
      if (call.headers['x-dashscope-async'] !== undefined)
        call.violation('X-DashScope-Async belongs to the submit only');
      const task = find(call);
      const status = task === undefined ? 'UNKNOWN' : statusOf(task);
      if (task === undefined || status === 'UNKNOWN') {
        return { json: { output: { task_id: call.params.id, task_status: 'UNKNOWN' } } };
      }
      const ended = status === 'SUCCEEDED' || status === 'FAILED';
      return {
        json: { output: outputOf(task, status), ...(ended && task.end?.usage ? { usage: task.end.usage } : {}) },
      };
    },
  });

  const list = {
    endpoint: 'task.list',
    method: 'GET',
    handle(call: Call) {
      const { query } = call;
      const page = Number(query.get('page_no') ?? 1);
      const size = Number(query.get('page_size') ?? 10);
      const wanted = (name: string, value: string) => query.get(name) === null || query.get(name) === value;
      const found = tasks.filter(
        (task) =>
          task.account === call.account.id &&
          clock.now() < task.submittedAt + keptMs &&
          wanted('task_id', task.id) &&
          wanted('model_name', task.model) &&
          wanted('status', statusOf(task)),
      );
      const data = found.slice((page - 1) * size, page * size).map((task) => ({
        api_key_id: '15xxxx',
        caller_parent_id: call.account.id,
        caller_uid: call.account.id,
        gmt_create: task.submittedAt,
        start_time: task.startsAt,
        end_time: task.endsAt,
        model_name: task.model,
        region: emulator.region,
        request_id: task.submitRequestId,
        status: statusOf(task),
        task_id: task.id,
        user_api_unique_key: `apikey:v1:audio:asr:transcription:${task.model}`,
      }));
      return {
        json: { total: found.length, data, total_page: Math.ceil(found.length / size), page_no: page, page_size: size },
      };
    },
  } as const;
  // The reference writes a slash at the end, the Python SDK none.
  for (const path of ['/api/v1/tasks/', '/api/v1/tasks']) emulator.route({ ...list, path });

  emulator.route({
    endpoint: 'task.cancel',
    method: 'POST',
    path: '/api/v1/tasks/:id/cancel',
    // The Python SDK sends none.
    bodyless: true,
    handle(call) {
      const task = find(call);
      if (task === undefined || statusOf(task) !== 'PENDING') {
        throw new ApiError(
          400,
          'UnsupportedOperation',
          'Failed to cancel the task, please confirm if the task is in PENDING status.',
        );
      }
      task.canceled = true;
      return { json: {} };
    },
  });
  for (const endpoint of ['task.query', 'task.list', 'task.cancel']) emulator.limit(endpoint, { perSecond: 20 });

  return {
    all: tasks,
    scriptNext: (end) => void scripts.push(end),
    create(call, script) {
      const scripted = scripts.shift();
      const stuck = scripted?.status;
      const isStuck = stuck !== undefined && ['UNKNOWN', 'RUNNING', 'PENDING', 'SUSPENDED'].includes(stuck);
      const submittedAt = clock.now();
      const startsAt = submittedAt + (script.pendingMs ?? 0);
      const task: Stored = {
        id: randomUUID(),
        model: call.model,
        submitRequestId: call.requestId,
        account: call.account.id,
        submittedAt,
        startsAt,
        endsAt: startsAt + (script.runningMs ?? 0),
        metrics: script.metrics ?? { TOTAL: 1, SUCCEEDED: 0, FAILED: 0 },
        stuck: isStuck ? stuck : undefined,
        end: isStuck ? undefined : (scripted as TaskEnd | undefined),
        canceled: false,
      };
      tasks.push(task);
      if (scripted === undefined) void finish(task, script);
      return task;
    },
  };
}

async function finish(task: Stored, script: TaskScript): Promise<void> {
  try {
    task.end = await script.finish();
  } catch (error) {
    const { code, message } = error instanceof ApiError ? error : { code: 'SERVER_ERROR', message: String(error) };
    task.end = { status: 'FAILED', output: { code, message } };
  }
}
