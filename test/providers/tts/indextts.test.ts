import { beforeAll, describe, expect, it } from 'vitest';
import { type Fault, runChecks } from '../../../src/providers/conformance.js';
import { ttsConformance } from '../../../src/providers/tts/conformance.js';
import type { TtsProvider, VoiceSample } from '../../../src/providers/tts/contract.js';
import type { Fault as Scripted } from '../../emulators/dashscope/faults.js';
import type { ServerKind, ServerSettings } from '../../emulators/indextts/server.js';
import type { SoundKind } from '../../emulators/indextts/sound.js';
import { toneGrid, toneIn, toneOfName } from '../../emulators/indextts/tones.js';
import { requirePrograms } from '../../support/engines.js';
import { expectConformance, readSpeech, temporaryFolder } from '../support.js';
import { calm, line, makeSample, providerOf, startServer, testKey } from './indextts.support.js';
import { failure } from './qwen.support.js';

const shortText = 'Good morning.';
const longText = 'Good morning. Today we are going to talk about the weather in the mountains and on the coast.';

let folder: string;
let sample: VoiceSample;
let other: VoiceSample;

beforeAll(async () => {
  await requirePrograms('espeak-ng');
  folder = await temporaryFolder();
  sample = await makeSample(folder, 'sample', toneGrid[3]!, { consent: 'form 17 of 2026' });
  other = await makeSample(folder, 'other', toneGrid[15]!, { consent: 'form 18 of 2026' });
});

/** Voices by name for servers that have none themselves. */
function voicesFor(kind: ServerKind): Readonly<Record<string, unknown>> {
  if (kind === 'vllm2') return { voices: { anna: 'server:/srv/voices/anna.wav' } };
  if (kind === 'upload' || kind === 'gradio' || kind === 'omni')
    return { voices: { anna: sample.path }, consent: 'form 17' };
  return {};
}

