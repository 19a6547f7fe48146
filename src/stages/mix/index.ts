import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mix } from '../../domain/dub.js';
import type { Soundtrack } from '../../domain/source.js';
import type { Takes, Timeline } from '../../domain/timeline.js';
import type { PcmFormat, PcmReader } from '../../media/pcm.js';
import type { StageContext } from '../context.js';
import { together } from '../together.js';
import { balanceTakes } from './balance.js';
import { duckedShare, makeDucker, openBed, openBedOf } from './bed.js';
import { encodeMix } from './encode.js';
import { dubChannels, mixFormat } from './format.js';
import { chooseLevels } from './levels.js';
import { type BedSound, listenToBed } from './listen.js';
import type { MixOptions } from './options.js';
import { placeTakes, prepareDub } from './place.js';
import { Progress, type Report } from './progress.js';

export type { MixCodec, MixOptions } from './options.js';

/**
 * Mixes the takes over the source's sound and encodes the result once, exactly as long as the programme. A stream
 * throughout: memory grows neither with the length nor with the number of lines.
 * @returns the mix; its loudness is measured on the samples handed to the encoder, its ceiling holds for the encoded file
 * @throws FFMPEG_FAILED, DISK_FULL, INPUT_UNREADABLE for a take that is not what `takes` says, INTERRUPTED
 */
export async function mix(
  soundtrack: Soundtrack,
  takes: Takes,
  timeline: Timeline,
  options: MixOptions,
  ctx: StageContext,
): Promise<Mix> {
  const folder = await mkdtemp(join(ctx.scratch, 'mix-'));
  const progress = new Progress(soundtrack.durationMs, ctx);
  try {
    const { durationMs } = soundtrack;
    const placed = placeTakes(takes, timeline, { onOverflow: options.onOverflow, durationMs }, folder);
    const format = mixFormat(options.codec);
    const open = (inner: Pick<StageContext, 'tools' | 'signal'>) =>
      openBedOf(soundtrack, placed, options, format, inner);
    const [, bed] = await together(
      ctx.signal,
      (signal) => prepareDub(placed, { ...ctx, signal }),
      (signal) => listenToBeds({ soundtrack, options, open }, format, progress.part(0, 0.2), { ...ctx, signal }),
    );
    const levels = chooseLevels(placed, bed.speech, options.lines ?? []);
    const share = duckedShare(placed, options, durationMs);
    const balance = await balanceTakes(placed, levels, bed, share, dubChannels(format).length, ctx.signal);
    const makeOwnDucker = () => makeDucker(placed, options, format);
    const job = { soundtrack, format, balance, options, openBed: open, makeDucker: makeOwnDucker };
    return await encodeMix(job, progress.part(0.2, 1), ctx);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Listens to what will lie under the dub; how loud the speech is, is heard from the original even where it is taken out. */
async function listenToBeds(
  {
    soundtrack,
    options,
    open,
  }: { readonly soundtrack: Soundtrack; readonly options: MixOptions; readonly open: OpenBed },
  format: PcmFormat,
  report: Report,
  ctx: Pick<StageContext, 'tools' | 'signal'>,
): Promise<BedSound> {
  const original = await listenToBed(() => openBed(soundtrack, format, ctx), soundtrack.durationMs, format, report);
  if (options.backgroundPath === undefined) return original;
  const { powers, peaks } = await listenToBed(() => open(ctx), soundtrack.durationMs, format, report);
  return { speech: original.speech, powers, peaks };
}

type OpenBed = (ctx: Pick<StageContext, 'tools' | 'signal'>) => PcmReader;
