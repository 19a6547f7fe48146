import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runEvent } from '../../src/pipeline/events.js';
import { defaultKey, type Emulator, startEmulator } from '../emulators/dashscope/server.js';
import { tts, ttsSettings } from '../emulators/dashscope/tts.js';
import { callDub, jsonLines } from '../support/command.js';
import { makeFolder, makeMedia, removeFolder } from '../support/media.js';

const lines = 4;
let folder: string;
let emulator: Emulator;

beforeAll(async () => {
  folder = await makeFolder();
  for (const film of ['a', 'b']) {
    await makeMedia(folder, { name: `${film}.m4a`, seconds: lines * 3, video: false });
    const cue = (text: string, line: number) =>
      `${line + 1}\n00:00:${String(line * 3).padStart(2, '0')},500 --> 00:00:${String(line * 3 + 2).padStart(2, '0')},500\n${text} ${film} ${line}.\n`;
    const all = (text: string) => Array.from({ length: lines }, (_, line) => cue(text, line)).join('\n');
    await writeFile(join(folder, `${film}.en.srt`), all('A line'));
    await writeFile(join(folder, `${film}.es.srt`), all('Una frase'));
  }
  emulator = await startEmulator({ parts: [tts(ttsSettings())] });
});

afterAll(async () => {
  await emulator.close();
  await removeFolder(folder);
});

async function batch(maxCost: number) {
  const words = ['--script', '{dir}/{name}.en.srt', '--translation', 'es={dir}/{name}.es.srt', '--tts', 'qwen'];
  const money = ['--max-cost', String(maxCost), '--currency', 'CNY'];
  const args = ['batch', 'a.m4a', 'b.m4a', '--to', 'es', ...words, ...money, '--jobs', '2', '--json'];
  const env = { DASHSCOPE_API_KEY: defaultKey, DASHSCOPE_BASE_URL: emulator.url, DUBBING_CACHE: join(folder, 'cache') };
  const { exit, stdout } = await callDub(args, { cwd: folder, env });
  const events = jsonLines(stdout).map((line) => runEvent.parse(line));
  const spent = events.reduce((sum, event) => sum + (event.type === 'cost' ? (event.money ?? 0) : 0), 0);
  return { exit, spent, events };
}

it('a ceiling holds for all files of a batch together, and a higher one lets it go on', async () => {
  const whole = 8 * 14 * (0.8 / 10_000);
  const stopped = await batch(whole / 2);
  expect(stopped.exit).toBe(6);
  expect(stopped.spent).toBeGreaterThan(0);
  expect(stopped.spent).toBeLessThanOrEqual(whole / 2);
  const refusals = stopped.events.filter((event) => event.type === 'error' && event.code === 'COST_LIMIT');
  expect(refusals.length).toBeGreaterThan(0);
  const asked = emulator.requestsTo('tts').length;
  expect(asked).toBeLessThan(2 * lines);

  const finished = await batch(1);
  expect(finished.exit).toBe(0);
  expect(emulator.requestsTo('tts')).toHaveLength(2 * lines);
  expect(emulator.violations).toEqual([]);
});
