import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CastEntry } from '../../src/pipeline/casting/cast-file.js';
import { findSound } from '../../src/sound/trim.js';
import { readWav } from '../../src/sound/wav.js';
import { requireFitting } from '../../src/stages/cast/index.js';
import { enrolment, enrolmentSettings } from '../emulators/dashscope/enrolment.js';
import { defaultKey, type Emulator, startEmulator } from '../emulators/dashscope/server.js';
import { type TtsSettings, tts, ttsSettings } from '../emulators/dashscope/tts.js';
import { callDub } from '../support/command.js';
import { dialogue, hearLines, makeDialogue, toneDb } from '../support/dialogue.js';
import { ffmpeg, makeFolder, probeJson, removeFolder } from '../support/media.js';

let folder: string;
let emulator: Emulator;
let settings: TtsSettings;

beforeAll(async () => {
  folder = await makeFolder();
  await makeDialogue(folder, dialogue.slice(0, 2));
});

beforeEach(async () => {
  settings = ttsSettings();
  emulator = await startEmulator({ parts: [tts(settings), enrolment(settings, enrolmentSettings({ hums: true }))] });
});

afterEach(() => emulator.close());
afterAll(() => removeFolder(folder));

const words = ['--to', 'es', '--script', 'talk.en.vtt', '--translation', 'es=talk.es.srt', '--tts', 'qwen'];

function call(cwd: string, ...args: readonly string[]) {
  const env = { DASHSCOPE_API_KEY: defaultKey, DASHSCOPE_BASE_URL: emulator.url, DUBBING_CACHE: join(folder, 'cache') };
  return callDub([...args, ...words], { cwd, env });
}

function created(): number {
  const asked = emulator.requestsTo('enrol').map(({ json }) => json as { readonly input: { readonly action: string } });
  return asked.filter(({ input }) => input.action === 'create').length;
}

describe('a recording that a voice is to be cloned from', () => {
  const speech = (seconds: number) => ['-stream_loop', '-1', '-i', 'talk.mp4', '-vn', '-t', String(seconds)];

  it.each<[string, readonly string[], string]>([
    ['long.wav', [...speech(61), '-ac', '1'], ', at most 60 s) for qwen.'],
    ['short.mp3', speech(2), 'at least 3 s) for qwen.'],
    ['silent.wav', ['-f', 'lavfi', '-i', 'anullsrc=r=24000:cl=mono', '-t', '5'], 'is silent.'],
    ['picture.mp4', ['-i', 'talk.mp4', '-an'], 'cannot be read as sound.'],
  ])('is refused before anything is asked for: %s', async (name, options, message) => {
    const path = join(folder, name);
    await ffmpeg(...options.map((option) => (option === 'talk.mp4' ? join(folder, option) : option)), path);
    const { exit, stderr } = await call(folder, 'plan', 'talk.mp4', '--voice', `Anna=${path}`);
    expect({ exit, stderr }).toMatchObject({ stderr: expect.stringContaining(message) as string });
    expect([3, 5]).toContain(exit);
    expect(emulator.requests).toEqual([]);
  });

  it('is refused as text, and as one that is not there', async () => {
    const path = join(folder, 'text.wav');
    await writeFile(path, 'no sound');
    const text = await call(folder, 'plan', 'talk.mp4', '--voice', `Anna=${path}`);
    expect(text).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining('text.wav cannot be read as sound.') as string,
    });
    const gone = await call(folder, 'plan', 'talk.mp4', '--voice', `Anna=${join(folder, 'gone')}/anna.wav`);
    expect(gone).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('There is no such file on this machine.') as string,
    });
  });

  it('may be larger than the service takes, since it is made small; what stays too large is refused', async () => {
    const path = join(folder, 'large.wav');
    await ffmpeg(
      ...speech(50).map((one) => (one === 'talk.mp4' ? join(folder, one) : one)),
      '-ac',
      '2',
      '-ar',
      '96000',
      path,
    );
    expect(await call(folder, 'plan', 'talk.mp4', '--voice', `Anna=${path}`)).toMatchObject({ exit: 0 });
    const limits = { sample: { minMs: 3000, maxMs: 60_000, maxBytes: 7_400_000, needsText: false, way: 'enrolled' } };
    const engine = { label: 'qwen', provider: { limits }, language: 'es' } as unknown as Parameters<
      typeof requireFitting
    >[1];
    expect(() => requireFitting({ durationMs: 50_000, bytes: 8_000_000 }, engine, '--voice A=a.wav')).toThrow(
      'The voice sample of --voice A=a.wav is too large (8000000 bytes, at most 7400000) for qwen.',
    );
  });
});

