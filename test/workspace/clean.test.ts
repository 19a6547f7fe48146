import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cleanStore } from '../../src/workspace/clean.js';
import { hashValue } from '../../src/workspace/hash.js';
import { openContentStore, recordPath } from '../../src/workspace/store.js';
import { openUsage, readUsed } from '../../src/workspace/usage.js';
import { callDub, jsonLines } from '../support/command.js';
import { makeFolder, removeFolder } from '../support/media.js';

const dayMs = 86_400_000;
const fast = { beatMs: 20, quietMs: 200, lookMs: 5 };

let folder: string;
let root: string;
let state: string;

beforeEach(async () => {
  folder = await makeFolder();
  root = join(folder, 'cache');
  state = join(folder, 'talk.dub', '.state');
  await mkdir(state, { recursive: true });
});

afterEach(() => removeFolder(folder));

/** Entries of 1000 bytes and their records, used last so many days ago. */
async function fill(...daysAgo: readonly number[]): Promise<string[]> {
  const store = openContentStore(root);
  const names: string[] = [];
  for (const [index, days] of daysAgo.entries()) {
    const name = hashValue(index);
    const write = (path: string) => writeFile(path, Buffer.alloc(1000));
    await store.keep(name, null, {}, { extension: '.flac', write });
    const used = new Date(Date.now() - days * dayMs);
    await utimes(recordPath(root, name), used, used);
    names.push(name);
  }
  return names;
}

const has = (name: string) => openContentStore(root).has(name);

describe('cleaning', () => {
  it('by age gives up what was used last before that, and says how much', async () => {
    const names = await fill(40, 10);
    const size = (await readFile(recordPath(root, names[0]!))).length + 1000;
    const shown = await cleanStore(root, { olderThanMs: 30 * dayMs, dryRun: true });
    expect(shown).toMatchObject({ entries: 2, freedEntries: 1, freedBytes: size });
    expect(await has(names[0]!)).toBe(true);
    expect(await cleanStore(root, { olderThanMs: 30 * dayMs })).toEqual(shown);
    expect(await Promise.all(names.map(has))).toEqual([false, true]);
    expect(await readdir(join(root, names[0]!.slice(0, 2)))).toEqual([]);
  });

  it('by size gives up what was used last longest ago; reading an entry is using it', async () => {
    const names = await fill(3, 2, 1);
    await openContentStore(root).find(names[0]!);
    await cleanStore(root, { maxBytes: 2600 });
    expect(await Promise.all(names.map(has))).toEqual([true, false, true]);
  });

  it('never touches what a running job uses, here or on another machine, and counts it', async () => {
    const names = await fill(3, 2, 1);
    const usage = await openUsage(root, state);
    usage.use(names[0]!);
    await writeFile(join(root, 'running', 'other.lock'), JSON.stringify({ pid: 1, host: 'elsewhere', token: 'x' }));
    await writeFile(join(root, 'running', 'other.used'), `${names[1]}\n`);
    let beats = 0;
    const beat = setInterval(() => void utimes(join(root, 'running', 'other.lock'), ++beats, beats), 20);
    const cleaned = await cleanStore(root, { maxBytes: 0, lockTimes: fast });
    clearInterval(beat);
    expect(cleaned).toMatchObject({ freedEntries: 1, inUse: 2 });
    await usage.close();
    await cleanStore(root, { maxBytes: 0, lockTimes: fast });
    expect(await Promise.all(names.map(has))).toEqual([false, false, false]);
    expect(await readdir(join(root, 'running'))).toEqual([]);
  });

  it('forgets runs of this machine that are dead', async () => {
    const [name] = await fill(3);
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    await mkdir(join(root, 'running'), { recursive: true });
    const dead = { pid: child.pid, host: hostname(), token: 'x' };
    await writeFile(join(root, 'running', 'dead.lock'), JSON.stringify(dead));
    await writeFile(join(root, 'running', 'dead.used'), `${name}\n`);
    await mkdir(join(root, 'claims'));
    await writeFile(join(root, 'claims', 'b'.repeat(40)), JSON.stringify(dead));
    await writeFile(join(root, 'claims', 'c'.repeat(40)), JSON.stringify({ ...dead, pid: process.pid }));
    expect(await cleanStore(root, { maxBytes: 0 })).toMatchObject({ freedEntries: 1, inUse: 0 });
    expect(await readdir(join(root, 'claims'))).toEqual(['c'.repeat(40)]);
  });

  it('takes away what killed runs left unfinished, a day later, and nothing else that lies there', async () => {
    const [name] = await fill(1);
    const inside = join(root, name!.slice(0, 2));
    const [old, young] = ['.x.0123456789ab.partial.flac', '.x.ba9876543210.partial.flac'];
    for (const file of [old, young]) await writeFile(join(inside, file), 'half');
    await writeFile(join(root, 'mine.txt'), 'mine');
    const longAgo = new Date(Date.now() - 2 * dayMs);
    await utimes(join(inside, old), longAgo, longAgo);
    expect(await cleanStore(root, {})).toMatchObject({ freedFiles: 1, freedBytes: 4, freedEntries: 0 });
    expect(await readdir(inside)).toContain(young);
    expect(await readFile(join(root, 'mine.txt'), 'utf8')).toBe('mine');
  });
});

describe('dub clean', () => {
  const clean = (...args: readonly string[]) =>
    callDub(['clean', ...args], { cwd: folder, env: { DUBBING_CACHE: root } });

  it('by job gives up what its runs used and the sound in its folder, and leaves what people read', async () => {
    const names = await fill(1, 1);
    const usage = await openUsage(root, state);
    usage.use(names[0]!);
    await usage.close();
    expect(await readUsed(state)).toEqual(new Set([names[0]]));
    await writeFile(join(state, 'mix.es.m4a'), 'sound');
    await writeFile(join(folder, 'talk.dub', 'script.srt'), 'words');
    const { exit, stdout } = await clean('--job', 'talk.dub', '--json');
    expect(exit).toBe(0);
    expect(jsonLines(stdout)[0]).toMatchObject({ type: 'clean', freedEntries: 1, freedFiles: 1 });
    expect(await Promise.all(names.map(has))).toEqual([false, true]);
    expect(await readdir(join(folder, 'talk.dub'))).toContain('script.srt');
  });

  it('says in words what it freed and what is left', async () => {
    await fill(40, 1);
    const { stdout } = await clean('--older-than', '30d');
    expect(stdout).toMatch(
      /^freed 1\.\d KiB: 1 kept answer, 0 other files\nleft 1 kept answer, 1\.\d KiB, in .*cache\n$/,
    );
  });

  it.each([
    [['--older-than', 'soon'], '--older-than must be an age, not `soon`.'],
    [['--max-size', 'much'], '--max-size must be a size, not'],
    [['--job', 'nowhere'], 'is no work folder of dub.'],
    [['talk.dub'], 'talk.dub'],
  ])('refuses %j', async (args, message) => {
    const { exit, stderr } = await clean(...args);
    expect(exit).toBe(2);
    expect(stderr).toContain(message);
  });
});
