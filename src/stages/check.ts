import { access, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dub, LineReading, Verdict } from '../domain/dub.js';
import type { LineFailure, Script } from '../domain/script.js';
import type { Source } from '../domain/source.js';
import type { Takes, Timeline } from '../domain/timeline.js';
import { probeFile } from '../media/probe.js';
import { hashRepackagedStreams, hashStreams } from '../media/stream-hash.js';
import { durationGate, loudnessGate, realVideos, truePeakGate, videoHashGate } from './check/file-gates.js';
import { type Listening, listen } from './check/listen.js';
import { type StreamsExpectation, streamsGate } from './check/streams-gate.js';
import type { PlacedTake } from './check/take-loader.js';
import { timingGates } from './check/timing-gates.js';
import type { StageContext } from './context.js';

export { summarise } from './check/summary.js';

/** What the finished file is held against besides the artefacts. */
export interface CheckOptions extends StreamsExpectation {
  /** LUFS. */
  readonly targetLufs: number;
  /** dBTP. */
  readonly ceilingDbtp: number;
  /** Every line that was given up on, in whichever stage. */
  readonly lineFailures: readonly LineFailure[];
}

/**
 * Judges the finished file by decoding it: each line is looked for in the dub track by correlation with its take,
 * loudness and peaks are measured, packets hashed, streams compared. What the plan says is only what is expected.
 * @param source the input as probed
 * @param dub `path` is the file to judge; `streams` and `warnings` are what the mux declared
 * @returns gates in a fixed order, and one reading for each placement
 * @throws INPUT_UNREADABLE when the output cannot be read or holds no sound, FFMPEG_FAILED, INTERRUPTED
 */
