import type { ChildProcess } from 'node:child_process';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import ffmpegCommand from 'fluent-ffmpeg';
import { throwIfAborted } from '../errors.js';
import { commandLine, ffmpegFailure, mentionsFullDisk, streamFailure } from './failure.js';
import type { MediaTools } from './tools.js';

/** Something ffmpeg reads: a file, or bytes that Node writes. Options come before `-i`. */
export interface FfmpegInput {
  readonly options?: readonly string[];
  readonly from: string | Readable;
}

/** Something ffmpeg writes: a file, or bytes that Node reads. */
export interface FfmpegOutput {
  readonly options: readonly string[];
  readonly to: string | Writable;
}

/** One ffmpeg run. At most one input and one output may be a stream. */
export interface FfmpegJob {
  /** What it is for, in error messages: `extract the speech track`. */
  readonly purpose: string;
  readonly inputs: readonly FfmpegInput[];
  /** Value of `-filter_complex`, if any. */
  readonly filter?: string | undefined;
  readonly outputs: readonly FfmpegOutput[];
}

const keptErrorLines = 60;

/** A path as ffmpeg takes it: never an option, a protocol or a pattern, whatever characters it holds. */
export function ffmpegPath(path: string): string {
  return `file:${path}`;
}

/**
 * Runs ffmpeg once and waits until the process is gone and every byte has reached the output stream. Existing output
 * files are replaced, so hand it scratch paths. An output stream is ended with the run, well or not: only this promise
 * says whether it is whole.
 * @returns its last lines on stderr (at `-loglevel warning`)
 * @throws FFMPEG_FAILED with the command and last lines; DISK_FULL; INTERRUPTED when the signal is aborted; the error of
 * an input or output stream when that is what broke
 */
export async function runFfmpeg(job: FfmpegJob, tools: MediaTools, signal: AbortSignal): Promise<string> {
  throwIfAborted(signal);
  const running = startFfmpeg(job, tools);
  signal.addEventListener('abort', running.stop, { once: true });
  try {
    const { error, broken, stderr } = await running.ended;
    throwIfAborted(signal);
    if (broken !== undefined) throw streamFailure(job.purpose, broken);
    // ffmpeg ends well after some failed writes and only mentions them.
    if (error || mentionsFullDisk(stderr)) throw ffmpegFailure(job.purpose, running.commandLine(), error, stderr);
    await running.delivered();
    throwIfAborted(signal);
    return stderr;
  } catch (error) {
    running.abandon();
    throwIfAborted(signal);
    throw error;
  } finally {
    signal.removeEventListener('abort', running.stop);
  }
}

/** How a process ended. */
interface Ending {
  /** What fluent-ffmpeg says of the process. */
  readonly error?: Error | undefined;
  /** What broke first outside it: a stream of the caller. */
  readonly broken?: unknown;
  readonly stderr: string;
}

interface RunningFfmpeg {
  /** Resolves when the process is gone, however it ended. */
  readonly ended: Promise<Ending>;
  /** Resolves when the last byte has reached the output stream. */
  delivered(): Promise<void>;
  /** Lets go of the caller's streams after a failure. */
  abandon(): void;
  /** Kills the process; `ended` follows. */
  stop(): void;
  commandLine(): string;
}

/**
 * fluent-ffmpeg reports a broken stream before the process is gone, takes an output stream that closed for a failure
 * when ffmpeg needs 20 ms more for its other files, and reports the end while bytes may still be on their way. So it is
 * handed streams that neither fail nor close, and the caller's are joined to those here.
 */