describe.each<[ServerKind, Partial<ServerSettings>]>([
  ['tts-service', {}],
  ['vllm1', {}],
  ['vllm2', {}],
  ['upload', {}],
  ['gradio', {}],
  ['omni', {}],
  ['openai', {}],
])('indextts by %s %j', (kind, changes) => {
  const faults: Partial<Record<Fault, Scripted>> = {
    hang: { kind: 'hang', times: Infinity },
    stall: { kind: 'hang', times: Infinity },
    crash: { kind: 'reset-after', times: Infinity },
    cut: { kind: 'cut', times: Infinity },
    refuse: { status: 400, message: 'no such words here', times: Infinity },
    auth: { status: 401, message: 'Invalid API key', times: Infinity },
    'rate-limit': { status: 429, retryAfter: 1 },
  };
  const sounds: Partial<Record<Fault, SoundKind>> = { empty: 'none', silent: 'silence', garbage: 'garbage' };

  it('conforms', async () => {
    const emulator = await startServer(kind, { ...changes, key: testKey });
    const options = { ...voicesFor(kind), apiKey: testKey, dialect: kind };
    const results = await runChecks(ttsConformance, {
      provider: providerOf([emulator], options),
      ...{ language: 'en', shortText, longText, unspokenLanguage: 'fr' },
      secrets: [testKey],
      decode: readSpeech,
      failing: async (fault) => {
        const faulty = await startServer(kind, { ...changes, key: testKey, sound: sounds[fault] ?? 'speech' });
        if (fault === 'missing') await faulty.close();
        const scripted = faults[fault];
        if (scripted !== undefined) faulty.fail('speak', scripted);
        const provider = providerOf([faulty], { ...options, timeoutMs: fault === 'hang' ? 300 : 60_000 });
        return { provider, requests: async () => faulty.requestsTo('speak').length, open: async () => faulty.open };
      },
    });
    expectConformance(results, {});
    expect(emulator.violations).toEqual([]);
  });

  it('is found out by GET requests alone, with and without a description', async () => {
    for (const openapi of [true, false]) {
      const emulator = await startServer(kind, { ...changes, openapi });
      const { ready, detail } = await providerOf([emulator], voicesFor(kind)).ready(calm);
      expect({ ready, detail }).toEqual({ ready: true, detail: expect.stringContaining(kind) });
      expect(emulator.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
    }
  });

  it('is not ready while the model loads, whatever the status says', async () => {
    for (const health of kind === 'tts-service' ? (['loading', 'sick'] as const) : (['sick'] as const)) {
      const emulator = await startServer(kind, { ...changes, health });
      for (const dialect of ['auto', kind]) {
        const readiness = await providerOf([emulator], { dialect }).ready(calm);
        expect(readiness).toMatchObject({ ready: false, loading: true, code: 'PROVIDER_BUSY' });
        expect(readiness.hint).toContain('--wait-ready');
      }
    }
  });
});

describe('voices', () => {
  it.each<ServerKind>(['tts-service', 'upload', 'gradio', 'omni'])(
    '%s speaks with the voice of each sample, and is sent each once',
    async (kind) => {
      const emulator = await startServer(kind);
      const provider = providerOf([emulator]);
      const say = async (voice: VoiceSample) =>
        toneIn((await provider.synthesize(line(longText, { sample: voice, voice: 'A' }), calm)).audio);
      expect(await Promise.all([say(sample), say(other), say(sample)])).toEqual([
        toneGrid[3],
        toneGrid[15],
        toneGrid[3],
      ]);
      expect(emulator.requestsTo('upload')).toHaveLength(kind === 'tts-service' ? 0 : 2);
      expect(emulator.violations).toEqual([]);
    },
  );

  it('a path on the server is a voice to those that read their own disk', async () => {
    for (const kind of ['vllm1', 'vllm2', 'upload'] as const) {
      const emulator = await startServer(kind);
      const provider = providerOf([emulator], { asked: { '*': 'server:/srv/voices/ben.wav' } });
      expect((await provider.voices('en', calm)).map(({ name }) => name)).toContain('server:/srv/voices/ben.wav');
      const reply = await provider.synthesize(line(longText, { voice: 'server:/srv/voices/ben.wav' }), calm);
      expect(toneIn(reply.audio)).toBe(toneOfName('/srv/voices/ben.wav'));
      expect(emulator.violations).toEqual([]);
    }
  });

  it('a sample for a server that takes none is refused with what to do', async () => {
    for (const kind of ['vllm1', 'vllm2'] as const) {
      const emulator = await startServer(kind);
      const provider = providerOf([emulator]);
      await provider.ready(calm);
      expect(provider.limits.sample).toBeUndefined();
      const error = await failure(provider.synthesize(line(longText, { sample }), calm));
      expect(error).toMatchObject({
        code: 'PROVIDER_UNSUPPORTED',
        hint: expect.stringContaining('cannot take uploads; give --voice a path on the server'),
      });
      expect(emulator.requestsTo('speak')).toEqual([]);
    }
  });

  it('an upload route that is not there is said, and no other voice is taken', async () => {
    const emulator = await startServer('vllm2');
    const error = await failure(
      providerOf([emulator], { dialect: 'upload' }).synthesize(line(longText, { sample }), calm),
    );
    expect(error).toMatchObject({
      code: 'PROVIDER_UNSUPPORTED',
      message: expect.stringContaining('cannot take uploads'),
    });
    expect(emulator.requestsTo('speak')).toEqual([]);
  });

  it('vLLM-Omni keeps a voice under the hash of its sample, and a later run finds it', async () => {
    const emulator = await startServer('omni');
    for (let run = 0; run < 2; run++) await providerOf([emulator]).synthesize(line(longText, { sample }), calm);
    expect(emulator.requestsTo('upload')).toHaveLength(1);
    expect(emulator.requestsTo('upload')[0]!.body.toString('latin1')).toContain('form 17 of 2026');
    expect(emulator.requestsTo('speak')[0]!.json).toMatchObject({
      voice: `dub_${sample.sha256.slice(0, 24)}`,
      extra_params: { lang: 'en' },
    });
    expect(emulator.violations).toEqual([]);
  });

  it('vLLM-Omni without consent is refused before anything is sent; with its shelf full, the sample goes along', async () => {
    const emulator = await startServer('omni', { mostVoices: 0 });
    const error = await failure(
      providerOf([emulator]).synthesize(line(longText, { sample: { ...sample, consent: undefined } }), calm),
    );
    expect(error).toMatchObject({
      code: 'PROVIDER_UNSUPPORTED',
      hint: expect.stringContaining('--voice-consent TEXT'),
    });
    expect(emulator.requestsTo('upload')).toEqual([]);
    const reply = await providerOf([emulator]).synthesize(line(longText, { sample }), calm);
    expect(toneIn(reply.audio)).toBe(toneGrid[3]);
    expect(reply.warnings.join()).toContain('keeps no more voices');
    expect(emulator.violations).toEqual([]);
  });

  it('samples shorter than a second are refused, longer than 15 s are cut, and both are said', async () => {
    const emulator = await startServer('upload');
    const provider = providerOf([emulator]);
    const { readFile, writeFile } = await import('node:fs/promises');
    const whole = await readFile(sample.path);
    await writeFile(`${folder}/tiny.wav`, whole.subarray(0, 44 + 24_000));
    const tiny = { path: `${folder}/tiny.wav`, sha256: 't', durationMs: 500 };
    expect(await failure(provider.synthesize(line(longText, { sample: tiny }), calm))).toMatchObject({
      code: 'PROVIDER_UNSUPPORTED',
    });
    const times = Array.from({ length: 5 }, () => whole.subarray(44));
    await writeFile(
      `${folder}/long.wav`,
      Buffer.concat([whole.subarray(0, 40), Buffer.from([255, 255, 255, 255]), ...times]),
    );
    const long = { path: `${folder}/long.wav`, sha256: 'l', durationMs: 25_000 };
    const reply = await provider.synthesize(line(longText, { sample: long }), calm);
    expect(reply.warnings.join()).toContain('the first 15 s of a voice sample only');
    expect(emulator.requestsTo('upload')[0]!.body.length).toBeLessThan(15.1 * 48_000);
  });
});

describe('the wire', () => {
  it('tts-service is given a length, a language and a link, and its links are followed wherever they lead', async () => {
    for (const reply of ['relative', 'absolute', 'container', 'elsewhere'] as const) {
      const emulator = await startServer('tts-service', { reply, key: testKey });
      const provider = providerOf([emulator], { apiKey: testKey });
      expect(toneIn((await provider.synthesize(line(longText), calm)).audio)).toBe(toneOfName('jay'));
      const { json, headers } = emulator.requestsTo('speak')[0]!;
      expect(json).toMatchObject({ text: longText, speaker_id: 'jay', language: 'en', output_format: 'wav' });
      expect(headers).toMatchObject({ 'x-api-key': testKey, authorization: `Bearer ${testKey}` });
      expect(emulator.violations).toEqual([]);
    }
  });

  it.each(['2.5', '2', '2025', 'nameless', '3'] as const)(
    'the WebUI of %s is called by what its inputs are for',
    async (webui) => {
      for (const update of [true, false]) {
        const emulator = await startServer('gradio', { webui, update });
        const provider = providerOf([emulator]);
        expect(toneIn((await provider.synthesize(line(longText, { sample }), calm)).audio)).toBe(toneGrid[3]);
        const speaks = webui === '2.5' || webui === 'nameless' ? ['zh', 'en', 'ja', 'es', 'ar'] : ['zh', 'en'];
        expect(provider.limits).toMatchObject({ languages: speaks });
        expect(provider.limits.rate).toEqual(speaks.length > 2 ? { min: 0.5, max: 2 } : undefined);
        expect(emulator.violations).toEqual([]);
      }
    },
  );

  it.each<ServerKind>(['gradio', 'omni'])('%s with 2.5 speaks faster when it is asked to', async (kind) => {
    const emulator = await startServer(kind);
    const provider = providerOf([emulator]);
    const lengthAt = async (rate: number) =>
      (await readSpeech((await provider.synthesize(line(longText, { sample, rate }), calm)).audio)).durationMs;
    const [usual, fast] = [await lengthAt(1), await lengthAt(1.6)];
    expect(usual / fast).toBeGreaterThan(1.35);
    expect(emulator.violations).toEqual([]);
  });

  it('marks of pronunciation are taken out of a text', async () => {
    const emulator = await startServer('vllm1');
    await providerOf([emulator]).synthesize(line('Good <morning>, every|one.'), calm);
    expect(emulator.requestsTo('speak')[0]!.json).toMatchObject({ text: 'Good morning , every one.' });
  });

  it.each<ServerKind>(['tts-service', 'vllm1', 'vllm2', 'upload', 'omni', 'openai'])(
    'a wrong key shows before anything is paid, though health is open to all: %s',
    async (kind) => {
      const emulator = await startServer(kind, { key: testKey });
      const provider = providerOf([emulator], { apiKey: 'another' });
      const asked = async () => {
        const { ready, code } = await provider.ready(calm);
        return ready ? (await failure(provider.voices('en', calm))).code : code;
      };
      expect(await asked()).toBe('PROVIDER_AUTH');
      expect(emulator.requests.every(({ method }) => method === 'GET')).toBe(true);
    },
  );

  it('a voice that is asked for by name is taken for one where the server lists none', async () => {
    const emulator = await startServer('openai', { lists: false });
    const provider = providerOf([emulator], { asked: { A: 'jay', B: 'anna.wav', C: 'clone' } });
    expect((await provider.voices('en', calm)).map(({ name }) => name)).toEqual(['jay']);
    expect((await provider.synthesize(line(longText), calm)).audio.length).toBeGreaterThan(1000);
  });

  it('a language that the served model does not speak is refused before anything is sent', async () => {
    const emulator = await startServer('upload');
    const provider = providerOf([emulator]);
    expect(await provider.voices('es', calm)).toEqual([]);
    const error = await failure(provider.synthesize(line('Buenos días.', { language: 'es', sample }), calm));
    expect(error).toMatchObject({ code: 'PROVIDER_UNSUPPORTED', message: expect.stringContaining('it speaks zh, en') });
    expect(emulator.requestsTo('speak')).toEqual([]);
    const told: TtsProvider = providerOf([emulator], { model: '2.5' });
    await told.synthesize(line('Buenos días a todos.', { language: 'es', sample }), calm);
    expect(emulator.requestsTo('speak')).toHaveLength(1);
  });

  it('a traceback is told by its last line', async () => {
    const emulator = await startServer('vllm1');
    const error = await failure(
      providerOf([emulator], { asked: { A: 'server:/gone.wav' } }).synthesize(
        line(longText, { voice: 'server:/gone.wav' }),
        calm,
      ),
    );
    expect(error).toMatchObject({
      code: 'PROVIDER_BAD_REPLY',
      message: expect.stringContaining('FileNotFoundError: /gone.wav'),
    });
    expect(error.message).not.toContain('Traceback');
    expect(emulator.requestsTo('speak')).toHaveLength(2);
  });
});
