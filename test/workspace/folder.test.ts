import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorkFolder, readArtefact, type WorkFolder } from '../../src/workspace/folder.js';
import { canonicalJson, hashFile, hashValue } from '../../src/workspace/hash.js';

let root = '';
const open: WorkFolder[] = [];

async function openFolder(): Promise<WorkFolder> {
  const folder = await openWorkFolder(join(root, 'talk.dub'));
  open.push(folder);
  return folder;
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'dub-folder-'));
});

afterEach(async () => {
  for (const folder of open.splice(0)) await folder.close();
  await rm(root, { recursive: true, force: true });
});

describe('hashing', () => {
  it('gives the same text whatever the order of keys, and leaves undefined out', () => {
    expect(canonicalJson({ b: [1, undefined], a: { d: undefined, c: 'é' } })).toBe('{"a":{"c":"é"},"b":[1,null]}');
    expect(hashValue({ a: 1, b: 2 })).toBe(hashValue({ b: 2, a: 1 }));
    expect(hashValue({ a: 1 })).not.toBe(hashValue({ a: '1' }));
  });

  it('hashes a file by its bytes', async () => {
    await writeFile(join(root, 'a'), 'abc');
    expect(await hashFile(join(root, 'a'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a3');
  });
});

describe('once', () => {
  it('makes an artefact once and keeps it for the next run', async () => {
    let made = 0;
    const make = async () => ({ lines: ++made });
    const first = await openFolder();
    expect(await first.once('script', { from: 1 }, make)).toEqual({ value: { lines: 1 }, kept: false });
    await open.pop()!.close();
    const second = await openFolder();
    expect(await second.once('script', { from: 1 }, make)).toEqual({ value: { lines: 1 }, kept: true });
    expect(await readArtefact(second.path, 'script')).toEqual({ lines: 1 });
  });

  it('makes it again when something it was given has changed', async () => {
    const folder = await openFolder();
    await folder.once('script', { from: 1 }, async () => 'old');
    expect(await folder.once('script', { from: 2 }, async () => 'new')).toEqual({ value: 'new', kept: false });
  });

  it('makes it again when a file it points to is gone', async () => {
    const folder = await openFolder();
    await folder.once('mix', {}, async () => 'first');
    const again = await folder.once(
      'mix',
      {},
      async () => 'second',
      async () => false,
    );
    expect(again).toEqual({ value: 'second', kept: false });
  });

  it.each([
    ['cut short', (text: string) => text.slice(0, -5)],
    ['edited', (text: string) => text.replace('"whole"', '"forged"')],
    ['emptied', () => ''],
  ])('never takes an artefact that was %s', async (_how, damage) => {
    const folder = await openFolder();
    await folder.once('script', {}, async () => 'whole');
    const path = join(folder.path, '.state', 'script.json');
    await writeFile(path, damage(await readFile(path, 'utf8')));
    expect(await readArtefact(folder.path, 'script')).toBeUndefined();
    expect(await folder.once('script', {}, async () => 'made again')).toEqual({ value: 'made again', kept: false });
  });

  it('keeps nothing when making fails', async () => {
    const folder = await openFolder();
    await expect(folder.once('script', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await readArtefact(folder.path, 'script')).toBeUndefined();
  });
});

describe('what a run that was killed left', () => {
  it('is removed by the next one: scratch, unfinished files here and beside the output, half a line of the log', async () => {
    const dead = await openFolder();
    const beside = join(root, '.talk.es.0123456789ab.partial.mp4');
    await dead.expectLeftover(beside);
    await dead.expectLeftover(join(root, 'mine.mp4'));
    for (const path of [beside, join(root, 'mine.mp4'), join(dead.path, '.state', '.mix.0123456789ab.partial.m4a')])
      await writeFile(path, 'half');
    await writeFile(join(dead.path, 'events.ndjson'), '{"a":1}\n{"b"');
    // As it is found after kill -9: nothing was closed, and the lock belongs to no living process.
    await rm(join(dead.path, '.state', 'lock'));
    const next = await openFolder();
    next.log('{"c":3}');
    await open.pop()!.close();
    expect(existsSync(beside)).toBe(false);
    expect(existsSync(join(root, 'mine.mp4'))).toBe(true);
    expect(await readdir(join(dead.path, '.state'))).toEqual([]);
    expect(await readFile(join(dead.path, 'events.ndjson'), 'utf8')).toBe('{"a":1}\n{"c":3}\n');
  });
});

describe('files for people', () => {
  it('replaces its own text and leaves a person’s edit standing', async () => {
    const folder = await openFolder();
    await folder.writeForPeople('es/translation.srt', 'one');
    expect(await folder.writeForPeople('es/translation.srt', 'two')).toEqual({
      path: join(folder.path, 'es/translation.srt'),
      yieldedToEdit: false,
    });
    await writeFile(join(folder.path, 'es/translation.srt'), 'by hand');
    expect(await folder.writeForPeople('es/translation.srt', 'three')).toEqual({
      path: join(folder.path, 'es/translation.new.srt'),
      yieldedToEdit: true,
    });
    expect(await readFile(join(folder.path, 'es/translation.srt'), 'utf8')).toBe('by hand');
    expect(await readFile(join(folder.path, 'es/translation.new.srt'), 'utf8')).toBe('three');
  });
});

describe('the folder itself', () => {
  it('keeps log lines in order and removes its scratch folder and lock when closed', async () => {
    const folder = await openFolder();
    expect(existsSync(folder.scratch)).toBe(true);
    for (let i = 0; i < 50; i++) folder.log(`line ${i}`);
    await open.pop()!.close();
    const log = await readFile(join(folder.path, 'events.ndjson'), 'utf8');
    expect(log).toBe(Array.from({ length: 50 }, (_, i) => `line ${i}\n`).join(''));
    expect(existsSync(folder.scratch)).toBe(false);
    expect(await readdir(join(folder.path, '.state'))).toEqual([]);
  });

  it('is private to the user', async () => {
    const folder = await openFolder();
    await folder.once('script', {}, async () => 1);
    expect((await stat(folder.path)).mode & 0o077).toBe(0);
    expect((await stat(join(folder.path, '.state', 'script.json'))).mode & 0o077).toBe(0);
  });

  it('cannot be opened by a second run', async () => {
    await openFolder();
    await expect(openFolder()).rejects.toMatchObject({ code: 'WORK_LOCKED', retryable: true });
  });

  it('cannot be a file', async () => {
    await writeFile(join(root, 'talk.dub'), 'in the way');
    await expect(openFolder()).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
  });
});
