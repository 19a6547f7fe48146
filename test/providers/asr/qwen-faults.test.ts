import { beforeAll, describe, expect, test } from 'vitest';
import type { AsrProvider, AsrRequest } from '../../../src/providers/asr/contract.js';
import type { Fault } from '../../emulators/dashscope/faults.js';
import { defaultKey } from '../../emulators/dashscope/server.js';
import { instantClock } from '../../net/clocks.js';
import { requirePrograms } from '../../support/engines.js';
import { calm } from '../support.js';
import { type Bench, bench, dialogue, makeSilence, makeTalk, story, type Talk } from './qwen.support.js';

let talk: Talk;
let silence: Talk;

beforeAll(async () => {
  await requirePrograms('ffmpeg', 'espeak-ng');
  [talk, silence] = [await makeTalk(story), await makeSilence()];
  await makeTalk(dialogue);
});

const singaporeKey = 'sk-22222222222222222222222222222222';

/** Recognises the talk and gives the text of each segment. */
async function texts(provider: AsrProvider, request: AsrRequest): Promise<string[]> {
  const { transcript } = await provider.transcribe(request, calm);
  return transcript.segments.map(({ text }) => text);
}

function count({ emulator }: Bench, endpoint: string): number {
  return emulator.requestsTo(endpoint).length;
}

const said = () => talk.lines.map(({ text }) => text);

describe('a submit that is not taken on', () => {
  test.each<[string, Fault, number]>([
    ['by a rate limit', { status: 429, code: 'Throttling.RateQuota', times: 2 }, 3],
    ['by a rate limit that names a wait', { status: 429, code: 'Throttling.RateQuota', retryAfter: 7 }, 2],
    ['by a fault of the service', { status: 500, code: 'InternalError' }, 2],
    ['by an overload', { status: 503, code: 'ModelServingError' }, 2],
  ])('%s is submitted again, and paid once', async (_, fault, submits) => {
    const desk = await bench();
    desk.emulator.fail('asr.submit', fault);
    expect(await texts(desk.provider, desk.request(talk))).toEqual(said());
    expect([desk.paid(), desk.emulator.tasks.all.length]).toEqual([submits, 1]);
    if (fault.retryAfter !== undefined) expect(desk.retries[0]?.waitMs).toBeGreaterThanOrEqual(7000);
    expect(desk.emulator.violations).toEqual([]);
  });
});

describe('a submit whose answer is lost', () => {
  test.each<[string, Fault, string]>([
    ['reset after the work', { kind: 'reset-after' }, 'PROVIDER_UNREACHABLE'],
    ['reset before the work, which cannot be told apart', { kind: 'reset' }, 'PROVIDER_UNREACHABLE'],
    ['cut in the middle', { kind: 'cut' }, 'PROVIDER_BAD_REPLY'],
    ['a page with status 200', { kind: 'html' }, 'PROVIDER_BAD_REPLY'],
    ['half a JSON object', { kind: 'bad-json' }, 'PROVIDER_BAD_REPLY'],
    ['nothing', { kind: 'empty' }, 'PROVIDER_BAD_REPLY'],
    ['silence', { kind: 'hang' }, 'PROVIDER_TIMEOUT'],
  ])('%s: is never submitted a second time unasked', async (_, fault, code) => {
    const desk = await bench({ options: { timeoutMs: 500 } });
    desk.emulator.fail('asr.submit', fault);
    const work = desk.provider.transcribe(desk.request(talk), calm);
    await expect(work).rejects.toMatchObject({ code, hint: expect.stringMatching(/./) });
    expect(desk.paid()).toBe(1);
  });
});

describe('a question for the task', () => {
  test.each<[string, Fault]>([
    ['refused by a rate limit', { status: 429, code: 'Throttling.RateQuota', times: 3 }],
    ['refused with a wait', { status: 429, code: 'Throttling', retryAfter: 0.05, times: 2 }],
    ['answered by a fault', { status: 500, code: 'InternalError', times: 3 }],
    ['reset', { kind: 'reset', times: 3 }],
    ['reset after the work', { kind: 'reset-after', times: 2 }],
    ['cut', { kind: 'cut', times: 2 }],
    ['answered by a page', { kind: 'html', times: 2 }],
    ['answered by half a JSON object', { kind: 'bad-json', times: 2 }],
  ])('%s is asked again; nothing is submitted again', async (_, fault) => {
    const desk = await bench();
    desk.emulator.fail('task.query', fault);
    expect(await texts(desk.provider, desk.request(talk))).toEqual(said());
    expect(desk.paid()).toBe(1);
    expect(count(desk, 'task.query')).toBeGreaterThan(fault.times ?? 1);
  });
});

