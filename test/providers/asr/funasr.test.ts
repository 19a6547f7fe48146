import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createHttp } from '../../../src/net/client.js';
import type { RetryNotice } from '../../../src/net/http.js';
import { asrConformance } from '../../../src/providers/asr/conformance.js';
import { funasr } from '../../../src/providers/asr/funasr/index.js';
import { type Fault, runChecks } from '../../../src/providers/conformance.js';
import { type FunAsrEmulator, type FunAsrSettings, startFunAsr } from '../../emulators/funasr/server.js';
import { instantClock } from '../../net/clocks.js';
import { requirePrograms } from '../../support/engines.js';
import { calm, expectConformance, ffmpeg, noTracks, temporaryFolder } from '../support.js';
import { failure } from '../tts/qwen.support.js';
import { dialogue, ear, makeSilence, makeTalk, story, type Talk } from './qwen.support.js';

let [talk, other, silence, chinese]: (Talk | undefined)[] = [];
let certificate: { readonly key: string; readonly cert: string };

beforeAll(async () => {
  await requirePrograms('espeak-ng', 'ffmpeg', 'openssl');
  [talk, other] = [await asWave(await makeTalk(story)), await asWave(await makeTalk(dialogue))];
  silence = await asWave(await makeSilence());
  chinese = await asWave(await makeTalk([{ text: '今天天气很好。', afterMs: 300, tongue: 'chinese', language: 'zh' }]));
  certificate = await makeCertificate();
});

const toClose: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one.close();
});

async function asWave(talked: Talk): Promise<Talk> {
  const path = talked.path.replace('.flac', '-16.wav');
  await ffmpeg('-i', talked.path, '-c:a', 'pcm_s16le', path);
  return { ...talked, path, audio: { ...talked.audio, path, mediaType: 'audio/wav' } };
}

async function makeCertificate() {
  const folder = await temporaryFolder();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=funasr'];
  await promisify(execFile)('openssl', [...made, '-keyout', key, '-out', cert]);
  return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
}

async function start(changes: Partial<FunAsrSettings> = {}): Promise<FunAsrEmulator> {
  const emulator = await startFunAsr({ build: 'cpp', times: 'sentences', ...changes }, ear);
  toClose.push(emulator);
  return emulator;
}

function providerAt(url: string | undefined, options: object = {}, notices: RetryNotice[] = []) {
  const http = createHttp({ version: '1.2.3', random: () => 0.5, clock: instantClock(Date.now()) });
  toClose.push(http);
  const onRetry = (notice: RetryNotice) => void notices.push(notice);
  return funasr.create(funasr.options.parse({ url, ...options }), {
    scratch: '/nonexistent',
    http: async (scope) => http.scope({ ...scope, onRetry }),
  });
}

const listen = (provider: ReturnType<typeof providerAt>, { audio }: Talk, more: object = {}) =>
  provider.transcribe({ audio, ...noTracks, ...more }, calm);

