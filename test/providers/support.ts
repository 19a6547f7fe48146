import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect } from 'vitest';
import type { CheckResult, Fault } from '../../src/providers/conformance.js';
import type { DecodedSpeech } from '../../src/providers/tts/conformance.js';
import { readWave } from '../../src/providers/vendors/local/wave.js';

const run = promisify(execFile);

/** A signal that is never aborted. */
export const calm = new AbortController().signal;

/** A new folder, removed after the test file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'dub-providers-')));
  afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Writes an executable shell script and gives back its path. */
export async function writeProgram(folder: string, name: string, body: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}

/** The time limit a provider gets for a fault: short only where it is to be reached. */
export function limitFor(fault: Fault): number {
  return fault === 'hang' ? 1000 : 60_000;
}

/** How an engine's program is turned into one with a fault. */
export interface FaultyProgram {
  readonly folder: string;
  /** The program that answers whatever is not work: lists of voices, the version. */
  readonly real: string;
  /** Shell patterns of arguments that are not work. */
  readonly queries: readonly string[];
  /** The option before the output path, `last` when the path is the last argument; undefined when the work is printed. */
  readonly outputOption?: string | undefined;
  /** What is put behind that path: `.json`. */
  readonly outputEnding?: string | undefined;
  /** A whole output, from which `crash` and `cut` take the first `cutBytes`. */
  readonly sample?: string | undefined;
  readonly cutBytes?: number | undefined;
  readonly silence?: string | undefined;
}

/** A program with a fault, and what it was asked. */
interface Sabotage {
  readonly program: string;
  requests(): Promise<number>;
  open(): Promise<number>;
}

let sabotages = 0;

/** Writes a program that passes queries on to the real one and meets the fault as soon as it has to work. */
async function sabotage(engine: FaultyProgram, fault: Fault): Promise<Sabotage> {
  const mark = `${fault}-${++sabotages}`;
  const log = join(engine.folder, `${mark}.pids`);
  await writeFile(log, '');
  if (fault === 'missing') {
    return { program: join(engine.folder, 'no-such-program'), requests: async () => 0, open: async () => 0 };
  }
  const into = engine.outputOption === undefined ? '' : ` > "$out${engine.outputEnding ?? ''}"`;
  const cut = `head -c ${engine.cutBytes ?? 0} '${engine.sample ?? '/dev/null'}'${into}`;
  const hang = `sleep 600 & echo $! >> '${log}.children'; wait`;
  const faults: Partial<Record<Fault, string>> = {
    hang,
    stall: hang,
    crash: `${cut}; kill -9 $$`,
    cut,
    empty: `:${into}`,
    silent: `cat '${engine.silence ?? ''}'${into}`,
    garbage: `echo 'this is something else'${into}`,
    // Prints its environment as well: a key of ours must not have got there.
    refuse: 'env >&2; echo "the larynx is on strike" >&2; exit 3',
  };
  const queries = engine.queries.map((pattern) => `case "$*" in ${pattern}) exec '${engine.real}' "$@";; esac`);
  const program = await writeProgram(
    engine.folder,
    `engine-${mark}`,
    [
      ...queries,
      `echo $$ >> '${log}'`,
      'before=',
      `for arg in "$@"; do [ "$before" = '${engine.outputOption ?? ''}' ] && out=$arg; before=$arg; done`,
      ...(engine.outputOption === 'last' ? ['out=$before'] : []),
      faults[fault] ?? 'exit 99',
    ].join('\n'),
  );
  const pids = async () => [...(await readPids(log)), ...(await readPids(`${log}.children`))];
  return {
    program,
    requests: async () => (await readPids(log)).length,
    open: async () => ((await Promise.all((await pids()).map(isAlive))).some((alive) => alive) ? 1 : 0),
  };
}

/**
 * How a local engine is made to fail: by a program with the fault. Without a service behind it there is no key and no rate.
 * @param make the engine with options of its own
 */
export function failingProgram<Provider>(
  engine: FaultyProgram,
  make: (options: { binary: string; timeoutMs: number }) => Provider,
) {
  return async (fault: Fault) => {
    if (fault === 'auth' || fault === 'rate-limit') return undefined;
    const broken = await sabotage(engine, fault);
    return { ...broken, provider: make({ binary: broken.program, timeoutMs: limitFor(fault) }) };
  };
}

/** The checks that `failingProgram` leaves out, for `expectConformance`. */
export const withoutService: Readonly<Record<string, string>> = {
  'never repeats a request that was refused for its key': 'the subject cannot make the fault "auth"',
  'waits as it is told when it asked too often, or says how long to wait':
    'the subject cannot make the fault "rate-limit"',
};

async function readPids(path: string): Promise<number[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').filter(Boolean).map(Number);
}

/** True while the process runs; one that has ended but was not waited for yet does not. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return !/\) Z /.test(stat);
}

/** Reads sound whose form ffmpeg was shown before: what espeak-ng writes. Spares a process. */
export async function readSpeech(audio: Uint8Array): Promise<DecodedSpeech> {
  const { durationMs, peak } = readWave(audio, 'the engine');
  return { durationMs, peak: peak / 32_768 };
}

/** Decodes sound with ffmpeg. */
export async function decodeSpeech(audio: Uint8Array): Promise<DecodedSpeech> {
  const folder = await mkdtemp(join(tmpdir(), 'dub-decode-'));
  try {
    const [input, output] = [join(folder, 'in.wav'), join(folder, 'out.f32')];
    await writeFile(input, audio);
    const format = ['-ac', '1', '-ar', '16000', '-f', 'f32le'];
    await run('ffmpeg', ['-v', 'error', '-xerror', '-y', '-i', input, ...format, output]);
    const bytes = await readFile(output);
    const samples = new Float32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4));
    const peak = samples.reduce((largest, sample) => Math.max(largest, Math.abs(sample)), 0);
    return { durationMs: Math.round(samples.length / 16), peak };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs ffmpeg for test media. */
export async function ffmpeg(...args: string[]): Promise<void> {
  await run('ffmpeg', ['-v', 'error', '-y', ...args]);
}

/** Runs a program for test media. */
export async function runProgram(program: string, ...args: string[]): Promise<void> {
  await run(program, args);
}

/** Every check passed, but for those that were to be skipped or excused: both are named, so neither happens unseen. */
export function expectConformance(results: readonly CheckResult[], exceptions: Readonly<Record<string, string>>): void {
  const failed = results.filter((result) => result.outcome === 'failed');
  expect(failed.map(({ name, reason }) => `${name}: ${reason}`)).toEqual([]);
  const rest = results.filter((result) => result.outcome === 'skipped' || result.outcome === 'excused');
  expect(Object.fromEntries(rest.map(({ name, reason }) => [name, reason]))).toEqual(exceptions);
  expect(results.filter((result) => result.outcome === 'passed')).not.toEqual([]);
}

/** The part of a recogniser's request that is about subtitle tracks, for an input without any. */
export const noTracks = {
  subtitleTracks: [],
  readSubtitleTrack: (): Promise<string> => Promise.reject(new Error('there is no track')),
};
