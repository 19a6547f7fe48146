import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { DubError } from '../../../../src/errors.js';
import { detectEngine, engineVersionNow } from '../../../../src/providers/vendors/local/detect.js';
import { observeEngine, runEngine } from '../../../../src/providers/vendors/local/engine.js';
import { engineEnvironment } from '../../../../src/providers/vendors/local/environment.js';
import { installHint } from '../../../../src/providers/vendors/local/install.js';
import { withScratchFolder } from '../../../../src/providers/vendors/local/scratch.js';
import { SharedAnswer } from '../../../../src/providers/vendors/local/shared.js';
import { calm, isAlive, temporaryFolder, writeProgram } from '../../support.js';

let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder();
});

function shell(script: string, more: Partial<Parameters<typeof runEngine>[0]> = {}) {
  return { name: 'engine', program: '/bin/sh', args: ['-c', script], timeoutMs: 30_000, ...more };
}

async function readPid(path: string): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const pid = Number(await readFile(path, 'utf8').catch(() => ''));
    if (pid > 0) return pid;
    await sleep(25);
  }
  throw new Error(`no pid came to ${path}`);
}

function local(...names: string[]): string[] {
  return names.map((name) => `providers/vendors/local/${name}`);
}

/** Some source files as JavaScript in a folder, for a Node without vitest. */
async function transpile(names: readonly string[]): Promise<string> {
  const built = join(folder, 'built');
  const { transpileModule, ModuleKind, ScriptTarget } = (await import('typescript')).default;
  const compilerOptions = { module: ModuleKind.ESNext, target: ScriptTarget.ES2023 };
  for (const name of names) {
    const source = await readFile(new URL(`../../../../src/${name}.ts`, import.meta.url), 'utf8');
    const path = join(built, `${name}.js`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, transpileModule(source, { compilerOptions }).outputText);
  }
  await writeFile(join(built, 'package.json'), '{"type":"module"}');
  return built;
}

async function goneWithin(pid: number, ms: number): Promise<boolean> {
  for (let waited = 0; waited < ms; waited += 25) {
    if (!(await isAlive(pid))) return true;
    await sleep(25);
  }
  return false;
}

