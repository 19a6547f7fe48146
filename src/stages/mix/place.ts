import { join } from 'node:path';
import type { Span } from '../../domain/time.js';
import type { Placement, Take, Takes, Timeline } from '../../domain/timeline.js';
import { preparedLength, prepareTakes } from '../../media/stretch.js';
import type { StageContext } from '../context.js';
import { fadeFrames, mixRate, toFrames, trimFadeFrames } from './format.js';

/** A take and where it plays; frames at 48 kHz. */
export interface DubTake {
  readonly utteranceId: string;
  readonly take: Take;
  readonly tempo: number;
  readonly startFrame: number;
  /** How much of it plays. */
  readonly length: number;
  readonly fadeOut: number;
  /** Where it is heard. */
  readonly span: Span;
  /** Where its raw 16-bit mono samples at 48 kHz lie once it is prepared. */
  readonly path: string;
}

/**
 * Brings takes and placements together, in order of start. A take without a placement is not heard; one that is still
 * playing when it must be over (its room, if it is to be trimmed; the programme) is faded out.
 * @param folder where the prepared takes will lie
 */
export function placeTakes(
  takes: Takes,
  timeline: Timeline,
  options: { readonly onOverflow: 'overrun' | 'trim' | 'fail'; readonly durationMs: number },
  folder: string,
): DubTake[] {
  const byId = new Map(takes.takes.map((take) => [take.utteranceId, take]));
  const excess = new Map(timeline.overflows.map((overflow) => [overflow.utteranceId, overflow.excessMs]));
  const end = toFrames(options.durationMs);
  const placed = timeline.placements.map((placement) => {
    const take = byId.get(placement.utteranceId);
    if (take === undefined) throw new Error(`no take of the placed utterance ${placement.utteranceId}`);
    const over = options.onOverflow === 'trim' ? excess.get(placement.utteranceId) : undefined;
    const roomEnd = over === undefined ? end : toFrames(placement.startMs + placement.durationMs - over);
    return placeTake(take, placement, Math.min(end, roomEnd), join(folder, `${take.utteranceId}.pcm`));
  });
  return placed.filter((each) => each.length > 0).sort((a, b) => a.startFrame - b.startFrame);
}

function placeTake(take: Take, placement: Placement, endFrame: number, path: string): DubTake {
  const startFrame = toFrames(placement.startMs);
  const whole = preparedLength({ ...take, tempo: placement.tempo }, mixRate);
  const length = Math.max(0, Math.min(whole, endFrame - startFrame));
  const toMs = (frames: number) => (frames * 1000) / mixRate;
  return {
    utteranceId: take.utteranceId,
    take,
    tempo: placement.tempo,
    startFrame,
    length,
    fadeOut: length < whole ? trimFadeFrames : fadeFrames,
    span: { startMs: toMs(startFrame), endMs: toMs(startFrame + length) },
    path,
  };
}

/**
 * Trims, stretches and resamples all takes into their raw files.
 * @throws INPUT_UNREADABLE, FFMPEG_FAILED, DISK_FULL, INTERRUPTED
 */
export async function prepareDub(
  takes: readonly DubTake[],
  ctx: Pick<StageContext, 'tools' | 'signal'>,
): Promise<void> {
  const requests = takes.map(({ take, tempo, path }) => {
    const { sampleRate, startSample, endSample } = take;
    return { path: take.path, sampleRate, startSample, endSample, tempo, outPath: path };
  });
  await prepareTakes(requests, { sampleRate: mixRate }, ctx.tools, ctx.signal);
}
