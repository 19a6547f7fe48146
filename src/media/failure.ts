import { DubError } from '../errors.js';

const fullDisk = /No space left on device|ENOSPC|Disk quota exceeded|File too large/;

/** True when ffmpeg's words name a full disk, a used-up quota or a file system's size limit. */
export function mentionsFullDisk(text: string): boolean {
  return fullDisk.test(text);
}

/**
 * The error of an ffmpeg run that went wrong.
 * @param purpose what the run was for: `extract the speech track`
 * @param error how the process ended, undefined when it ended well but reported a failed write
 * @param stderr its last lines
 * @returns FFMPEG_MISSING when the program could not be started, DISK_FULL, or FFMPEG_FAILED
 */
export function ffmpegFailure(purpose: string, command: string, error: Error | undefined, stderr: string): DubError {
  const reason = error?.message ?? 'it reported a failed write';
  if ((error as NodeJS.ErrnoException | undefined)?.syscall?.startsWith('spawn')) {
    return new DubError('FFMPEG_MISSING', `ffmpeg could not be started (${reason}).`, {
      hint: '`dub doctor` shows which ffmpeg is used and what is wrong with it.',
      cause: error,
    });
  }
  if (mentionsFullDisk(`${stderr}${reason}`)) return diskFull(purpose, error);
  const lines = stderr.trim().split('\n').slice(-8).join('\n');
  return new DubError('FFMPEG_FAILED', `ffmpeg could not ${purpose} (${reason}).\n${command}\n${lines}`, {
    hint: 'The last lines above are what ffmpeg itself said; `dub doctor` checks this machine.',
    cause: error,
  });
}

/** The error of a stream that ffmpeg read from or wrote to: as it is, but a full disk gets its own words. */
export function streamFailure(purpose: string, error: unknown): unknown {
  const full = error instanceof Error && !(error instanceof DubError) && mentionsFullDisk(error.message);
  return full ? diskFull(purpose, error) : error;
}

/** A command as a POSIX shell takes it, for showing one that can be pasted. */
export function commandLine(argv: readonly string[]): string {
  return argv.map(quote).join(' ');
}

function diskFull(purpose: string, cause: unknown): DubError {
  return new DubError('DISK_FULL', `The disk filled up while ffmpeg tried to ${purpose}.`, {
    hint: 'Free some space, or put the work folder elsewhere with --work DIR; the same command goes on from here.',
    cause,
  });
}

function quote(argument: string): string {
  return /^[\w@%+=:,./[\]-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