describe('a task', () => {
  test('that stays RUNNING is given up at a deadline scaled to the sound, and is not submitted again', async () => {
    const clock = instantClock(Date.now());
    const desk = await bench({ clock });
    desk.emulator.limit('task.query', {});
    desk.emulator.tasks.scriptNext({ status: 'RUNNING' });
    const hour = { ...talk.audio, durationMs: 3_600_000 };
    const began = clock.now();
    const work = desk.provider.transcribe({ ...desk.request(talk), audio: hour }, calm);
    await expect(work).rejects.toMatchObject({
      code: 'PROVIDER_TIMEOUT',
      retryable: true,
      message: expect.stringContaining('still RUNNING after 45 min'),
    });
    expect(clock.now() - began).toBeGreaterThanOrEqual(45 * 60_000);
    expect(desk.paid()).toBe(1);
  });

  test('that fails is an error with the code of the service, submitted once', async () => {
    const desk = await bench();
    const output = { code: 'FILE_403_FORBIDDEN', message: 'FILE_403_FORBIDDEN' };
    desk.emulator.tasks.scriptNext({ status: 'FAILED', output });
    await expect(desk.provider.transcribe(desk.request(talk), calm)).rejects.toMatchObject({
      code: 'PROVIDER_REFUSED',
      message: expect.stringContaining('FILE_403_FORBIDDEN'),
    });
    expect(desk.paid()).toBe(1);
  });

  test('that could not fetch its file is submitted once more, with a fresh link', async () => {
    const desk = await bench();
    const output = { code: 'FILE_DOWNLOAD_FAILED', message: 'FILE_DOWNLOAD_FAILED' };
    desk.emulator.tasks.scriptNext({ status: 'FAILED', output });
    expect(await texts(desk.provider, desk.request(talk))).toEqual(said());
    expect([desk.paid(), count(desk, 'upload.post')]).toEqual([2, 2]);
  });

  test('that could not fetch its file twice is an error', async () => {
    const desk = await bench();
    const output = { code: 'FILE_DOWNLOAD_FAILED', message: 'FILE_DOWNLOAD_FAILED' };
    for (const status of ['FAILED', 'FAILED'] as const) desk.emulator.tasks.scriptNext({ status, output });
    const work = desk.provider.transcribe(desk.request(talk), calm);
    await expect(work).rejects.toMatchObject({ code: 'PROVIDER_REFUSED' });
    expect(desk.paid()).toBe(2);
  });

  test.each([
    ['UNKNOWN', 'PROVIDER_BAD_REPLY', 'does not know task'],
    ['CANCELED', 'PROVIDER_REFUSED', 'was cancelled'],
  ] as const)(
    'that is %s right after its submit is an error and is not submitted again unasked',
    async (status, code, words) => {
      const desk = await bench();
      desk.emulator.tasks.scriptNext({ status });
      const work = desk.provider.transcribe(desk.request(talk), calm);
      await expect(work).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
      expect(desk.paid()).toBe(1);
    },
  );

  test('that succeeded while its only sub-task failed is an error with the code of the sub-task', async () => {
    const desk = await bench({ settings: { subtaskCode: 'UNSUPPORTED_FORMAT' } });
    const work = desk.provider.transcribe(desk.request(talk, { speakers: 'auto' }), calm);
    await expect(work).rejects.toMatchObject({
      code: 'PROVIDER_REFUSED',
      message: expect.stringContaining('UNSUPPORTED_FORMAT'),
    });
    expect(desk.paid()).toBe(1);
  });

  test('that succeeded and names no result is an error', async () => {
    const desk = await bench();
    desk.emulator.tasks.scriptNext({ output: {} });
    const work = desk.provider.transcribe(desk.request(talk), calm);
    await expect(work).rejects.toMatchObject({
      code: 'PROVIDER_BAD_REPLY',
      message: expect.stringContaining('no result'),
    });
  });
});

describe('a result', () => {
  test('whose link has expired is asked of the task again, and not paid again', async () => {
    const desk = await bench({ settings: { expiredLinks: 2 } });
    expect(await texts(desk.provider, desk.request(talk))).toEqual(said());
    expect([desk.paid(), count(desk, 'result.get')]).toEqual([1, 3]);
    expect(desk.emulator.violations).toEqual([]);
  });

  test('whose links all have expired is an error after three', async () => {
    const desk = await bench({ settings: { expiredLinks: 99 } });
    const work = desk.provider.transcribe(desk.request(talk), calm);
    await expect(work).rejects.toMatchObject({ hint: expect.stringMatching(/./) });
    expect([desk.paid(), count(desk, 'result.get')]).toEqual([1, 3]);
  });

  test.each<[string, string]>([
    ['is no JSON', '{"transcripts": ['],
    ['has another form', '{"transcripts": "soon"}'],
  ])('that %s is fetched again through a fresh link', async (_, file) => {
    const desk = await bench({ settings: { spoiltFiles: [file] } });
    expect(await texts(desk.provider, desk.request(talk))).toEqual(said());
    expect([desk.paid(), count(desk, 'result.get')]).toEqual([1, 2]);
  });

  test.each<[string, Fault]>([
    ['is reset', { kind: 'reset', times: 2 }],
    ['is cut', { kind: 'cut', times: 2 }],
    ['meets a fault', { status: 500, times: 2 }],
    ['meets a rate limit', { status: 429, retryAfter: 3, times: 2 }],
  ])('whose download %s is downloaded again', async (_, fault) => {
    const desk = await bench();
    desk.emulator.fail('result.get', fault);
    expect(await texts(desk.provider, desk.request(talk))).toEqual(said());
    expect([desk.paid(), count(desk, 'result.get')]).toEqual([1, 3]);
    expect(desk.emulator.violations).toEqual([]);
  });
});

