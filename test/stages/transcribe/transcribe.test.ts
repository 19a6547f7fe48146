import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Source } from '../../../src/domain/source.js';
import { DubError } from '../../../src/errors.js';
import { probeFile } from '../../../src/media/probe.js';
import { findMediaTools } from '../../../src/media/tools.js';
import type { AsrLimits, AsrProvider, AsrRequest } from '../../../src/providers/asr/contract.js';
import { noNotes } from '../../../src/providers/contract.js';
import type { StorageProvider } from '../../../src/providers/storage/contract.js';
import type { JobKeeper, StageContext } from '../../../src/stages/context.js';
import { type TranscribeOptions, transcribe } from '../../../src/stages/transcribe.js';
import { bench, makeTalk, story, type Talk, type TalkLine } from '../../providers/asr/qwen.support.js';
import { makeFolder, removeFolder } from '../../support/media.js';
import { makeContext, type RecordedContext } from '../../support/stage-context.js';

let folder: string;
let talk: Talk;
let source: Source;

beforeAll(async () => {
  talk = await makeTalk(story);
  source = await probeFile(talk.path, await findMediaTools(), new AbortController().signal);
});

beforeEach(async () => {
  folder = await makeFolder();
});

afterEach(() => removeFolder(folder));

/** Jobs as a work folder keeps them, in memory. */
function memory(): JobKeeper & { readonly jobs: Map<string, string> } {
  const jobs = new Map<string, string>();
  return {
    jobs,
    read: async (key) => jobs.get(JSON.stringify(key)),
    write: async (key, job) => void jobs.set(JSON.stringify(key), job),
  };
}

const options: TranscribeOptions = { label: 'qwen', shapedBy: 'test' };

function hear(of: Talk, provider: AsrProvider, storage: StorageProvider, ctx: StageContext, more: object = {}) {
  const sound = { durationMs: of.durationMs, speechPath: of.path };
  return transcribe(source, sound, provider, storage, { ...options, ...more }, ctx);
}

const none: StorageProvider = {
  stores: false,
  ready: async () => ({ ready: true, detail: 'nothing' }),
  put: () => Promise.reject(new DubError('PROVIDER_UNSUPPORTED', 'There is no store.', { hint: '--store' })),
  remove: async () => {},
};

function warnings({ events }: RecordedContext): string[] {
  return events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
}

describe('the whole sound', () => {
  test('is published for the model that is chosen, and recognised; the artefact names that model', async () => {
    const { provider, storage, emulator } = await bench();
    const transcript = await hear(talk, provider, storage, await makeContext(folder));
    expect(transcript.provider).toBe('qwen:qwen3-asr-flash-filetrans');
    expect(transcript.segments.map(({ text }) => text)).toEqual(talk.lines.map(({ text }) => text));
    expect(emulator.uploads.objects.map(({ model, mediaType }) => [model, mediaType])).toEqual([
      ['qwen3-asr-flash-filetrans', 'audio/flac'],
    ]);
    expect(emulator.violations).toEqual([]);
  });

  test('goes to the model that tells speakers when they are asked for', async () => {
    const { provider, storage } = await bench();
    const transcript = await hear(talk, provider, storage, await makeContext(folder), {
      speakers: 'auto',
      language: 'en',
    });
    expect(transcript.provider).toBe('qwen:fun-asr');
    expect(new Set(transcript.segments.map(({ speaker }) => speaker))).toEqual(new Set(['A']));
  });

  test('goes as MP3 when the store finds FLAC too large', async () => {
    const { provider, storage, emulator } = await bench();
    const { size } = await stat(talk.path);
    emulator.uploads.settings.maxFileSizeMb = (size - 1) / 1_048_576;
    const transcript = await hear(talk, provider, storage, await makeContext(folder));
    expect(transcript.segments).toHaveLength(story.length);
    expect(emulator.uploads.objects.map(({ mediaType }) => mediaType)).toEqual(['audio/mpeg']);
    expect(emulator.uploads.objects[0]!.bytes.length).toBeLessThan(size);
  });

  test('goes as MP3 to a model that takes no larger file', async () => {
    const { provider, storage, emulator } = await bench();
    const way = provider.choose!({ canPublish: true });
    const small: AsrProvider = { ...provider, choose: () => ({ ...way, limits: { ...way.limits, maxBytes: 1000 } }) };
    await hear(talk, small, storage, await makeContext(folder));
    expect(emulator.uploads.objects.map(({ mediaType }) => mediaType)).toEqual(['audio/mpeg']);
  });

  test('in a language that no model of the recogniser knows is refused before anything is sent', async () => {
    const { provider, storage, emulator } = await bench();
    const work = hear(talk, provider, storage, await makeContext(folder), { language: 'sw' });
    await expect(work).rejects.toMatchObject({
      code: 'PROVIDER_UNSUPPORTED',
      message: expect.stringContaining('Swahili'),
    });
    expect(emulator.requests).toEqual([]);
  });

  test('without speech is an error that says so', async () => {
    const { provider, storage } = await bench();
    const work = hear(await makeTalk([], 3000), provider, storage, await makeContext(folder));
    await expect(work).rejects.toMatchObject({ code: 'INPUT_NO_SPEECH' });
  });
});

