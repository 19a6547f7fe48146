import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Suggestion } from '../../src/pipeline/casting/edit-cast.js';
import { medianPitch, trackPitch } from '../../src/sound/pitch.js';
import { readWav } from '../../src/sound/wav.js';
import { enrolment, enrolmentSettings } from '../emulators/dashscope/enrolment.js';
import { defaultKey, type Emulator, startEmulator } from '../emulators/dashscope/server.js';
import { type TtsSettings, tts, ttsSettings } from '../emulators/dashscope/tts.js';
import { callDub, jsonLines } from '../support/command.js';
import { dialogue, heardRate, hearLines, makeDialogue, toneDb } from '../support/dialogue.js';
import { makeFolder, removeFolder } from '../support/media.js';

let folder: string;
let emulator: Emulator;
let settings: TtsSettings;

beforeAll(async () => {
  folder = await makeFolder();
  await makeDialogue(folder);
});

beforeEach(async () => {
  settings = ttsSettings();
  emulator = await startEmulator({ parts: [tts(settings), enrolment(settings, enrolmentSettings({ hums: true }))] });
});

afterEach(() => emulator.close());
afterAll(() => removeFolder(folder));

const film = ['talk.mp4', '--to', 'es', '--script', 'talk.en.vtt', '--translation', 'es=talk.es.srt', '--bed', 'mute'];

function call(...args: readonly string[]) {
  const env = { DASHSCOPE_API_KEY: defaultKey, DASHSCOPE_BASE_URL: emulator.url };
  return callDub([...args, '--cache', join(folder, 'cache')], { cwd: folder, env });
}

function actions(): string[] {
  return emulator.requestsTo('enrol').map(({ json }) => (json as { input: { action: string } }).input.action);
}

describe('a film with two speakers', () => {
  it('keeps both voices, cloned at Model Studio, each line in its speaker’s; enrolled once for a run that fails and the next, and deleted when asked', async () => {
    const cloned = [...film, '--tts', 'qwen', '--voices', 'clone', '-o', 'cloned.mp4', '--work', 'cloned.dub'];
    emulator.fail('tts', { status: 401, code: 'InvalidApiKey', times: 2 });
    const failed = await call(...cloned, '--delete-voices');
    expect(failed.exit).toBe(5);
    expect(failed.stderr).toMatch(
      /Cloned voices stay at 127\.0\.0\.1.*: qwen-tts-vc-dub_(Bob|Anna)_.*`dub voices delete qwen-tts-vc-.+ --tts qwen` deletes them now/,
    );
    emulator.heal();
    const { exit, stderr } = await call(...cloned);
    expect({ exit, stderr }).toMatchObject({ exit: 0, stderr: expect.stringContaining('--voice-consent') as string });
    const lines = await hearLines(join(folder, 'cloned.mp4'), join(folder, 'cloned.dub'), 'es');
    expect(lines).toHaveLength(dialogue.length);
    const tones = [...settings.tones.values()];
    expect(tones).toHaveLength(2);
    const heard = lines.map(({ samples }) => tones.map((hz) => toneDb(samples, hz)));
    const voices = heard.map(([first = 0, second = 0]) =>
      Math.abs(first - second) < 15 ? -1 : first > second ? 0 : 1,
    );
    expect(voices).toEqual(lines.map(({ speaker }) => (speaker === lines[0]!.speaker ? voices[0] : 1 - voices[0]!)));
    expect(actions().filter((action) => action === 'create')).toHaveLength(2);
    const before = actions().length;
    const spoken = emulator.requestsTo('tts').length;

    const env = { DASHSCOPE_API_KEY: defaultKey, DASHSCOPE_BASE_URL: emulator.url };
    const own = await callDub(['voices', '--own'], { cwd: folder, env });
    expect(own.stdout.match(/qwen-tts-vc-dub_(Bob|Anna)_/g)).toHaveLength(2);
    const unknown = await callDub(['voices', 'delete', 'qwen-tts-vc-other'], { cwd: folder, env });
    expect(unknown).toMatchObject({ exit: 2, stderr: expect.stringContaining('nothing was deleted') as string });

    // What each was cloned from is that speaker, and nobody else.
    for (const [name, lowest, highest] of [
      ['Bob', 70, 155],
      ['Anna', 165, 300],
    ] as const) {
      const wav = readWav(await readFile(join(folder, 'cloned.dub', 'voices', `${name}.wav`)))!;
      expect({ rate: wav.sampleRate, channels: wav.channels }).toEqual({ rate: 24_000, channels: 1 });
      const hz = medianPitch(trackPitch(wav.samples, wav.sampleRate))!;
      expect(hz).toBeGreaterThan(lowest);
      expect(hz).toBeLessThan(highest);
    }

    const again = await call(...cloned, '--force', '--delete-voices', '--voice-consent', 'both have agreed');
    expect(again).toMatchObject({ exit: 0, stderr: expect.not.stringContaining('--voice-consent') as string });
    expect(actions().slice(before)).toEqual(['list', 'list', 'delete', 'delete']);
    const none = await callDub(['voices', 'delete', '--all'], { cwd: folder, env });
    expect(none).toMatchObject({
      exit: 0,
      stderr: expect.stringContaining('no voice at qwen that dub has made') as string,
    });
    expect(emulator.requestsTo('tts')).toHaveLength(spoken);
    expect(emulator.violations).toEqual([]);
  });

  it('has a voice of each one’s pitch among the named ones, and keeps it on the next run', async () => {
    const named = [...film, '--tts', 'qwen', '-o', 'named.mp4', '--work', 'named.dub', '--json'];
    expect((await call(...named)).exit).toBe(0);
    const lines = await hearLines(join(folder, 'named.mp4'), join(folder, 'named.dub'), 'es');
    const pitches = lines.map(({ speaker, samples }) => ({
      speaker,
      hz: medianPitch(trackPitch(samples, heardRate))!,
    }));
    for (const { speaker, hz } of pitches) {
      if (speaker === 'Bob') expect(hz).toBeLessThan(160);
      else expect(hz).toBeGreaterThan(160);
    }
    const second = await call(...named, '--force');
    const cast = jsonLines(second.stdout).find((event) => event.type === 'stage-end' && event.stage === 'cast');
    expect(cast).toMatchObject({ kept: true });
    expect(emulator.violations).toEqual([]);
  });
});

