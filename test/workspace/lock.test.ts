import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LockTimes, takeLock, waitForLock } from '../../src/workspace/lock.js';

/** Beats and patience short enough for a test. */
const fast = { beatMs: 20, quietMs: 200, lookMs: 5 };

let root = '';
let path = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'dub-lock-'));
  path = join(root, 'lock');
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function pidOfTheDead(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid!;
}

/** The lock becomes this process's and is gone when it is given back. */
async function takeOver(times?: LockTimes): Promise<void> {
  const lock = await takeLock(path, times);
  const holder = JSON.parse(await readFile(path, 'utf8'));
  expect(holder).toMatchObject({ pid: process.pid, host: hostname(), token: expect.not.stringMatching(/^x$/) });
  await lock.release();
  await expect(readFile(path)).rejects.toThrow('ENOENT');
}

async function refusedWhileItBeats(): Promise<void> {
  let beats = 0;
  const beat = setInterval(() => void utimes(path, ++beats, beats), 20);
  await expect(takeLock(path, fast)).rejects.toMatchObject({ code: 'WORK_LOCKED' });
  clearInterval(beat);
}

describe('the lock', () => {
  it('is refused while its holder lives, and free after release', async () => {
    const lock = await takeLock(path);
    await expect(takeLock(path)).rejects.toMatchObject({
      code: 'WORK_LOCKED',
      message: `Another dub is working in this folder by process ${process.pid} on ${hostname()}: ${path}.`,
    });
    await lock.release();
    await takeOver();
  });

  it('is taken over from a process of this machine that is gone', async () => {
    await writeFile(path, JSON.stringify({ pid: await pidOfTheDead(), host: hostname(), token: 'x' }));
    const lock = await takeLock(path);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
    await lock.release();
  });

  it('is taken over from a process of this machine whose number another one has got', async () => {
    const began = 'at another moment';
    await writeFile(path, JSON.stringify({ pid: process.pid, host: hostname(), token: 'x', began }));
    await takeOver();
  });

  it('is left to another machine while its heart beats, whatever the clocks say', async () => {
    await writeFile(path, JSON.stringify({ pid: 1, host: `not-${hostname()}`, token: 'x' }));
    await refusedWhileItBeats();
  });

  it.each([
    ['now', 0],
    ['in the future, for a clock was set back', 3_600_000],
    ['long ago', -3_600_000],
  ])('is taken over from another machine when its heartbeat stopped, be its last beat %s', async (_when, shiftMs) => {
    await writeFile(path, JSON.stringify({ pid: 1, host: `not-${hostname()}`, token: 'x' }));
    const last = new Date(Date.now() + shiftMs);
    await utimes(path, last, last);
    await takeOver(fast);
  });

  it('is taken over from a container of the same name only when its heartbeat stopped', async () => {
    const system = 'another boot pid:[1]';
    await writeFile(path, JSON.stringify({ pid: process.pid, host: hostname(), token: 'x', system }));
    await refusedWhileItBeats();
    await takeOver(fast);
  });

  it('beats while it is held', async () => {
    const lock = await takeLock(path, fast);
    const before = (await stat(path)).mtimeMs;
    await expect.poll(async () => (await stat(path)).mtimeMs, { timeout: 60_000 }).not.toBe(before);
    await lock.release();
  });

  it('that is damaged counts as held until it has been still for long', async () => {
    await writeFile(path, '{"pid":');
    await refusedWhileItBeats();
    await takeOver(fast);
  });

  it('lets others wait until it is free, or until there is nothing left to wait for', async () => {
    const { signal } = new AbortController();
    const held = await takeLock(path, fast);
    const waiting = waitForLock(path, async () => false, signal, fast);
    expect(await waitForLock(path, async () => true, signal, fast)).toBeUndefined();
    await held.release();
    await (await waiting)!.release();
  });

  it('gives up waiting when the run is interrupted', async () => {
    const stop = new AbortController();
    const held = await takeLock(path, fast);
    const waiting = waitForLock(path, async () => false, stop.signal, fast);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await held.release();
  });

  it('of a dead run goes to exactly one of many that wait', async () => {
    const pid = await pidOfTheDead();
    for (let round = 0; round < 40; round++) {
      await writeFile(path, JSON.stringify({ pid, host: hostname(), token: 'x' }));
      const tried = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(path)));
      const held = tried.filter((result) => result.status === 'fulfilled');
      expect(held).toHaveLength(1);
      await held[0]!.value.release();
    }
  });

  it('is taken over although a run was killed while it removed a dead one', async () => {
    await writeFile(path, JSON.stringify({ pid: await pidOfTheDead(), host: hostname(), token: 'x' }));
    await writeFile(`${path}.guard`, '');
    await takeOver(fast);
  });

  it('is not removed by a run that lost it', async () => {
    const lost = await takeLock(path);
    await writeFile(path, JSON.stringify({ pid: process.pid, host: hostname(), token: 'another' }));
    await lost.release();
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ token: 'another' });
  });
});