test('lines past the end are handed on for `segment` to leave out and tell; nothing else is no speech', async () => {
  const lines = (...starts: number[]): AsrProvider => {
    const segments = starts.map((startMs) => ({
      id: String(startMs),
      startMs,
      endMs: startMs + 500,
      text: 'Hi',
      words: [],
    }));
    const reads = {
      needsUrl: false,
      times: 'segment',
      speakers: true,
      detectsLanguage: false,
      needsAudio: false,
    } as const;
    const limits: AsrLimits = { languages: 'any', ...reads };
    const reply = { ...noNotes, warnings: [], transcript: { language: 'en', segments } };
    return { limits, ready: none.ready, transcribe: async () => reply };
  };
  const hearAt = async (...starts: number[]) =>
    transcribe(
      source,
      { durationMs: 2000, speechPath: undefined },
      lines(...starts),
      none,
      options,
      await makeContext(folder),
    );
  expect((await hearAt(1800, 2000)).segments).toMatchObject([
    { startMs: 1800, endMs: 2000 },
    { startMs: 2000, endMs: 2500 },
  ]);
  await expect(hearAt(2000)).rejects.toMatchObject({ code: 'INPUT_NO_SPEECH' });
});

describe('a job', () => {
  test('is remembered the moment it is known, and asked for by the next run, which submits and uploads nothing', async () => {
    const desk = await bench();
    desk.emulator.fail('task.query', { kind: 'hang', times: 1 });
    const jobs = memory();
    const stop = new AbortController();
    const first = hear(talk, desk.provider, desk.storage, { ...(await makeContext(folder, stop.signal)), jobs });
    first.catch(() => undefined);
    while (desk.emulator.requestsTo('task.query').length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect([...jobs.jobs.values()][0]).toContain(desk.emulator.tasks.all[0]!.id);
    stop.abort();
    await expect(first).rejects.toMatchObject({ code: 'INTERRUPTED' });

    const again = await hear(talk, desk.provider, desk.storage, { ...(await makeContext(folder)), jobs });
    expect(again.segments).toHaveLength(story.length);
    expect([desk.paid(), desk.emulator.requestsTo('upload.post').length]).toEqual([1, 1]);
  });

  test('of another request is left alone', async () => {
    const desk = await bench();
    const jobs = memory();
    await hear(talk, desk.provider, desk.storage, { ...(await makeContext(folder)), jobs });
    await hear(talk, desk.provider, desk.storage, { ...(await makeContext(folder)), jobs }, { shapedBy: 'another' });
    await hear(
      talk,
      desk.provider,
      desk.storage,
      { ...(await makeContext(folder)), jobs },
      { speakers: 2, language: 'en' },
    );
    expect(desk.paid()).toBe(3);
    expect(jobs.jobs.size).toBe(3);
  });
});

/** A recogniser by URL that does what it is told, and a store that counts. */
function scene(work: (request: AsrRequest, signal: AbortSignal) => Promise<void>) {
  const stored = new Set<string>();
  const removed: string[] = [];
  const storage: StorageProvider = {
    stores: true,
    ready: none.ready,
    async put(path, { mediaType }) {
      const handle = `file ${stored.size + 1} ${mediaType}`;
      stored.add(handle);
      return { url: `https://host.invalid/${stored.size}`, handle, warnings: [`stored ${path.length > 0}`] };
    },
    async remove(handle) {
      removed.push(handle);
      if (!stored.delete(handle)) throw new Error('not there');
    },
  };
  const limits: AsrLimits = { ...base, needsUrl: true, times: 'segment' };
  const provider: AsrProvider = {
    limits,
    ready: none.ready,
    async transcribe(request, signal) {
      await work(request, signal);
      const segments = [{ id: '1', startMs: 0, endMs: 900, text: 'Hello.', words: [] }];
      return { ...noNotes, transcript: { language: 'en', segments } };
    },
  };
  return { stored, removed, storage, provider };
}

const base = { languages: 'any', speakers: false, detectsLanguage: true, needsAudio: true } as const;

describe('what is stored', () => {
  test('is removed when the job is done, and the store’s warnings are told', async () => {
    const { stored, storage, provider } = scene(async ({ publishAudio }, signal) => {
      expect(await publishAudio!('m', signal)).toBe('https://host.invalid/1');
      expect(stored.size).toBe(1);
    });
    const ctx = await makeContext(folder);
    await hear(talk, provider, storage, ctx);
    expect(stored.size).toBe(0);
    expect(warnings(ctx)).toEqual(['stored true']);
  });

  test('is removed when the job has failed for good', async () => {
    const { stored, storage, provider } = scene(async ({ publishAudio, saveJob }, signal) => {
      await publishAudio!('m', signal);
      await saveJob!('job-1');
      throw new DubError('PROVIDER_REFUSED', 'No.', { hint: 'h' });
    });
    const ctx = { ...(await makeContext(folder)), jobs: memory() };
    await expect(hear(talk, provider, storage, ctx)).rejects.toMatchObject({ code: 'PROVIDER_REFUSED' });
    expect(stored.size).toBe(0);
  });

  test.each(['PROVIDER_TIMEOUT', 'INTERRUPTED', 'PROVIDER_UNREACHABLE'] as const)(
    'stays while the job may still need it (%s), and the run that ends the job removes it',
    async (code) => {
      let runs = 0;
      const { stored, storage, provider } = scene(async ({ publishAudio, saveJob, pendingJob }, signal) => {
        runs++;
        if (runs === 2) return expect(pendingJob).toBe('job-1');
        await publishAudio!('m', signal);
        await saveJob!('job-1');
        throw new DubError(code, 'Not yet.', { hint: 'h', retryable: true });
      });
      const jobs = memory();
      await expect(hear(talk, provider, storage, { ...(await makeContext(folder)), jobs })).rejects.toMatchObject({
        code,
      });
      expect(stored.size).toBe(1);
      await hear(talk, provider, storage, { ...(await makeContext(folder)), jobs });
      expect(stored.size).toBe(0);
    },
  );

  test('is named when it cannot be removed, and the transcript is kept', async () => {
    const { stored, storage, provider } = scene(async ({ publishAudio }, signal) => {
      await publishAudio!('m', signal);
      stored.clear();
    });
    const ctx = await makeContext(folder);
    expect((await hear(talk, provider, storage, ctx)).segments).toHaveLength(1);
    expect(warnings(ctx).join()).toContain('file 1 audio/flac and could not be removed: not there');
  });
});

describe('sound in pieces', () => {
  const long: readonly TalkLine[] = [
    ...story,
    {
      text: 'And Mister John Dashwood had then leisure to consider how much there might be prudently in his power to do for them.',
      afterMs: 700,
    },
    { text: 'Unless to be rather cold-hearted and rather selfish is to be ill-disposed.', afterMs: 600 },
    { text: 'He might even have been made amiable himself.', afterMs: 4000 },
  ];
  let speech: Talk;

  beforeAll(async () => {
    speech = await makeTalk(long);
  });

  test('is recognised without a store: cut at pauses, each sentence near its time, long silence unsent', async () => {
    const { provider, emulator } = await bench();
    const ctx = await makeContext(folder);
    const transcript = await hear(speech, provider, none, ctx);
    expect(transcript).toMatchObject({ provider: 'qwen:qwen3-asr-flash', language: 'en' });
    expect(transcript.segments.map(({ text }) => text)).toEqual(long.map(({ text }) => text));
    for (const [index, line] of speech.lines.entries()) {
      const { startMs, endMs } = transcript.segments[index]!;
      expect(Math.abs(startMs - line.startMs)).toBeLessThan(400);
      expect(Math.abs(endMs - line.endMs)).toBeLessThan(400);
    }
    const calls = emulator.requestsTo('asr.call').length;
    expect(calls).toBeGreaterThan(1);
    const progress = ctx.events.flatMap((event) => (event.type === 'stage-progress' ? [event] : []));
    expect(progress).toHaveLength(calls);
    expect(progress.at(-1)!.done).toBe(progress.at(-1)!.total);
    expect(progress.at(-1)!.total).toBeLessThan(speech.durationMs - 2000);
    expect((await readdir(folder)).filter((name) => name.startsWith('piece-'))).toEqual([]);
    expect(emulator.violations).toEqual([]);
  });

  test('that fails in one place is not asked for again in the others', async () => {
    const desk = await bench({ options: { timeoutMs: 5000 } });
    desk.emulator.fail('asr.call', { kind: 'reset-after', after: 1 });
    const ctx = await makeContext(folder);
    await expect(hear(speech, desk.provider, none, ctx)).rejects.toMatchObject({ code: 'PROVIDER_UNREACHABLE' });
    const before = desk.paid();
    const transcript = await hear(speech, desk.provider, none, ctx);
    expect(transcript.segments).toHaveLength(long.length);
    const pieces = new Set(desk.emulator.requestsTo('asr.call').map(({ body }) => body.toString('base64'))).size;
    expect(desk.paid()).toBe(pieces + 1);
    expect(desk.paid() - before).toBeLessThan(pieces);
    await hear(speech, desk.provider, none, ctx);
    expect(desk.paid()).toBe(pieces + 1);
  });

  test('runs under the rate limit of the account without a refusal', async () => {
    const desk = await bench({ options: { requestsPerMinute: 30 } });
    desk.emulator.limit('asr.call', { perMinute: 30 });
    const transcript = await hear(speech, desk.provider, none, await makeContext(folder));
    expect(transcript.segments).toHaveLength(long.length);
    expect(desk.emulator.requestsTo('asr.call').map(({ status }) => status)).not.toContain(429);
  });

  test('is the way out when the store does not take the sound, and that is said', async () => {
    const { provider, emulator, storage } = await bench();
    emulator.fail('upload.policy', { status: 404, code: 'NotFound', message: 'Not found!', times: 9 });
    const ctx = await makeContext(folder);
    const transcript = await hear(speech, provider, storage, ctx);
    expect(transcript.provider).toBe('qwen:qwen3-asr-flash');
    expect(warnings(ctx).join()).toMatch(
      /could not be stored for qwen3-asr-flash-filetrans.*piece by piece by qwen3-asr-flash/s,
    );
    expect(emulator.requestsTo('asr.submit')).toEqual([]);
  });

  test('is no way out of a refused key', async () => {
    const { provider, emulator, storage } = await bench();
    emulator.fail('upload.policy', { status: 401, code: 'InvalidApiKey', message: 'Invalid API-key provided.' });
    const work = hear(speech, provider, storage, await makeContext(folder));
    await expect(work).rejects.toMatchObject({ code: 'PROVIDER_AUTH' });
    expect(emulator.requests).toHaveLength(1);
  });

  test('is no way out for a model that was named', async () => {
    const { make, emulator } = await bench();
    const work = hear(speech, make({ model: 'fun-asr' }), none, await makeContext(folder), { label: 'qwen:fun-asr' });
    await expect(work).rejects.toMatchObject({ code: 'PROVIDER_UNSUPPORTED', hint: '--store' });
    expect(emulator.requests).toEqual([]);
  });

  test('is WAV for a recogniser that wants it, in pieces no larger than it takes', async () => {
    const sizes: number[] = [];
    const provider: AsrProvider = {
      limits: { ...base, needsUrl: false, times: 'none', audioFormat: 'wav', maxBytes: 200_000, concurrency: 1 },
      ready: none.ready,
      async transcribe({ audio }) {
        expect(audio!.mediaType).toBe('audio/wav');
        sizes.push((await stat(audio!.path)).size);
        const segments = [{ id: '1', startMs: 0, endMs: audio!.durationMs, text: 'One. Two.', words: [] }];
        return { ...noNotes, transcript: { language: 'en', segments } };
      },
    };
    const transcript = await hear(speech, provider, none, await makeContext(folder), { label: 'mine' });
    expect(Math.max(...sizes)).toBeLessThanOrEqual(200_000);
    expect(sizes.length).toBeGreaterThan(3);
    expect(transcript.segments).toHaveLength(sizes.length * 2);
    expect(new Set(transcript.segments.map(({ id }) => id)).size).toBe(sizes.length * 2);
  });

  test('that is silent is not sent at all', async () => {
    const { provider, emulator } = await bench();
    const work = hear(await makeTalk([], 5000), provider, none, await makeContext(folder));
    await expect(work).rejects.toMatchObject({ code: 'INPUT_NO_SPEECH' });
    expect(emulator.requests).toEqual([]);
  });

  test('stops at an interruption', async () => {
    const { provider } = await bench();
    const stop = new AbortController();
    const ctx = await makeContext(folder, stop.signal);
    const work = hear(speech, provider, none, ctx);
    stop.abort();
    await expect(work).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

test('a damaged scratch file is an error of ffmpeg, not silence', async () => {
  const { provider } = await bench();
  const path = join(folder, 'speech.flac');
  await writeFile(path, 'no sound');
  const broken = { ...talk, path };
  await expect(hear(broken, provider, none, await makeContext(folder))).rejects.toMatchObject({
    code: 'FFMPEG_FAILED',
  });
  await rm(path);
});
