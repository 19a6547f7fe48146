import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type OutputSummary, runEvent } from '../../src/pipeline/events.js';
import { serverSettings, startIndexServer } from '../emulators/indextts/server.js';
import { startServer } from '../providers/openai.support.js';
import { callDub, jsonLines } from '../support/command.js';
import { makeFolder, makeMedia, removeFolder } from '../support/media.js';

const tooLong = 'Good morning to every single one of you here, and a very warm welcome to our little show.';
let folder: string;

beforeAll(async () => {
  folder = await makeFolder();
  await makeMedia(folder, { name: 'talk.wav', seconds: 9, video: false, audio: [{ tone: 300 }] });
});
afterAll(() => removeFolder(folder));

async function openai() {
  const server = await startServer({ voiceList: 'none', voices: ['custom'] });
  return {
    args: ['--tts', `openai:tts-1@${server.url}`, '--voice', 'custom'],
    env: { OPENAI_API_KEY: 'oa-7d3c9e5f1b2a4680' },
  };
}

async function indextts() {
  const server = await startIndexServer(serverSettings('gradio'));
  onTestFinished(() => server.close());
  return { args: ['--tts', 'indextts'], env: { INDEXTTS_URL: server.url } };
}

const local = (tts: string) => async () => ({ args: ['--tts', tts], env: {} });

/** `00:00:04,200`, up to ten seconds. */
const clock = (ms: number) => `00:00:0${(ms / 1000).toFixed(3).replace('.', ',')}`;

it.each([
  ['espeak-ng', local('espeak-ng'), 4200],
  ['flite', local('flite'), 3900],
  ['openai', openai, 4200],
  ['indextts', indextts, 4200],
])('a line that does not fit is spoken by %s at its own rate', async (name, start, endMs) => {
  const { args, env } = await start();
  // A pause, for lines without one between them would be laid as one run instead.
  const times = [`00:00:00,200 --> ${clock(endMs - 250)}`, `${clock(endMs + 100)} --> 00:00:08,000`];
  const cues = (...texts: string[]) =>
    texts.map((text, index) => `${index + 1}\n${times[index]}\n${text}\n`).join('\n');
  await writeFile(join(folder, 'talk.es.srt'), cues('Buenos días.', 'Así es.'));
  await writeFile(join(folder, 'talk.en.srt'), cues(tooLong, 'So it is, and so it has been for a long time.'));
  const words = ['--script', 'talk.es.srt', '--translation', 'talk.en.srt', '--to', 'en', '--bed', 'mute'];
  const { exit, stdout, stderr } = await callDub(
    ['talk.wav', ...words, ...args, '-o', `${name}.wav`, '--cache', join(folder, name), '--json'],
    { cwd: folder, env },
  );
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  const events = jsonLines(stdout).map((line) => runEvent.parse(line));
  const tries = events.filter((event) => event.type === 'line-adapted');
  const { adapted } = (events.at(-1) as { outputs: OutputSummary[] }).outputs[0]!;
  expect(adapted).toMatchObject({ rounds: 1, rate: 1, wording: 0 });
  expect(tries).toMatchObject([{ utteranceId: 'u0001', means: 'rate', kept: true }]);
  const { beforeMs, afterMs } = tries[0]!;
  expect(beforeMs).toBeGreaterThan(endMs);
  expect(afterMs!).toBeLessThan(beforeMs * 0.95);
});
