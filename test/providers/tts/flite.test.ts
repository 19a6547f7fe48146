import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runChecks } from '../../../src/providers/conformance.js';
import { ttsConformance } from '../../../src/providers/tts/conformance.js';
import { flite } from '../../../src/providers/tts/flite/index.js';
import { toPlainText } from '../../../src/providers/tts/flite/text.js';
import { readWave } from '../../../src/providers/vendors/local/wave.js';
import { requirePrograms } from '../../support/engines.js';
import {
  calm,
  decodeSpeech,
  expectConformance,
  type FaultyProgram,
  failingProgram,
  ffmpeg,
  runProgram,
  temporaryFolder,
  withoutService,
} from '../support.js';

const text = 'Good morning.';
const longText = 'Good morning. Today we will talk about the weather in the mountains and at the coast.';
let folder: string;
let engine: FaultyProgram;

function make(options: Record<string, unknown> = {}) {
  return flite.create(flite.options.parse(options), { scratch: join(folder, 'scratch') });
}

beforeAll(async () => {
  const programs = await requirePrograms('flite', 'ffmpeg');
  folder = await temporaryFolder();
  const [sample, silence] = [join(folder, 'sample.wav'), join(folder, 'silence.wav')];
  await runProgram('flite', '-voice', 'kal16', '-t', longText, '-o', sample);
  await ffmpeg('-f', 'lavfi', '-i', 'anullsrc=r=16000:cl=mono', '-t', '2', silence);
  const queries = ['--version', '-lv'];
  engine = { folder, real: programs.flite, queries, outputOption: '-o', sample, cutBytes: 9000, silence };
});

test('flite conforms', async () => {
  process.env.DUB_TEST_API_KEY = 'sk-flite-secret';
  const results = await runChecks(ttsConformance, {
    provider: make(),
    language: 'en',
    shortText: text,
    longText,
    unspokenLanguage: 'es',
    secrets: ['sk-flite-secret'],
    decode: decodeSpeech,
    failing: failingProgram(engine, make),
  });
  expectConformance(results, withoutService);
  expect(await readdir(join(folder, 'scratch'))).toEqual([]);
});

describe('flite', () => {
  test('offers 16 kHz voices before the 8 kHz one, and never the talking clock', async () => {
    const names = (await make().voices('en-GB', calm)).map((voice) => voice.name);
    expect(names[0]).toBe('slt');
    expect(names.at(-1)).toBe('kal');
    expect(names).not.toContain('awb_time');
  });

  test('refuses an unknown voice, although flite itself would take another', async () => {
    const work = make().synthesize({ text, language: 'en', voice: 'awb_time' }, calm);
    await expect(work).rejects.toMatchObject({
      code: 'PROVIDER_UNSUPPORTED',
      message: 'flite has no voice "awb_time". It has: slt, rms, awb, kal16, kal.',
    });
  });

  test('speaks faster with a stretch below 1', async () => {
    const lengthAt = async (stretch: number) => {
      const { audio } = await make({ stretch }).synthesize({ text: longText, language: 'en', voice: 'slt' }, calm);
      return readWave(audio, 'flite').durationMs;
    };
    expect((await lengthAt(0.7)) / (await lengthAt(1))).toBeCloseTo(0.7, 1);
  });

  test('names the letters it has to leave out', async () => {
    const request = { text: 'Café “Zoë” costs five — 日本 and 😀.', language: 'en', voice: 'slt' };
    expect((await make().synthesize(request, calm)).warnings).toEqual([
      'flite reads English letters only and left out: 日 本 😀',
    ]);
  });

  test('refuses text in another script', async () => {
    const work = make().synthesize({ text: '你好世界', language: 'en', voice: 'slt' }, calm);
    await expect(work).rejects.toMatchObject({ code: 'PROVIDER_REFUSED' });
  });

  test('typographic marks become plain ones', () => {
    expect(toPlainText('“It’s” — fine… ¿naïve? œuvre').text).toBe('"It\'s" , fine... naive? oeuvre');
    expect(toPlainText('5 € 日').dropped).toEqual(['€', '日']);
  });
});
