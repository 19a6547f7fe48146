import { createReadStream } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createHttp } from '../../../src/net/client.js';
import type { Http } from '../../../src/net/http.js';
import { type AsrSubject, asrConformance } from '../../../src/providers/asr/conformance.js';
import type { AsrProvider, AsrRequest } from '../../../src/providers/asr/contract.js';
import { volcengine } from '../../../src/providers/asr/volcengine/index.js';
import { type Fault, runChecks } from '../../../src/providers/conformance.js';
import { type Endpoint, keys, startVolcengine, type VolcengineEmulator } from '../../emulators/volcengine/server.js';
import { instantClock } from '../../net/clocks.js';
import { calm, expectConformance, ffmpeg, limitFor, noTracks, temporaryFolder } from '../support.js';
import { dialogue, ear, makeSilence, makeTalk, story, type Talk } from './qwen.support.js';

let talk: Talk;
let other: Talk;
let silence: Talk;
/** Where published sound is fetched from, as from a bucket. */
let shelf: Server;
let emulator: VolcengineEmulator;
let http: Http;

/** The talk as the stage sends it: MP3. */
async function asMp3(of: Talk): Promise<Talk> {
  const path = join(await temporaryFolder(), 'talk.mp3');
  await ffmpeg('-i', of.path, '-c:a', 'libmp3lame', '-b:a', '48k', path);
  return { ...of, path, audio: { path, mediaType: 'audio/mpeg', durationMs: of.durationMs } };
}

beforeAll(async () => {
  [talk, other, silence] = (await Promise.all(
    [makeTalk(dialogue), makeTalk(story), makeSilence()].map(async (one) => asMp3(await one)),
  )) as [Talk, Talk, Talk];
  shelf = createServer((request, response) => void createReadStream(decodeURIComponent(request.url!)).pipe(response));
  await new Promise<void>((resolve) => shelf.listen(0, '127.0.0.1', resolve));
});

afterAll(() => void shelf.close());

beforeEach(async () => {
  emulator = await startVolcengine(ear);
  http = createHttp({ version: '1.2.3', clock: instantClock(Date.now()), random: () => 0.5 });
});

afterEach(async () => {
  await http.close();
  await emulator.close();
});

function make(options: Readonly<Record<string, unknown>> = {}): AsrProvider {
  const usual = { apiKey: keys.apiKey, baseUrl: emulator.url, pollMs: 10, ...options };
  const tools = { scratch: '', http: async (scope: Parameters<Http['scope']>[0]) => http.scope(scope) };
  return volcengine.create(volcengine.options.parse(usual), tools);
}

function request({ audio }: Talk, more: Partial<AsrRequest> = {}): AsrRequest {
  const { port } = shelf.address() as AddressInfo;
  return {
    ...{ audio, language: 'en', ...noTracks },
    publishAudio: async () => `http://127.0.0.1:${port}${encodeURI(audio.path)}`,
    ...more,
  };
}

const inline = (of: Talk): AsrRequest => ({ ...request(of), publishAudio: undefined }) as unknown as AsrRequest;

