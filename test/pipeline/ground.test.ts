import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CallResult, callDub } from '../support/command.js';
import { makeFolder, makeMedia, removeFolder, streamHash } from '../support/media.js';

// Names and places that trip tools up: each must work as any other, or say why not and lose nothing.

let folder = '';
let film = '';

beforeAll(async () => {
  folder = await makeFolder();
  film = await makeMedia(folder, { name: 'film.mp4', seconds: 3 });
  await writeFile(join(folder, 'film.en.srt'), '1\n00:00:00,500 --> 00:00:02,500\nThe house is big.\n');
  await writeFile(join(folder, 'film.es.srt'), '1\n00:00:00,500 --> 00:00:02,500\nLa casa es grande.\n');
});

afterAll(() => removeFolder(folder));

function dub(input: string, ...more: readonly string[]): Promise<CallResult> {
  const texts = ['--script', join(folder, 'film.en.srt'), '--translation', join(folder, 'film.es.srt')];
  const args = ['--to', 'es', '--offline', ...texts, ...more, '--', input];
  return callDub(args, { cwd: folder, env: { DUBBING_CACHE: join(folder, 'cache') } });
}

describe('a file name', () => {
  it.each([
    ['spaces and quotes', `It's a "test" “quoted”.mp4`],
    ['a percent sign and brackets', '100% %03d [x] {lang}.mp4'],
    ['a leading dash', '-dash first.mp4'],
    ['a line break', 'two\nlines.mp4'],
    ['a protocol of ffmpeg', 'concat:a|b.mp4'],
    ['a file URL', 'file:talk.mp4'],
    ['emoji and other scripts', '你好 🎬 ñ.mp4'],
    ['255 bytes', `${'n'.repeat(251)}.mp4`],
  ])('may have %s', async (_what, name) => {
    const input = join(folder, name);
    await copyFile(film, input);
    const { exit, stdout, stderr } = await dub(name);
    expect(stderr).not.toContain('dub: ');
    expect(exit).toBe(0);
    const output = stdout.slice(0, -1);
    expect(existsSync(output)).toBe(true);
    expect(basename(output).endsWith('.es.mp4')).toBe(true);
    expect(await streamHash(output, 'v')).toBe(await streamHash(film, 'v'));
    expect((await readFile(input)).equals(await readFile(film))).toBe(true);
  });
});

const isRoot = process.getuid?.() === 0;

async function onDisk(options: string, work: (disk: string) => Promise<void>): Promise<void> {
  const disk = join(folder, 'disk');
  await mkdir(disk, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk]);
  try {
    await work(disk);
  } finally {
    execFileSync('umount', ['-l', disk]);
  }
}

describe.runIf(isRoot)('a disk', () => {
  it('that fills up ends the run with exit 4, the input whole and no half output', () =>
    onDisk('size=96k', async (disk) => {
      const { exit, stderr } = await dub(film, '--work', join(disk, 'work'), '-o', 'full.mp4');
      expect(exit).toBe(4);
      expect(stderr).toContain('dub: The disk ');
      expect(existsSync(join(folder, 'full.mp4'))).toBe(false);
      expect((await readdir(folder)).filter((name) => name.includes('.partial'))).toEqual([]);
    }));

  it('that is full for the output leaves nothing of it behind, and the same command goes on elsewhere', () =>
    onDisk('size=32k', async (disk) => {
      const work = join(folder, 'elsewhere');
      const { exit, stderr } = await dub(film, '--work', work, '-o', join(disk, 'out.mp4'));
      expect(exit).toBe(4);
      expect(stderr).toContain('dub: The disk ');
      expect(await readdir(disk)).toEqual([]);
      expect((await dub(film, '--work', work, '-o', 'elsewhere.mp4')).exit).toBe(0);
    }));

  it('that is read-only is refused before any work', () =>
    onDisk('size=1m,ro', async (disk) => {
      const { exit, stderr } = await dub(film, '-o', join(disk, 'out.mp4'));
      expect(exit).toBe(4);
      expect(stderr).toContain(`dub: The folder ${disk} cannot be written to.`);
      expect(stderr).not.toContain('extract');
    }));
});

describe('an output', () => {
  it('that exists is kept without --force', async () => {
    await writeFile(join(folder, 'mine.mp4'), 'mine');
    const { exit, stderr } = await dub(film, '-o', 'mine.mp4');
    expect(exit).toBe(2);
    expect(stderr).toContain(
      `dub: ${join(folder, 'mine.mp4')} exists already.\n  Give --force to replace it, or another name with -o.`,
    );
    expect(await readFile(join(folder, 'mine.mp4'), 'utf8')).toBe('mine');
  });

  it('cannot be the input, not even by a link and with --force', async () => {
    execFileSync('ln', ['-s', film, join(folder, 'link.mp4')]);
    const before = await readFile(film);
    for (const output of [film, 'link.mp4']) {
      const { exit, stderr } = await dub(film, '--force', '-o', output);
      expect(exit).toBe(2);
      expect(stderr).toContain('is the input itself.');
    }
    expect((await readFile(film)).equals(before)).toBe(true);
  });

  it('beside the film never replaces a translation that was handed in', async () => {
    const { exit, stderr } = await dub(film, '--force', '--subtitles', 'srt');
    expect(exit).toBe(2);
    expect(stderr).toContain('film.es.srt exists already.');
    expect(await readFile(join(folder, 'film.es.srt'), 'utf8')).toContain('La casa es grande.');
  });
});

describe('another container', () => {
  it.each(['mkv', 'mov'])('%s holds the dub and passes every gate', async (extension) => {
    const { exit, stderr } = await dub(film, '--strict', '-o', `other.${extension}`);
    expect(stderr).toMatch(/passed all \d+ gates/);
    expect(exit).toBe(0);
  });
});

describe('an audio file', () => {
  it.each(['mp3', 'wav', 'm4a'])('%s becomes an audio file, and what it cannot hold is said', async (extension) => {
    const input = await makeMedia(folder, { name: `song.${extension}`, seconds: 3, video: false });
    const { exit, stdout, stderr } = await dub(input);
    expect(exit).toBe(0);
    expect(stdout).toBe(`${join(folder, `song.es.${extension}`)}\n`);
    if (extension !== 'm4a') expect(stderr).toContain('holds one track, and that is the dub.');
  });
});
