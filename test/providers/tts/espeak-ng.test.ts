import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runChecks } from '../../../src/providers/conformance.js';
import { ttsConformance } from '../../../src/providers/tts/conformance.js';
import { espeakNg } from '../../../src/providers/tts/espeak-ng/index.js';
import { offerVoices, readVariantTable, readVoiceTable } from '../../../src/providers/tts/espeak-ng/voices.js';
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

const text = 'Buenos días.';
const longText = 'Buenos días. Hoy vamos a hablar del tiempo que hace en las montañas y en la costa.';
let folder: string;
let engine: FaultyProgram;

function make(options: Record<string, unknown> = {}) {
  return espeakNg.create(espeakNg.options.parse(options), { scratch: join(folder, 'scratch') });
}

async function speak(options: Record<string, unknown>, spoken = longText, voice = 'es') {
  const reply = await make(options).synthesize({ text: spoken, language: 'es', voice }, calm);
  return readWave(reply.audio, 'espeak-ng');
}

beforeAll(async () => {
  const programs = await requirePrograms('espeak-ng', 'ffmpeg');
  folder = await temporaryFolder();
  const [sample, silence] = [join(folder, 'sample.wav'), join(folder, 'silence.wav')];
  await runProgram('espeak-ng', '-v', 'es', '-w', sample, longText);
  await ffmpeg('-f', 'lavfi', '-i', 'anullsrc=r=22050:cl=mono', '-t', '2', silence);
  engine = {
    folder,
    real: programs['espeak-ng'],
    queries: ['--version', '--voices*'],
    outputOption: '-w',
    sample,
    cutBytes: 9000,
    silence,
  };
});

test('espeak-ng conforms', async () => {
  process.env.DUB_TEST_API_KEY = 'sk-espeak-secret';
  const results = await runChecks(ttsConformance, {
    provider: make(),
    language: 'es',
    shortText: text,
    longText,
    unspokenLanguage: 'tlh',
    secrets: ['sk-espeak-secret'],
    decode: decodeSpeech,
    failing: failingProgram(engine, make),
  });
  expectConformance(results, withoutService);
  expect(await readdir(join(folder, 'scratch'))).toEqual([]);
});

describe('espeak-ng voices', () => {
  test('the first voice of a language is its plain one, the next ones differ in gender', async () => {
    const voices = await make().voices('es', calm);
    expect(voices.slice(0, 3).map(({ name, gender }) => `${name} ${gender}`)).toEqual([
      'es male',
      'es+f2 female',
      'es+m3 male',
    ]);
  });

  test.each([
    ['zh', 'cmn'],
    ['zh-CN', 'cmn'],
    ['zh-HK', 'yue'],
    ['yue', 'yue'],
    ['pt-BR', 'pt-br'],
    ['pt-AO', 'pt'],
    ['en-US', 'en-us'],
    ['es-MX', 'es-419'],
    ['no', 'nb'],
    ['fr', 'fr-fr'],
  ])('%s is spoken by %s', async (language, voice) => {
    expect((await make().voices(language, calm))[0]?.name).toBe(voice);
  });

  test('variants of one voice sound different', async () => {
    const takes = await Promise.all(
      ['es', 'es+f2', 'es+m3'].map((voice) => make().synthesize({ text, language: 'es', voice }, calm)),
    );
    const sounds = takes.map((take) => Buffer.from(take.audio).toString('base64'));
    expect(new Set(sounds).size).toBe(3);
  });

  test('a variant that is not installed is refused, although espeak-ng itself would speak without it', async () => {
    const work = make().synthesize({ text, language: 'es', voice: 'es+nobody' }, calm);
    await expect(work).rejects.toMatchObject({
      code: 'PROVIDER_UNSUPPORTED',
      message: expect.stringContaining('es+f2'),
    });
  });

  test('a voice of another language speaks with a warning', async () => {
    const { warnings } = await make().synthesize({ text, language: 'es', voice: 'de' }, calm);
    expect(warnings).toEqual(['The espeak-ng voice de is not one for es.']);
  });

  test('rows that share a name count once and mbrola voices are left out', () => {
    const table = [
      'Pty Language       Age/Gender VoiceName          File                 Other Languages',
      ' 5  yue             --/M      Chinese_(Cantonese) sit/yue              (zh-yue 5)(zh 8)',
      ' 5  yue             --/M      Chinese_(Jyutping)  sit/yue-Latn         (zh-yue 5)(zh 8)',
      ' 3  es-es           --/F      spanish-mbrola-3    mb/mb-es3            (es 3)',
    ].join('\n');
    const voices = readVoiceTable(table);
    expect(voices.map((voice) => voice.title)).toEqual(['Chinese (Cantonese)']);
    expect(offerVoices(voices, readVariantTable(' 5  variant  --/F  female2  !v/f2'), 'zh')).toEqual([
      { name: 'yue', languages: ['yue', 'zh'], gender: 'male', note: 'Chinese (Cantonese)' },
      { name: 'yue+f2', languages: ['yue', 'zh'], gender: 'female', note: 'Chinese (Cantonese)' },
    ]);
  });
});

describe('espeak-ng speech', () => {
  test('rate 350 takes about half the time of rate 175', async () => {
    const [usual, fast] = [await speak({}), await speak({ rate: 350 })];
    expect(fast.durationMs / usual.durationMs).toBeGreaterThan(0.4);
    expect(fast.durationMs / usual.durationMs).toBeLessThan(0.65);
  });

  test('the rate of a request is relative to the one that is set', async () => {
    const { limits } = make({ rate: 200 });
    expect(limits.rate).toEqual({ min: 0.4, max: 2.25 });
    const lengthAt = async (rate: number) =>
      (await make({ rate: 150 }).synthesize({ text: longText, language: 'es', voice: 'es', rate }, calm)).audio.length;
    expect((await lengthAt(1)) / (await lengthAt(1.5))).toBeGreaterThan(1.3);
  });

  test('a phoneme command in the text is read as text', async () => {
    const [command, word] = [await speak({}, '[[h@l]] hola hola hola'), await speak({}, 'hola hola hola')];
    expect(command.durationMs).toBeGreaterThan(word.durationMs + 200);
  });

  test('the fingerprint holds version, rate and pitch', () => {
    expect(make({ rate: 200, pitch: 60 }).fingerprint()).toEqual({
      version: expect.stringMatching(/^\d+\.\d+/),
      rate: 200,
      pitch: 60,
    });
  });

  test.each([{ rate: 79 }, { rate: 451 }, { pitch: 100 }, { speed: 1 }])('the options %j are refused', (options) => {
    expect(espeakNg.options.safeParse(options).success).toBe(false);
  });

  test('a missing program says how it is installed', async () => {
    const readiness = await make({ binary: '/nowhere/espeak-ng' }).ready(calm);
    expect(readiness).toEqual({
      ready: false,
      detail: 'espeak-ng was not found as `/nowhere/espeak-ng`.',
      hint: 'Install it: `sudo apt-get install -y espeak-ng` (Debian, Ubuntu), or `brew install espeak-ng` (macOS).',
    });
  });
});
