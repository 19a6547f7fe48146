import { beforeAll, describe, expect, it } from 'vitest';
import { type Fault, runChecks } from '../../../src/providers/conformance.js';
import { ttsConformance } from '../../../src/providers/tts/conformance.js';
import type { TtsProvider, TtsRequest } from '../../../src/providers/tts/contract.js';
import { openai } from '../../../src/providers/tts/openai/index.js';
import { splitInput } from '../../../src/providers/tts/openai/split.js';
import { readWav } from '../../../src/sound/wav.js';
import type { Fault as Scripted } from '../../emulators/dashscope/faults.js';
import type { SoundKind } from '../../emulators/indextts/sound.js';
import { toneIn, toneOfName } from '../../emulators/indextts/tones.js';
import type { OpenAiSettings } from '../../emulators/openai/server.js';
import { requirePrograms } from '../../support/engines.js';
import { makeProvider, startServer } from '../openai.support.js';
import { calm, decodeSpeech, expectConformance, readSpeech } from '../support.js';
import { failure } from './qwen.support.js';

const shortText = 'Good morning.';
const longText = 'Good morning. Today we are going to talk about the weather in the mountains and on the coast.';
const key = 'oa-9c1f2e7d5b3a4860';

beforeAll(() => requirePrograms('espeak-ng', 'ffmpeg'));

const start = startServer;

function providerAt(url: string, options: Readonly<Record<string, unknown>> = {}): TtsProvider {
  return makeProvider(openai, { model: `tts-1@${url}`, ...options });
}

function line(text: string, request: Partial<TtsRequest> = {}): TtsRequest {
  return { text, language: 'en', voice: 'anna', ...request };
}

