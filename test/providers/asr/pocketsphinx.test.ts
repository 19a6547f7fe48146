import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type AsrSample, asrConformance } from '../../../src/providers/asr/conformance.js';
import { pocketsphinx } from '../../../src/providers/asr/pocketsphinx/index.js';
import { readTokenJson, readTokenLines } from '../../../src/providers/asr/pocketsphinx/lines.js';
import { runChecks } from '../../../src/providers/conformance.js';
import { requirePrograms } from '../../support/engines.js';
import {
  calm,
  expectConformance,
  failingProgram,
  ffmpeg,
  noTracks,
  runProgram,
  temporaryFolder,
  withoutService,
  writeProgram,
} from '../support.js';

let folder: string;
let real: string;
const samples: Record<'weather' | 'numbers' | 'silence', AsrSample> = {} as never;

function make(options: Record<string, unknown> = {}) {
  return pocketsphinx.create(pocketsphinx.options.parse(options), { scratch: folder });
}

async function record(name: string, text: string): Promise<AsrSample> {
  const [spoken, path] = [join(folder, `${name}.flite.wav`), join(folder, `${name}.wav`)];
  await runProgram('flite', '-voice', 'slt', '-t', text, '-o', spoken);
  await ffmpeg(
    '-i',
    spoken,
    '-af',
    'adelay=700,apad=pad_dur=0.7',
    '-ar',
    '16000',
    '-ac',
    '1',
    '-c:a',
    'pcm_s16le',
    path,
  );
  return sampleOf(path, text.split(' '));
}

function sampleOf(path: string, words: string[]): AsrSample {
  const durationMs = 5000;
  return { request: { audio: { path, mediaType: 'audio/wav', durationMs }, ...noTracks }, words, durationMs };
}

beforeAll(async () => {
  const programs = await requirePrograms('pocketsphinx_continuous', 'flite', 'ffmpeg');
  real = programs.pocketsphinx_continuous;
  folder = await temporaryFolder();
  samples.weather = await record('weather', 'good morning today we will talk about the weather');
  samples.numbers = await record('numbers', 'one two three four five six seven');
  const silence = join(folder, 'silence.wav');
  await ffmpeg('-f', 'lavfi', '-i', 'anullsrc=r=16000:cl=mono', '-t', '2', '-c:a', 'pcm_s16le', silence);
  samples.silence = sampleOf(silence, []);
});

test('pocketsphinx conforms', async () => {
  process.env.DUB_TEST_API_KEY = 'sk-sphinx-secret';
  const sample = join(folder, 'sample.txt');
  const output = 'good morning\n<s> 0.110 0.220 0.999800\ngood(2) 0.230 0.350 0.048570\nmorning 0.360 0.9';
  await runProgram('sh', '-c', 'printf "%s" "$1" > "$2"', 'sh', output, sample);
  // Without arguments the program explains itself: that is how it is known.
  const failing = failingProgram({ folder, real, queries: ['""'], sample, cutBytes: 80 }, make);
  const results = await runChecks(asrConformance, {
    provider: make(),
    language: 'en',
    speech: samples.weather,
    otherSpeech: samples.numbers,
    silence: samples.silence,
    unknownLanguage: 'es',
    leastRecall: 0.7,
    secrets: ['sk-sphinx-secret'],
    failing: async (fault) => (fault === 'empty' ? undefined : failing(fault)),
  });
  expectConformance(results, {
    // Nothing printed is how it says that nobody spoke.
    'takes an empty reply for an error': 'the subject cannot make the fault "empty"',
    ...withoutService,
  });
});

