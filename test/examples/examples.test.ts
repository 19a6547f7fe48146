import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BatchSummary } from '../../src/cli/batch/outcome.js';
import { makeFolder, makeMedia, removeFolder } from '../support/media.js';
import { findProgram, lacksForCluster, startCluster } from './slurm.js';

const examples = fileURLToPath(new URL('../../examples', import.meta.url));
const command = fileURLToPath(new URL('../../bin/dub.js', import.meta.url));
const voice = fileURLToPath(new URL('../bench/instant-tts.js', import.meta.url));
const words = ['--from', 'en', '--script', '{dir}/{name}.en.srt', '--translation', 'es={dir}/{name}.es.srt'];
const options = [...words, '--tts', voice];

let folder: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = await makeFolder();
  await makeMedia(folder, { name: 'film.m4a', seconds: 3, video: false });
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'dub'), `#!/bin/sh\nexec '${process.execPath}' '${command}' "$@"\n`, { mode: 0o755 });
  env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, DUBBING_CACHE: join(folder, 'cache'), HOME: folder };
});

afterAll(() => removeFolder(folder));

/** A folder with films of these names, and the words of each. */
async function films(name: string, ...names: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  for (const film of names) {
    await copyFile(join(folder, 'film.m4a'), join(path, `${film}.m4a`));
    for (const [language, text] of [
      ['en', 'Good evening.'],
      ['es', 'Buenas noches.'],
    ] as const) {
      await writeFile(join(path, `${film}.${language}.srt`), `1\n00:00:00,500 --> 00:00:02,000\n${text}\n`);
    }
  }
  return path;
}

async function run(program: string, args: readonly string[], cwd: string, more: NodeJS.ProcessEnv = {}) {
  return promisify(execFile)(program, args, { cwd, env: { ...env, ...more } }).then(
    ({ stdout }) => ({ exit: 0, stdout }),
    (error: { code: number; stdout: string; stderr: string }) => ({ exit: error.code, ...error }),
  );
}

async function dubsIn(path: string): Promise<string[]> {
  return (await readdir(path)).filter((name) => name.endsWith('.es.m4a')).sort();
}

it.skipIf(findProgram('parallel') === undefined)(
  'GNU parallel dubs a folder of films, and again only what is missing',
  async () => {
    const path = await films('parallel', 'a film', "b'film", 'c');
    const script = join(examples, 'gnu-parallel.sh');
    const first = await run(script, ['.', 'es', ...options], path, { JOBS: '2' });
    expect(first).toMatchObject({ exit: 0 });
    expect(await dubsIn(path)).toEqual(['a film.es.m4a', "b'film.es.m4a", 'c.es.m4a']);
    const again = await run(script, ['.', 'es', ...options], path, { JOBS: '2' });
    expect(again).toMatchObject({ exit: 0 });
    expect(again.stdout.trim().split('\n').sort()).toEqual((await dubsIn(path)).map((name) => join(path, name)));
  },
);

const lacking = lacksForCluster();

it.skipIf(lacking !== undefined)(
  `a Slurm array dubs a list, each task its part${lacking ? ` (${lacking})` : ''}`,
  async () => {
    const path = await films('slurm', 'a', 'b', 'c');
    await writeFile(join(path, 'list.txt'), 'a.m4a\nb.m4a\nc.m4a\n');
    const cluster = await startCluster(join(folder, 'cluster'));
    try {
      const args = ['--array=1-2', '--cpus-per-task=1', join(examples, 'slurm-array.sbatch'), 'list.txt', 'es'];
      expect(await run('sbatch', [...args, ...options], path, cluster.env)).toMatchObject({ exit: 0 });
      // `sbatch --wait` looks every ten seconds.
      while ((await run('squeue', ['-h'], path, cluster.env)).stdout !== '') await sleep(300);
    } finally {
      await cluster.stop();
    }
    expect(await dubsIn(path)).toEqual(['a.es.m4a', 'b.es.m4a', 'c.es.m4a']);
    const summaries = (await readdir(path)).filter((name) => /^dub-\d+-\d\.json$/.test(name)).sort();
    const parts = await Promise.all(
      summaries.map(async (name) => JSON.parse(await readFile(join(path, name), 'utf8')) as BatchSummary),
    );
    expect(parts.map(({ exit }) => exit)).toEqual([0, 0]);
    expect(parts.map(({ files }) => files.map(({ file }) => file))).toEqual([
      [join(path, 'a.m4a'), join(path, 'c.m4a')],
      [join(path, 'b.m4a')],
    ]);
  },
);

it('the Kubernetes job gives each pod its part, counted from 1', async () => {
  const job = await readFile(join(examples, 'kubernetes-job.yaml'), 'utf8');
  const [, line = ''] = /- >-\n([\s\S]+?)\n {10}env:/.exec(job) ?? [];
  const path = await films('kubernetes', 'a', 'b');
  await writeFile(join(path, 'list.txt'), 'a.m4a\nb.m4a\n');
  // As YAML folds it, and with the volume where it can be here.
  const folded = line
    .replace(/\s*\n\s*/g, ' ')
    .trim()
    .replaceAll('/films', path)
    .replace('/8"', '/2"')
    .replace('en,es', 'es');
  const quoted = options.map((word) => `'${word}'`).join(' ');
  const done = await run('sh', ['-c', `${folded} ${quoted}`], path, { JOB_COMPLETION_INDEX: '1' });
  expect(done).toMatchObject({ exit: 0, stdout: `${join(path, 'b.es.m4a')}\n` });
  expect(await dubsIn(path)).toEqual(['b.es.m4a']);
  expect(JSON.parse(await readFile(join(path, 'dub-1.json'), 'utf8'))).toMatchObject({ exit: 0 });
});
