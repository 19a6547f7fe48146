import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DubError } from '../../src/errors.js';
import { fitName, partialPath, publishFile, toFileError, writeWhole } from '../../src/workspace/files.js';
import { openContentStore } from '../../src/workspace/store.js';

let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'dub-files-'));
});

afterEach(() => rm(root, { recursive: true, force: true }));

const isRoot = process.getuid?.() === 0;

/** A real file system of 64 KiB, which fills up; needs root to mount. */
async function onTinyDisk(work: (folder: string) => Promise<void>): Promise<void> {
  const disk = join(root, 'disk');
  await mkdir(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
  try {
    await work(disk);
  } finally {
    execFileSync('umount', [disk]);
  }
}

describe('writeWhole', () => {
  it('replaces a file and leaves nothing beside it', async () => {
    const path = join(root, 'a.json');
    await writeWhole(path, 'one');
    await writeWhole(path, 'two');
    expect(await readFile(path, 'utf8')).toBe('two');
    expect(await readdir(root)).toEqual(['a.json']);
  });

  it.runIf(isRoot)('says DISK_FULL on a full disk and keeps the old file', () =>
    onTinyDisk(async (disk) => {
      const path = join(disk, 'a.json');
      await writeWhole(path, 'old');
      await expect(writeWhole(path, Buffer.alloc(200_000))).rejects.toMatchObject({ code: 'DISK_FULL' });
      expect(await readFile(path, 'utf8')).toBe('old');
      expect(await readdir(disk)).toEqual(['a.json']);
    }),
  );

  it('says which folder is missing', async () => {
    await expect(writeWhole(join(root, 'no', 'a'), '')).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
  });
});

describe('publishFile', () => {
  it('never replaces a file that appeared meanwhile', async () => {
    const path = join(root, 'out.mp4');
    const partial = partialPath(path);
    await writeFile(partial, 'new');
    await writeFile(path, 'the user’s');
    await expect(publishFile(partial, path, false)).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
    expect(await readFile(path, 'utf8')).toBe('the user’s');
    await publishFile(partial, path, true);
    expect(await readFile(path, 'utf8')).toBe('new');
  });

  it('gives a finished file its name', async () => {
    const path = join(root, 'out.mp4');
    const partial = partialPath(path);
    await writeFile(partial, 'new');
    await publishFile(partial, path, false);
    expect(await readdir(root)).toEqual(['out.mp4']);
  });
});

describe('names', () => {
  it('are cut at a whole character to stay within 255 bytes', () => {
    const name = fitName('日'.repeat(100), '.es.mp4');
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    expect(name).toBe(`${'日'.repeat(82)}~.es.mp4`);
    expect(fitName('talk', '.es.mp4')).toBe('talk.es.mp4');
  });

  it('of unfinished files keep folder and extension', () => {
    const partial = partialPath(`/films/${'x'.repeat(251)}.mp4`);
    expect(partial.startsWith('/films/.x')).toBe(true);
    expect(partial.endsWith('.partial.mp4')).toBe(true);
    expect(Buffer.byteLength(basename(partial))).toBeLessThanOrEqual(255);
  });
});

describe('toFileError', () => {
  it.each([
    ['ENOSPC', 'DISK_FULL'],
    ['EDQUOT', 'DISK_FULL'],
    ['EEXIST', 'OUTPUT_EXISTS'],
    ['EACCES', 'OUTPUT_UNWRITABLE'],
    ['EROFS', 'OUTPUT_UNWRITABLE'],
    ['EIO', 'OUTPUT_UNWRITABLE'],
  ])('%s is %s', (errno, code) => {
    expect(toFileError(Object.assign(new Error(errno), { code: errno }), '/x')).toMatchObject({ code });
  });

  it('passes a typed error through', () => {
    const error = new DubError('USAGE', 'x');
    expect(toFileError(error, '/x')).toBe(error);
  });
});

describe('the content store', () => {
  it('makes a file once, also when it is asked for twice at once, and keeps it private', async () => {
    const store = openContentStore(join(root, 'store'));
    let made = 0;
    const make = async (path: string) => {
      made++;
      await writeFile(path, 'take');
    };
    const [a, b] = await Promise.all([store.file({ k: 1 }, '.wav', make), store.file({ k: 1 }, '.wav', make)]);
    expect(a.path).toBe(b.path);
    expect([a.kept, b.kept]).toEqual([false, true]);
    expect(made).toBe(1);
    expect((await store.file({ k: 1 }, '.wav', make)).kept).toBe(true);
    expect((await store.file({ k: 2 }, '.wav', make)).kept).toBe(false);
    expect((await stat(join(root, 'store'))).mode & 0o077).toBe(0);
  });

  it('keeps a file whose name ends like those of its own records', async () => {
    const store = openContentStore(root);
    await store.file({ k: 1 }, '.json', (path) => writeFile(path, '{}'));
    const again = await store.file({ k: 1 }, '.json', () => Promise.reject(new Error('made twice')));
    expect(await readFile(again.path, 'utf8')).toBe('{}');
  });

  it('keeps nothing of a file whose making failed', async () => {
    const store = openContentStore(root);
    const failing = store.file({ k: 1 }, '.wav', async (path) => {
      await writeFile(path, 'half');
      throw new Error('engine died');
    });
    await expect(failing).rejects.toThrow('engine died');
    expect(await readdir(join(root, (await readdir(root))[0]!))).toEqual([]);
  });

  it('makes an empty file again', async () => {
    const store = openContentStore(root);
    const { path } = await store.file({ k: 1 }, '.wav', (target) => writeFile(target, 'x'));
    await writeFile(path, '');
    expect((await store.file({ k: 1 }, '.wav', (target) => writeFile(target, 'y'))).kept).toBe(false);
  });
});
