import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type OutputSummary, runEvent } from '../../src/pipeline/events.js';
import { chat } from '../emulators/dashscope/chat.js';
import { defaultKey, type Emulator, startEmulator } from '../emulators/dashscope/server.js';
import { tts } from '../emulators/dashscope/tts.js';
import { callDub, jsonLines } from '../support/command.js';
import { makeFolder, removeFolder } from '../support/media.js';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));

/** Far too long for its time; Cervantes and 1605 must be kept. Every word is too long for the emulator to leave out. */
const tooLong =
  'Entonces comenzaron lentamente todas aquellas personas maravillosas, como Cervantes contaba hacia 1605, caminando siempre tranquilamente juntas hacia alguna montaña lejana';
const spoken: Readonly<Record<string, string>> = {
  'He was not an ill-disposed young man,': tooLong,
  'He might even have been made amiable himself.': tooLong,
};

let folder: string;
let emulator: Emulator;

beforeAll(async () => {
  folder = await makeFolder();
  for (const name of ['talk.mp4', 'talk.en.srt', 'talk.es.srt'])
    await copyFile(join(fixtures, name), join(folder, name));
});

beforeEach(async () => {
  const translate = (text: string) =>
    spoken[text] ?? 'Estaban hablando durante bastante tiempo seguido sobre cosas importantes.';
  emulator = await startEmulator({ parts: [chat({ translate }), tts()] });
});

afterEach(() => emulator.close());
afterAll(() => removeFolder(folder));

async function dub(...args: readonly string[]) {
  const env = { DASHSCOPE_API_KEY: defaultKey, DASHSCOPE_BASE_URL: emulator.url, DUBBING_CACHE: join(folder, 'cache') };
  const base = ['talk.mp4', '--to', 'es', '--script', 'talk.en.srt', '--json'];
  const { exit, stdout, stderr } = await callDub([...base, ...args], { cwd: folder, env });
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  const events = jsonLines(stdout).map((line) => runEvent.parse(line));
  const summary = events.at(-1) as { outputs: OutputSummary[] };
  return { events, output: summary.outputs[0]! };
}

it('lines that do not fit are reworded with their measured length, and only those', async () => {
  const after = await dub('--translator', 'qwen', '--tts', 'qwen', '--work', 'w2', '-o', 'b.mp4');
  expect(after.output.lines.overflowed).toBe(0);
  expect(after.output.adapted).toMatchObject({ wording: 2, rate: 0 });
  const adapted = after.events.filter((event) => event.type === 'line-adapted');
  expect([...new Set(adapted.map(({ utteranceId }) => utteranceId))].sort()).toEqual(['u0002', 'u0005']);
  for (const { beforeMs, afterMs, kept } of adapted) {
    expect(kept).toBe(true);
    expect(afterMs!).toBeLessThan(beforeMs);
  }
  // One question a round and one take a try (lines of the same words share one at first); the very first question is put twice, since the model refuses its form.
  expect(emulator.requestsTo('chat').length).toBe(2 + after.output.adapted!.rounds);
  expect(emulator.requestsTo('tts').length).toBe(2 + adapted.length);
  const translation = await readFile(join(folder, 'w2', 'es', 'translation.srt'), 'utf8');
  expect(translation).not.toContain(tooLong);
  expect(translation.match(/Cervantes/g)).toHaveLength(2);
  expect(translation.match(/1605/g)).toHaveLength(2);

  const asked = emulator.requests.length;
  const again = await dub('--translator', 'qwen', '--tts', 'qwen', '--work', 'w3', '-o', 'c.mp4');
  expect(again.output.adapted).toMatchObject({ wording: 2 });
  expect(emulator.requests.length).toBe(asked);
  expect(emulator.violations).toEqual([]);
}, 60_000);

it('a translation of the user is never reworded, but may be spoken at the rate that the voice has', async () => {
  const args = ['--translation', 'es=talk.es.srt', '--tts', 'espeak-ng', '--work', 'w4', '-o', 'd.mp4'];
  const mine = await readFile(join(folder, 'talk.es.srt'), 'utf8');
  const { events, output } = await dub(...args);
  const adapted = events.filter((event) => event.type === 'line-adapted');
  expect(adapted.filter(({ means }) => means === 'wording')).toEqual([]);
  expect(output.lines.overflowed).toBe(0);
  const written = await readFile(join(folder, 'w4', 'es', 'translation.srt'), 'utf8');
  const words = (text: string) =>
    text
      .replace(/^\d+$|^.*-->.*$/gm, '')
      .split(/\s+/)
      .filter(Boolean);
  expect(words(written)).toEqual(words(mine));
  expect(emulator.requests).toEqual([]);
}, 60_000);
