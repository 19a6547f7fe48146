import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { burnFilter } from '../../src/media/burn.js';
import { findFont } from '../../src/media/fonts.js';
import { ffmpeg, makeFolder, removeFolder } from '../support/media.js';

const { signal } = new AbortController();
let folder: string;

beforeAll(async () => {
  folder = await makeFolder();
});

afterAll(() => removeFolder(folder));

/** Mean brightness of the lower half of a black film with this filter, 0…255. */
async function brightness(filter: string): Promise<number> {
  const source = ['-f', 'lavfi', '-i', 'color=black:size=320x180:rate=5:duration=1'];
  const shown = `${filter},crop=320:90:0:90,format=gray`;
  const pixels = await ffmpeg(...source, '-vf', shown, '-frames:v', '3', '-f', 'rawvideo', '-');
  return pixels.reduce((sum, pixel) => sum + pixel, 0) / pixels.length;
}

describe('burnFilter', () => {
  it.each(['plain', "it's: a [b],c;d=e%f\\g", '日本 🎬', '-dash'])(
    'finds the file in a folder named %s',
    async (name) => {
      await mkdir(join(folder, name), { recursive: true });
      const path = join(folder, name, 'words.srt');
      await writeFile(path, '1\n00:00:00,000 --> 00:00:01,000\nHello there\n');
      expect(await brightness(burnFilter(path, 'DejaVu Sans'))).toBeGreaterThan(0.4);
    },
  );

  it('draws nothing where there is no cue', async () => {
    const path = join(folder, 'later.srt');
    await writeFile(path, '1\n00:00:05,000 --> 00:00:06,000\nHello there\n');
    expect(await brightness(burnFilter(path, "odd, 'name':"))).toBeLessThan(0.05);
  });
});

describe('findFont', () => {
  it('names a family that has the letters', async () => {
    expect(await findFont('Año nuevo, Ελλάδα, Привет', 'es', signal)).toMatch(/\w/);
  });

  it('names the letters that no font has, and the package with them', async () => {
    // A letter of a private plane that no font of Debian draws.
    const error = await findFont(`Hello \u{1E7E0}`, 'gez', signal).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'ENGINE_MISSING' });
    expect((error as Error).message).toBe('No font on this machine has these letters of the gez subtitles: \u{1E7E0}');
  });
});
