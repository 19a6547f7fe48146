import { type ChildProcess, spawn } from 'node:child_process';
import { DubError, throwIfAborted } from '../../../errors.js';
import { engineEnvironment } from './environment.js';
import { engineMissing, errnoOf } from './install.js';
import { interruption } from './interruption.js';

/** One run of a local program. */
export interface EngineRun {
  /** The engine's name in messages and install hints: `espeak-ng`. */
  readonly name: string;
  /** What is started: a name on PATH or a path. */
  readonly program: string;
  /** Passed as they are, never through a shell. Text to be processed does not belong here. */
  readonly args: readonly string[];
  /** Written to standard input, which is closed after it. */
  readonly input?: string | undefined;
  readonly timeoutMs: number;
  /** More output than this is an error; 16 MiB unless told. */
  readonly maxStdoutBytes?: number | undefined;
}

/** What a program that ended well left behind. */
export interface EngineOutput {
  readonly stdout: Buffer;
  /** The last 2 kB, cleaned of control characters. */
  readonly stderr: string;
}

/** How a program ended, whatever it thought of it. */
export interface EngineExit extends EngineOutput {
  /** The exit number; undefined when a signal ended it. */
  readonly status: number | undefined;
  readonly signal: string | undefined;
}

const keptStderrBytes = 2048;
const defaultMaxStdoutBytes = 16 * 1024 * 1024;
/** How long a killed program may take to be gone before we stop waiting for it. */
const killGraceMs = 1000;

/**
 * Runs a local program to its end, in a process group of its own that is killed as a whole on abort and time-out.
 * @throws ENGINE_MISSING, PROVIDER_REFUSED for an exit number other than 0, PROVIDER_BAD_REPLY when it crashed or wrote
 *   too much, PROVIDER_TIMEOUT, INTERRUPTED
 */
export async function runEngine(run: EngineRun, signal: AbortSignal): Promise<EngineOutput> {
  const exit = await observeEngine(run, signal);
  if (exit.status === 0) return exit;
  const said = exit.stderr === '' ? '' : `\n${lastLines(exit.stderr)}`;
  if (exit.status === undefined) {
    throw new DubError('PROVIDER_BAD_REPLY', `${run.name} was ended midway by ${exit.signal}.${said}`, {
      hint: 'The machine may be short of memory, or the program is broken; the same command goes on from here.',
      retryable: true,
    });
  }
  throw new DubError('PROVIDER_REFUSED', `${run.name} failed with exit status ${exit.status}.${said}`, {
    hint: `The lines above are what ${run.name} itself said; \`dub doctor\` checks the engines of this machine.`,
  });
}

/** Like `runEngine`, for programs whose exit number means little: any end is an answer. */
export function observeEngine(run: EngineRun, signal: AbortSignal): Promise<EngineExit> {
  throwIfAborted(signal);
  const detached = process.platform !== 'win32';
  const child = spawn(run.program, run.args, {
    detached,
    windowsHide: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: engineEnvironment(process.env, process.platform),
  });
  return new Promise((resolve, reject) => new EngineWatch(run, child, signal, resolve, reject).begin());
}

/** Follows one child until it has ended and its output is read, or until it had to be killed. */
class EngineWatch {
  private readonly stdout: Buffer[] = [];
  private stdoutBytes = 0;
  private stderr = Buffer.alloc(0);
  private verdict: DubError | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly run: EngineRun,
    private readonly child: ChildProcess,
    private readonly signal: AbortSignal,
    private readonly resolve: (exit: EngineExit) => void,
    private readonly reject: (error: DubError) => void,
  ) {}

  begin(): void {
    living.add(this.child);
    this.timer = setTimeout(() => this.stop(timedOut(this.run)), this.run.timeoutMs);
    this.signal.addEventListener('abort', this.onAbort, { once: true });
    this.child.on('error', (error) => this.fail(startFailure(this.run, error)));
    this.child.stdout?.on('data', (bytes: Buffer) => this.keepStdout(bytes));
    this.child.stderr?.on('data', (bytes: Buffer) => {
      this.stderr = Buffer.concat([this.stderr, bytes]).subarray(-keptStderrBytes);
    });
    // A program may end without reading its input; that is for its exit number to say, not for a broken pipe.
    this.child.stdin?.on('error', () => {});
    this.child.stdin?.end(this.run.input ?? '');
    // After a kill `exit` is enough: a stray grandchild may hold the pipes open and `close` would not come.
    this.child.on('exit', () => this.verdict && this.fail(this.verdict));
    this.child.on('close', (status, signal) => this.finish(status, signal));
  }

  private readonly onAbort = () => this.stop(interruption(this.signal));

  private keepStdout(bytes: Buffer): void {
    this.stdoutBytes += bytes.length;
    if (this.stdoutBytes > (this.run.maxStdoutBytes ?? defaultMaxStdoutBytes)) this.stop(tooMuchOutput(this.run));
    else this.stdout.push(bytes);
  }

  private stop(verdict: DubError): void {
    if (this.verdict) return;
    this.verdict = verdict;
    killGroup(this.child);
    this.rearm(() => this.fail(verdict), killGraceMs);
  }

  private rearm(action: () => void, delayMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(action, delayMs);
  }

  private finish(status: number | null, signal: string | null): void {
    if (this.verdict) {
      this.fail(this.verdict);
      return;
    }
    this.settle();
    const stdout = Buffer.concat(this.stdout);
    const stderr = readable(this.stderr);
    this.resolve({ stdout, stderr, status: status ?? undefined, signal: signal ?? undefined });
  }

  private fail(error: DubError): void {
    this.settle();
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
    this.reject(error);
  }

  private settle(): void {
    living.delete(this.child);
    clearTimeout(this.timer);
    this.signal.removeEventListener('abort', this.onAbort);
  }
}

/** Children that run now: killed when this process ends without having been told to stop them. */
const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) killGroup(child);
});

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // It ended by itself in the meantime.
    if (errnoOf(error) !== 'ESRCH') child.kill('SIGKILL');
  }
}

function startFailure(run: EngineRun, error: Error): DubError {
  const missing = ['ENOENT', 'EACCES', 'ENOEXEC', 'ENOTDIR', 'EISDIR'].includes(errnoOf(error) ?? '');
  if (missing) return engineMissing(run.name, run.program, error);
  return new DubError('PROVIDER_BUSY', `${run.name} could not be started (${error.message}).`, {
    hint: 'The machine may have too many processes or too little memory; the same command goes on from here.',
    cause: error,
    retryable: true,
  });
}

function timedOut(run: EngineRun): DubError {
  const limit = run.timeoutMs >= 1000 ? `${Math.round(run.timeoutMs / 1000)} s` : `${run.timeoutMs} ms`;
  return new DubError('PROVIDER_TIMEOUT', `${run.name} had not finished after ${limit} and was stopped.`, {
    hint: `Raise its option \`timeoutMs\` (now ${run.timeoutMs}) if the machine is slow; the same command goes on from here.`,
  });
}

function tooMuchOutput(run: EngineRun): DubError {
  const limit = run.maxStdoutBytes ?? defaultMaxStdoutBytes;
  return new DubError('PROVIDER_BAD_REPLY', `${run.name} wrote more than ${limit} bytes of output and was stopped.`, {
    hint: `Check that \`${run.program}\` is the program ${run.name}.`,
  });
}

function readable(stderr: Buffer): string {
  return stderr
    .toString('utf8')
    .replace(/\u001b\[[0-9;]*[A-Za-z]/g, '')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
    .trim();
}

function lastLines(text: string): string {
  return text.split('\n').slice(-6).join('\n');
}
