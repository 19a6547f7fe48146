import { EventEmitter } from 'node:events';
import { copyFile, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childArguments } from '../../src/cli/batch/child.js';
import { shardOf } from '../../src/cli/batch/files.js';
import { type BatchSummary, outcomeOf } from '../../src/cli/batch/outcome.js';
import { optionTable } from '../../src/cli/options.js';
import { parseLine } from '../../src/cli/parse.js';
import { defaultConfig } from '../../src/config/load.js';
import { runEvent } from '../../src/pipeline/events.js';
import { type CallOptions, callDub, jsonLines } from '../support/command.js';
import { makeFolder, makeMedia, removeFolder } from '../support/media.js';

const voice = fileURLToPath(new URL('../bench/instant-tts.js', import.meta.url));
const words = ['--script', '{dir}/{name}.en.srt', '--translation', 'es={dir}/{name}.es.srt', '--tts', voice];
const asked = ['--to', 'es', '--from', 'en', ...words];

let ground: string;
let cwd: string;

beforeAll(async () => {
  ground = await makeFolder();
  await makeMedia(ground, { name: 'film.mp4', seconds: 3 });
  cwd = await films('shared', 'a.mp4', 'b.mp4');
});

afterAll(() => removeFolder(ground));

/** A folder of its own with films of these names, and words for each. */
async function films(folder: string, ...names: readonly string[]): Promise<string> {
  const path = join(ground, folder);
  await mkdir(path, { recursive: true });
  for (const name of names) {
    await copyFile(join(ground, 'film.mp4'), join(path, name));
    for (const [language, text] of [
      ['en', 'Good evening.'],
      ['es', 'Buenas noches.'],
    ] as const) {
      const cue = `1\n00:00:00,500 --> 00:00:02,000\n${text}\n`;
      await writeFile(join(path, `${name.slice(0, -4)}.${language}.srt`), cue);
    }
  }
  return path;
}

function call(args: readonly string[], options: Partial<CallOptions> = {}) {
  return callDub(args, { cwd, env: { DUBBING_CACHE: join(ground, 'cache') }, ...options });
}

