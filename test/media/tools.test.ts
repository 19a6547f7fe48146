import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DubError } from '../../src/errors.js';
import { findMediaTools } from '../../src/media/tools.js';
import { makeFolder, removeFolder } from '../support/media.js';

let folder: string;
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => removeFolder(folder));

/** A program that answers as ffmpeg of this version does. */
async function fakeProgram(name: string, answer: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\necho '${answer}'\n`, { mode: 0o755 });
  return path;
}

async function failure(paths: { ffmpeg?: string; ffprobe?: string }): Promise<DubError> {
  const error = await findMediaTools(paths).catch((reason: unknown) => reason);
  if (!(error instanceof DubError)) throw new Error('the tools were found', { cause: error });
  return error;
}

describe('findMediaTools', () => {
  it('finds the programs of this machine and their version', async () => {
    const tools = await findMediaTools();
    expect(tools).toMatchObject({ ffmpeg: 'ffmpeg', ffprobe: 'ffprobe' });
    expect(tools.version).toMatch(/\d/);
  });

  it('refuses a path that leads nowhere instead of searching PATH', async () => {
    const error = await failure({ ffmpeg: join(folder, 'no-ffmpeg') });
    expect(error.code).toBe('FFMPEG_MISSING');
    expect(error.message).toBe(`ffmpeg could not be started as \`${join(folder, 'no-ffmpeg')}\` (ENOENT).`);
    expect(error.hint).toContain('sudo apt-get install -y ffmpeg');
    expect(error.hint).toContain('FFMPEG_PATH');
    expect((await failure({ ffprobe: join(folder, 'no-ffprobe') })).message).toMatch(/^ffprobe could not be started/);
  });

  it('refuses a folder, a file that is no program, and a program that is something else', async () => {
    await mkdir(join(folder, 'ffmpeg-folder'));
    expect((await failure({ ffmpeg: join(folder, 'ffmpeg-folder') })).message).toContain('(EACCES)');
    await writeFile(join(folder, 'plain'), 'text', { mode: 0o644 });
    expect((await failure({ ffmpeg: join(folder, 'plain') })).message).toContain('(EACCES)');
    const other = await fakeProgram('other', 'GNU bash, version 5.2');
    expect((await failure({ ffmpeg: other })).message).toBe(`\`${other} -version\` does not answer like ffmpeg.`);
    const failing = join(folder, 'failing');
    await writeFile(failing, '#!/bin/sh\nexit 3\n', { mode: 0o755 });
    expect((await failure({ ffmpeg: failing })).message).toContain('(exit code 3)');
  });

  it('does not take ffprobe for ffmpeg', async () => {
    expect((await failure({ ffmpeg: 'ffprobe' })).message).toBe('`ffprobe -version` does not answer like ffmpeg.');
  });

  it('refuses what is older than 5.1 and takes 5.1, newer ones and builds from git', async () => {
    const old = await fakeProgram('old', 'ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright (c) 2000-2021');
    const error = await failure({ ffmpeg: old });
    expect(error.code).toBe('FFMPEG_TOO_OLD');
    expect(error.message).toBe(`\`${old}\` is version 4.4.2-0ubuntu0.22.04.1; 5.1 or newer is needed.`);
    const almost = await fakeProgram('almost', 'ffmpeg version 5.0.1 Copyright');
    expect((await failure({ ffmpeg: almost })).code).toBe('FFMPEG_TOO_OLD');
    for (const version of ['5.1.9-0+deb12u1', '5.1', 'n7.1', '8.0', 'N-109542-g1bf1c1d']) {
      const program = await fakeProgram(`ffmpeg-${version}`, `ffmpeg version ${version} Copyright`);
      expect((await findMediaTools({ ffmpeg: program })).version).toBe(version);
    }
  });
});
