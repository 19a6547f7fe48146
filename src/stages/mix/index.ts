import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mix } from '../../domain/dub.js';
import type { Soundtrack } from '../../domain/source.js';
import type { Takes, Timeline } from '../../domain/timeline.js';
import type { StageContext } from '../context.js';
import { balanceTakes } from './balance.js';
import { duckedShare, makeDucker } from './bed.js';
import { encodeMix } from './encode.js';
import { dubChannels, mixFormat } from './format.js';
import { chooseLevels } from './levels.js';
import { listenToBed } from './listen.js';
import type { MixOptions } from './options.js';
import { placeTakes, prepareDub } from './place.js';
import { Progress } from './progress.js';

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
    const [, bed] = await both(
      (signal) => prepareDub(placed, { ...ctx, signal }),
      (signal) => listenToBed(soundtrack, format, progress.part(0, 0.2), { ...ctx, signal }),
      ctx.signal,
    );
    const levels = chooseLevels(placed, bed.speech, options.lines ?? []);
    const share = duckedShare(placed, options, durationMs);
    const balance = await balanceTakes(placed, levels, bed, share, dubChannels(format).length, ctx.signal);
    const job = { soundtrack, format, balance, options, makeDucker: () => makeDucker(placed, options, format) };
    return await encodeMix(job, progress.part(0.2, 1), ctx);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs two jobs side by side; when one fails the other is stopped and waited for before its failure is passed on. */
async function both<A, B>(
  first: (signal: AbortSignal) => Promise<A>,
  second: (signal: AbortSignal) => Promise<B>,
  signal: AbortSignal,
): Promise<[A, B]> {
  const own = new AbortController();
  const shared = AbortSignal.any([signal, own.signal]);
  const stopOther = (cause: unknown) => {
    own.abort(cause);
    throw cause;
  };
  const jobs = [first(shared).catch(stopOther), second(shared).catch(stopOther)] as const;
  const settled = await Promise.allSettled(jobs);
  if (own.signal.aborted) throw own.signal.reason;
  return settled.map((result) => (result as PromiseFulfilledResult<unknown>).value) as [A, B];
}