describe('a batch', () => {
  it('goes on after a file that fails, tells each in a line and in the summary, and does only what is missing again', async () => {
    await writeFile(join(cwd, 'text.mp4'), 'no film at all');
    const args = ['batch', 'a.mp4', 'text.mp4', 'none.mp4', ...asked, '--jobs', '2', '--summary', 'night.json'];
    const first = await call(args);
    expect(first).toMatchObject({ exit: 3, stdout: `${cwd}/a.es.mp4\n` });
    const lines = first.stderr.split('\n');
    expect(lines[0]).toBe('3 files to es, 2 at a time');
    expect(lines.filter((line) => /^a\.mp4: exit 0, es 1 of 1 line, \S.* \(\d.* s\)$/.test(line))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('text.mp4: exit 3, INPUT_UNREADABLE: '))).toHaveLength(1);
    expect(lines).toContain(`none.mp4: exit 3, INPUT_UNREADABLE: There is no file ${cwd}/none.mp4.`);
    expect(first.stderr).toMatch(
      /\n3 files: 1 done, 2 failed; exit 3, .*\nThe same command does only what is missing\.\n$/,
    );
    const summary = JSON.parse(await readFile(join(cwd, 'night.json'), 'utf8')) as BatchSummary;
    expect(summary).toMatchObject({ v: 1, type: 'batch', running: false, exit: 3, counts: { done: 1, failed: 2 } });
    expect(summary.files.map(({ file, state, exit }) => [file, state, exit])).toEqual([
      [`${cwd}/a.mp4`, 'done', 0],
      [`${cwd}/text.mp4`, 'failed', 3],
      [`${cwd}/none.mp4`, 'failed', 3],
    ]);

    const made = (await stat(join(cwd, 'a.es.mp4'))).mtimeMs;
    await copyFile(join(ground, 'film.mp4'), join(cwd, 'none.mp4'));
    await films('shared', 'none.mp4');
    // As a shell gives it after the first time: with the dub among the films.
    const second = await call(['batch', 'a.es.mp4', 'a.mp4', 'none.mp4', ...asked, '--summary', 'night.json']);
    expect(second).toMatchObject({ exit: 0, stdout: `${cwd}/a.es.mp4\n${cwd}/none.es.mp4\n` });
    expect(second.stderr).toMatch(
      /^Left out: \S+a\.es\.mp4 is a dub of a\.mp4\.\n2 files to es\na\.mp4: exit 0, es 1 of 1 line, .*, finished before\nnone\.mp4: exit 0, es .*\n2 files: 1 done, 1 finished before; exit 0, /,
    );
    expect((await stat(join(cwd, 'a.es.mp4'))).mtimeMs).toBe(made);
  });

  it('leaves a file alone that another job or somebody else has put there', async () => {
    const own = await films('foreign', 'a.mp4', 'b.mp4');
    await writeFile(join(own, 'b.es.mp4'), 'mine');
    expect((await call(['a.mp4', 'b.mp4', ...asked], { cwd: own })).exit).toBe(2);
    expect(await readFile(join(own, 'b.es.mp4'), 'utf8')).toBe('mine');
    const other = await call(['batch', 'a.mp4', ...asked, '--bed', 'mute'], { cwd: own });
    expect(other.exit).toBe(2);
    expect(other.stderr).toContain(`a.mp4: exit 2, OUTPUT_EXISTS: ${own}/a.es.mp4 exists already.`);
  });

  it('takes up a file whose run was killed after the dub had got its name, unless the dub was changed since', async () => {
    const own = await films('killed', 'a.mp4');
    expect((await call(['batch', 'a.mp4', ...asked], { cwd: own })).exit).toBe(0);
    const unfinished = () => rm(join(own, 'a.dub', '.state', 'dubbed.es.json'));
    await unfinished();
    const again = await call(['batch', 'a.mp4', ...asked], { cwd: own });
    expect(again).toMatchObject({ exit: 0, stdout: `${own}/a.es.mp4\n` });
    await unfinished();
    await writeFile(join(own, 'a.es.mp4'), 'mine');
    expect((await call(['batch', 'a.mp4', ...asked], { cwd: own })).exit).toBe(2);
    expect(await readFile(join(own, 'a.es.mp4'), 'utf8')).toBe('mine');
  });

  it('gives every event with its file under --json, the last of each a summary or an error', async () => {
    const { exit, stdout } = await call(['batch', 'b.mp4', 'none-at-all.mp4', ...asked, '--json', '--jobs', '2']);
    expect(exit).toBe(3);
    const events = jsonLines(stdout).map((line) => runEvent.parse(line));
    const of = (name: string) => events.filter(({ file }) => file === `${cwd}/${name}`);
    expect(of('b.mp4').length + of('none-at-all.mp4').length).toBe(events.length);
    expect(of('b.mp4')[0]?.type).toBe('run-start');
    expect(of('b.mp4').at(-1)).toMatchObject({ type: 'summary', exit: 0 });
    expect(of('none-at-all.mp4')).toMatchObject([{ type: 'error', code: 'INPUT_UNREADABLE', exit: 3 }]);
  });

  it('adds up what each file would cost under --dry-run, and writes nothing', async () => {
    const own = await films('planned', 'a.mp4', 'b.mp4');
    const { exit, stdout } = await call(['a.mp4', 'b.mp4', ...asked, '--dry-run', '--summary', 'x.json'], { cwd: own });
    expect(exit).toBe(0);
    expect(stdout).toMatch(/\n2 files: 0:00:06\.\d+, 2 dubs to make, 2 lines, 26 characters\.\nCost: /);
    expect((await readdir(own)).filter((name) => !/^[ab]\.(mp4|e[ns]\.srt)$/.test(name))).toEqual([]);
  });

  it('stops its processes on Ctrl-C, says what was not begun, and goes on with the same command', async () => {
    const own = await films('stopped', 'a.mp4', 'b.mp4', 'c.mp4');
    const signals = new EventEmitter();
    const args = ['batch', 'a.mp4', 'b.mp4', 'c.mp4', ...asked, '--json', '--summary', 'out.json'];
    const write = (text: string) => {
      if (text.includes('"stage-start"')) signals.emit('SIGINT');
      return true;
    };
    const { exit, stderr } = await call(args, { cwd: own, signals, stdout: { write } });
    expect(exit).toBe(130);
    expect(stderr).toMatch(/\na\.mp4: exit 130, interrupted; .*\n3 files: 1 interrupted, 2 not started; exit 130, /);
    expect(stderr).toMatch(/Run the same command again to go on from here\.\n$/);
    const summary = JSON.parse(await readFile(join(own, 'out.json'), 'utf8')) as BatchSummary;
    expect(summary.files.map(({ state }) => state)).toEqual(['interrupted', 'not-started', 'not-started']);
    expect((await call(['batch', 'a.mp4', ...asked], { cwd: own })).exit).toBe(0);
  });
});

