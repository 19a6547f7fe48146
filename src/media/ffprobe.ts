import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { SourceStream } from '../domain/source.js';
import { DubError, throwIfAborted } from '../errors.js';
import { toMicroseconds } from './probe-reply.js';
import { ffmpegPath } from './run.js';
import type { MediaTools } from './tools.js';

const run = promisify(execFile);

/**
 * Runs ffprobe once and gives what it wrote.
 * @throws FFMPEG_MISSING, INTERRUPTED, or Node's own error with `stderr` when ffprobe failed
 */
export async function runFfprobe(
  options: readonly string[],
  path: string,
  tools: MediaTools,
  signal: AbortSignal,
): Promise<{ stdout: string; stderr: string }> {
  const args = ['-hide_banner', '-loglevel', 'warning', ...options, '-i', ffmpegPath(path)];
  try {
    return await run(tools.ffprobe, args, { signal, maxBuffer: 256 * 1024 * 1024, windowsHide: true });
  } catch (cause) {
    throwIfAborted(signal);
    throw typeof (cause as { code?: unknown }).code === 'string' ? ffprobeMissing(cause) : cause;
  }
}

function ffprobeMissing(cause: unknown): DubError {
  const { code } = cause as NodeJS.ErrnoException;
  return new DubError('FFMPEG_MISSING', `ffprobe could not be started (${code}).`, {
    hint: '`dub doctor` shows which ffprobe is used and what is wrong with it.',
    cause,
  });
}

/**
 * When the last packet of these streams ends, microseconds of the container's clock, by reading every packet's time:
 * what a browser records has no durations anywhere.
 * @throws FFMPEG_MISSING, INTERRUPTED
 */
export async function findLastEnd(
  path: string,
  timed: readonly SourceStream[],
  tools: MediaTools,
  signal: AbortSignal,
): Promise<number> {
  const wanted = new Set(timed.map((stream) => stream.index));
  const entries = ['-show_entries', 'packet=stream_index,pts_time,duration_time', '-of', 'compact=p=0:nk=1'];
  const args = ['-hide_banner', '-loglevel', 'error', '-fflags', '+genpts', ...entries, '-i', ffmpegPath(path)];
  const child = spawn(tools.ffprobe, args, { signal, stdio: ['ignore', 'pipe', 'ignore'], windowsHide: true });
  const ended = processEnd(child);
  let lastUs = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [index, pts, duration] = line.split('|');
    if (!wanted.has(Number(index))) continue;
    lastUs = Math.max(lastUs, (toMicroseconds(pts) ?? 0) + (toMicroseconds(duration) ?? 0));
  }
  await ended.catch((cause: unknown) => {
    throwIfAborted(signal);
    throw ffprobeMissing(cause);
  });
  return lastUs;
}

function processEnd(child: ChildProcess): Promise<void> {
  const ended = new Promise<void>((resolve, reject) => {
    child.once('close', () => resolve());
    child.once('error', reject);
  });
  // Awaited only after the last line.
  ended.catch(() => {});
  return ended;
}
