import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type AsrSample, asrConformance } from '../../../src/providers/asr/conformance.js';
import { whisperCpp } from '../../../src/providers/asr/whisper-cpp/index.js';
import { readSegments } from '../../../src/providers/asr/whisper-cpp/words.js';
import { runChecks } from '../../../src/providers/conformance.js';
import { requirePrograms } from '../../support/engines.js';
import {
  calm,
  expectConformance,
  type FaultyProgram,
  failingProgram,
  ffmpeg,
  noTracks,
  temporaryFolder,
  withoutService,
  writeProgram,
} from '../support.js';

/**
 * Stands in for whisper-cli: its own option parsing, which ends with status 0 for an option it does not know, its help on
 * stderr, and its output file. What it hears is looked up by the length of the sound.
 */
const program = `
folder=$(dirname "$0")
language=en
while [ $# -gt 0 ]; do case "$1" in
  -h|--help) echo '  -ojf,      --output-json-full [false  ] include more information in the JSON file' >&2; exit 0;;
  -m) model=$2; shift 2;;
  -f) file=$2; shift 2;;
  -l) language=$2; shift 2;;
  -of) out=$2; shift 2;;
  -t) threads=$2; shift 2;;
  -ojf) json=yes; shift;;
  -np) shift;;
  *) echo "error: unknown argument: $1" >&2; exit 0;;
esac; done
[ -f "$model" ] || { echo "error: failed to open '$model'" >&2; exit 3; }
[ -f "$file" ] || { echo "error: input file not found '$file'" >&2; exit 2; }
case "$language" in auto) heard=en;; en|de|no|jw) heard=$language;; *) echo "error: unknown language '$language'" >&2; exit 0;; esac
[ "$json" = yes ] || exit 0
size=$(wc -c < "$file")
sed "s/LANGUAGE/$heard/" "$folder/replies/$((size / 1000)).json" > "$out.json"
[ -z "$threads" ] || echo "$threads" > "$folder/threads"
`;

let folder: string;
let binary: string;
let model: string;
const samples: Record<'hello' | 'numbers' | 'silence', AsrSample> = {} as never;

function make(options: Record<string, unknown> = {}) {
  return whisperCpp.create(whisperCpp.options.parse({ model, binary, ...options }), {
    scratch: join(folder, 'scratch'),
  });
}

/** A reply as whisper-cli writes it: a space before each word, special tokens among them. */
function replyFor(words: readonly string[]): string {
  const timed = words.map((word, index) => ({ word, from: 100 + index * 200, to: 300 + index * 200 }));
  const special = (text: string) => ({ text, offsets: { from: 0, to: 0 }, id: 50_364, p: 0.98, t_dtw: -1 });
  const tokens = timed.map(({ word, from, to }) => ({
    text: ` ${word}`,
    offsets: { from, to },
    id: 1,
    p: 0.9,
    t_dtw: -1,
  }));
  const text = words.map((word) => ` ${word}`).join('');
  const spoken = {
    offsets: { from: 100, to: 100 + words.length * 200 },
    text,
    tokens: [special('[_BEG_]'), ...tokens, special('[_TT_150]')],
  };
  const blank = { offsets: { from: 0, to: 2000 }, text: ' [BLANK_AUDIO]', tokens: [special('[_BEG_]')] };
  const transcription = [words.length === 0 ? blank : spoken];
  return JSON.stringify({
    systeminfo: 'x',
    model: { multilingual: true },
    result: { language: 'LANGUAGE' },
    transcription,
  });
}

async function record(seconds: number, words: string[]): Promise<AsrSample> {
  const path = join(folder, `${seconds}.wav`);
  await ffmpeg('-f', 'lavfi', '-i', `sine=r=16000:d=${seconds}`, '-ac', '1', '-c:a', 'pcm_s16le', path);
  await writeFile(join(folder, 'replies', `${Math.floor((seconds * 32_000 + 78) / 1000)}.json`), replyFor(words));
  const durationMs = seconds * 1000;
  return { request: { audio: { path, mediaType: 'audio/wav', durationMs }, ...noTracks }, words, durationMs };
}

beforeAll(async () => {
  await requirePrograms('ffmpeg');
  folder = await temporaryFolder();
  await mkdir(join(folder, 'replies'));
  binary = await writeProgram(folder, 'whisper-cli', program);
  model = join(folder, 'ggml-base.bin');
  await writeFile(model, 'weights');
  samples.hello = await record(3, ['hello', 'there', 'general']);
  samples.numbers = await record(4, ['one', 'two', 'three', 'four']);
  samples.silence = await record(2, []);
});

test('whisper-cpp conforms', async () => {
  process.env.DUB_TEST_API_KEY = 'sk-whisper-secret';
  const sample = join(folder, 'sample.json');
  await writeFile(sample, replyFor(['hello', 'there', 'general']));
  const work = { outputOption: '-of', outputEnding: '.json', sample, cutBytes: 200 };
  const engine: FaultyProgram = { folder, real: binary, queries: ['--help'], ...work };
  const results = await runChecks(asrConformance, {
    provider: make(),
    language: 'en',
    speech: samples.hello,
    otherSpeech: samples.numbers,
    silence: samples.silence,
    unknownLanguage: 'tlh',
    leastRecall: 1,
    secrets: ['sk-whisper-secret'],
    failing: failingProgram(engine, make),
  });
  expectConformance(results, withoutService);
});

