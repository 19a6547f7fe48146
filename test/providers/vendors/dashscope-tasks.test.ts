import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DubError } from '../../../src/errors.js';
import { type SubmittedTask, taskDeadlineMs } from '../../../src/providers/vendors/dashscope/index.js';
import { type Account, defaultAccounts } from '../../emulators/dashscope/accounts.js';
import { ApiError, defaultKey, type Part } from '../../emulators/dashscope/server.js';
import type { TaskScript } from '../../emulators/dashscope/tasks.js';
import { type Bench, bench } from './dashscope.support.js';

const calm = new AbortController().signal;
const path = '/api/v1/services/audio/asr/transcription';
const body = { model: 'slow', input: { file_url: 'https://host/a.wav' }, parameters: {} };
const result = z.looseObject({
  output: z.looseObject({ result: z.looseObject({ transcription_url: z.string() }) }),
  usage: z.looseObject({ seconds: z.number() }).optional(),
});
const done: TaskScript = {
  pendingMs: 2000,
  runningMs: 20_000,
  finish: () => ({ output: { result: { transcription_url: 'http://x' } }, usage: { seconds: 3 } }),
};

function slowly(script: TaskScript = done): Part {
  return (emulator) =>
    emulator.route({
      endpoint: 'submit',
      method: 'POST',
      path,
      model: (model) => model === 'slow',
      async: 'required',
      handle: (call) => ({
        json: { output: { task_id: emulator.tasks.create(call, script).id, task_status: 'PENDING' } },
      }),
    });
}

async function submitted(
  script?: TaskScript,
  more: Parameters<typeof bench>[0] = {},
): Promise<Bench & { task: SubmittedTask }> {
  const made = await bench({ ...more, emulator: { parts: [slowly(script)] } });
  const task = await made.client.submit(path, body, calm, { onSubmitted: () => undefined });
  return { ...made, task };
}

const deadlineMs = 3_600_000;

async function failure(promise: Promise<unknown>): Promise<DubError> {
  const error = await promise.catch((thrown: unknown) => thrown);
  if (error instanceof DubError) return error;
  throw new Error(`No DubError: ${String(error)}`);
}

describe('a submit', () => {
  it('asks for a task and has its id saved before anything else', async () => {
    const { emulator, client } = await bench({ emulator: { parts: [slowly()] } });
    let saved: SubmittedTask | undefined;
    const task = await client.submit(path, body, calm, {
      async onSubmitted(one) {
        await new Promise(setImmediate);
        saved = one;
      },
    });
    expect(saved).toEqual(task);
    expect(task).toEqual({ taskId: emulator.tasks.all[0]?.id, requestId: emulator.tasks.all[0]?.submitRequestId });
    expect(emulator.requestsTo('submit')[0]?.headers['x-dashscope-async']).toBe('enable');
    expect(emulator.violations).toEqual([]);
  });

  it('that could not be saved is an error, not a second task', async () => {
    const { emulator, client } = await bench({ emulator: { parts: [slowly()] } });
    const saving = () => Promise.reject(new DubError('DISK_FULL', 'No room.'));
    expect((await failure(client.submit(path, body, calm, { onSubmitted: saving }))).code).toBe('DISK_FULL');
    expect(emulator.tasks.all.length).toBe(1);
  });

  it('is repeated after 429, and not when the connection broke after it may have been taken', async () => {
    const { emulator, client } = await bench({ emulator: { parts: [slowly()] } });
    emulator.fail('submit', { times: 2, status: 429, code: 'Throttling.RateQuota' });
    await client.submit(path, body, calm, { onSubmitted: () => undefined });
    expect([emulator.requestsTo('submit').length, emulator.tasks.all.length]).toEqual([3, 1]);
    emulator.fail('submit', { kind: 'reset-after' });
    const error = await failure(client.submit(path, body, calm, { onSubmitted: () => undefined }));
    expect([error.code, emulator.requestsTo('submit').length]).toEqual(['PROVIDER_UNREACHABLE', 4]);
  });
});

