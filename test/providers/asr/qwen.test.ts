import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AsrSubject, asrConformance } from '../../../src/providers/asr/conformance.js';
import { type Fault, runChecks } from '../../../src/providers/conformance.js';
import { defaultKey } from '../../emulators/dashscope/server.js';
import { requirePrograms } from '../../support/engines.js';
import { calm, expectConformance, ffmpeg, limitFor, temporaryFolder } from '../support.js';
import { type Bench, bench, dialogue, makeSilence, makeTalk, story, type Talk } from './qwen.support.js';

let talk: Talk;
let other: Talk;
let silence: Talk;

beforeAll(async () => {
  await requirePrograms('ffmpeg', 'espeak-ng');
  [talk, other, silence] = [await makeTalk(story), await makeTalk(dialogue), await makeSilence()];
});

/** What each fault is at the emulator; `work` is the endpoint that is paid. */
function setFault({ emulator }: Bench, fault: Fault, work: string): void {
  emulator.heal();
  const times = Number.POSITIVE_INFINITY;
  const reply = work === 'asr.call' ? work : 'result.get';
  if (fault === 'hang' || fault === 'stall') emulator.fail(work, { kind: 'hang', times });
  if (fault === 'crash') emulator.fail(work, { kind: 'reset-after', times });
  if (fault === 'cut') emulator.fail(reply, { kind: 'cut', times });
  if (fault === 'empty') emulator.fail(reply, { kind: 'empty', times });
  if (fault === 'garbage') emulator.fail(reply, { kind: 'html', times });
  if (fault === 'refuse') emulator.fail(work, { status: 400, code: 'InvalidParameter', message: 'No.', times });
  if (fault === 'rate-limit') emulator.fail(work, { status: 429, code: 'Throttling.RateQuota', retryAfter: 2 });
}