describe('whisper-cpp', () => {
  const transcribe = (options: Record<string, unknown>, language: string | undefined) =>
    make(options).transcribe({ ...samples.hello.request, language }, calm);

  test('finds the language by itself when none is named', async () => {
    expect((await transcribe({}, undefined)).transcript.language).toBe('en');
  });

  test.each([
    ['nb-NO', 'nb-NO'],
    ['jv', 'jv'],
    ['de', 'de'],
  ])('speech in %s is asked for in whisper’s own code', async (language, kept) => {
    expect((await transcribe({}, language)).transcript.language).toBe(kept);
  });

  test('a model whose name ends in .en knows English only', async () => {
    const english = join(folder, 'ggml-base.en.bin');
    await writeFile(english, 'weights');
    const provider = make({ model: english });
    expect(provider.limits).toMatchObject({ languages: ['en'], detectsLanguage: false });
    expect((await provider.transcribe(samples.hello.request, calm)).transcript.language).toBe('en');
    await expect(provider.transcribe({ ...samples.hello.request, language: 'de' }, calm)).rejects.toMatchObject({
      code: 'PROVIDER_UNSUPPORTED',
      message: 'whisper-cpp with ggml-base.en.bin does not recognise de; it knows English (en) only.',
    });
  });

  test('a model that is not there is named, with the flag that names another', async () => {
    const readiness = await make({ model: join(folder, 'gone.bin') }).ready(calm);
    expect(readiness).toEqual({
      ready: false,
      detail: `The whisper.cpp model ${join(folder, 'gone.bin')} is not there.`,
      hint: 'Name a downloaded model: `--asr whisper-cpp:/path/to/ggml-base.bin`.',
    });
  });

  test('an option it does not know ends with status 0, and is an error all the same', async () => {
    const old = await writeProgram(
      folder,
      'whisper-old',
      'case "$*" in --help) echo -ojf;; *) echo "error: unknown argument: -ojf" >&2; exit 0;; esac',
    );
    await expect(transcribe({ binary: old }, 'en')).rejects.toMatchObject({
      code: 'PROVIDER_BAD_REPLY',
      message: expect.stringContaining('unknown argument: -ojf'),
    });
  });

  test('sound without speech is left out with a warning', async () => {
    const { warnings, transcript } = await make().transcribe({ ...samples.silence.request, language: 'en' }, calm);
    expect(transcript.segments).toEqual([]);
    expect(warnings).toEqual(['whisper-cpp marked 1 stretches as sound without speech, left out: [BLANK_AUDIO]']);
  });

  test('threads are passed on', async () => {
    await transcribe({ threads: 3 }, 'en');
    const { readFile } = await import('node:fs/promises');
    expect((await readFile(join(folder, 'threads'), 'utf8')).trim()).toBe('3');
  });
});

describe('whisper tokens', () => {
  const at = (text: string, from: number, to: number, p = 1) => ({ text, offsets: { from, to }, p });
  const read = (text: string, tokens: { text: string; offsets?: { from: number; to: number }; p?: number }[]) =>
    readSegments([{ offsets: { from: 0, to: 1000 }, text, tokens }]).segments[0];

  test('pieces of a word and its punctuation are one word, its confidence their mean', () => {
    const segment = read(' unbelievable, yes', [
      at(' un', 0, 100, 0.4),
      at('believable', 100, 500, 0.8),
      at(',', 500, 520, 0.6),
      at(' yes', 600, 900, 1.5),
    ]);
    expect(segment?.words).toEqual([
      { text: 'unbelievable,', startMs: 0, endMs: 520, confidence: expect.closeTo(0.6, 5) },
      { text: 'yes', startMs: 600, endMs: 900, confidence: 1 },
    ]);
  });

  test('Chinese tokens are words of their own, punctuation stays with the one before', () => {
    const segment = read('你好，世界 GPT', [
      at('你好', 0, 200),
      at('，', 200, 210),
      at('世界', 210, 500),
      at(' G', 500, 600),
      at('PT', 600, 700),
    ]);
    expect(segment?.words.map((word) => word.text)).toEqual(['你好，', '世界', 'GPT']);
  });

  test('tokens without times, out of order or past the end stay inside the segment and in order', () => {
    const segment = read(' a b c', [at(' a', 300, 400), { text: ' b' }, at(' c', 100, 5000)]);
    expect(segment?.words.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
      [300, 400],
      [400, 401],
      [400, 1000],
    ]);
  });

  test('a broken character costs the words their times, not the text', () => {
    const segment = read('日本', [at('日', 0, 100), at('\ufffd', 100, 200)]);
    expect(segment).toMatchObject({ text: '日本', words: [] });
  });

  test.each(['[_BEG_]', '[_TT_150]', '[_EOT_]', '<|endoftext|>', '[_extra_token_50363]'])(
    '%s is not a word',
    (token) => {
      expect(read('hi', [at(token, 0, 0), at(' hi', 0, 500)])?.words.map((word) => word.text)).toEqual(['hi']);
    },
  );

  test.each([' [BLANK_AUDIO]', ' (music)', '*laughs*', '♪', ' ...'])('%j is no speech', (text) => {
    expect(readSegments([{ offsets: { from: 0, to: 9 }, text, tokens: [] }])).toEqual({
      segments: [],
      silent: [text.trim()],
    });
  });
});
