import type { Source } from '../../domain/source.js';
import { findLastEnd } from '../../media/ffprobe.js';
import type { StageContext } from '../context.js';
import { together } from '../together.js';
import { realVideos, statedPictureDifference } from './file-gates.js';

/**
 * By how much the output's picture is longer than the input's, milliseconds. Where the containers' own figures differ by
 * more than a frame both are measured by their packets: ASF and program streams state lengths that are some frames off,
 * and a file that was cut off still has the length in its header that it once had.
 * @param there false when the input is gone: then what was stated of it has to do
 * @returns NaN when there is no picture, or nothing is known of its length
 */
export async function pictureDifference(
  source: Source,
  output: Source,
  there: boolean,
  ctx: StageContext,
): Promise<number> {
  const stated = statedPictureDifference(source, output);
  if (!there || Number.isNaN(stated) || Math.abs(stated) <= source.frameMs) return stated;
  const [before, after] = await together(
    ctx.signal,
    (signal) => measuredMs(source, { ...ctx, signal }),
    (signal) => measuredMs(output, { ...ctx, signal }),
  );
  return after - before;
}

async function measuredMs(file: Source, ctx: StageContext): Promise<number> {
  const picture = realVideos(file)[0]!;
  const endUs = await findLastEnd(file.path, [picture], ctx.tools, ctx.signal);
  return (endUs - (picture.startUs ?? 0)) / 1000;
}
