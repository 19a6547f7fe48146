import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DubError } from '../../src/errors.js';
import { readRecord as readRun } from '../../src/pipeline/resuming/journal.js';
import { readFlac } from '../../src/sound/flac-reader.js';
import { writeFlac } from '../../src/sound/flac-writer.js';
import { openWorkFolder } from '../../src/workspace/folder.js';
import { parseHolder } from '../../src/workspace/holder.js';
import { parseRecord, sealRecord } from '../../src/workspace/record.js';
import { openContentStore } from '../../src/workspace/store.js';
import { seeded } from '../support/crash.js';
import { damager } from '../support/damage.js';
import { makeFolder, removeFolder } from '../support/media.js';

// Whatever lies in a file that was stored, reading it gives what was written, nothing, or a typed error.

let folder: string;
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => removeFolder(folder));

const random = seeded(5);
const pick = (count: number) => Math.floor(random() * count);
const damage = damager(random);

const value = {
  reply: { text: 'Háblenos del tiempo.', wordings: ['a', 'b'] },
  notes: { units: [{ unit: 'call', count: 1 }] },
};

it('4000 damaged records are nothing, or what was written', () => {
  const sealed = Buffer.from(
    sealRecord({ about: { stage: 'translate' }, value, file: { extension: '.flac', bytes: 9, sum: 'x' } }),
  );
  const whole = parseRecord(sealed.toString());
  const read = Array.from({ length: 4000 }, () => parseRecord(damage(sealed).toString()));
  const found = read.filter((one) => one !== undefined);
  expect(found.length).toBeLessThan(400);
  for (const one of found) expect(one).toEqual(whole);
  for (const deep of [
    '['.repeat(200_000),
    `{"v":1,"sum":"x","about":{},"value":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
  ])
    expect(parseRecord(deep)).toBeUndefined();
});

it('2000 damaged takes are nothing, or sound', () => {
  const samples = Int16Array.from({ length: 6000 }, (_, i) => Math.round(8000 * Math.sin(i / 20) + 90 * random()));
  const flac = writeFlac(samples, 24_000, new Uint8Array(16));
  const found = Array.from({ length: 2000 }, () => readFlac(damage(flac))).filter((one) => one !== undefined);
  expect(found.length).toBeLessThan(1000);
  for (const { samples: read } of found) expect(read).toBeInstanceOf(Int16Array);
});

it('1000 damaged entries of a store are set aside or whole, and never leave its folder', async () => {
  const root = join(folder, 'store');
  const store = openContentStore(root);
  const name = 'ab'.repeat(20);
  const write = (path: string) => writeFile(path, 'sound');
  const keep = () => store.keep(name, value, {}, { extension: '.raw', write });
  await keep();
  const paths = [join(root, 'ab', `${name}.record.json`), join(root, 'ab', `${name}.raw`)];
  const wholes = await Promise.all(paths.map((path) => readFile(path)));
  for (let round = 0; round < 1000; round++) {
    const at = pick(2);
    await writeFile(paths[at]!, damage(wholes[at]!));
    const found = await store.find(name);
    if (found !== undefined) expect(found).toMatchObject({ value, path: paths[1] });
    for (const [index, path] of paths.entries()) await writeFile(path, wholes[index]!);
  }
  expect(await store.find(name)).toMatchObject({ value });
  expect((await readdir(folder)).sort()).toEqual(['store']);
});

it('1000 damaged records of a run and 1000 damaged locks are read as far as they make sense', async () => {
  const record = {
    v: 1,
    state: 'finished',
    updatedAt: '2026-11-28',
    input: '/talk.mp4',
    settings: { to: { raw: 'es', folder: '/' } },
  };
  const run = Buffer.from(JSON.stringify(record));
  const holder = Buffer.from(JSON.stringify({ pid: 1, host: 'here', token: 'x', system: 'y', began: '5' }));
  for (let round = 0; round < 1000; round++) {
    await writeFile(join(folder, 'run.json'), damage(run));
    const read = await readRun(folder);
    if (read !== undefined) expect(typeof read.input).toBe('string');
    const held = parseHolder(damage(holder).toString());
    if (held !== undefined) expect([typeof held.pid, typeof held.host]).toEqual(['number', 'string']);
  }
});

it('1000 damaged artefacts of a work folder are nothing, what was written, or a typed error', async () => {
  const work = await openWorkFolder(join(folder, 'talk.dub'));
  try {
    await work.keep('settled.es', 'given', [value]);
    const path = join(work.path, '.state', 'settled.es.json');
    const whole = await readFile(path);
    for (let round = 0; round < 1000; round++) {
      await writeFile(path, damage(whole));
      const read = await work.read('settled.es').catch((error: unknown) => {
        expect(error).toBeInstanceOf(DubError);
        return undefined;
      });
      if (read !== undefined) expect(read).toEqual([value]);
    }
  } finally {
    await work.close();
  }
});
