import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { closeLater, startServer } from '../providers/openai.support.js';
import { callDub } from '../support/command.js';
import { makeFolder, makeMedia, removeFolder } from '../support/media.js';

let folder: string;
const words = ['--script', 'talk.es.srt', '--translation', 'talk.en.srt', '--to', 'en'];

beforeAll(async () => {
  folder = await makeFolder();
  await makeMedia(folder, { name: 'talk.wav', seconds: 3, video: false, audio: [{ tone: 300 }] });
  await writeFile(join(folder, 'talk.es.srt'), '1\n00:00:00,300 --> 00:00:02,500\nBuenos días a todos.\n');
  await writeFile(join(folder, 'talk.en.srt'), '1\n00:00:00,300 --> 00:00:02,500\nGood morning to all of you.\n');
});
afterAll(() => removeFolder(folder));

function call(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return callDub(['talk.wav', ...words, '--cache', join(folder, 'cache'), ...args], { cwd: folder, env });
}

it('dub speaks by a server that the spec names, also offline when it is on this machine', async () => {
  const key = 'oa-7d3c9e5f1b2a4680';
  const server = await startServer({ key, voiceList: 'none', voices: ['custom'] });
  const args = ['--offline', '--tts', `openai:tts-1@${server.url}`, '--voice', 'custom', '--json'];
  const { exit, stdout, stderr } = await call(args, { OPENAI_API_KEY: key });
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  expect(server.requestsTo('speech')).toHaveLength(1);
  expect(stdout + stderr).not.toContain(key);
  expect(server.violations).toEqual([]);
});

it('a server elsewhere is refused offline, and a plan says what leaves for which host', async () => {
  const away = await call(['--offline', '--tts', 'openai:tts-1@https://tts.example/v1'], {
    OPENAI_API_KEY: 'oa-7d3c9e5f',
  });
  expect(away).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('needs the network, and --offline forbids it'),
  });
  const server = await startServer();
  const plan = await call(['--tts', `openai:tts-1@${server.url}`, '--dry-run']);
  expect(plan.stdout).toContain(`the translation to ${new URL(server.url).host}`);
});

it('a server that is away ends the run before anything is done, and it can be resumed', async () => {
  const server = await startServer();
  closeLater(server);
  await server.close();
  const { exit, stderr } = await call(['--tts', `openai:tts-1@${server.url}`, '-o', 'gone.wav']);
  expect(exit).toBe(6);
  expect(stderr).toContain('the connection was refused');
});
