import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { defaultKey, type Emulator, startEmulator } from '../emulators/dashscope/server.js';
import { tts, ttsSettings } from '../emulators/dashscope/tts.js';
import { type IndexEmulator, serverSettings, startIndexServer } from '../emulators/indextts/server.js';
import { toneGrid } from '../emulators/indextts/tones.js';
import { makeSample } from '../providers/tts/indextts.support.js';
import { callDub } from '../support/command.js';
import { dialogue, hearLines, makeDialogue, toneDb } from '../support/dialogue.js';
import { makeFolder, removeFolder } from '../support/media.js';

const tones = { Bob: 700, Anna: toneGrid[17]! };
const tooLong = 'Muchas gracias a todos, de verdad que es un gran placer estar por fin aquí con usted esta noche.';

let folder: string;
let studio: Emulator;
let gpu: IndexEmulator;

beforeAll(async () => {
  folder = await makeFolder();
  // Anna's line is too long for its time by a third, and Bob's leave her no silence to borrow.
  const [bob, anna, again] = dialogue;
  await makeDialogue(folder, [bob!, { ...anna!, es: tooLong }, again!]);
  await makeSample(folder, 'anna', tones.Anna);
});

beforeEach(async () => {
  studio = await startEmulator({ parts: [tts(ttsSettings({ tones: new Map([['Ethan', tones.Bob]]) }))] });
  gpu = await startIndexServer(serverSettings('omni'));
});

afterEach(async () => {
  await Promise.all([studio.close(), gpu.close()]);
});
afterAll(() => removeFolder(folder));

interface Speech {
  readonly input: string;
  readonly speed?: number;
}

it('in a cast of two engines each line is its speaker’s engine’s, at the rate which that has', async () => {
  const cast = { Bob: { provider: 'qwen', voice: 'Ethan' }, Anna: { provider: 'indextts', sample: 'anna.wav' } };
  await writeFile(join(folder, 'series.json'), JSON.stringify({ speakers: cast }));
  const film = ['talk.mp4', '--to', 'es', '--script', 'talk.en.vtt', '--translation', 'es=talk.es.srt'];
  const places = ['-o', 'dub.mp4', '--work', 'dub.dub', '--cache', 'cache', '--bed', 'mute'];
  const env = { DASHSCOPE_API_KEY: defaultKey, DASHSCOPE_BASE_URL: studio.url, INDEXTTS_URL: gpu.url };
  const voices = ['--cast', 'series.json', '--voice-consent', 'both have agreed'];
  const { exit, stderr } = await callDub([...film, ...places, '--tts', 'qwen', ...voices], { cwd: folder, env });
  expect({ exit, stderr }).toMatchObject({
    exit: 0,
    stderr: expect.stringContaining('is still running') as string,
  });

  const lines = await hearLines(join(folder, 'dub.mp4'), join(folder, 'dub.dub'), 'es');
  const heard = lines.map(({ samples }) =>
    toneDb(samples, tones.Bob) > toneDb(samples, tones.Anna) + 10 ? 'Bob' : 'Anna',
  );
  expect(heard).toEqual(['Bob', 'Anna', 'Bob']);
  const spoken = gpu.requestsTo('speak').map(({ json }) => json as Speech);
  expect(new Set(spoken.map(({ input }) => input))).toEqual(new Set([tooLong]));
  expect(spoken.at(-1)!.speed).toBeGreaterThan(1.1);
  expect(studio.requestsTo('tts')).toHaveLength(2);
  expect([...studio.violations, ...gpu.violations]).toEqual([]);
});
