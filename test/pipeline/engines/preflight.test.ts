import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callDub } from '../../support/command.js';
import { makeFolder, removeFolder } from '../../support/media.js';
import { copyTalk, type Talk } from '../support.js';

let talk: Talk;

beforeAll(async () => {
  talk = await copyTalk(await makeFolder());
});

afterAll(() => removeFolder(talk.folder));

it.each([
  ['a voice', ['--translation', 'fr=spanish.srt', '--tts', 'flite'], 'flite does not speak French (fr).'],
  [
    'a pair',
    ['--translator', 'apertium', '--tts', 'espeak-ng'],
    'apertium does not translate English to French (en to fr).',
  ],
])('a language that %s does not serve is refused before anything is done', async (what, engines, message) => {
  const args = [talk.film, '--to', 'fr', '--from', 'en', '--script', 'talk.en.srt', ...engines];
  const { exit, stderr } = await callDub(args, {
    cwd: talk.folder,
    env: { DUBBING_CACHE: join(talk.folder, 'cache') },
  });
  expect(exit).toBe(5);
  expect(stderr).toContain(`dub: ${message}\n`);
  if (what === 'a voice')
    expect(stderr).toContain('It speaks en. French may be had from qwen, cosyvoice, openai, piper, espeak-ng. Choose');
  expect(existsSync(join(talk.folder, 'talk.dub'))).toBe(false);
});