describe('the files of a batch', () => {
  const planOnly = ['--dry-run', ...asked];

  it('come from a list on stdin, with Windows line ends, blank lines, or NUL after each', async () => {
    for (const [list, words] of [
      ['a.mp4\r\n\n  \nb.mp4\n', ['--files', '-']],
      ['a.mp4\0b.mp4\0', ['-0', '--files', '-']],
    ] as const) {
      const { exit, stderr } = await call(['batch', ...words, ...planOnly], { stdin: list });
      expect({ exit, first: stderr.split('\n')[0] }).toEqual({ exit: 0, first: '2 files to es' });
    }
  });

  it('are taken once, whatever they are called, and two of one name have work folders of their own', async () => {
    const own = await films('twins', 'a.mp4');
    await symlink('a.mp4', join(own, 'link.mp4'));
    await copyFile(join(own, 'a.mp4'), join(own, 'a.mkv'));
    const args = ['a.mp4', './a.mp4', 'link.mp4', 'a.mkv', '--dry-run', '--json', ...asked];
    const { exit, stdout, stderr } = await call(args, { cwd: own });
    expect(exit).toBe(0);
    expect(stderr).toMatch(
      /^Left out: \S+\/a\.mp4 is named twice\.\nLeft out: \S+\/link\.mp4 is the same file as \S+\/a\.mp4\.\n2 files/,
    );
    const works = jsonLines(stdout).filter(({ type }) => type === 'plan');
    expect(works.map(({ work }) => work).sort()).toEqual([`${own}/a.dub`, `${own}/a.mp4.dub`]);
  });

  it('are no folders', async () => {
    const { exit, stderr } = await call(['batch', '.', '--to', 'es', '--offline']);
    expect(exit).toBe(3);
    expect(stderr).toContain(`: exit 3, INPUT_UNREADABLE: ${cwd} is a folder, not a media file.\n`);
  });

  it.each([
    ['batch --files empty.txt', 2, /names no file\.\n {2}It holds one path a line\.\n$/],
    ['batch --files nowhere.txt', 3, /cannot be read: there is no such file\.\n/],
    ['batch --files .', 3, /cannot be read: it is a folder\.\n/],
    ['batch --files latin.txt', 3, /is not UTF-8 text\.\n/],
    ['batch', 2, /^dub: No input file is given\.\n/],
    ['a.mp4 --shard 0/3', 2, /there is no part 0 of 3\.\n {2}.*count from 1/],
    ['a.mp4 --shard 4/3', 2, /there is no part 4 of 3\.\n/],
    ['a.mp4 b.mp4 --jobs 1.5', 2, /--jobs must be a whole number from 1 to 64, not `1\.5`\.\n/],
    ['a.mp4 b.mp4 -o x.mp4', 2, /--output \S+x\.mp4 would name the same file twice\.\n/],
    ['batch a.mp4 --summary a.mp4', 2, /a\.mp4 exists already and is no summary of a batch\.\n/],
    ['batch a.mp4 --summary none/x.json', 4, /x\.json cannot be written \(ENOENT\)\.\n/],
  ])('dub %s', async (line, exit, told) => {
    await writeFile(join(cwd, 'empty.txt'), '\n \n');
    await writeFile(join(cwd, 'latin.txt'), Buffer.from('caf\xe9.mp4\n', 'latin1'));
    const result = await call([...line.split(' '), ...asked]);
    expect(result).toMatchObject({ exit, stdout: '' });
    expect(result.stderr).toMatch(told);
  });

  it('fall into parts that have each of them once, in whatever order they are listed, and differ by one at most', () => {
    const paths = fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 40 });
    fc.assert(
      fc.property(paths, fc.integer({ min: 1, max: 9 }), (listed, count) => {
        const parts = Array.from({ length: count }, (_, part) => shardOf(listed, { index: part + 1, count }));
        expect(parts.flat().sort()).toEqual([...listed].sort());
        expect(
          Math.max(...parts.map((part) => part.length)) - Math.min(...parts.map((part) => part.length)),
        ).toBeLessThanOrEqual(1);
        for (const [part, files] of parts.entries()) {
          expect(shardOf([...listed].reverse(), { index: part + 1, count })).toEqual(files);
        }
      }),
    );
  });
});

it('a process that ends without a word is told with how it ended and the last it said', () => {
  const end = { exit: undefined, signal: 'SIGKILL', text: 'first\nlast words\n' };
  expect(outcomeOf('/f', undefined, end, 5)).toMatchObject({
    ...{ file: '/f', state: 'failed', exit: 1, code: 'PROCESS_ENDED' },
    message: 'Its process was ended by SIGKILL: last words',
  });
  const never = { exit: undefined, signal: undefined, text: 'spawn EAGAIN' };
  expect(outcomeOf('/f', undefined, never, 5).message).toBe('Its process could not be started: spawn EAGAIN');
});

it('a file is asked for as all were, with its own words and nothing that concerns the batch', async () => {
  const around = { env: {}, home: '/home', cwd: '/films', platform: 'linux' } as const;
  const { config } = defaultConfig(optionTable, around);
  const typed =
    '--to=en,es --voice A=x --voice=-y --no-keep-original --strict --jobs 4 --files l --summary s --json --work {name}.w';
  const line = await parseLine('batch', [...typed.split(' '), '--', '-odd.mp4']);
  const args = childArguments({ path: '/films/-odd.mp4', label: '-odd.mp4' }, line, config);
  const end = args.indexOf('--skip-finished');
  expect(args.slice(0, end).sort()).toEqual(
    ['--to=en,es', '--voice=A=x', '--voice=-y', '--no-keep-original', '--strict', '--work=-odd.w'].sort(),
  );
  const always = ['--json', '--no-quiet', '--no-verbose', '--jobs=1', '--cache=/home/.cache/dubbing'];
  expect(args.slice(end + 1)).toEqual([...always, '--', '/films/-odd.mp4']);
});
