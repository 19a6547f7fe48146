import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { runEvent } from '../../src/pipeline/events.js';
import { copyTalk } from '../pipeline/support.js';
import { callDub, jsonLines } from '../support/command.js';
import { makeFolder, removeFolder } from '../support/media.js';

const tone = fileURLToPath(new URL('../support/tone-tts.js', import.meta.url));

it('lines that cannot be told apart are heard once each', async () => {
  const folder = await makeFolder();
  onTestFinished(() => removeFolder(folder));
  const talk = await copyTalk(folder);
  const words = ['--script', 'talk.en.srt', '--translation', 'es=spanish.srt'];
  const args = [talk.film, '--to', 'es', '--from', 'en', ...words, '--tts', tone, '--json'];
  const { exit, stdout, stderr } = await callDub(args, { cwd: folder, env: { DUBBING_CACHE: folder } });
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  const summary = jsonLines(stdout)
    .map((line) => runEvent.parse(line))
    .find((event) => event.type === 'summary');
  const missed = summary?.outputs?.[0]?.verdict?.gates.filter(({ passed }) => !passed).map(({ name }) => name);
  // The tone takes its time for one line, which is no fault of the film.
  expect(missed).toEqual(['tempo-share']);
});
