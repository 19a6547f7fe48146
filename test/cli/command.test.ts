import { execFile, spawn } from 'node:child_process';
import { copyFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, makeMedia, removeFolder } from '../support/media.js';

// These start bin/dub.js itself, which runs dist/: test/support/build.ts makes it before the tests.
const program = fileURLToPath(new URL('../../bin/dub.js', import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await makeFolder();
  await makeMedia(folder, { name: 'talk.mp4', seconds: 3 });
  const cue = (text: string) => `1\n00:00:00,500 --> 00:00:01,700\n${text}\n`;
  await writeFile(join(folder, 'talk.en.srt'), cue('Good morning.'));
  await writeFile(join(folder, 'talk.es.srt'), cue('Buenos días.'));
});

afterAll(() => removeFolder(folder));

const env = () => ({ PATH: process.env.PATH, HOME: folder, DUBBING_CACHE: join(folder, 'cache') });
const words = ['--to', 'es', '--offline', '--script', 'talk.en.srt', '--translation', 'talk.es.srt'];

interface Ended {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the command and waits for its end; `watch` sees stdout as it grows and may act on the process. */
function dub(
  args: readonly string[],
  watch?: (stdout: string, child: ReturnType<typeof spawn>) => void,
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: env(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const told = { stdout: '', stderr: '' };
  child.stderr.on('data', (bytes: Buffer) => (told.stderr += bytes.toString()));
  child.stdout.on('data', (bytes: Buffer) => {
    told.stdout += bytes.toString();
    watch?.(told.stdout, child);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit) => resolve({ exit, ...told }));
  });
}

describe('the command itself', () => {
  it('answers with its version', async () => {
    expect(await dub(['--version'])).toEqual({
      exit: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    });
  });

  it('hands its exit number to the shell, and words to stderr', async () => {
    expect(await dub(['none.mp4', '--to', 'es'])).toEqual({
      exit: 3,
      stdout: '',
      stderr: `dub: There is no file ${folder}/none.mp4.\n  Check the spelling and the folder.\n`,
    });
  });

  it('gives a shell the path of the finished file, even one that looks like an option', async () => {
    await copyFile(join(folder, 'talk.mp4'), join(folder, '-x %d: é🎬.mp4'));
    const line = `out=$("$0" "$1" --quiet ${words.join(' ')} -- "-x %d: é🎬.mp4") && printf '%s' "$out"`;
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', line, process.execPath, program], {
      cwd: folder,
      env: env(),
    });
    expect({ stdout, stderr }).toEqual({ stdout: `${folder}/-x %d: é🎬.es.mp4`, stderr: '' });
  });

  it('is silent when the reader of its output goes away', async () => {
    const line = `"$0" "$1" --help | head -n 1; "$0" "$1" voices --tts espeak-ng | head -n 1`;
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', line, process.execPath, program], {
      cwd: folder,
      env: env(),
    });
    expect(stdout.split('\n')[0]).toBe('dub: dub videos into other languages');
    expect(stderr).toBe('');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends with 130 on %s and leaves no half-written output', async (signal) => {
    let sent = false;
    const { exit, stdout, stderr } = await dub(
      ['talk.mp4', '--json', '-o', `${signal}.mp4`, '--work', signal, ...words],
      (told, child) => {
        if (sent || !told.includes('"stage-start"')) return;
        sent = true;
        child.kill(signal);
      },
    );
    expect(exit).toBe(130);
    expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({
      type: 'error',
      code: 'INTERRUPTED',
      exit: 130,
    });
    expect(stderr).toContain('dub: The run was interrupted; finished work is kept.\n');
    expect((await readdir(folder)).filter((name) => name.startsWith(`${signal}.`))).toEqual([]);
  });
});

it.each(['', '.'])('a HOME of `%s` does not make a config file that lies about one of the user’s own', async (home) => {
  const found = await makeFolder();
  try {
    await writeFile(join(found, '.dubbingrc'), '{"after": "touch ran"}');
    const options = { cwd: found, env: { ...env(), HOME: home } };
    await expect(promisify(execFile)(process.execPath, [program, 'config'], options)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('that file was only found, not named'),
    });
  } finally {
    await removeFolder(found);
  }
});