function startFfmpeg(job: FfmpegJob, tools: MediaTools): RunningFfmpeg {
  const input = job.inputs.map((each) => each.from).find((from) => typeof from !== 'string');
  const output = job.outputs.map((each) => each.to).find((to) => typeof to !== 'string');
  const toFfmpeg = new PassThrough({ autoDestroy: false, emitClose: false });
  const fromFfmpeg = new PassThrough({ autoDestroy: false, emitClose: false });
  const command = buildCommand(job, tools, toFfmpeg, fromFfmpeg);
  const drained = output ? finished(fromFfmpeg, { writable: false }) : Promise.resolve();
  drained.catch(() => {});
  fromFfmpeg.on('error', () => {});
  let child: ChildProcess | undefined;
  let gone = false;
  let stopped = false;
  let broken: unknown;
  const stop = () => {
    stopped = true;
    if (gone) fromFfmpeg.destroy(broken instanceof Error ? broken : new Error('stopped'));
    else child?.kill('SIGKILL');
  };
  const breakOff = (error: unknown) => {
    broken ??= error;
    stop();
  };
  const ended = new Promise<Ending>((resolve) => {
    const settle = (error: Error | undefined, stderr: string) => {
      gone = true;
      resolve({ error, broken, stderr });
    };
    command.on('start', () => {
      child = childOf(command);
      // fluent-ffmpeg's own listener throws where nobody can catch it when the program cannot be started.
      child.removeAllListeners('error');
      child.on('error', (error) => settle(error, ''));
      // A stop may fall between `run()` and the start of the process, when there is nothing to kill yet.
      if (stopped) child.kill('SIGKILL');
    });
    command.on('end', (_stdout, stderr) => settle(undefined, stderr ?? ''));
    command.on('error', (error: Error, _stdout, stderr) => settle(error, stderr ?? ''));
  });
  if (input) joinInput(input, toFfmpeg, breakOff);
  if (output) joinOutput(fromFfmpeg, output, breakOff);
  command.run();
  return {
    ended,
    stop,
    commandLine: () => commandLine(child?.spawnargs ?? [tools.ffmpeg]),
    async delivered() {
      try {
        await drained;
        if (output) await endStream(output);
      } catch (error) {
        throw streamFailure(job.purpose, broken ?? error);
      }
      input?.destroy();
    },
    abandon() {
      input?.unpipe(toFfmpeg);
      input?.destroy();
      if (output && !output.destroyed && !output.writableEnded) output.end();
    },
  };
}

function joinInput(input: Readable, toFfmpeg: PassThrough, breakOff: (error: unknown) => void): void {
  input.on('error', breakOff);
  finished(input, { writable: false }).catch(breakOff);
  input.pipe(toFfmpeg);
}

function joinOutput(fromFfmpeg: PassThrough, output: Writable, breakOff: (error: unknown) => void): void {
  output.on('error', breakOff);
  output.on('close', () => {
    if (!output.writableFinished) breakOff(new Error('The stream that takes what ffmpeg writes was closed early.'));
  });
  // Ended by hand, when nothing more can go wrong: a reader of the end may ask at once how the run went.
  fromFfmpeg.pipe(output, { end: false });
}

async function endStream(output: Writable): Promise<void> {
  const done = finished(output, { readable: false });
  output.end();
  await done;
}

/** The process, which fluent-ffmpeg keeps on the command for its `kill()`; its types leave it out. */
function childOf(command: ffmpegCommand.FfmpegCommand): ChildProcess {
  return (command as unknown as { readonly ffmpegProc: ChildProcess }).ffmpegProc;
}

const globalOptions = ['-hide_banner', '-nostdin', '-loglevel', 'warning'];

// fluent-ffmpeg splits an option at its first space when it comes alone, so options are always spread as arguments of
// one call: `title=Two words` stays whole.
function buildCommand(
  job: FfmpegJob,
  tools: MediaTools,
  toFfmpeg: PassThrough,
  fromFfmpeg: PassThrough,
): ffmpegCommand.FfmpegCommand {
  const command = ffmpegCommand({ stdoutLines: keptErrorLines });
  command.setFfmpegPath(tools.ffmpeg);
  skipCapabilityChecks(command, job);
  for (const [index, input] of job.inputs.entries()) {
    command.input(typeof input.from === 'string' ? ffmpegPath(input.from) : toFfmpeg);
    const options = [...(index === 0 ? globalOptions : []), ...(input.options ?? [])];
    if (options.length > 0) command.inputOptions(...options);
  }
  if (job.filter !== undefined) command.complexFilter(job.filter);
  for (const output of job.outputs) {
    if (typeof output.to === 'string') command.output(ffmpegPath(output.to));
    else command.output(fromFfmpeg, { end: true });
    command.outputOptions('-y', ...output.options);
  }
  return command;
}

/**
 * Before its first command fluent-ffmpeg runs `ffmpeg -formats` and `ffmpeg -encoders` and reads their tables, whose
 * layout changes with versions: 60 to 85 ms each. ffmpeg itself says what it lacks, so the questions are answered here.
 */
function skipCapabilityChecks(command: ffmpegCommand.FfmpegCommand, job: FfmpegJob): void {
  const options = [...job.inputs, ...job.outputs].map((each) => each.options ?? []);
  const named = options.map((list) => list[list.indexOf('-f') + 1] ?? '');
  const known = { description: '', canDemux: true, canMux: true };
  const formats = Object.fromEntries(named.map((format) => [format, known]));
  command.availableFormats = (callback) => callback(noError, formats);
  command.availableEncoders = (callback) => callback(noError, {});
}

// What Node's callbacks are given when all is well; fluent-ffmpeg's types leave it out.
const noError = null as unknown as Error;
