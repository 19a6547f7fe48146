import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runChecks } from '../../../src/providers/conformance.js';
import { ttsConformance } from '../../../src/providers/tts/conformance.js';
import { piper } from '../../../src/providers/tts/piper/index.js';
import { readDialect } from '../../../src/providers/tts/piper/program.js';
import { requirePrograms } from '../../support/engines.js';
import {
  calm,
  expectConformance,
  type FaultyProgram,
  failingProgram,
  ffmpeg,
  readSpeech,
  runProgram,
  temporaryFolder,
  withoutService,
  writeProgram,
} from '../support.js';

const speakStdin = `
[ -f "$model" ] && [ -f "$config" ] || { echo "Model file doesn't exist" >&2; exit 1; }
exec espeak-ng -v "es+m$((\${speaker:-0} + 1))" -b 1 -z -s "\${rate:-175}" -w "$out" --stdin
`;

/** Stands in for the C++ program: it refuses what it does not know, and knows options with an underscore only. */
const cppProgram = `
if [ "$*" = --help ]; then printf 'usage: piper [options]\\n  --json-input  stdin input is lines of JSON\\n' >&2; exit 0; fi
while [ $# -gt 0 ]; do case "$1" in
  -m) model=$2; shift 2;;
  -c) config=$2; shift 2;;
  -f) out=$2; shift 2;;
  -s) speaker=$2; shift 2;;
  --length_scale) rate=$(awk "BEGIN { print int(175 / $2) }"); shift 2;;
  -q) shift;;
  *) echo "Unknown option $1" >&2; exit 1;;
esac; done
[ -n "$out" ] || { echo 'No output path' >&2; exit 1; }
${speakStdin}`;

/** Stands in for piper-tts: what it does not know becomes spoken text, and without -f it plays the sound. */
const pythonProgram = `
folder=$(dirname "$0")
if [ "$*" = --help ]; then printf 'usage: piper [-h] -m MODEL [--output-raw] [--data-dir DIR]\\n'; exit 0; fi
while [ $# -gt 0 ]; do case "$1" in
  -m) model=$2; shift 2;;
  -c) config=$2; shift 2;;
  -f) out=$2; shift 2;;
  -s) speaker=$2; shift 2;;
  --length-scale) rate=$(awk "BEGIN { print int(175 / $2) }"); shift 2;;
  *) echo "$1" >> "$folder/spoken-options"; shift;;
esac; done
[ -n "$out" ] || { echo played >> "$folder/played"; exit 0; }
${speakStdin}`;

const text = 'Buenos días.';
const longText = 'Buenos días. Hoy vamos a hablar del tiempo que hace en las montañas y en la costa.';
const oneVoice = { audio: { sample_rate: 22_050 }, espeak: { voice: 'es' }, num_speakers: 1 };
const twoVoices = {
  audio: { sample_rate: 22_050 },
  language: { code: 'es_MX' },
  num_speakers: 2,
  speaker_id_map: { Luz: 1, Raúl: 0 },
};
let folder: string;
let model: string;
const programs = { rhasspy: '', ohf: '' };

function make(options: Record<string, unknown> = {}) {
  return piper.create(piper.options.parse({ model, binary: programs.ohf, ...options }), {
    scratch: join(folder, 'scratch'),
  });
}

async function writeModel(name: string, config: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, 'not a network, but the stand-ins only look whether it is there');
  await writeFile(`${path}.json`, typeof config === 'string' ? config : JSON.stringify(config));
  return path;
}

beforeAll(async () => {
  await requirePrograms('espeak-ng', 'ffmpeg');
  folder = await temporaryFolder();
  programs.rhasspy = await writeProgram(folder, 'piper-cpp', cppProgram);
  programs.ohf = await writeProgram(folder, 'piper-python', pythonProgram);
  model = await writeModel('es_ES-test-low.onnx', oneVoice);
});

function subject(binary: string) {
  const spoken = { language: 'es', shortText: text, longText, unspokenLanguage: 'fi', decode: readSpeech };
  return { ...spoken, provider: make({ binary }), secrets: ['sk-piper-secret'] };
}

test('piper conforms with the newer program', async () => {
  process.env.DUB_TEST_API_KEY = 'sk-piper-secret';
  const [sample, silence] = [join(folder, 'sample.wav'), join(folder, 'silence.wav')];
  await runProgram('espeak-ng', '-v', 'es', '-w', sample, longText);
  await ffmpeg('-f', 'lavfi', '-i', 'anullsrc=r=22050:cl=mono', '-t', '2', silence);
  const work = { outputOption: '-f', sample, cutBytes: 9000, silence };
  const engine: FaultyProgram = { folder, real: programs.ohf, queries: ['--help'], ...work };
  const results = await runChecks(ttsConformance, {
    ...subject(programs.ohf),
    failing: failingProgram(engine, make),
  });
  expectConformance(results, withoutService);
  const left = await readdir(folder);
  expect(left).not.toContain('spoken-options');
  expect(left).not.toContain('played');
});

