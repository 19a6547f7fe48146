import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createHttp } from '../../../src/net/client.js';
import { type Fault, runChecks } from '../../../src/providers/conformance.js';
import { ttsConformance } from '../../../src/providers/tts/conformance.js';
import type { VoiceSample } from '../../../src/providers/tts/contract.js';
import { cosyvoice } from '../../../src/providers/tts/cosyvoice/index.js';
import { durationOf, readSpeech } from '../../../src/providers/vendors/dashscope/speech/sound.js';
import { cosyvoiceSettings, cosyvoice as part } from '../../emulators/dashscope/cosyvoice.js';
import type { Fault as Scripted } from '../../emulators/dashscope/faults.js';
import { defaultKey, startEmulator } from '../../emulators/dashscope/server.js';
import { speakAloud, toWave } from '../../emulators/dashscope/speech.js';
import { instantClock } from '../../net/clocks.js';
import { calm, decodeSpeech, expectConformance, limitFor, temporaryFolder } from '../support.js';

const toClose: { close(): Promise<unknown> }[] = [];
let sample: VoiceSample;

beforeAll(async () => {
  const text = 'He was not an ill disposed young man, unless to be rather cold hearted is to be ill disposed.';
  const order = { language: 'english', text, voice: 'me', man: true, speed: 1, sampleRate: 24_000 };
  const bytes = toWave(await speakAloud(order), 24_000, 'true');
  const path = join(await temporaryFolder(), 'sample.wav');
  await writeFile(path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  sample = { path, sha256, durationMs: Math.round((bytes.length - 44) / 48), language: 'en' };
});

afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one.close();
});

async function bench(options: Record<string, unknown> = {}, settings = cosyvoiceSettings()) {
  const emulator = await startEmulator({ parts: [part(settings)] });
  const http = createHttp({ version: '1.2.3', clock: instantClock(Date.now()), random: () => 0.5 });
  toClose.push(http, emulator);
  const tools = { scratch: '', http: async (scope: Parameters<typeof http.scope>[0]) => http.scope(scope) };
  const given = { apiKey: defaultKey, baseUrl: emulator.url, ...options };
  return { emulator, settings, provider: cosyvoice.create(cosyvoice.options.parse(given), tools) };
}

const text = 'Buenos días.';
const longText = 'Buenos días. Hoy vamos a hablar del tiempo que hace en las montañas y en la costa.';
const lengthOf = ({ audio }: { audio: Uint8Array }) => durationOf(readSpeech(audio)!);