describe.each([
  { model: 'qwen3-asr-flash-filetrans', work: 'asr.submit', pieces: false },
  { model: 'fun-asr', work: 'asr.submit', pieces: false },
  { model: 'qwen3-asr-flash', work: 'asr.call', pieces: true },
  { model: 'fun-asr-flash-2026-06-15', work: 'asr.call', pieces: true },
])('$model', ({ model, work, pieces }) => {
  let desk: Bench;

  beforeAll(async () => {
    desk = await bench({ options: { model }, untilTestEnds: false });
  });
  afterAll(() => desk.close());

  test('passes the suite of recognisers', async () => {
    const sample = (of: Talk) => ({
      request: desk.request(of),
      words: of.lines
        .flatMap(({ text }) => text.toLowerCase().match(/[\p{L}'-]+/gu) ?? [])
        .flatMap((word) => word.split('-')),
      durationMs: of.durationMs,
    });
    const subject: AsrSubject = {
      ...{ provider: desk.provider, language: 'en', leastRecall: 0.95, unknownLanguage: 'sw' },
      ...{ speech: sample(talk), otherSpeech: sample(other), silence: sample(silence) },
      secrets: [defaultKey, 'sk-00000000000000000000000000000000'],
      async failing(fault) {
        setFault(desk, fault, work);
        const before = desk.paid();
        const options =
          fault === 'missing'
            ? { apiKey: '' }
            : fault === 'auth'
              ? { apiKey: 'sk-00000000000000000000000000000000' }
              : { timeoutMs: fault === 'hang' ? limitFor(fault) : 60_000 };
        return {
          provider: desk.make(options),
          requests: async () => desk.paid() - before,
          open: async () => desk.emulator.open,
        };
      },
    };
    const results = await runChecks(asrConformance, subject);
    const canTell = { 'warns when it was asked for speakers and can tell none': 'it can tell speakers' };
    expectConformance(results, model === 'fun-asr' ? canTell : {});
    expect(desk.emulator.violations).toEqual([]);
  });

  test('refuses a file that is larger than a call takes, unsent', async () => {
    if (!pieces) return;
    const folder = await temporaryFolder();
    const path = join(folder, 'large.flac');
    await writeFile(path, Buffer.alloc(7_600_000));
    const audio = { path, mediaType: 'audio/flac', durationMs: 170_000 };
    const before = desk.paid();
    const large = desk.provider.transcribe({ ...desk.request(talk), audio }, calm);
    await expect(large).rejects.toMatchObject({ code: 'PROVIDER_UNSUPPORTED' });
    const long = desk.provider.transcribe(
      { ...desk.request(talk), audio: { ...talk.audio, durationMs: 200_000 } },
      calm,
    );
    await expect(long).rejects.toMatchObject({
      code: 'PROVIDER_UNSUPPORTED',
      message: expect.stringContaining('200 s'),
    });
    expect(desk.paid()).toBe(before);
  });
});

describe('the way', () => {
  test.each<[string, { language?: string; speakers?: number | 'auto'; canPublish?: boolean }, string]>([
    ['is the model for files by default', {}, 'qwen3-asr-flash-filetrans'],
    ['is fun-asr when speakers are asked for', { speakers: 'auto' }, 'fun-asr'],
    ['is fun-asr for a number of speakers', { speakers: 2, language: 'en' }, 'fun-asr'],
    ['is the default for one speaker', { speakers: 1 }, 'qwen3-asr-flash-filetrans'],
    [
      'is the default for speakers of a language that fun-asr does not know',
      { speakers: 2, language: 'tr' },
      'qwen3-asr-flash-filetrans',
    ],
    ['is fun-asr for a language that it knows alone', { language: 'hu' }, 'fun-asr'],
    ['is by pieces when nothing can be stored', { canPublish: false, speakers: 2 }, 'qwen3-asr-flash'],
  ])('%s', async (_, wish, model) => {
    const { provider } = await bench();
    const way = provider.choose!({ canPublish: true, ...wish });
    expect(way.model).toBe(model);
    expect(way.limits).toMatchObject({ needsUrl: model !== 'qwen3-asr-flash', speakers: model === 'fun-asr' });
  });

  test('knows every language that one of its models knows, and Filipino by either code', async () => {
    const { provider } = await bench();
    expect(provider.limits.languages).toEqual(expect.arrayContaining(['tr', 'hu', 'yue', 'fil', 'tl', 'nb']));
    expect(provider.choose!({ canPublish: true, language: 'fil' }).limits.languages).toContain('tl');
  });

  test('is the one that is named, whatever is asked', async () => {
    const { make } = await bench();
    const way = make({ model: 'qwen-audio-3.0-asr-flash-filetrans' }).choose!({ canPublish: false });
    expect(way).toMatchObject({ model: 'qwen-audio-3.0-asr-flash-filetrans', limits: { needsUrl: true } });
  });

  test('is none for a model that is called in another manner, and the hint names those that work', async () => {
    const { make } = await bench();
    expect(() => make({ model: 'qwen3-asr-flash-realtime' })).toThrowError(
      expect.objectContaining({
        code: 'PROVIDER_UNSUPPORTED',
        hint: expect.stringContaining('qwen3-asr-flash-filetrans'),
      }),
    );
  });

  test('says so when speakers were asked for and the model tells none', async () => {
    const { provider, request, emulator } = await bench();
    const reply = await provider.transcribe(request(talk, { speakers: 3, language: 'tr' }), calm);
    expect(reply.warnings).toEqual([
      'qwen3-asr-flash-filetrans cannot tell speakers apart: all lines are one speaker’s.',
    ]);
    expect(emulator.violations).toEqual([]);
  });
});

describe('sound', () => {
  test('is recognised behind a public link too', async () => {
    const { provider, request, emulator } = await bench();
    const link = emulator.results.publish(await readFile(talk.path), { mediaType: 'audio/flac', extension: 'flac' });
    const reply = await provider.transcribe(request(talk, { publishAudio: async () => link }), calm);
    expect(reply.transcript.segments.map(({ text }) => text)).toEqual(talk.lines.map(({ text }) => text));
    expect(emulator.requestsTo('asr.submit')[0]!.headers).not.toHaveProperty('x-dashscope-ossresourceresolve');
  });

  test('is heard, not looked up: MP3, another level and another order give other times', async () => {
    const { provider, request } = await bench();
    const folder = await temporaryFolder();
    const path = join(folder, 'late.mp3');
    await ffmpeg('-i', talk.path, '-af', 'adelay=1500,volume=0.4', '-b:a', '48k', path);
    const audio = { path, mediaType: 'audio/mpeg', durationMs: talk.durationMs + 1500 };
    const reply = await provider.transcribe(request({ ...talk, audio }), calm);
    for (const [index, line] of talk.lines.entries()) {
      expect(Math.abs(reply.transcript.segments[index]!.startMs - line.startMs - 1500)).toBeLessThan(40);
    }
  });
});