describe('a task', () => {
  it('is asked for in growing intervals until it has ended, with its states told', async () => {
    const { emulator, client, clock, task } = await submitted({ ...done, runningMs: 500_000 });
    const states: string[] = [];
    const onState = ({ status }: { status: string }) => states.push(status);
    const end = await client.poll(task.taskId, result, calm, { deadlineMs, onState });
    expect(end).toMatchObject({ status: 'SUCCEEDED', value: { usage: { seconds: 3 } } });
    expect(end.requestIds).toEqual([emulator.requestsTo('task.query').at(-1)?.requestId]);
    expect([...new Set(states)]).toEqual(['PENDING', 'RUNNING', 'SUCCEEDED']);
    expect(clock.sleeps[0]).toBe(1000);
    expect(clock.sleeps).toEqual(clock.sleeps.toSorted((a, b) => a - b));
    expect(Math.max(...clock.sleeps)).toBe(10_000);
    expect(emulator.requestsTo('task.query').length).toBeLessThan(160);
    expect(emulator.violations).toEqual([]);
  });

  it('the intervals are spread, never under 85 % of the first', async () => {
    const draws = [0, 0.999];
    const { emulator, client } = await submitted();
    const waits: number[] = [];
    const { pollTask } = await import('../../../src/providers/vendors/dashscope/tasks.js');
    const ask = async () => ({
      json: { output: { task_status: waits.length < 2 ? 'RUNNING' : 'CANCELED' } },
      requestIds: [],
    });
    const clock = { now: () => 0, sleep: async (ms: number) => void waits.push(ms) };
    const polling = { clock, random: () => draws.shift()!, firstWaitMs: 1000, ask, failed: client.taskError };
    await pollTask('t', result, polling, { deadlineMs }, calm);
    expect(waits.map(Math.round)).toEqual([850, 1150]);
    expect(emulator.requestsTo('task.query').length).toBe(0);
  });

  it('outlives 429, 5xx, pages, half answers and broken connections while it runs, and is submitted once', async () => {
    const { emulator, client, task } = await submitted();
    const kinds = ['reset', 'reset-after', 'html', 'bad-json', 'cut', 'empty'] as const;
    for (const kind of kinds) emulator.fail('task.query', { kind });
    for (const status of [429, 500, 502, 503, 504]) emulator.fail('task.query', { status, code: 'X', times: 2 });
    emulator.fail('task.query', { kind: 'html', status: 502 });
    const end = await client.poll(task.taskId, result, calm, { deadlineMs });
    expect(end.status).toBe('SUCCEEDED');
    expect(emulator.requestsTo('task.query').length).toBeGreaterThanOrEqual(18);
    expect(emulator.requestsTo('submit').length).toBe(1);
  });

  it('waits as Retry-After says', async () => {
    const { emulator, client, clock, task } = await submitted();
    emulator.fail('task.query', { status: 429, code: 'Throttling', retryAfter: 25 });
    await client.poll(task.taskId, result, calm, { deadlineMs });
    expect(clock.sleeps[0]).toBe(25_000);
  });

  it('a key that is refused while it runs ends the waiting', async () => {
    const { emulator, client, task } = await submitted();
    emulator.fail('task.query', { status: 401, code: 'InvalidApiKey', after: 1 });
    expect((await failure(client.poll(task.taskId, result, calm, { deadlineMs }))).code).toBe('PROVIDER_AUTH');
    expect(emulator.requestsTo('task.query').length).toBe(2);
  });

  it('a service that stays away for ten minutes ends the waiting; the task is kept', async () => {
    const { emulator, client, task } = await submitted();
    emulator.fail('task.query', { kind: 'reset', times: Infinity });
    const error = await failure(client.poll(task.taskId, result, calm, { deadlineMs }));
    expect(error).toMatchObject({ code: 'PROVIDER_UNREACHABLE', retryable: true });
    emulator.heal();
    expect((await client.poll(task.taskId, result, calm, { deadlineMs })).status).toBe('SUCCEEDED');
    expect(emulator.tasks.all.length).toBe(1);
  });

  it('that stays RUNNING ends the waiting at its deadline, and says that it goes on', async () => {
    const made = await bench({ emulator: { parts: [slowly()] } });
    made.emulator.tasks.scriptNext({ status: 'RUNNING' });
    const task = await made.client.submit(path, body, calm, { onSubmitted: () => undefined });
    const error = await failure(made.client.poll(task.taskId, result, calm, { deadlineMs: 1_200_000 }));
    expect(error).toMatchObject({ code: 'PROVIDER_TIMEOUT', retryable: true });
    expect(error.message).toBe(`Task ${task.taskId} is still RUNNING after 20 min.`);
    expect(made.clock.sleeps.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThanOrEqual(1_200_000 - 60_000);
  });

  it('that the service gives up after three hours has failed for time', async () => {
    const made = await bench({ emulator: { parts: [slowly()] } });
    made.emulator.tasks.scriptNext({ status: 'PENDING' });
    const task = await made.client.submit(path, body, calm, { onSubmitted: () => undefined });
    made.emulator.clock.advance(3 * 3_600_000 + 1);
    const end = await made.client.poll(task.taskId, result, calm, { deadlineMs });
    expect(end).toMatchObject({ status: 'FAILED', code: 'InternalError.Timeout', error: { code: 'PROVIDER_TIMEOUT' } });
  });

  it('that failed brings code, message, the whole answer and an error with the request id', async () => {
    const script: TaskScript = {
      finish: () => ({ status: 'FAILED', output: { code: 'FILE_403_FORBIDDEN', message: 'FILE_403_FORBIDDEN' } }),
    };
    const { emulator, client, task } = await submitted(script);
    const end = await client.poll(task.taskId, result, calm, { deadlineMs });
    const { requestId } = emulator.requestsTo('task.query').at(-1)!;
    expect(end).toMatchObject({ status: 'FAILED', code: 'FILE_403_FORBIDDEN', requestIds: [requestId] });
    if (end.status === 'SUCCEEDED') throw new Error('It succeeded.');
    expect(end.error.message).toBe(`DashScope could not fetch the file (FILE_403_FORBIDDEN, request ${requestId}).`);
    expect(end.reply).toMatchObject({
      output: { submit_time: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/) },
    });
  });

  it('a part that throws fails the task', async () => {
    const script: TaskScript = {
      finish: () => {
        throw new ApiError(400, 'SUCCESS_WITH_NO_VALID_FRAGMENT', 'SUCCESS_WITH_NO_VALID_FRAGMENT');
      },
    };
    const { client, task } = await submitted(script);
    expect(await client.poll(task.taskId, result, calm, { deadlineMs })).toMatchObject({
      status: 'FAILED',
      code: 'SUCCESS_WITH_NO_VALID_FRAGMENT',
    });
  });

  it('sub-tasks are passed on as they are: one success makes the whole a success', async () => {
    const results = [
      { file_url: 'a', subtask_status: 'SUCCEEDED', transcription_url: 'http://a' },
      { file_url: 'b', subtask_status: 'FAILED', code: 'FILE_DOWNLOAD_FAILED', message: 'x' },
    ];
    const { client, task } = await submitted({
      finish: () => ({ output: { results, task_metrics: { TOTAL: 2, SUCCEEDED: 1, FAILED: 1 } } }),
    });
    const schema = z.looseObject({ output: z.looseObject({ results: z.array(z.unknown()) }) });
    const end = await client.poll(task.taskId, schema, calm, { deadlineMs });
    expect(end).toMatchObject({ status: 'SUCCEEDED', value: { output: { results } } });
  });

  it('whose result is not as documented names the field and the request', async () => {
    const { client, task } = await submitted({ finish: () => ({ output: { results: [] } }) });
    const error = await failure(client.poll(task.taskId, result, calm, { deadlineMs }));
    expect(error.code).toBe('PROVIDER_BAD_REPLY');
    expect(error.message).toMatch(/output\.result.*\(request [0-9a-f-]{36}\)\.$/);
  });

  it('is unknown to other accounts, by another id and after a day', async () => {
    const { emulator, client, task } = await submitted();
    const unknown = { status: 'UNKNOWN', error: { code: 'PROVIDER_BAD_REPLY', retryable: false } };
    expect(await client.poll('no-such-task', result, calm, { deadlineMs })).toMatchObject(unknown);
    const other = await bench({ options: { apiKey: defaultAccounts[1]!.keys[0]!.key, baseUrl: emulator.url } });
    expect(await other.client.poll(task.taskId, result, calm, { deadlineMs })).toMatchObject(unknown);
    emulator.clock.advance(24 * 3_600_000);
    expect(await client.poll(task.taskId, result, calm, { deadlineMs })).toMatchObject(unknown);
  });

  it('is known to every key of its account', async () => {
    const { emulator, task } = await submitted();
    const other = await bench({ options: { apiKey: defaultAccounts[0]!.keys[1]!.key, baseUrl: emulator.url } });
    emulator.clock.advance(60_000);
    expect((await other.client.poll(task.taskId, result, calm, { deadlineMs })).status).toBe('SUCCEEDED');
  });

  it('that somebody cancelled has ended', async () => {
    const { emulator, client, task } = await submitted();
    const headers = { authorization: `Bearer ${defaultKey}` };
    const cancel = () => fetch(`${emulator.url}/api/v1/tasks/${task.taskId}/cancel`, { method: 'POST', headers });
    expect((await cancel()).status).toBe(200);
    expect(await client.poll(task.taskId, result, calm, { deadlineMs })).toMatchObject({
      status: 'CANCELED',
      error: { code: 'PROVIDER_REFUSED' },
    });
    const late = await cancel();
    expect([late.status, await late.json()]).toMatchObject([400, { code: 'UnsupportedOperation' }]);
  });

  it('stops being asked for at once when the run is interrupted', async () => {
    const { emulator, client, task } = await submitted();
    const controller = new AbortController();
    const onState = () => controller.abort();
    expect((await failure(client.poll(task.taskId, result, controller.signal, { deadlineMs, onState }))).code).toBe(
      'INTERRUPTED',
    );
    expect(emulator.requestsTo('task.query').length).toBe(1);
  });
});

