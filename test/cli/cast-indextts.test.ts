import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type IndexEmulator, type ServerKind, serverSettings, startIndexServer } from '../emulators/indextts/server.js';
import { toneInSamples, toneOfName } from '../emulators/indextts/tones.js';
import { callDub } from '../support/command.js';
import { dialogue, heardRate, hearLines, makeDialogue, toneDb } from '../support/dialogue.js';
import { makeFolder, removeFolder } from '../support/media.js';

let folder: string;
let server: IndexEmulator | undefined;

beforeAll(async () => {
  folder = await makeFolder();
  await makeDialogue(folder, dialogue.slice(0, 2));
  await copyFile(join(folder, 'talk.en.vtt'), join(folder, 'script.vtt'));
});

afterEach(() => server?.close());
afterAll(() => removeFolder(folder));

it('speakers who spoke at once in the film do so in the dub', async () => {
  const talk = join(folder, 'crosstalk');
  await mkdir(talk);
  await makeDialogue(talk, [dialogue[0]!, { ...dialogue[1]!, atMs: 2000 }]);
  await copyFile(join(talk, 'talk.en.vtt'), join(talk, 'script.vtt'));
  server = await startIndexServer(serverSettings('vllm2'));
  const words = ['--script', 'script.vtt', '--from', 'es', '--translation', 'en=talk.es.srt', '--to', 'en'];
  const more = ['--work', 'work', '--cache', 'cache', '--bed', 'mute', '--tts', 'indextts', ...voicesThere];
  const env = { INDEXTTS_URL: server.url };
  expect(await callDub(['talk.mp4', ...words, ...more], { cwd: talk, env })).toMatchObject({ exit: 0 });
  const [bob, anna] = await hearLines(join(talk, 'talk.en.mp4'), join(talk, 'work'), 'en');
  const [low, high] = ['ben', 'anna'].map((name) => toneOfName(`/srv/voices/${name}.wav`));
  const early = bob!.samples.subarray(0, heardRate);
  const late = anna!.samples.subarray(0, heardRate);
  expect(toneDb(early, low!) - toneDb(early, high!)).toBeGreaterThan(15);
  // Both are there while she begins and he has not ended.
  for (const hz of [low!, high!]) expect(toneDb(late, hz)).toBeGreaterThan(toneDb(early, high!) + 15);
});

const ownVoices = ['--voices', 'clone', '--voice-consent', 'both have agreed'];
const voicesThere = ['--voice', 'Bob=server:/srv/voices/ben.wav', '--voice', 'Anna=server:/srv/voices/anna.wav'];

it.each<[ServerKind, readonly string[]]>([
  ['tts-service', ownVoices],
  ['vllm2', voicesThere],
  ['upload', ownVoices],
  ['gradio', ownVoices],
  ['omni', ownVoices],
])('two speakers have two voices by IndexTTS, dialect %s', async (kind, voices) => {
  server = await startIndexServer(serverSettings(kind));
  const words = ['--script', 'script.vtt', '--from', 'es', '--translation', 'en=talk.es.srt', '--to', 'en'];
  const files = ['-o', `${kind}.mp4`, '--work', `${kind}.dub`, '--cache', `${kind}.cache`, '--bed', 'mute'];
  const { exit, stderr } = await callDub(['talk.mp4', ...words, ...files, '--tts', 'indextts', ...voices], {
    cwd: folder,
    env: { INDEXTTS_URL: server.url },
  });
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  const lines = await hearLines(join(folder, `${kind}.mp4`), join(folder, `${kind}.dub`), 'en');
  const tones = lines.map(({ samples }) => toneInSamples(samples, heardRate));
  expect(lines.map(({ speaker }) => speaker)).toEqual(['Bob', 'Anna']);
  expect(tones.every((tone) => tone !== undefined)).toBe(true);
  expect(new Set(tones).size).toBe(2);
  expect(server.violations).toEqual([]);
});
