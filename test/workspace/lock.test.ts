import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeLock } from '../../src/workspace/lock.js';

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

describe('the lock', () => {
  it('is refused while its holder lives, and free after release', async () => {
    const lock = await takeLock(path);
    await expect(takeLock(path)).rejects.toMatchObject({
      code: 'WORK_LOCKED',
      message: `Another dub is working in this folder by process ${process.pid} on ${hostname()}: ${path}.`,
    });
    await lock.release();
    await (await takeLock(path)).release();
  });

  it('is taken over from a process of this machine that is gone', async () => {
    await writeFile(path, JSON.stringify({ pid: await pidOfTheDead(), host: hostname(), token: 'x' }));
    const lock = await takeLock(path);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
    await lock.release();
  });

  it('is taken over from another machine only when its heartbeat stopped', async () => {
    const holder = JSON.stringify({ pid: 1, host: `not-${hostname()}`, token: 'x' });
    await writeFile(path, holder);
    await expect(takeLock(path)).rejects.toMatchObject({ code: 'WORK_LOCKED' });
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(path, longAgo, longAgo);
    await (await takeLock(path)).release();
  });

  it('that is damaged counts as held until it is old', async () => {
    await writeFile(path, '{"pid":');
    await expect(takeLock(path)).rejects.toMatchObject({ code: 'WORK_LOCKED' });
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(path, longAgo, longAgo);
    await (await takeLock(path)).release();
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
    const longAgo = new Date(Date.now() - 3_600_000);
    await writeFile(`${path}.guard`, '');
    await utimes(`${path}.guard`, longAgo, longAgo);
    await (await takeLock(path)).release();
  });

  it('is not removed by a run that lost it', async () => {
    const lost = await takeLock(path);
    await writeFile(path, JSON.stringify({ pid: process.pid, host: hostname(), token: 'another' }));
    await lost.release();
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ token: 'another' });
  });
});
