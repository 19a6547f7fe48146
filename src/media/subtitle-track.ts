import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Source } from '../domain/source.js';
import { runFfmpeg } from './run.js';
import type { MediaTools } from './tools.js';

/**
 * A text subtitle stream of the input as SRT, its times on the programme's clock.
 * @param index stream index in the input
 * @throws FFMPEG_FAILED when the stream holds pictures
 */
export async function readSubtitleTrack(
  source: Source,
  index: number,
  scratch: string,
  tools: MediaTools,
  signal: AbortSignal,
): Promise<string> {
  const path = join(scratch, `track-${index}.srt`);
  // ffmpeg would otherwise shift times by the file's own start, which counts streams that the programme's clock does not.
  const shift = ['-copyts', '-output_ts_offset', `${-source.zeroUs / 1e6}`];
  const job = {
    purpose: `read subtitle track ${index}`,
    inputs: [{ from: source.path }],
    outputs: [{ options: ['-map', `0:${index}`, ...shift, '-c:s', 'srt', '-f', 'srt'], to: path }],
  };
  await runFfmpeg(job, tools, signal);
  return readFile(path, 'utf8');
}
