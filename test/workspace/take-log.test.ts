import { appendFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTakeLog } from '../../src/workspace/take-log.js';
import { makeFolder, removeFolder } from '../support/media.js';

let folder: string;

beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => removeFolder(folder));

const takesOf = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `${name}${index}`, figures: [index, 0, index * 100] }));

test('takes of several writers are all there, each once', async () => {
  const logs = ['a', 'b', 'c'].map((name) => ({ name, log: openTakeLog(folder, { voice: 'x' }) }));
  await Promise.all(logs.map(({ name, log }) => log.add(takesOf(name, 20))));
  await logs[0]!.log.add(takesOf('a', 20));
  const read = await openTakeLog(folder, { voice: 'x' }).read();
  expect(read).toHaveLength(60);
  expect(new Set(read.map(({ id }) => id)).size).toBe(60);
  expect(await openTakeLog(folder, { voice: 'y' }).read()).toEqual([]);
});

test('a torn line is passed over, and the log stays small', async () => {
  const log = openTakeLog(folder, { voice: 'x' });
  await log.add(takesOf('a', 3));
  const [name = ''] = await readdir(join(folder, 'paces'));
  await appendFile(join(folder, 'paces', name), '["torn",1');
  await appendFile(join(folder, 'paces', name), '\n{"not":"a take"}\n');
  expect(await log.read()).toHaveLength(3);
  for (const round of ['b', 'c', 'd', 'e', 'f']) await log.add(takesOf(round, 300));
  expect(await log.read()).toHaveLength(400);
  expect((await stat(join(folder, 'paces', name))).size).toBeLessThan(32_000);
});
