import type { Readable, Writable } from 'node:stream';
import ffmpegCommand from 'fluent-ffmpeg';
import { DubError } from '../errors.js';
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
 * Runs ffmpeg once and waits for its end. Existing outputs are replaced, so hand it scratch paths.
 * @returns its last lines on stderr (at `-loglevel warning`)
 * @throws FFMPEG_FAILED with the command and last lines; DISK_FULL; INTERRUPTED when the signal is aborted
 */
export function runFfmpeg(job: FfmpegJob, tools: MediaTools, signal: AbortSignal): Promise<string> {
  const command = buildCommand(job, tools);
  return new Promise((resolve, reject) => {
    let commandLine = '';
    const stop = () => command.kill('SIGKILL');
    const settle = (finish: () => void) => {
      signal.removeEventListener('abort', stop);
      finish();
    };
    if (signal.aborted) return reject(interrupted(signal));
    signal.addEventListener('abort', stop, { once: true });
    command.on('start', (line: string) => {
      commandLine = line;
      // An abort may fall between `run()` and the start of the process, when there is nothing to kill yet.
      if (signal.aborted) stop();
    });
    command.on('end', (_stdout, stderr) => settle(() => resolve(stderr ?? '')));
    command.on('error', (error: Error, _stdout, stderr) =>
      settle(() => reject(signal.aborted ? interrupted(signal) : toDubError(job, commandLine, error, stderr ?? ''))),
    );
    command.run();
  });
}

const globalOptions = ['-hide_banner', '-nostdin', '-loglevel', 'warning'];

// fluent-ffmpeg splits an option at its first space when it comes alone, so options are always spread as arguments of
// one call: `title=Two words` stays whole.
function buildCommand(job: FfmpegJob, tools: MediaTools): ffmpegCommand.FfmpegCommand {
  const command = ffmpegCommand({ stdoutLines: keptErrorLines });
  command.setFfmpegPath(tools.ffmpeg);
  for (const [index, input] of job.inputs.entries()) {
    command.input(typeof input.from === 'string' ? ffmpegPath(input.from) : input.from);
    const options = [...(index === 0 ? globalOptions : []), ...(input.options ?? [])];
    if (options.length > 0) command.inputOptions(...options);
  }
  if (job.filter !== undefined) command.complexFilter(job.filter);
  for (const output of job.outputs) {
    if (typeof output.to === 'string') command.output(ffmpegPath(output.to));
    else command.output(output.to, { end: true });
    command.outputOptions('-y', ...output.options);
  }
  return command;
}

function interrupted(signal: AbortSignal): DubError {
  return new DubError('INTERRUPTED', 'The run was interrupted; finished work is kept.', {
    hint: 'Run the same command again to go on from here.',
    cause: signal.reason,
  });
}

function toDubError(job: FfmpegJob, commandLine: string, cause: Error, stderr: string): DubError {
  const lines = stderr.trim().split('\n').slice(-8).join('\n');
  if (/No space left on device|ENOSPC/.test(`${stderr}${cause.message}`)) {
    return new DubError('DISK_FULL', `The disk filled up while ffmpeg tried to ${job.purpose}.`, {
      hint: 'Free some space, or put the work folder elsewhere with --work DIR; the same command goes on from here.',
      cause,
    });
  }
  return new DubError('FFMPEG_FAILED', `ffmpeg could not ${job.purpose} (${cause.message}).\n${commandLine}\n${lines}`, {
    hint: 'The last lines above are what ffmpeg itself said; `dub doctor` checks this machine.',
    cause,
  });
}