describe('a key', () => {
  test.each([
    ['unknown', 'sk-00000000000000000000000000000000'],
    ['of another region', singaporeKey],
  ])('%s is refused once, and the hint names the region in force and the setting behind it', async (_, apiKey) => {
    const desk = await bench({ options: { apiKey } });
    const error = await desk.provider.transcribe(desk.request(talk), calm).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({
      code: 'PROVIDER_AUTH',
      retryable: false,
      hint: expect.stringMatching(/key of the region in force.*DASHSCOPE_BASE_URL/s),
    });
    expect(JSON.stringify([error, (error as Error).stack])).not.toContain(apiKey);
    expect(desk.emulator.requests.map(({ endpoint }) => endpoint)).toEqual(['upload.policy']);
    const piece = desk.make({ model: 'qwen3-asr-flash' }).transcribe(desk.request(talk), calm);
    await expect(piece).rejects.toMatchObject({ code: 'PROVIDER_AUTH' });
    expect(count(desk, 'asr.call')).toBe(1);
  });

  test('of Singapore works in Singapore', async () => {
    const desk = await bench({ emulator: { region: 'ap-southeast-1' }, options: { apiKey: singaporeKey } });
    expect(await texts(desk.provider, desk.request(talk))).toEqual(said());
    expect(desk.emulator.violations).toEqual([]);
  });
});

describe('money', () => {
  test.each<[string, Fault]>([
    ['a bill that is open', { status: 400, code: 'Arrearage' }],
    ['a quota that is used up', { status: 403, code: 'AllocationQuota.FreeTierOnly' }],
    [
      'a quota that is used up, told as a rate limit',
      { status: 429, code: 'Throttling.AllocationQuota', message: 'Free allocated quota exceeded.' },
    ],
  ])('%s ends it at once', async (_, fault) => {
    const desk = await bench();
    desk.emulator.fail('asr.submit', { ...fault, times: 9 });
    const work = desk.provider.transcribe(desk.request(talk), calm);
    await expect(work).rejects.toMatchObject({ code: 'PROVIDER_QUOTA', retryable: false });
    expect(desk.paid()).toBe(1);
  });
});

describe('no speech', () => {
  test.each([
    ['told by the task', 'task', undefined],
    ['told by an empty transcript', 'empty', undefined],
    ['told by the task of fun-asr', 'task', 'auto'],
    ['told by its sub-task', 'subtask', 'auto'],
    ['told by an empty transcript of fun-asr', 'empty', 'auto'],
  ] as const)('%s is an empty transcript', async (_, noSpeech, speakers) => {
    const desk = await bench({ settings: { noSpeech } });
    const reply = await desk.provider.transcribe(desk.request(silence, { speakers }), calm);
    expect(reply).toMatchObject({ transcript: { segments: [] }, warnings: [] });
    expect(desk.paid()).toBe(1);
  });

  test('told by a failed task whose sub-task alone has the code is one too', async () => {
    const desk = await bench();
    const output = { results: [{ code: 'ASR_RESPONSE_HAVE_NO_WORDS', subtask_status: 'FAILED' }] };
    desk.emulator.tasks.scriptNext({ status: 'FAILED', output });
    const reply = await desk.provider.transcribe(desk.request(silence, { speakers: 'auto' }), calm);
    expect(reply).toMatchObject({ transcript: { segments: [] }, units: [] });
  });

  test.each(['empty-text', 'no-content', 'error'] as const)(
    'told by a call (%s) is one too',
    async (noSpeechInCall) => {
      const desk = await bench({ settings: { noSpeechInCall }, options: { model: 'qwen3-asr-flash' } });
      const reply = await desk.provider.transcribe(desk.request(silence), calm);
      expect(reply.transcript.segments).toEqual([]);
      expect(desk.paid()).toBe(1);
    },
  );
});