describe('tts openai', () => {
  it.each<Partial<OpenAiSettings>>([
    { key },
    { key, keyStatus: 403, prefix: '', format: 'always-wav', sound: 'placeholder', voiceList: 'strings' },
  ])('conforms, whatever the server is like: %j', async (changes) => {
    const emulator = await start(changes);
    const faults: Partial<Record<Fault, Scripted>> = {
      hang: { kind: 'hang', times: Infinity },
      stall: { kind: 'hang', times: Infinity },
      crash: { kind: 'reset-after', times: Infinity },
      cut: { kind: 'cut', times: Infinity },
      refuse: { status: 400, message: 'The input was rejected by our safety system', times: Infinity },
      auth: { status: 401, message: 'Incorrect API key provided', times: Infinity },
      'rate-limit': { status: 429, message: 'Rate limit reached', retryAfter: 2 },
    };
    const sounds: Partial<Record<Fault, SoundKind>> = { empty: 'none', silent: 'silence', garbage: 'garbage' };
    const results = await runChecks(ttsConformance, {
      provider: providerAt(emulator.url, { apiKey: key }),
      ...{ language: 'en', shortText, longText },
      secrets: [key],
      decode: readSpeech,
      failing: async (fault) => {
        const faulty = await start({ ...changes, sound: sounds[fault] ?? 'speech' });
        if (fault === 'missing') await faulty.close();
        const scripted = faults[fault];
        if (scripted !== undefined) faulty.fail('speech', scripted);
        const provider = providerAt(faulty.url, { apiKey: key, timeoutMs: fault === 'hang' ? 300 : 60_000 });
        return { provider, requests: async () => faulty.requestsTo('speech').length, open: async () => faulty.open };
      },
    });
    expectConformance(results, {
      'lists no voice for a language it does not speak, and refuses it by name': 'it speaks any language',
    });
    expect(emulator.violations).toEqual([]);
  });

  it('takes a host alone, a path, a pasted route, and no scheme', async () => {
    for (const prefix of ['/v1', '', '/openai/v1'] as const) {
      const emulator = await start({ prefix });
      const host = emulator.url.slice(0, emulator.url.length - prefix.length);
      const written = prefix === '/openai/v1' ? [emulator.url] : [host, `${host}/`, host.replace('http://', '')];
      for (const url of [...written, `${emulator.url}/audio/speech`]) {
        expect(toneIn((await providerAt(url).synthesize(line(shortText), calm)).audio)).toBe(toneOfName('anna'));
      }
    }
    expect(() => providerAt('http://me:secret@127.0.0.1:1/v1')).toThrow(/^The base URL does not hold the address/);
  });

  it('sends what is documented, and mends what comes back', async () => {
    const emulator = await start({ key, sound: 'placeholder' });
    const reply = await providerAt(emulator.url, { apiKey: key, instructions: 'calm' }).synthesize(
      line(longText, { rate: 1.25 }),
      calm,
    );
    const [request] = emulator.requestsTo('speech');
    expect(request!.json).toEqual({
      model: 'tts-1',
      input: longText,
      voice: 'anna',
      response_format: 'wav',
      speed: 1.25,
      instructions: 'calm',
    });
    expect(request!.headers.authorization).toBe(`Bearer ${key}`);
    expect(readWav(reply.audio)).toMatchObject({ warnings: [], sampleRate: 24_000 });
    expect(reply.units).toEqual([{ unit: 'character', count: longText.length, model: 'tts-1' }]);
  });

  it('understands MP3, WAV in its place, and PCM without a header', async () => {
    const plain = await readSpeech((await providerAt((await start()).url).synthesize(line(longText), calm)).audio);
    for (const [format, changes, mediaType] of [
      ['mp3', {}, 'audio/mpeg'],
      ['mp3', { format: 'always-wav' }, 'audio/wav'],
      ['pcm', {}, 'audio/wav'],
      ['wav', { format: 'no-wav' }, 'audio/mpeg'],
    ] as const) {
      const reply = await providerAt((await start(changes)).url, { format }).synthesize(line(longText), calm);
      expect(reply.mediaType).toBe(mediaType);
      const { durationMs } = await decodeSpeech(reply.audio);
      expect(Math.abs(durationMs - plain.durationMs)).toBeLessThan(120);
    }
  });

  it('leaves out a speed that the server refuses, and says so once', async () => {
    const emulator = await start({ speed: 'refused' });
    const provider = providerAt(emulator.url);
    const first = await provider.synthesize(line(shortText, { rate: 1.2 }), calm);
    expect(first.warnings.join()).toContain("lines come at the voice's natural rate");
    expect((await provider.synthesize(line(longText, { rate: 1.2 }), calm)).warnings).toEqual([]);
    expect(emulator.requestsTo('speech')).toHaveLength(3);
  });

  it('tells the language by name or by letter to those that want it', async () => {
    const named = await start({ language: 'name', models: ['Qwen3-TTS-12Hz'] });
    await providerAt(named.url, { model: `Qwen3-TTS-12Hz@${named.url}` }).synthesize(
      line('Buenos días.', { language: 'es-MX' }),
      calm,
    );
    expect(named.requestsTo('speech')[0]!.json).toMatchObject({ language: 'Spanish' });
    const kokoro = await start({ language: 'kokoro', voices: ['af_heart', 'em_alex'] });
    const provider = providerAt(kokoro.url);
    expect((await provider.voices('es', calm)).map(({ name }) => name)).toEqual(['em_alex']);
    await provider.synthesize(line('Buenos días.', { language: 'es', voice: 'em_alex' }), calm);
    await provider.synthesize(line('Buenos días.', { language: 'es', voice: 'af_heart' }), calm);
    expect(kokoro.requestsTo('speech').map(({ json }) => json)).toMatchObject([
      { stream: false },
      { stream: false, lang_code: 'e' },
    ]);
    expect([...named.violations, ...kokoro.violations]).toEqual([]);
  });

  it('splits a line that is above the limit of the server, known or told, at its sentences', async () => {
    const emulator = await start({ mostCharacters: 200 });
    const text = Array.from(
      { length: 6 },
      (_, index) => `This is sentence number ${index} of a line that is very long.`,
    ).join(' ');
    const reply = await providerAt(emulator.url).synthesize(line(text), calm);
    const asked = emulator.requestsTo('speech').map(({ json }) => (json as { input: string }).input);
    expect(asked[0]).toBe(text);
    expect(asked.slice(1).join(' ')).toBe(text);
    expect(Math.max(...asked.slice(1).map((input) => input.length))).toBeLessThanOrEqual(200);
    const { durationMs } = await readSpeech(reply.audio);
    expect(durationMs).toBeGreaterThan(10_000);
    expect(splitInput('好，'.repeat(30), 'zh', 21).every((piece) => piece.length <= 21)).toBe(true);
  });

  it('checks voices against the list, and takes those that are named where there is none', async () => {
    const emulator = await start({ voiceList: 'none', voices: ['custom'] });
    const named = providerAt(emulator.url, { asked: { '*': 'custom' } });
    expect((await named.voices('en', calm))[0]).toMatchObject({ name: 'custom' });
    await named.synthesize(line(shortText, { voice: 'custom' }), calm);
    const listed = await start();
    const error = await failure(
      providerAt(listed.url, { asked: { '*': 'anne' } }).synthesize(line(shortText, { voice: 'anne' }), calm),
    );
    expect(error).toMatchObject({ code: 'PROVIDER_UNSUPPORTED', hint: expect.stringContaining('anna') });
    expect(listed.requestsTo('speech')).toEqual([]);
  });

  it('asks once more for what is no speech, and not again when the account is used up', async () => {
    for (const sound of ['silence', 'short', 'runaway', 'page', 'json'] as const) {
      const emulator = await start({ sound });
      await failure(providerAt(emulator.url).synthesize(line(shortText), calm));
      expect(emulator.requestsTo('speech').length).toBeGreaterThanOrEqual(2);
    }
    const broke = await start();
    broke.fail('speech', {
      status: 429,
      code: 'insufficient_quota',
      message: 'You exceeded your current quota',
      times: Infinity,
    });
    expect(await failure(providerAt(broke.url).synthesize(line(shortText), calm))).toMatchObject({
      code: 'PROVIDER_QUOTA',
      retryable: false,
    });
    expect(broke.requestsTo('speech')).toHaveLength(1);
    const faulty = await start();
    faulty.fail('speech', { status: 500, message: 'The server had an error', times: Infinity });
    await failure(providerAt(faulty.url).synthesize(line(shortText), calm));
    expect(faulty.requestsTo('speech')).toHaveLength(2);
  });

  it('says what it found, and what is missing', async () => {
    const emulator = await start({ key });
    const ready = await providerAt(emulator.url, { apiKey: key, model: `tts-9@${emulator.url}` }).ready(calm);
    expect(ready).toMatchObject({ ready: true, detail: expect.stringContaining('tts-9 is not among them') });
    expect(await providerAt(emulator.url, { apiKey: 'oa-wrong' }).ready(calm)).toMatchObject({
      ready: false,
      code: 'PROVIDER_AUTH',
    });
    expect(await providerAt('https://api.openai.com/v1').ready(calm)).toMatchObject({
      ready: false,
      hint: expect.stringContaining('OPENAI_API_KEY'),
    });
    const edge = await start({ modelList: 'models' });
    expect(await providerAt(edge.url).ready(calm)).toMatchObject({
      ready: true,
      detail: expect.stringContaining('5 models'),
    });
  });
});