describe.each([
  { model: 'standard', work: 'submit' },
  { model: 'seed', work: 'submit' },
  { model: 'idle', work: 'submit' },
  { model: 'flash', work: 'flash' },
] as const)('$model', ({ model, work }) => {
  test('passes the suite of recognisers', async () => {
    const sample = (of: Talk) => ({
      request: model === 'flash' ? inline(of) : request(of),
      words: of.lines.flatMap(({ text }) => text.toLowerCase().match(/[\p{L}']+/gu) ?? []),
      durationMs: of.durationMs,
    });
    const subject: AsrSubject = {
      ...{ provider: make({ model }), language: 'en', leastRecall: 0.95, unknownLanguage: 'sw' },
      ...{ speech: sample(talk), otherSpeech: sample(other), silence: sample(silence) },
      secrets: [keys.apiKey, 'vk-wrong-key-000000'],
      async failing(fault) {
        setFault(fault, work);
        const before = emulator.requests(work);
        const options = { missing: { apiKey: '' }, auth: { apiKey: 'vk-wrong-key-000000' } }[
          fault as 'missing' | 'auth'
        ];
        return {
          provider: make({ model, timeoutMs: fault === 'hang' ? limitFor(fault) : 60_000, ...options }),
          requests: async () => emulator.requests(work) - before,
          open: async () => emulator.open,
        };
      },
    };
    const results = await runChecks(asrConformance, subject);
    expectConformance(results, { 'warns when it was asked for speakers and can tell none': 'it can tell speakers' });
    expect(emulator.violations).toEqual([]);
  });
});

/** What each fault is at the emulator. */
function setFault(fault: Fault, work: Endpoint): void {
  emulator.heal();
  const times = Number.POSITIVE_INFINITY;
  if (fault === 'hang' || fault === 'stall') emulator.fail(work, { kind: 'hang', times });
  if (fault === 'crash') emulator.fail(work === 'flash' ? work : 'query', { kind: 'reset', times });
  if (fault === 'cut')
    emulator.fail(work === 'flash' ? work : 'query', { kind: work === 'flash' ? 'cut' : 'html', times });
  if (fault === 'empty')
    emulator.fail(work === 'flash' ? work : 'query', { kind: work === 'flash' ? 'empty' : 'html', times });
  if (fault === 'garbage') emulator.fail(work, { kind: 'html', times });
  if (fault === 'refuse') emulator.fail(work, { kind: 'code', code: 45_000_151, message: 'bad format', times });
}

describe('volcengine', () => {
  test('takes the call that brings the sound along where nothing can be published', () => {
    const provider = make();
    expect(provider.choose!({ canPublish: true }).model).toBe('standard');
    expect(provider.choose!({ canPublish: false })).toMatchObject({ model: 'flash', limits: { needsUrl: false } });
    expect(make({ model: 'seed' }).choose!({ canPublish: false }).model).toBe('seed');
  });

  test('tells sentences, words and speakers from "1" on, by whichever name they come', async () => {
    for (const speakerAs of ['speaker', 'speaker_id', 'number'] as const) {
      emulator.behaviour.speakerAs = speakerAs;
      const { transcript } = await make().transcribe(request(talk, { speakers: 'auto' }), calm);
      expect(transcript.segments.map(({ text, speaker }) => [speaker, text])).toEqual([
        ['A', dialogue[0]!.text],
        ['B', dialogue[1]!.text],
        ['A', dialogue[2]!.text],
      ]);
      transcript.segments.forEach((segment, index) => {
        expect(Math.abs(segment.startMs - talk.lines[index]!.startMs)).toBeLessThan(60);
        expect(segment.words.length).toBeGreaterThan(5);
      });
    }
    expect(emulator.violations).toEqual([]);
  });

  test('keeps a sentence whose words or times are odd, and drops the words', async () => {
    Object.assign(emulator.behaviour, { oddWords: true, untimed: true });
    const { transcript } = await make().transcribe(request(talk), calm);
    expect(transcript.segments.map(({ text }) => text)).toEqual(dialogue.map(({ text }) => text));
    const words = transcript.segments.flatMap((segment) => segment.words);
    expect(words.every(({ text, startMs, endMs }) => text.trim() !== '' && startMs >= 0 && endMs > startMs)).toBe(true);
    expect(words.map(({ text }) => text)).not.toContain('um');
    expect(transcript.segments[1]!.startMs).toBeGreaterThan(transcript.segments[0]!.endMs - 50);
  });

  test('says the language it must be told, and the rest that the service does not do by itself', async () => {
    await make({ words: ['Scotland'] }).transcribe(request(talk, { language: 'en-GB', speakers: 2 }), calm);
    expect(emulator.bodies[0]).toMatchObject({
      audio: { format: 'mp3', language: 'en-US' },
      request: { enable_punc: true, enable_itn: true, show_utterances: true, enable_speaker_info: true },
    });
    expect(emulator.bodies[0]).toHaveProperty('request.corpus.context', '{"hotwords":[{"word":"Scotland"}]}');
    const untold = await make().transcribe(request(talk, { language: undefined }), calm);
    expect(emulator.bodies[1]).not.toHaveProperty('audio.language');
    expect(untold.transcript.language).toBe('en');
    expect(untold.warnings.join()).toContain('hears Chinese or English');
  });

  test('signs in by the old console’s pair as well', async () => {
    const provider = make({ apiKey: undefined, appKey: keys.appKey, accessKey: keys.accessKey });
    expect((await provider.transcribe(request(talk), calm)).transcript.segments).toHaveLength(3);
  });

  test('saves the task before it is submitted, and asks for it instead of paying again', async () => {
    const saved: string[] = [];
    const saveJob = async (id: string) => {
      expect(emulator.requests('submit')).toBe(0);
      saved.push(id);
    };
    emulator.behaviour.working = 2;
    await make().transcribe(request(talk, { saveJob }), calm);
    const again = await make().transcribe(request(talk, { pendingJob: saved[0] }), calm);
    expect(again.transcript.segments).toHaveLength(3);
    expect(emulator.paid).toBe(1);
  });

  test('asks for a task whose submit was lost on the way back, and does not submit it twice', async () => {
    emulator.fail('submit', { kind: 'reset-after' });
    expect((await make().transcribe(request(talk), calm)).transcript.segments).toHaveLength(3);
    expect([emulator.paid, emulator.requests('submit')]).toEqual([1, 1]);
  });

  test('says that a submit was lost when the service never got it', async () => {
    emulator.fail('submit', { kind: 'reset' });
    await expect(make().transcribe(request(talk), calm)).rejects.toMatchObject({
      code: 'PROVIDER_UNREACHABLE',
      retryable: true,
    });
    expect(emulator.paid).toBe(0);
  });

  test('submits anew when the service knows an earlier task no longer', async () => {
    const pendingJob = '00000000-0000-4000-8000-000000000000';
    const { transcript } = await make().transcribe(request(talk, { pendingJob }), calm);
    expect(transcript.segments).toHaveLength(3);
    expect(emulator.paid).toBe(1);
  });

  test('waits when the service is busy, and gives up on a bad parameter at once', async () => {
    emulator.fail('submit', { kind: 'code', code: 55_000_031, times: 2 });
    await make().transcribe(request(talk), calm);
    expect(emulator.requests('submit')).toBe(3);
    emulator.fail('submit', { kind: 'code', code: 45_000_001, message: 'no such field', times: 9 });
    await expect(make().transcribe(request(talk), calm)).rejects.toMatchObject({
      code: 'PROVIDER_REFUSED',
      message: expect.stringMatching(/^Volcengine refused \(45000001\): no such field \(log log-/),
    });
    expect(emulator.requests('submit')).toBe(4);
  });

  test('tells a wrong key from a service that is not switched on', async () => {
    await expect(make({ apiKey: 'vk-other' }).transcribe(request(talk), calm)).rejects.toMatchObject({
      code: 'PROVIDER_AUTH',
      message: expect.stringContaining('does not know the key'),
    });
    emulator.fail('submit', { kind: 'http', status: 403, message: 'requested resource not granted', times: 9 });
    await expect(make().transcribe(request(talk), calm)).rejects.toMatchObject({
      code: 'PROVIDER_AUTH',
      message: expect.stringContaining('may not use volc.bigasr.auc'),
    });
  });

  test('bills the seconds of the sound under the service’s resource', async () => {
    const { units, requestIds } = await make().transcribe(request(talk), calm);
    expect(units).toEqual([{ unit: 'second', count: Math.ceil(talk.durationMs / 1000), model: 'volc.bigasr.auc' }]);
    expect(requestIds[1]).toMatch(/^log-/);
  });
});