describe('a call with a piece', () => {
  test.each<[string, Fault, number]>([
    ['a rate limit', { status: 429, code: 'Throttling.RateQuota', times: 2 }, 3],
    ['a rate limit with a wait', { status: 429, code: 'Throttling.RateQuota', retryAfter: 4 }, 2],
    ['a fault', { status: 500, code: 'InternalError' }, 2],
  ])('is made again after %s', async (_, fault, calls) => {
    const desk = await bench({ options: { model: 'qwen3-asr-flash' } });
    desk.emulator.fail('asr.call', fault);
    expect(await texts(desk.provider, desk.request(talk))).toEqual([said().join(' ')]);
    expect(desk.paid()).toBe(calls);
  });

  test.each<[string, Fault, string]>([
    ['reset', { kind: 'reset-after' }, 'PROVIDER_UNREACHABLE'],
    ['cut', { kind: 'cut' }, 'PROVIDER_BAD_REPLY'],
    ['answered by a page', { kind: 'html' }, 'PROVIDER_BAD_REPLY'],
    ['left hanging', { kind: 'hang' }, 'PROVIDER_TIMEOUT'],
    ['refused under status 200', { kind: 'code-in-200', code: 'InvalidParameter' }, 'PROVIDER_REFUSED'],
  ])('that is %s is an error, and is not made again unasked', async (_, fault, code) => {
    const desk = await bench({ options: { model: 'qwen3-asr-flash', timeoutMs: 500 } });
    desk.emulator.fail('asr.call', fault);
    const work = desk.provider.transcribe(desk.request(talk), calm);
    await expect(work).rejects.toMatchObject({ code, hint: expect.stringMatching(/./) });
    expect(desk.paid()).toBe(1);
  });
});

describe('a task of an earlier run', () => {
  async function submitOnly(desk: Bench, speakers?: 'auto'): Promise<string> {
    const stop = new AbortController();
    let saved = '';
    const request = desk.request(talk, {
      speakers,
      async saveJob(id) {
        saved = id;
        stop.abort();
      },
    });
    await expect(desk.provider.transcribe(request, stop.signal)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    return saved;
  }

  test.each([undefined, 'auto'] as const)(
    'is asked for first: nothing is uploaded and nothing submitted (speakers: %s)',
    async (speakers) => {
      const desk = await bench();
      const pendingJob = await submitOnly(desk, speakers);
      const before = desk.emulator.requests.length;
      const reply = await desk.provider.transcribe(desk.request(talk, { pendingJob, speakers }), calm);
      expect(reply.transcript.segments.map(({ text }) => text).join(' ')).toBe(said().join(' '));
      const asked = new Set(desk.emulator.requests.slice(before).map(({ endpoint }) => endpoint));
      expect([...asked].sort()).toEqual(['result.get', 'task.query']);
      expect(desk.paid()).toBe(1);
    },
  );

  test('is saved before anything else is asked', async () => {
    const desk = await bench();
    const seen: number[] = [];
    const saveJob = async () => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      seen.push(count(desk, 'task.query'));
    };
    await desk.provider.transcribe(desk.request(talk, { saveJob }), calm);
    expect(seen).toEqual([0]);
  });

  test.each<[string, (desk: Bench) => void, string]>([
    ['is older than 24 hours', (desk) => desk.emulator.clock.advance(25 * 3_600_000), 'known'],
    ['is answered by 404', (desk) => desk.emulator.fail('task.query', { status: 404, code: 'NotFound' }), 'known'],
    ['is of another account', () => undefined, 'a-task-of-somebody-else'],
  ])('that %s is submitted anew', async (_, change, job) => {
    const desk = await bench();
    const known = await submitOnly(desk);
    change(desk);
    const pendingJob = job === 'known' ? known : job;
    const saved: string[] = [];
    const saveJob = async (id: string) => void saved.push(id);
    expect(await texts(desk.provider, desk.request(talk, { pendingJob, saveJob }))).toEqual(said());
    expect(saved).toHaveLength(1);
    expect(saved[0]).not.toBe(pendingJob);
    expect(desk.paid()).toBe(2);
  });

  test('that failed is submitted anew', async () => {
    const desk = await bench();
    desk.emulator.tasks.scriptNext({ status: 'FAILED', output: { code: 'FILE_404_NOT_FOUND', message: '' } });
    const pendingJob = await submitOnly(desk);
    expect(await texts(desk.provider, desk.request(talk, { pendingJob }))).toEqual(said());
    expect(desk.paid()).toBe(2);
  });

  test('is left alone when the key is refused', async () => {
    const desk = await bench();
    const pendingJob = await submitOnly(desk);
    const other = desk.make({ apiKey: `${defaultKey.slice(0, -1)}0` });
    await expect(other.transcribe(desk.request(talk, { pendingJob }), calm)).rejects.toMatchObject({
      code: 'PROVIDER_AUTH',
    });
    expect(desk.paid()).toBe(1);
  });
});