describe('many tasks', () => {
  it('share the 20 questions a second of their account', async () => {
    const accounts: readonly Account[] = [
      { id: 'main', keys: [{ key: defaultKey, region: 'cn-beijing' }], workspaces: [] },
    ];
    // Real time: the limit is about when requests arrive.
    const { systemClock } = await import('../../../src/net/clock.js');
    const { createHttp } = await import('../../../src/net/client.js');
    const { startEmulator } = await import('../../emulators/dashscope/server.js');
    const { dashscope } = await import('../../../src/providers/vendors/dashscope/index.js');
    const emulator = await startEmulator({ accounts, parts: [slowly({ ...done, pendingMs: 0, runningMs: 300 })] });
    const http = createHttp({ version: '1' });
    try {
      const options = { apiKey: defaultKey, region: 'cn', pollMs: 10, baseUrl: emulator.url };
      // Two clients of one process, as recognition and another part would have them.
      const clients = [1, 2].map(() =>
        dashscope(options, { http: async (scope) => http.scope(scope), clock: systemClock }),
      );
      const tasks = await Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          clients[index % 2]!.submit(path, body, calm, { onSubmitted: () => undefined }),
        ),
      );
      const ends = await Promise.all(
        tasks.map(({ taskId }, index) => clients[index % 2]!.poll(taskId, result, calm, { deadlineMs: 60_000 })),
      );
      expect(ends.every(({ status }) => status === 'SUCCEEDED')).toBe(true);
      expect(emulator.requestsTo('task.query').filter(({ status }) => status === 429)).toEqual([]);
    } finally {
      await http.close();
      await emulator.close();
    }
  });

  it('are listed by account, model and state', async () => {
    const { emulator, task } = await submitted();
    const ask = async (query: string) => {
      const answer = await fetch(`${emulator.url}/api/v1/tasks/?${query}`, {
        headers: { authorization: `Bearer ${defaultKey}` },
      });
      return (await answer.json()) as { total: number; data: { task_id: string; request_id: string }[] };
    };
    expect(await ask('model_name=slow&status=PENDING')).toMatchObject({
      total: 1,
      data: [{ task_id: task.taskId, request_id: task.requestId }],
    });
    expect((await ask('status=SUCCEEDED')).total).toBe(0);
  });
});

describe('the deadline of a task', () => {
  it('grows with the audio and ends where the service gives up', () => {
    expect(taskDeadlineMs(0)).toBe(15 * 60_000);
    expect(taskDeadlineMs(3_600_000)).toBe(45 * 60_000);
    expect(taskDeadlineMs(12 * 3_600_000)).toBe(3 * 3_600_000);
  });
});
