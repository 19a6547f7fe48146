import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createHttp } from '../../../src/net/client.js';
import type { TtsProvider, VoiceSample } from '../../../src/providers/tts/contract.js';
import { qwen } from '../../../src/providers/tts/qwen/index.js';
import { type EnrolmentSettings, enrolment, enrolmentSettings } from '../../emulators/dashscope/enrolment.js';
import { defaultKey, type Emulator, startEmulator } from '../../emulators/dashscope/server.js';
import { tts, ttsSettings } from '../../emulators/dashscope/tts.js';
import { instantClock } from '../../net/clocks.js';
import { calm, ffmpeg, temporaryFolder } from '../support.js';

const run = promisify(execFile);
let folder: string;
let low: VoiceSample;
const toClose: { close(): Promise<unknown> }[] = [];

/** A recording as the cast stage makes it: WAV, 24 kHz, 16-bit, mono. */
async function makeSample(name: string, voice: string, text: string): Promise<VoiceSample> {
  const [spoken, path] = [join(folder, `${name}.raw.wav`), join(folder, `${name}.wav`)];
  await run('espeak-ng', ['-v', voice, '-w', spoken, text]);
  await ffmpeg('-i', spoken, '-ar', '24000', '-ac', '1', '-c:a', 'pcm_s16le', '-fflags', '+bitexact', path);
  const bytes = await readFile(path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { path, sha256, durationMs: Math.round((bytes.length - 44) / 48), text, language: 'en' };
}

const sentence = 'He was not an ill disposed young man, unless to be rather cold hearted is to be ill disposed.';

beforeAll(async () => {
  folder = await temporaryFolder();
  low = await makeSample('low', 'en-us+m3', sentence);
});

afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one.close();
});

interface Bench {
  readonly emulator: Emulator;
  readonly settings: EnrolmentSettings;
  readonly provider: TtsProvider;
}

async function bench(options: Record<string, unknown> = {}): Promise<Bench> {
  const speech = ttsSettings();
  const settings = enrolmentSettings();
  const emulator = await startEmulator({ parts: [tts(speech), enrolment(speech, settings)] });
  const http = createHttp({ version: '1.2.3', clock: instantClock(Date.now()), random: () => 0.5 });
  toClose.push(http, emulator);
  const tools = { scratch: '', http: async (scope: Parameters<typeof http.scope>[0]) => http.scope(scope) };
  const given = { apiKey: defaultKey, baseUrl: emulator.url, ...options };
  return { emulator, settings, provider: qwen.create(qwen.options.parse(given), tools) };
}

const actions = (emulator: Emulator) =>
  emulator.requestsTo('enrol').map(({ json }) => (json as { input: { action: string } }).input.action);