describe('cosyvoice', () => {
  const faults: Partial<Record<Fault, readonly [endpoint: string, fault: Scripted]>> = {
    hang: ['cosy', { kind: 'hang', times: Infinity }],
    stall: ['cosy', { kind: 'hang', times: Infinity }],
    crash: ['cosy', { kind: 'reset-after', times: Infinity }],
    cut: ['result.get', { kind: 'cut', times: Infinity }],
    garbage: ['cosy', { kind: 'html', times: Infinity }],
    refuse: ['cosy', { status: 400, code: 'DataInspectionFailed', message: 'no such words here', times: Infinity }],
    auth: ['cosy', { status: 401, code: 'InvalidApiKey', message: 'Invalid API-key provided.', times: Infinity }],
    'rate-limit': ['cosy', { status: 429, code: 'Throttling.RateQuota', retryAfter: 2 }],
  };

  test('conforms', async () => {
    const { emulator, provider } = await bench();
    const results = await runChecks(ttsConformance, {
      ...{ provider, language: 'es', shortText: text, longText, unspokenLanguage: 'th' },
      ...{ secrets: [defaultKey, 'Signature='], decode: decodeSpeech },
      failing: async (fault) => {
        const options = { timeoutMs: limitFor(fault), ...(fault === 'missing' ? { apiKey: undefined } : {}) };
        const sound = fault === 'empty' ? 'none' : fault === 'silent' ? 'silence' : 'speech';
        const failing = await bench(options, cosyvoiceSettings({ sound }));
        const scripted = faults[fault];
        if (scripted) failing.emulator.fail(...scripted);
        const requests = async () => failing.emulator.requestsTo('cosy').length;
        return { provider: failing.provider, requests, open: async () => failing.emulator.open };
      },
    });
    expectConformance(results, {});
    expect(emulator.violations).toEqual([]);
  });

  test('sends everything in input, changes its own rate, and bills by the documented count', async () => {
    const { emulator, provider } = await bench();
    const request = { text: longText, language: 'en', voice: 'longanyang' };
    const plain = await provider.synthesize(request, calm);
    const fast = await provider.synthesize({ ...request, rate: 1.5 }, calm);
    expect(lengthOf(plain) / lengthOf(fast)).toBeGreaterThan(1.3);
    expect(plain.units).toEqual([{ unit: 'character', count: longText.length, model: 'cosyvoice-v3-flash' }]);
    expect(emulator.requestsTo('cosy')[1]!.json).toEqual({
      model: 'cosyvoice-v3-flash',
      input: {
        ...{ text: longText, voice: 'longanyang', format: 'wav', sample_rate: 24_000, language_hints: ['en'] },
        rate: 1.5,
      },
    });
    expect(emulator.violations).toEqual([]);
  });

  test('splits what v3-flash would cut off without a word', async () => {
    const { emulator, provider } = await bench();
    const long = '我们今天要讲一讲山里的天气和海边的风，还有一条很长的路。'.repeat(12);
    const reply = await provider.synthesize({ text: long, language: 'zh', voice: 'longanyang' }, calm);
    expect(emulator.requestsTo('cosy').length).toBeGreaterThan(2);
    expect(lengthOf(reply)).toBeGreaterThan(40_000);
  });

  test('clones by voice-enrollment, waits until the voice is ready, lists and deletes it', async () => {
    const { emulator, provider } = await bench();
    const { voice } = await provider.enrolment!.create(sample, 'dub_A_123456', calm);
    expect(voice).toMatch(/^cosyvoice-v3\.5-flash-dub[0-9a-f]{6}-/);
    const reply = await provider.synthesize({ text, language: 'es', voice, sample }, calm);
    expect(reply.units[0]!.model).toBe('cosyvoice-v3.5-flash');
    expect((await provider.enrolment!.list(calm)).map((one) => one.voice)).toEqual([voice]);
    await provider.enrolment!.delete(voice, calm);
    await provider.enrolment!.delete(voice, calm);
    expect(await provider.enrolment!.list(calm)).toEqual([]);
    expect(emulator.violations).toEqual([]);
  });

  test('sends the sample by temporary storage where a data URI is refused', async () => {
    const { emulator, provider } = await bench({}, cosyvoiceSettings({ dataUris: false }));
    const { voice } = await provider.enrolment!.create(sample, 'dub_A_123456', calm);
    expect((await provider.synthesize({ text, language: 'es', voice, sample }, calm)).audio.length).toBeGreaterThan(44);
    const urls = emulator
      .requestsTo('cosy.enrol')
      .flatMap(({ json }) => (json as { input: { url?: string } }).input.url ?? []);
    expect(urls.map((url) => url.slice(0, 5))).toEqual(['data:', 'oss:/']);
    expect(emulator.violations).toEqual([]);
  });

  test('names the way on when cloning or a model has been withdrawn, asking once', async () => {
    const settings = cosyvoiceSettings({ retired: new Set(['voice-enrollment', 'cosyvoice-v3-flash']) });
    const { emulator, provider } = await bench({}, settings);
    await expect(provider.enrolment!.create(sample, 'A', calm)).rejects.toMatchObject({
      ...{ code: 'PROVIDER_UNSUPPORTED', hint: expect.stringContaining('--tts qwen') },
    });
    const request = { text, language: 'en', voice: 'longanyang' };
    for (let i = 0; i < 2; i++) {
      await expect(provider.synthesize(request, calm)).rejects.toMatchObject({ code: 'PROVIDER_UNSUPPORTED' });
    }
    expect(emulator.requestsTo('cosy')).toHaveLength(1);
  });

  test('says when a voice does not deploy or the account is full, and pays for no voice twice', async () => {
    const { emulator, settings, provider } = await bench();
    Object.assign(settings, { deployChecks: 0, endStatus: 'UNDEPLOYED' });
    await expect(provider.enrolment!.create(sample, 'A', calm)).rejects.toMatchObject({
      ...{ code: 'PROVIDER_BUSY', message: expect.stringContaining('UNDEPLOYED') },
    });
    settings.quota = 0;
    await expect(provider.enrolment!.create(sample, 'A', calm)).rejects.toMatchObject({ code: 'PROVIDER_QUOTA' });
    const asked = emulator.requestsTo('cosy.enrol').length;
    emulator.fail('cosy.enrol', { kind: 'reset-after' });
    await expect(provider.enrolment!.create(sample, 'A', calm)).rejects.toMatchObject({ code: 'PROVIDER_UNREACHABLE' });
    expect(emulator.requestsTo('cosy.enrol')).toHaveLength(asked + 1);
  });

  test('explains a voice of another model, and refuses one of Qwen-TTS unsent', async () => {
    const { emulator, provider } = await bench({ model: 'cosyvoice-v3.5-plus', asked: { A: 'longanyang' } });
    await expect(provider.synthesize({ text, language: 'en', voice: 'longanyang' }, calm)).rejects.toMatchObject({
      ...{ code: 'PROVIDER_UNSUPPORTED', message: expect.stringContaining('v3.5 has cloned ones only') },
    });
    expect(emulator.requestsTo('cosy')).toHaveLength(1);
    await expect(provider.synthesize({ text, language: 'en', voice: 'Cherry' }, calm)).rejects.toMatchObject({
      ...{ code: 'PROVIDER_UNSUPPORTED', hint: expect.stringContaining('--tts qwen') },
    });
    expect(emulator.requestsTo('cosy')).toHaveLength(1);
  });
});
