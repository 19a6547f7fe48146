import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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
  it('keeps both voices, cloned at Model Studio, each line in its speaker’s; enrolled once, and deleted when asked', async () => {
    const cloned = [...film, '--tts', 'qwen', '--voices', 'clone', '-o', 'cloned.mp4', '--work', 'cloned.dub'];
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
    expect(actions()).toEqual(['create', 'create']);

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
    expect(actions()).toEqual(['create', 'create', 'delete', 'delete']);
    expect(emulator.requestsTo('tts')).toHaveLength(dialogue.length);
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