it('new times of a sample in cast.json cut it anew and enrol it anew, once', async () => {
  const made = ['talk.mp4', '--voices', 'clone', '-o', 'times.mp4', '--work', 'times.dub', '--bed', 'mute', '--force'];
  const cast = join(folder, 'times.dub', 'cast.json');
  const sample = () => readFile(join(folder, 'times.dub', 'voices', 'Anna.wav'));
  expect(await call(folder, ...made)).toMatchObject({ exit: 0 });
  expect(created()).toBe(2);
  const first = await sample();

  const retime = async (times: string) => {
    const file = JSON.parse(await readFile(cast, 'utf8')) as { readonly speakers: Readonly<Record<string, CastEntry>> };
    const anna = file.speakers.Anna as { readonly sample: object };
    const edited = { ...anna, sample: { ...anna.sample, times: [times] } };
    await writeFile(cast, JSON.stringify({ speakers: { ...file.speakers, Anna: edited } }));
  };
  await retime('0:04.400-0:07.600');
  for (let run = 0; run < 2; run++) {
    expect(await call(folder, ...made)).toMatchObject({ exit: 0 });
    expect(created()).toBe(3);
    const wav = readWav(await sample())!;
    expect(wav.samples.length / wav.sampleRate).toBeCloseTo(3.2, 2);
  }
  expect(await sample()).not.toEqual(first);

  // Times that give no sample end the run before anything is asked for.
  const asked = emulator.requests.length;
  await retime('0:04.400-0:05.400');
  expect((await call(folder, ...made)).stderr).toContain(
    'cast.json for Anna is too short (1 s, at least 3 s) for qwen.',
  );
  await retime('0:04.400-0:59.400');
  expect(await call(folder, ...made)).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('; the film ends at') as string,
  });
  expect(emulator.requests).toHaveLength(asked);
});

it('two speakers of a 5.1 film in MPEG-TS whose sound begins late keep their voices', async () => {
  const late = join(folder, 'late');
  await mkdir(late);
  const [bob, anna] = dialogue;
  await makeDialogue(late, [{ ...bob!, atMs: 1800 }, anna!]);
  const [film, transport] = [join(late, 'talk.mp4'), join(late, 'talk.ts')];
  const sound = ['-itsoffset', '1.7', '-ss', '1.7', '-i', film];
  const surround = ['-af', 'pan=5.1|c2=c0|c4=0.02*c0', '-c:a', 'ac3', '-c:v', 'copy'];
  await ffmpeg('-i', film, ...sound, '-map', '0:v', '-map', '1:a', ...surround, transport);

  const made = ['talk.ts', '--voices', 'clone', '-o', 'late.mkv', '--work', 'late.dub', '--bed', 'mute'];
  expect(await call(late, ...made)).toMatchObject({ exit: 0 });
  for (const name of ['Bob', 'Anna']) {
    const { samples, sampleRate } = readWav(await readFile(join(late, 'late.dub', 'voices', `${name}.wav`)))!;
    const { startSample, endSample } = findSound(samples, sampleRate)!;
    // A sample that was cut at other times would begin or end in silence.
    expect(startSample / sampleRate).toBeLessThan(0.25);
    expect((samples.length - endSample) / sampleRate).toBeLessThan(0.6);
  }
  const lines = await hearLines(join(late, 'late.mkv'), join(late, 'late.dub'), 'es');
  const tones = [...settings.tones.values()];
  const loudest = lines.map(({ samples }) => (toneDb(samples, tones[0]!) > toneDb(samples, tones[1]!) ? 0 : 1));
  expect(new Set(loudest).size).toBe(2);
  const { streams } = await probeJson(join(late, 'late.mkv'));
  expect(streams.find(({ codec_type: type }) => type === 'audio')).toMatchObject({ channels: 6 });
  expect(emulator.violations).toEqual([]);
});