describe('pocketsphinx', () => {
  test('refuses sound at another rate, which it would hear as garbage', async () => {
    const path = join(folder, 'fast.wav');
    await ffmpeg('-f', 'lavfi', '-i', 'sine=r=44100', '-t', '0.2', '-ac', '2', path);
    const work = make().transcribe({ ...sampleOf(path, []).request, language: 'en' }, calm);
    await expect(work).rejects.toMatchObject({
      code: 'PROVIDER_UNSUPPORTED',
      message: `pocketsphinx reads 16 kHz mono 16-bit WAV; ${path} is 44100 Hz, 2 channels, 16 bits.`,
    });
  });

  test('refuses FLAC, which it would take for noise', async () => {
    const path = join(folder, 'speech.flac');
    await ffmpeg('-f', 'lavfi', '-i', 'sine=r=16000', '-t', '0.2', path);
    const work = make().transcribe({ ...sampleOf(path, []).request, language: 'en' }, calm);
    await expect(work).rejects.toMatchObject({ message: expect.stringContaining('is no WAV file') });
  });

  test('version 5 is known by its answer to soxflags, and read as JSON', async () => {
    const reply =
      '{"b":0.000,"d":2.000,"p":0.9,"t":"good day","w":[{"b":0.1,"d":0.2,"p":0.8,"t":"good"},{"b":0.3,"d":0.3,"p":1.0,"t":"day"}]}';
    const script = `case "$1" in soxflags) echo '-r 16000 -c 1 -b 16 -e signed-integer -t raw -';;
single) [ $# = 2 ] && [ -f "$2" ] && echo '${reply}';; *) exit 1;; esac`;
    const provider = make({ binary: await writeProgram(folder, 'pocketsphinx', script) });
    expect((await provider.ready(calm)).detail).toMatch(/^pocketsphinx 5 as /);
    const { transcript } = await provider.transcribe({ ...samples.weather.request, language: 'en-GB' }, calm);
    expect(transcript.language).toBe('en-GB');
    expect(transcript.segments.map((segment) => segment.text)).toEqual(['good day']);
  });

  test('is not ready when another program has its name', async () => {
    const provider = make({ binary: await writeProgram(folder, 'pocketsphinx-else', 'echo hello') });
    expect(await provider.ready(calm)).toMatchObject({ ready: false, hint: expect.stringContaining('binary') });
  });
});

describe('what pocketsphinx prints', () => {
  const lines = (...rows: string[]) => rows.join('\n');

  test('words get whole milliseconds, their ending frame included, and lose their variant number', () => {
    const [segment] = readTokenLines(
      lines('the day', '<s> 0.000 0.100 1.0', 'the(2) 0.110 0.200 0.5', 'day 0.210 0.400 1.2', '</s> 0.410 0.500 1.0'),
    )!;
    expect(segment).toEqual({
      id: '1',
      startMs: 110,
      endMs: 410,
      text: 'the day',
      words: [
        { text: 'the', startMs: 110, endMs: 210, confidence: 0.5 },
        { text: 'day', startMs: 210, endMs: 410, confidence: 1 },
      ],
    });
  });

  test('a long silence splits a segment, a short one and a noise do not', () => {
    const printed = lines(
      'one two three four',
      '<s> 0.000 0.100 1.0',
      'one 0.110 0.200 1.0',
      '<sil> 0.210 0.400 1.0',
      'two 0.410 0.500 1.0',
      '[NOISE] 0.510 0.600 1.0',
      'three 0.610 0.700 1.0',
      '<sil> 0.710 1.200 1.0',
      'four 1.210 1.300 1.0',
      '</s> 1.310 1.400 1.0',
    );
    expect(readTokenLines(printed)?.map((segment) => segment.text)).toEqual(['one two three', 'four']);
  });

  test('nothing printed is no speech; an utterance that breaks off is no reply', () => {
    expect(readTokenLines('\n')).toEqual([]);
    expect(readTokenLines('hello there')).toBeUndefined();
    expect(readTokenLines(lines('one', '<s> 0.000 0.100 1.0', 'one 0.110 0.200 1.0'))).toBeUndefined();
  });

  test('the broken JSON that version 5 writes for silence is no speech', () => {
    expect(readTokenJson('{"b":0.000,"d":1.000,"p":1.000,"t":"","w":]}\n')).toEqual([]);
    expect(readTokenJson('{"b":0.000,"d":1.0')).toBeUndefined();
    expect(readTokenJson('{"t":"x"}')).toBeUndefined();
    expect(readTokenJson('{"w":[{"t":5}]}')).toBeUndefined();
  });
});