describe('running an engine', () => {
  test('hands text over on stdin and gives back what was printed', async () => {
    const { stdout, stderr } = await runEngine(shell('cat; echo noted >&2', { input: '¿Qué? "$HOME" `x`\n' }), calm);
    expect(stdout.toString('utf8')).toBe('¿Qué? "$HOME" `x`\n');
    expect(stderr).toBe('noted');
  });

  test('arguments reach the program as they are', async () => {
    const args = ['-c', 'printf "%s|" "$@"', 'sh', '--', '$(id)', 'a b', '*', "'"];
    const { stdout } = await runEngine({ name: 'engine', program: '/bin/sh', args, timeoutMs: 30_000 }, calm);
    expect(stdout.toString()).toBe("--|$(id)|a b|*|'|");
  });

  test('a program that is not there gives ENGINE_MISSING and the install commands', async () => {
    const run = { name: 'flite', program: join(folder, 'flite'), args: [], timeoutMs: 1000 };
    await expect(runEngine(run, calm)).rejects.toMatchObject({
      code: 'ENGINE_MISSING',
      message: `flite was not found as \`${join(folder, 'flite')}\`.`,
      hint: 'Install it: `sudo apt-get install -y flite` (Debian, Ubuntu), or `brew install flite` (macOS).',
    });
  });

  test('a file that may not be executed is said to be so', async () => {
    const run = { name: 'engine', program: folder, args: [], timeoutMs: 1000 };
    await expect(runEngine(run, calm)).rejects.toMatchObject({
      code: 'ENGINE_MISSING',
      message: `engine may not be executed as \`${folder}\`.`,
    });
  });

  test('another exit status than 0 is a refusal with the last words on stderr, colours taken out', async () => {
    const script =
      'i=0; while [ $i -lt 400 ]; do echo "line $i" >&2; i=$((i+1)); done; printf "\\033[31mno voice\\033[0m\\n" >&2; exit 3';
    const error = await runEngine(shell(script), calm).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'PROVIDER_REFUSED', retryable: false });
    expect((error as DubError).message).toBe(
      'engine failed with exit status 3.\nline 395\nline 396\nline 397\nline 398\nline 399\nno voice',
    );
  });

  test('no more than 2 kB of stderr are kept', async () => {
    const { stderr } = await runEngine(shell('head -c 100000 /dev/zero | tr "\\0" x >&2; printf END >&2'), calm);
    expect(stderr.length).toBe(2048);
    expect(stderr.endsWith('END')).toBe(true);
  });

  test('being killed by something else is an error that may pass', async () => {
    await expect(runEngine(shell('kill -9 $$'), calm)).rejects.toMatchObject({
      code: 'PROVIDER_BAD_REPLY',
      message: 'engine was ended midway by SIGKILL.',
      retryable: true,
    });
  });

  test('more output than allowed is an error, and the program is stopped', async () => {
    const run = shell(`echo $$ > '${folder}/loud.pid'; while :; do echo yes; done`, { maxStdoutBytes: 50_000 });
    await expect(runEngine(run, calm)).rejects.toMatchObject({
      code: 'PROVIDER_BAD_REPLY',
      message: 'engine wrote more than 50000 bytes of output and was stopped.',
    });
    expect(await goneWithin(await readPid(join(folder, 'loud.pid')), 5000)).toBe(true);
  });

  test('input that nobody reads is no fault', async () => {
    const { stdout } = await runEngine(shell('echo done', { input: 'x'.repeat(2_000_000) }), calm);
    expect(stdout.toString()).toBe('done\n');
  });

  test('at the time limit the whole process group is gone', async () => {
    const run = shell(`sleep 300 & echo $! > '${folder}/late.pid'; wait`, { timeoutMs: 700 });
    await expect(runEngine(run, calm)).rejects.toMatchObject({
      code: 'PROVIDER_TIMEOUT',
      message: 'engine had not finished after 700 ms and was stopped.',
    });
    expect(await goneWithin(await readPid(join(folder, 'late.pid')), 5000)).toBe(true);
  });

  test('an abort ends the whole process group, even one that ignores polite signals', async () => {
    const controller = new AbortController();
    const script = `trap '' TERM INT HUP; sleep 300 & echo $! > '${folder}/stubborn.pid'; wait`;
    const work = runEngine(shell(script), controller.signal);
    work.catch(() => {});
    const pid = await readPid(join(folder, 'stubborn.pid'));
    controller.abort();
    await expect(work).rejects.toMatchObject({ code: 'INTERRUPTED', hint: expect.stringContaining('same command') });
    expect(await goneWithin(pid, 5000)).toBe(true);
  });

  test('the reason of an abort is passed on when it is a DubError', async () => {
    const reason = new DubError('DISK_FULL', 'no space');
    const controller = new AbortController();
    const work = runEngine(shell('sleep 300'), controller.signal);
    controller.abort(reason);
    await expect(work).rejects.toBe(reason);
  });

  test('with a signal aborted before, nothing is started', async () => {
    const work = async () => runEngine(shell(`touch '${folder}/started'`), AbortSignal.abort());
    await expect(work()).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await expect(readFile(join(folder, 'started'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('any end is an answer when the end is only observed', async () => {
    expect(await observeEngine(shell('echo usage >&2; exit 64'), calm)).toMatchObject({ status: 64, stderr: 'usage' });
  });

  test('engines still running when this process ends are stopped with it', async () => {
    // A process of its own, since this one must not end.
    const built = await transpile(['errors', ...local('engine', 'environment', 'install', 'interruption')]);
    const pidPath = join(folder, 'orphan.pid');
    const script = join(folder, 'parent.mjs');
    await writeFile(
      script,
      `import { existsSync, readFileSync } from 'node:fs';
       import { runEngine } from ${JSON.stringify(join(built, 'providers/vendors/local/engine.js'))};
       const args = ['-c', "sleep 300 & echo $! > '${pidPath}'; wait"];
       runEngine({ name: 'e', program: '/bin/sh', args, timeoutMs: 60000 }, new AbortController().signal);
       const started = () => existsSync('${pidPath}') && readFileSync('${pidPath}', 'utf8') !== '';
       setInterval(() => started() && process.exit(0), 20);`,
    );
    const child = spawn(process.execPath, [script], { stdio: 'ignore' });
    await new Promise((resolve) => child.on('close', resolve));
    expect(await goneWithin(await readPid(pidPath), 5000)).toBe(true);
  });
});

describe('the environment of an engine', () => {
  test('is UTF-8 and holds no secrets', () => {
    const from = {
      PATH: '/bin',
      LC_ALL: 'C',
      DASHSCOPE_API_KEY: 'sk',
      OSS_ACCESS_KEY_SECRET: 's',
      GH_TOKEN: 't',
      HOME: '/h',
    };
    expect(engineEnvironment(from, 'linux')).toEqual({ PATH: '/bin', HOME: '/h', LC_ALL: 'C.UTF-8' });
    expect(engineEnvironment(from, 'darwin').LC_ALL).toBe('en_US.UTF-8');
  });
});

describe('finding an engine', () => {
  const probe = (program: string) => ({
    name: 'engine',
    program,
    args: ['--version'],
    version: (printed: string) => /engine (\d+)/.exec(printed)?.[1],
  });

  test('asks once, whatever the exit status, and knows the answer from then on', async () => {
    const program = await writeProgram(folder, 'once', `echo asked >> '${folder}/asked'; echo engine 7 >&2; exit 1`);
    expect(await Promise.all([detectEngine(probe(program), calm), detectEngine(probe(program), calm)])).toEqual([
      '7',
      '7',
    ]);
    expect(engineVersionNow(probe(program))).toBe('7');
    expect(await readFile(join(folder, 'asked'), 'utf8')).toBe('asked\n');
  });

  test('a version asked for without waiting is the same', async () => {
    const program = await writeProgram(folder, 'now', 'echo engine 8');
    expect(engineVersionNow(probe(program))).toBe('8');
    expect(engineVersionNow(probe(join(folder, 'nothing')))).toBe('unknown');
  });

  test('a program that says nothing of the kind is another one', async () => {
    const program = await writeProgram(folder, 'other', 'echo hello');
    await expect(detectEngine(probe(program), calm)).rejects.toMatchObject({
      code: 'ENGINE_MISSING',
      message: `\`${program} --version\` does not answer like engine.`,
    });
  });

  test('a program that does not answer in 3 s is not taken', async () => {
    const program = await writeProgram(folder, 'slow', 'sleep 300');
    await expect(detectEngine(probe(program), calm)).rejects.toMatchObject({
      code: 'ENGINE_MISSING',
      cause: expect.objectContaining({ code: 'PROVIDER_TIMEOUT' }),
    });
  });

  test('one that was not there is found once it is', async () => {
    const path = join(folder, 'later');
    await expect(detectEngine(probe(path), calm)).rejects.toMatchObject({ code: 'ENGINE_MISSING' });
    await writeProgram(folder, 'later', 'echo engine 9');
    expect(await detectEngine(probe(path), calm)).toBe('9');
  });
});

describe('an answer shared by several', () => {
  test('goes on for the others when one of them stops waiting, and stops with the last', async () => {
    let aborted = false;
    const shared = new SharedAnswer(
      (signal) =>
        new Promise<string>((resolve, reject) => {
          const timer = setTimeout(() => resolve('late'), 60_000);
          signal.addEventListener('abort', () => {
            aborted = true;
            clearTimeout(timer);
            reject(new Error('stopped'));
          });
        }),
    );
    const [one, two] = [new AbortController(), new AbortController()];
    const waits = [shared.get(one.signal), shared.get(two.signal)];
    one.abort();
    await expect(waits[0]).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(aborted).toBe(false);
    two.abort();
    await expect(waits[1]).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(aborted).toBe(true);
  });

  test('is asked for again after a failure, never after a success', async () => {
    let asked = 0;
    const shared = new SharedAnswer(async () => {
      asked++;
      if (asked === 1) throw new Error('not yet');
      return asked;
    });
    await expect(shared.get(calm)).rejects.toThrow('not yet');
    expect([await shared.get(calm), await shared.get(calm)]).toEqual([2, 2]);
  });
});

test('a scratch folder is gone however its use ends', async () => {
  const seen: string[] = [];
  const use = async (path: string) => {
    seen.push(path);
    throw new Error('broken');
  };
  await expect(withScratchFolder(join(folder, 'deep', 'scratch'), calm, use)).rejects.toThrow('broken');
  await expect(readFile(seen[0]!)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('hints know every engine, and look at the path of an unknown one', () => {
  expect(installHint('whisper-cli')).toContain('brew install whisper-cpp');
  expect(installHint('piper')).toContain('pipx install piper-tts');
  expect(installHint('my-engine')).toBe('Check that `my-engine` is the path of the program and may be executed.');
});