it('`dub cast` shows, changes and suggests, and refuses what is not there', async () => {
  const path = join(folder, 'series.cast.json');
  const anna = { provider: 'espeak-ng', voice: 'es', gender: 'female', pitchHz: 200, note: 'the guest' };
  await writeFile(path, JSON.stringify({ speakers: { Anna: anna } }));
  const shown = await callDub(['cast', 'show', path], { cwd: folder });
  expect(shown.stdout).toMatch(/Anna +espeak-ng +es +female +200 Hz +the guest/);
  expect((await callDub(['cast', 'set', path, 'ANNA=es+f4'], { cwd: folder })).exit).toBe(0);
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ v: 1, speakers: { Anna: { ...anna, voice: 'es+f4' } } });
  const suggested = await callDub(['cast', 'suggest', path, '--lang', 'fr'], { cwd: folder });
  expect(suggested.stdout).toMatch(/Anna +200 Hz +fr(-fr)?\+f\d/);
  const unknown = await callDub(['cast', 'set', path, 'Ana=es'], { cwd: folder });
  expect(unknown).toMatchObject({ exit: 2, stderr: expect.stringContaining('Near ones: Anna.') as string });
  const none = await callDub(['cast', 'show', 'nowhere.dub'], { cwd: folder });
  expect(none).toMatchObject({ exit: 3, stderr: expect.stringContaining('There is no cast yet') as string });
});

it('`dub cast suggest` finds the speakers of a film that has a script and no cast, and measures them', async () => {
  const film = await makeFolder();
  await copyFile(join(folder, 'talk.mp4'), join(film, 'talk.mp4'));
  const asked = ['cast', 'suggest', 'talk.mp4', '--tts', 'espeak-ng', '--lang', 'es', '--json'];
  const suggested = await callDub([...asked, '--script', join(folder, 'talk.en.vtt')], { cwd: film });
  const { suggestions } = JSON.parse(suggested.stdout) as { readonly suggestions: readonly Suggestion[] };
  expect(suggestions.map(({ speaker }) => speaker)).toEqual(['Bob', 'Anna']);
  const [bob, anna] = suggestions;
  expect(bob!.pitchHz).toBeLessThan(155);
  expect(anna!.pitchHz).toBeGreaterThan(165);
  expect([bob!.voices[0]!.gender, anna!.voices[0]!.gender]).toEqual(['male', 'female']);
  // Nothing was written beside the film, and without words there is nobody to find.
  expect(await readdir(film)).toEqual(['talk.mp4']);
  const unnamed = await callDub(asked, { cwd: film });
  expect(unnamed).toMatchObject({ exit: 5, stderr: expect.stringContaining('--script FILE') as string });
  // What a run has left that came no further than its script is enough, with a person's edits in it.
  const begun = [
    'talk.mp4',
    '--to',
    'es',
    '--script',
    join(folder, 'talk.en.vtt'),
    '--tts',
    'espeak-ng',
    '--voice',
    'Zed=es',
  ];
  const words = ['--translation', `es=${join(folder, 'talk.es.srt')}`, '--cache', join(film, 'cache')];
  expect((await callDub([...begun, ...words], { cwd: film })).stderr).toContain('the script has Bob, Anna');
  const script = join(film, 'talk.dub', 'script.srt');
  await writeFile(script, (await readFile(script, 'utf8')).replace('BOB: Tell', 'Carl: Tell'));
  const after = await callDub(['cast', 'suggest', 'talk.dub', '--tts', 'espeak-ng', '--lang', 'es'], { cwd: film });
  expect(after.stdout).toMatch(/BOB +\d+ Hz.*\nANNA +\d+ Hz.*\nCarl +\d+ Hz/);
  await removeFolder(film);
});

it('a cast file with a voice that its engine does not have ends before anything is asked for', async () => {
  const path = join(folder, 'wrong.cast.json');
  await writeFile(path, JSON.stringify({ speakers: { Anna: { provider: 'espeak-ng', voice: 'Cherry' } } }));
  const { exit, stderr } = await call(...film, '--tts', 'qwen', '--cast', path, '-o', 'wrong.mp4');
  expect({ exit, stderr }).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining(
      'espeak-ng has no voice Cherry for es, which wrong.cast.json for Anna asks for.',
    ) as string,
  });
  const cloning = await call(...film, '--tts', 'espeak-ng', '--voices', 'clone', '-o', 'wrong.mp4');
  expect(cloning).toMatchObject({
    exit: 5,
    stderr: expect.stringContaining('espeak-ng cannot clone voices') as string,
  });
  expect(emulator.requests).toEqual([]);
});