const sample = (of: Talk) => ({
  request: { audio: of.audio, ...noTracks },
  words: of.lines.flatMap(({ text }) => text.toLowerCase().match(/[\p{L}']+/gu) ?? []),
  durationMs: of.durationMs,
});

const said = (text: string) => text.toLowerCase().match(/[\p{L}']+/gu);

describe.each([
  ['the C++ server', { build: 'cpp', times: 'sentences' }],
  ['the Python server', { build: 'python', times: 'words' }],
] as const)('asr funasr in front of %s', (_, settings) => {
  it('conforms', async () => {
    const emulator = await start(settings);
    const faults: Partial<Record<Fault, FunAsrSettings['fault']>> = {
      ...{ hang: 'hang', stall: 'hang', crash: 'reset', cut: 'cut', empty: 'empty', garbage: 'garbage' },
    };
    const results = await runChecks(asrConformance, {
      provider: providerAt(emulator.url),
      ...{ language: 'en', leastRecall: 0.95, secrets: [] },
      ...{ speech: sample(talk!), otherSpeech: sample(other!), silence: sample(silence!) },
      failing: async (fault) => {
        // It takes no key and has no words for a refusal.
        if (fault === 'refuse' || fault === 'auth') return undefined;
        const faulty = await start({ ...settings, fault: faults[fault] });
        if (fault === 'missing') await faulty.close();
        const timeoutMs = fault === 'hang' ? 300 : 60_000;
        return {
          provider: providerAt(faulty.url, { timeoutMs }),
          requests: async () => faulty.sessions,
          open: async () => faulty.open,
        };
      },
    });
    expectConformance(results, {
      'refuses a language it does not know, by name': 'it knows any language',
      'keeps secrets out of every error': 'the subject names no secrets',
      'never repeats a request that was refused for its key': 'the subject cannot make the fault "auth"',
      'passes a refusal on with its own words': 'the subject cannot make the fault "refuse"',
    });
    expect(emulator.violations).toEqual([]);
  });
});

describe('asr funasr', () => {
  it('has words with times where the model gives them, and none where it does not', async () => {
    for (const times of ['sentences', 'words', 'tags'] as const) {
      const emulator = await start({ times });
      const { transcript } = await listen(providerAt(emulator.url), talk!);
      const words = transcript.segments.flatMap((segment) => segment.words);
      const spoken = talk!.lines.map(({ text }) => text).join(' ');
      expect(said(transcript.segments.map(({ text }) => text).join(' '))).toEqual(said(spoken));
      if (times === 'tags') {
        expect(transcript).toMatchObject({ language: 'en', segments: [{ startMs: 0, endMs: talk!.durationMs }] });
        expect(words).toEqual([]);
      } else {
        expect(said(words.map(({ text }) => text).join(' '))).toEqual(said(spoken));
        expect(Math.abs(words[0]!.startMs - talk!.lines[0]!.startMs)).toBeLessThan(60);
      }
      expect(emulator.violations).toEqual([]);
    }
  });

  it('writes Chinese without spaces, with its times', async () => {
    const { transcript, warnings } = await listen(providerAt((await start()).url), chinese!);
    expect(transcript.language).toBe('zh');
    expect(transcript.segments.map(({ text }) => text).join('')).toBe('今天天气很好。');
    const words = transcript.segments.flatMap((segment) => segment.words);
    expect(words.map(({ text }) => text).join('')).toBe('今天天气很好。');
    expect(warnings).toEqual([]);
  });

  it('hears the Python server out, whether it is through before its answer or after', async () => {
    for (const endComes of ['before', 'after'] as const) {
      const emulator = await start({ build: 'python', endComes });
      const { transcript } = await listen(providerAt(emulator.url), talk!, { language: 'en' });
      expect(transcript.segments.length).toBeGreaterThan(0);
    }
  });

  it('says which language it took where nobody told it', async () => {
    const { warnings } = await listen(providerAt((await start()).url), talk!);
    expect(warnings).toEqual([expect.stringMatching(/did not say which language/)]);
  });

  it('talks again after a break, from the start of the piece, and tells it', async () => {
    const notices: RetryNotice[] = [];
    const emulator = await start({ fault: 'reset', faultTimes: 1 });
    const { transcript } = await listen(providerAt(emulator.url, {}, notices), talk!, { language: 'en' });
    expect(transcript.segments.length).toBeGreaterThan(0);
    expect(emulator.sessions).toBe(2);
    expect(notices).toMatchObject([{ attempt: 1, code: 'PROVIDER_BAD_REPLY' }]);
  });

  it('gives hot words as the server reads them', async () => {
    const emulator = await start();
    await listen(providerAt(emulator.url, { hotwords: { 'ill-disposed': 20 } }), talk!, { language: 'en' });
    expect(emulator.violations).toEqual([]);
  });

  it('takes a certificate that nobody signed only when told to', async () => {
    const emulator = await start({ certificate });
    const error = await failure(listen(providerAt(emulator.url), talk!));
    expect(error).toMatchObject({ code: 'PROVIDER_UNREACHABLE', hint: expect.stringContaining('"insecure": true') });
    const bare = emulator.url.replace('wss://', '');
    const { transcript } = await listen(providerAt(bare, { insecure: true }), talk!, { language: 'en' });
    expect(transcript.segments.length).toBeGreaterThan(0);
  });

  it('says what is missing, and what is there', async () => {
    expect(await providerAt(undefined).ready(calm)).toMatchObject({
      ready: false,
      hint: 'Set FUNASR_URL=wss://host:10095, or write --asr funasr:wss://host:10095.',
    });
    expect(await failure(listen(providerAt(undefined), talk!))).toMatchObject({ code: 'CONFIG_INVALID' });
    const emulator = await start();
    expect(await providerAt(emulator.url).ready(calm)).toMatchObject({ ready: true });
    const refusing = await start({ fault: 'refuse' });
    expect(await providerAt(refusing.url).ready(calm)).toMatchObject({ ready: false, code: 'PROVIDER_BAD_REPLY' });
    expect(() => providerAt('ws://a b')).toThrow(/does not hold the address/);
  });
});