test('piper conforms with the older program', async () => {
  const results = await runChecks(ttsConformance, subject(programs.rhasspy), { safeOnly: true });
  const unsafe = ttsConformance.filter((check) => !check.safe).map((check) => check.name);
  expect(results.filter((result) => result.outcome === 'skipped').map((result) => result.name)).toEqual(unsafe);
  expect(results.filter((result) => result.outcome === 'failed')).toEqual([]);
});

describe('piper', () => {
  test.each(['rhasspy', 'ohf'] as const)(
    'the length scale reaches the %s program in its own spelling',
    async (dialect) => {
      const lengthOf = async (options: Record<string, unknown>) => {
        const provider = make({ binary: programs[dialect], ...options });
        return (await provider.synthesize({ text: longText, language: 'es', voice: 'es_ES-test-low' }, calm)).audio
          .length;
      };
      expect(await lengthOf({ lengthScale: 1.4 })).toBeGreaterThan((await lengthOf({})) * 1.2);
      expect(await readdir(folder)).not.toContain('spoken-options');
    },
  );

  test('speakers of a model are its voices, in its own order', async () => {
    const provider = make({ model: await writeModel('two.onnx', twoVoices) });
    expect(await provider.voices('es', calm)).toEqual([
      { name: 'Raúl', languages: ['es-MX'] },
      { name: 'Luz', languages: ['es-MX'] },
    ]);
    const [raul, luz] = await Promise.all(
      ['Raúl', 'Luz'].map((voice) => provider.synthesize({ text, language: 'es', voice }, calm)),
    );
    expect(Buffer.from(raul!.audio).equals(Buffer.from(luz!.audio))).toBe(false);
  });

  test('speakers without names are numbered', async () => {
    const provider = make({ model: await writeModel('three.onnx', { ...oneVoice, num_speakers: 3 }) });
    expect((await provider.voices(undefined, calm)).map((voice) => voice.name)).toEqual(['0', '1', '2']);
  });

  test('says which program and voice it found', async () => {
    expect(await make({ binary: programs.rhasspy }).ready(calm)).toEqual({
      ready: true,
      detail: 'piper (rhasspy) with es_ES-test-low.onnx, es',
    });
    const two = await make({ model: await writeModel('two.onnx', twoVoices) }).ready(calm);
    expect(two.detail).toBe('piper (ohf) with two.onnx, es-MX, 2 speakers');
  });

  test('warns when the sound has another rate than the voice says', async () => {
    const other = await writeModel('other.onnx', { ...oneVoice, audio: { sample_rate: 16_000 } });
    const { warnings } = await make({ model: other }).synthesize({ text, language: 'es', voice: 'other' }, calm);
    expect(warnings).toEqual(['piper wrote 22050 Hz where its description says 16000 Hz.']);
  });

  test('does not take the settings tool for mice of the same name', async () => {
    const mouse = await writeProgram(folder, 'piper-mouse', 'echo "usage: piper [-h] [--version]"');
    expect(await make({ binary: mouse }).ready(calm)).toMatchObject({
      ready: false,
      detail: expect.stringContaining('does not answer like piper'),
    });
  });

  test.each([
    ['no model', 'gone.onnx', undefined, 'is not there'],
    ['no JSON', 'bad.onnx', '{"audio":', 'it is not JSON'],
    ['no rate', 'rateless.onnx', { num_speakers: 1 }, 'audio.sample_rate'],
    ['no language', 'mute.onnx', { audio: { sample_rate: 16_000 }, language: { code: 'xx-none' } }, 'its language'],
  ])('is not ready with %s', async (_, name, config, words) => {
    const path = config === undefined ? join(folder, name) : await writeModel(name, config);
    const readiness = await make({ model: path }).ready(calm);
    expect(readiness).toMatchObject({ ready: false, detail: expect.stringContaining(words) });
    expect(readiness.hint).toContain('.onnx');
  });

  test('a description that lies elsewhere is taken from there', async () => {
    const lonely = join(folder, 'lonely.onnx');
    await writeFile(lonely, 'x');
    expect(await make({ model: lonely }).ready(calm)).toMatchObject({ ready: false });
    expect(await make({ model: lonely, config: `${model}.json` }).ready(calm)).toMatchObject({ ready: true });
  });

  test('the fingerprint changes with the voice file', async () => {
    const path = await writeModel('changing.onnx', oneVoice);
    const before = make({ model: path }).fingerprint();
    await writeFile(path, `${await readFile(path, 'utf8')} and more`);
    expect(make({ model: path }).fingerprint()).not.toEqual(before);
  });

  test('the older Python program counts as the newer one', () => {
    expect(readDialect('usage: piper [-h] --output-raw [--data-dir DATA_DIR] --output_dir')).toBe('ohf');
    expect(readDialect('usage: piper --json-input --output_raw')).toBe('rhasspy');
    expect(readDialect('usage: piper [--version]')).toBeUndefined();
  });
});
