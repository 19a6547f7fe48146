import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defaultKey } from '../emulators/dashscope/server.js';
import { jsonLines } from '../support/command.js';
import { answeredTwice, type CrashRun, type Ground, makeGround } from '../support/crash.js';
import { makeFolder, removeFolder } from '../support/media.js';

/** Voices that are asked side by side: what may be lost when all of them are under way. */
const atOnce = 4;

let ground: Ground;
let shim: string;
let sound: Buffer;
const told: CrashRun[] = [];

beforeAll(async () => {
  ground = await makeGround(await makeFolder());
  shim = join(ground.folder, 'faulty.so');
  const source = fileURLToPath(new URL('../support/faulty.c', import.meta.url));
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', shim, source, '-ldl']);
  told.push(await ground.run());
  sound = await ground.sound();
});

beforeEach(() => ground.reset());

afterAll(async () => {
  await ground.emulator.close();
  await removeFolder(ground.folder);
});

/** Dubs the film in a process for which the disk or the clock is broken. */
async function runBroken(faults: NodeJS.ProcessEnv): Promise<CrashRun> {
  const run = await ground.run(['--force'], { LD_PRELOAD: shim, UV_USE_IO_URING: '0', ...faults });
  told.push(run);
  return run;
}

async function expectGoodDub(run: CrashRun): Promise<void> {
  expect(run).toMatchObject({ exit: 0 });
  expect((await ground.sound()).equals(sound)).toBe(true);
}

const warningsOf = ({ stdout }: CrashRun) =>
  jsonLines(stdout).flatMap(({ type, message }) => (type === 'warning' ? [String(message)] : []));

describe('a disk that fails', () => {
  it('under the store only: what is paid for is kept in the work folder, once, and found there again', async () => {
    const run = await runBroken({ FAULT_PATHS: '/cache/', FAULT_AFTER: '6' });
    await expectGoodDub(run);
    expect(warningsOf(run).filter((message) => message.includes('is kept in the work folder instead'))).toHaveLength(1);
    expect(answeredTwice(ground.ledger())).toBe(0);
    const paid = ground.ledger().size;
    await expectGoodDub(await ground.run(['--force']));
    expect([answeredTwice(ground.ledger()), ground.ledger().size]).toEqual([0, paid]);
  });

  it('everywhere ends the run with a typed error; the same command goes on', async () => {
    const run = await runBroken({ FAULT_PATHS: '/cache/:/talk.dub/', FAULT_AFTER: '60' });
    expect(run.exit).toBe(4);
    const error = jsonLines(run.stdout).at(-1);
    expect(error).toMatchObject({
      type: 'error',
      code: 'OUTPUT_UNWRITABLE',
      message: expect.stringContaining('(EIO)'),
    });
    await expectGoodDub(await ground.run(['--force']));
    expect(answeredTwice(ground.ledger())).toBeLessThanOrEqual(atOnce);
  });
});

it('a clock that is set back, between runs and within one, changes nothing', async () => {
  const claims = await ground.runAndKill('synthesize', 100);
  const run = await runBroken({ FAULT_CLOCK: '-86400', FAULT_CLOCK_AFTER_MS: '1200' });
  await expectGoodDub(run);
  expect(Date.parse(String(jsonLines(run.stdout).at(-1)?.time))).toBeLessThan(Date.now() - 80_000_000);
  expect(answeredTwice(ground.ledger())).toBeLessThanOrEqual(claims.length);
});

describe.runIf(process.getuid?.() === 0)('a store', () => {
  async function onDisk(options: string, work: (disk: string) => Promise<void>): Promise<void> {
    await mkdir(ground.cache, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', ground.cache]);
    try {
      await work(ground.cache);
    } finally {
      execFileSync('umount', ['-l', ground.cache]);
    }
  }

  it('that is read-only is read, and what is bought is kept in the work folder', () =>
    onDisk('size=8m', async (disk) => {
      await ground.runAndKill('synthesize', 150);
      const kept = ground.ledger().size;
      execFileSync('mount', ['-o', 'remount,ro', disk]);
      const run = await ground.run(['--force']);
      await expectGoodDub(run);
      expect(warningsOf(run).join()).toContain('(EROFS). What is paid for is kept in the work folder instead.');
      expect(answeredTwice(ground.ledger())).toBeLessThanOrEqual(atOnce);
      const paid = ground.ledger().size;
      expect(paid).toBeGreaterThanOrEqual(kept);
      await expectGoodDub(await ground.run(['--force']));
      expect(ground.ledger().size).toBe(paid);
    }));

  it('that is full together with the work folder ends the run with exit 4, and the same command goes on', () =>
    onDisk('size=360k', async (disk) => {
      const work = join(disk, 'work');
      const full = await ground.run(['--force', '--work', work]);
      expect(full.exit).toBe(4);
      expect(jsonLines(full.stdout).at(-1)).toMatchObject({ type: 'error', code: 'DISK_FULL' });
      execFileSync('mount', ['-o', 'remount,size=16m', disk]);
      await expectGoodDub(await ground.run(['--force', '--work', work]));
      expect(answeredTwice(ground.ledger())).toBeLessThanOrEqual(atOnce);
    }));
});

it('a damaged entry is set aside, named, and bought again alone', async () => {
  await ground.run();
  const names = await readdir(ground.cache, { recursive: true });
  const take = names.find((name) => name.endsWith('.flac'))!;
  const other = names.findLast((name) => name.endsWith('.flac'))!;
  await rename(join(ground.cache, other), join(ground.cache, take));
  await rm(ground.work, { recursive: true });
  ground.forget();
  const run = await ground.run(['--force']);
  await expectGoodDub(run);
  expect(warningsOf(run).filter((message) => message.includes('is damaged and is made again'))).toHaveLength(2);
  expect([...ground.ledger().keys()].map((body) => body.split(' ')[0])).toEqual(['tts', 'tts']);
});

it('none of all this has left a key anywhere: no file, no event, no error', async () => {
  told.push(await ground.run(['--force', '--verbose']));
  told.push(await ground.run(['--force', '-o', 'no/such/folder/x.mp4', '--verbose']));
  const found = await readdir(ground.folder, { recursive: true, withFileTypes: true });
  const files = found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  expect(files.length).toBeGreaterThan(30);
  for (const path of files) expect((await readFile(path)).includes(defaultKey), path).toBe(false);
  expect(told.length).toBeGreaterThan(4);
  expect(told.map(({ stdout, stderr }) => stdout + stderr).join('')).not.toContain(defaultKey);
});