describe('cloning at Model Studio', () => {
  test('makes a voice of a sample and speaks with it by the model it was made for', async () => {
    const { emulator, provider } = await bench();
    const { voice, units, requestIds } = await provider.enrolment!.create(low, 'A', calm);
    expect(voice).toMatch(/^qwen-tts-vc-A-voice-\d{17}-[0-9a-f]{4}$/);
    expect(units).toEqual([{ unit: 'voice', count: 1, model: 'qwen-voice-enrollment' }]);
    expect(requestIds).toHaveLength(1);
    const spoken = await provider.synthesize({ text: 'Buenos días a todos.', language: 'es', voice }, calm);
    expect(spoken.units).toEqual([{ unit: 'character', count: 20, model: 'qwen3-tts-vc-2026-01-22' }]);
    const named = await provider.synthesize({ text: 'Buenos días.', language: 'es', voice: 'Bodega' }, calm);
    expect(named.units[0]!.model).toBe('qwen3-tts-flash');
    expect(emulator.violations).toEqual([]);
  });

  test('lists voices over pages, with or without a total, and deletes one, also twice', async () => {
    const { emulator, settings, provider } = await bench();
    const made: string[] = [];
    for (let i = 0; i < 3; i++) made.push((await provider.enrolment!.create(low, `speaker ${i}!`, calm)).voice);
    settings.totals = false;
    expect((await provider.enrolment!.list(calm)).map(({ voice }) => voice)).toEqual(made);
    await provider.enrolment!.delete(made[1]!, calm);
    await provider.enrolment!.delete(made[1]!, calm);
    expect((await provider.enrolment!.list(calm)).map(({ voice }) => voice)).toEqual([made[0], made[2]]);
    expect(emulator.violations).toEqual([]);
  });

  test('says that a sample was found poor', async () => {
    const { settings, provider } = await bench();
    settings.poor = true;
    const { warnings } = await provider.enrolment!.create(low, 'A', calm);
    expect(warnings.join()).toContain('finds poor (no_merged_segments)');
  });

  test('refuses samples that are too short or not there, unsent', async () => {
    const { emulator, provider } = await bench();
    const short = provider.enrolment!.create({ ...low, durationMs: 1200 }, 'A', calm);
    await expect(short).rejects.toMatchObject({
      code: 'PROVIDER_UNSUPPORTED',
      message: expect.stringContaining('1.2 s long'),
    });
    const gone = provider.enrolment!.create({ ...low, path: join(folder, 'gone.wav') }, 'A', calm);
    await expect(gone).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' });
    const path = join(folder, 'large.wav');
    await writeFile(path, Buffer.alloc(7_500_000));
    await expect(provider.enrolment!.create({ ...low, path }, 'A', calm)).rejects.toMatchObject({
      code: 'PROVIDER_UNSUPPORTED',
    });
    expect(emulator.requestsTo('enrol')).toHaveLength(0);
  });

  test('says when the account keeps no more voices, and when cloning was withdrawn; asks once', async () => {
    const { emulator, settings, provider } = await bench();
    settings.quota = 0;
    await expect(provider.enrolment!.create(low, 'A', calm)).rejects.toMatchObject({ code: 'PROVIDER_QUOTA' });
    settings.retired = true;
    await expect(provider.enrolment!.create(low, 'A', calm)).rejects.toMatchObject({
      code: 'PROVIDER_UNSUPPORTED',
      message: expect.stringContaining('does not clone voices for qwen3-tts-vc-2026-01-22'),
      hint: expect.stringContaining('--tts indextts'),
    });
    expect(actions(emulator)).toEqual(['create', 'create']);
  });

  test('names the way on when the model that speaks with clones is gone', async () => {
    const { emulator, provider } = await bench();
    const { voice } = await provider.enrolment!.create(low, 'A', calm);
    emulator.fail('tts', { status: 404, code: 'ModelNotFound', message: 'Model not found!' });
    await expect(provider.synthesize({ text: 'Buenos días.', language: 'es', voice }, calm)).rejects.toMatchObject({
      ...{ code: 'PROVIDER_UNSUPPORTED', message: expect.stringContaining('was to be withdrawn on 2026-10-10') },
      hint: expect.stringContaining('--tts cosyvoice'),
    });
  });

  test('waits when it is too fast, and pays for no voice twice when an answer is lost', async () => {
    const { emulator, provider } = await bench();
    emulator.fail('enrol', { status: 429, code: 'Throttling.RateQuota', times: 2 });
    await provider.enrolment!.create(low, 'A', calm);
    expect(actions(emulator)).toEqual(['create', 'create', 'create']);
    emulator.fail('enrol', { kind: 'reset-after' });
    await expect(provider.enrolment!.create(low, 'B', calm)).rejects.toMatchObject({ code: 'PROVIDER_UNREACHABLE' });
    expect(actions(emulator)).toHaveLength(4);
  });

  test('is ready as the model of cloned voices alone', async () => {
    const { provider } = await bench({ model: 'qwen3-tts-vc-2026-01-22' });
    expect((await provider.ready(calm)).ready).toBe(true);
    expect(provider.limits.sample).toMatchObject({ way: 'enrolled', minMs: 3000, maxMs: 60_000 });
  });
});
