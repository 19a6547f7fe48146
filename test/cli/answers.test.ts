import { expect, it } from 'vitest';
import { answer } from '../../src/cli/answers.js';
import { callDub, jsonLines } from '../support/command.js';
import { makeFolder, removeFolder } from '../support/media.js';

it.each(['config', 'clean', 'costs', 'voices --tts espeak-ng --lang es', 'providers check tts:espeak-ng', 'doctor'])(
  'dub %s --json answers with one line that has a version, a time and an id, as the schema says',
  async (line) => {
    const cwd = await makeFolder();
    try {
      const { stdout } = await callDub([...line.split(' '), '--json'], { cwd, env: { DUBBING_CACHE: cwd } });
      const [told, ...more] = jsonLines(stdout);
      expect(more).toEqual([]);
      expect(answer.parse(told)).toMatchObject({ v: 1, run: expect.stringMatching(/^[0-9a-f-]{36}$/) });
      expect(new Date(String(told!.time)).toISOString()).toBe(told!.time);
    } finally {
      await removeFolder(cwd);
    }
  },
);