export async function check(
  source: Source,
  script: Script,
  takes: Takes,
  timeline: Timeline,
  dub: Dub,
  options: CheckOptions,
  ctx: StageContext,
): Promise<Verdict> {
  // Of its own: several languages of one film may be checked at the same time.
  const scratch = await mkdtemp(join(ctx.scratch, 'check-'));
  try {
    return await judge(source, script, takes, timeline, dub, options, { ...ctx, scratch });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function judge(
  source: Source,
  script: Script,
  takes: Takes,
  timeline: Timeline,
  dub: Dub,
  options: CheckOptions,
  ctx: StageContext,
): Promise<Verdict> {
  const output = await probeFile(dub.path, ctx.tools, ctx.signal);
  const [listening, hashes] = await together(ctx, [
    (own) => listenTo(output, source, placedTakes(takes, timeline), own),
    (own) => hashBoth(source, output, own),
  ]);
  const lines = readings(script, timeline, listening);
  const failures = mergeFailures(takes.failures, options.lineFailures);
  const gates = [
    ...timingGates({ script, timeline, takes, failures, lines }),
    durationGate(source, output, listening),
    videoHashGate(source, output, hashes.source, hashes.output),
    loudnessGate(listening.loudness, options.targetLufs),
    truePeakGate(listening.loudness, options.ceilingDbtp),
    streamsGate(
      { source, output, sourceHashes: hashes.source ?? new Map(), outputHashes: hashes.output },
      dub,
      options,
    ),
  ];
  return { passed: gates.every((gate) => gate.passed), output: dub.path, gates, lines };
}

type Task<T> = (ctx: StageContext) => Promise<T>;

/** Runs both at once; when one fails the other is stopped before this rejects. */
async function together<A, B>(ctx: StageContext, [first, second]: readonly [Task<A>, Task<B>]): Promise<[A, B]> {
  const own = new AbortController();
  const inner = { ...ctx, signal: AbortSignal.any([ctx.signal, own.signal]) };
  const guarded = async <T>(task: Task<T>) => {
    try {
      return await task(inner);
    } catch (error) {
      if (!own.signal.aborted) own.abort(error);
      throw own.signal.reason;
    }
  };
  const results = await Promise.allSettled([guarded(first), guarded(second)]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  const [a, b] = results;
  return [(a as PromiseFulfilledResult<A>).value, (b as PromiseFulfilledResult<B>).value];
}

function placedTakes(takes: Takes, timeline: Timeline): PlacedTake[] {
  const byId = new Map(takes.takes.map((take) => [take.utteranceId, take]));
  return timeline.placements.flatMap((placement) => {
    const take = byId.get(placement.utteranceId);
    return take ? [{ placement, take }] : [];
  });
}

async function listenTo(
  output: Source,
  source: Source,
  placed: readonly PlacedTake[],
  ctx: StageContext,
): Promise<Listening> {
  const stream = output.streams.find((one) => one.type === 'audio');
  if (stream) return listen({ path: output.path, stream, zeroUs: programmeStart(source, output) }, placed, ctx);
  const silence = { integratedLufs: -120, truePeakDbtp: -120 };
  return { loudness: silence, startMs: 0, durationMs: 0, sampleRate: 48_000, lines: new Map() };
}

/**
 * Where the input's programme starts on the output's clock. The picture is the ruler: containers move all timestamps
 * (by 21 ms to make room for encoder delay, by 10 s for MPEG-TS), but sound belongs to a picture.
 */
function programmeStart(source: Source, output: Source): number {
  const before = realVideos(source)[0]?.startUs;
  const after = realVideos(output)[0]?.startUs;
  return before === undefined || after === undefined ? output.zeroUs : after - (before - source.zeroUs);
}

interface BothHashes {
  /** Undefined when the input is gone: a dub may be checked long after it was made. */
  readonly source: ReadonlyMap<number, string> | undefined;
  readonly output: ReadonlyMap<number, string>;
}

async function hashBoth(source: Source, output: Source, ctx: StageContext): Promise<BothHashes> {
  const [before, after] = [hashable(source), hashable(output)];
  const isThere = await access(source.path).then(
    () => true,
    () => false,
  );
  if (!isThere) return { source: undefined, output: await hashStreams(output.path, after, ctx) };
  const [sourceHashes, outputHashes] = await together(ctx, [
    (own) => hashStreams(source.path, before, own),
    (own) => hashStreams(output.path, after, own),
  ]);
  const known = new Set(outputHashes.values());
  const unknown = before.filter((index) => !known.has(sourceHashes.get(index) ?? ''));
  if (unknown.length === 0 || !packagesOtherwise(source)) return { source: sourceHashes, output: outputHashes };
  const repackaged = await hashRepackagedStreams(source.path, unknown, ctx);
  return { source: new Map([...sourceHashes, ...repackaged]), output: outputHashes };
}

/** Picture and sound; the rest is small and may be rewritten by containers. */
function hashable(file: Source): number[] {
  const real = file.streams.filter((stream) => !stream.attachedPicture && ['video', 'audio'].includes(stream.type));
  return real.map((stream) => stream.index);
}

/** Containers that write H.264, HEVC and AAC with start codes and headers of their own. */
function packagesOtherwise(file: Source): boolean {
  return /mpegts|avi|mpeg|h264|hevc|flv|aac/.test(file.format);
}

function readings(script: Script, timeline: Timeline, listening: Listening): LineReading[] {
  const sourceStart = new Map(script.utterances.map((utterance) => [utterance.id, utterance.startMs]));
  return timeline.placements.map(({ utteranceId, startMs, tempo }) => ({
    ...(listening.lines.get(utteranceId) ?? { present: false, likeness: 0, tempo }),
    utteranceId,
    plannedStartMs: startMs,
    sourceStartMs: sourceStart.get(utteranceId) ?? startMs,
  }));
}

function mergeFailures(...lists: readonly (readonly LineFailure[])[]): LineFailure[] {
  return [...new Map(lists.flat().map((failure) => [failure.utteranceId, failure])).values()];
}
