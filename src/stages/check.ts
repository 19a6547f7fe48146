import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dub, LineReading, Verdict } from '../domain/dub.js';
import type { LineFailure, Script } from '../domain/script.js';
import type { Source } from '../domain/source.js';
import type { Takes, Timeline } from '../domain/timeline.js';
import { probeFile } from '../media/probe.js';
import { type BedExpectation, bedGates, leakageOf } from './check/bed-gates.js';
import { type BedListening, compareBeds } from './check/bed-listening.js';
import { durationGate, loudnessGate, realVideos, truePeakGate, videoHashGate } from './check/file-gates.js';
import { hashBoth } from './check/hashes.js';
import { type Listening, listen } from './check/listen.js';
import { rounded } from './check/measure.js';
import { pictureDifference } from './check/picture-length.js';
import { type StreamsExpectation, streamsGate } from './check/streams-gate.js';
import { type SubtitlesExpectation, subtitleGates } from './check/subtitle-gates.js';
import type { PlacedTake } from './check/take-loader.js';
import { timingGates } from './check/timing-gates.js';
import type { StageContext } from './context.js';
import { together } from './together.js';

export type { SubtitlesExpectation } from './check/subtitle-gates.js';
export { summarise } from './check/summary.js';

/** What the finished file is held against besides the artefacts. */
export interface CheckOptions extends StreamsExpectation {
  /** LUFS. */
  readonly targetLufs: number;
  /** dBTP. */
  readonly ceilingDbtp: number;
  /** Every line that was given up on, in whichever stage. */
  readonly lineFailures: readonly LineFailure[];
  /** Undefined when none were to be delivered as text. */
  readonly subtitles?: SubtitlesExpectation | undefined;
  /** What lies under the dub; undefined leaves it unmeasured. */
  readonly bed?: BedExpectation | undefined;
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
  const zeroUs = programmeStart(source, output);
  const [listening, [hashes, bed]] = await together(
    ctx.signal,
    (signal) => listenTo(output, zeroUs, placedTakes(takes, timeline), { ...ctx, signal }),
    (outer) =>
      together(
        outer,
        (signal) => hashBoth(source, output, { ...ctx, signal }),
        (signal) => listenBelow({ source, output, zeroUs }, script, timeline, options, { ...ctx, signal }),
      ),
  );
  const picture = await pictureDifference(source, output, hashes.source !== undefined, ctx);
  const lines = readings(script, timeline, listening, bed, options);
  const failures = mergeFailures(takes.failures, options.lineFailures);
  const gates = [
    ...timingGates({ script, timeline, takes, failures, lines }),
    durationGate(source, output, listening, zeroUs, picture),
    videoHashGate(source, output, hashes.source, hashes.output, encodedAnew(dub)),
    loudnessGate(listening.loudness, options.targetLufs),
    truePeakGate(listening.loudness, options.ceilingDbtp),
    streamsGate(
      { source, output, sourceHashes: hashes.source ?? new Map(), outputHashes: hashes.output },
      dub,
      options,
    ),
    ...(bed && options.bed ? bedGates(heardOnly(bed, lines), options.bed) : []),
    ...(options.subtitles ? await subtitleGates(options.subtitles, output, zeroUs, ctx) : []),
  ];
  return { passed: gates.every((gate) => gate.passed), output: dub.path, gates, lines };
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
  zeroUs: number,
  placed: readonly PlacedTake[],
  ctx: StageContext,
): Promise<Listening> {
  const stream = output.streams.find((one) => one.type === 'audio');
  if (stream) return listen({ path: output.path, stream, zeroUs }, placed, ctx);
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

/** Undefined when nothing was to lie below, or when one of the tracks is gone. */
async function listenBelow(
  { source, output, zeroUs }: { readonly source: Source; readonly output: Source; readonly zeroUs: number },
  script: Script,
  timeline: Timeline,
  options: CheckOptions,
  ctx: StageContext,
): Promise<BedListening | undefined> {
  const original = source.streams.find(({ index }) => index === options.originalStreamIndex);
  const dub = output.streams.find(({ type }) => type === 'audio');
  const there = await probeFile(source.path, ctx.tools, ctx.signal).catch(() => undefined);
  if (options.bed === undefined || !original || !dub || !there) return undefined;
  return compareBeds(
    { file: source, stream: original, zeroUs: source.zeroUs },
    { file: output, stream: dub, zeroUs },
    script,
    timeline,
    ctx,
  );
}

function readings(
  script: Script,
  timeline: Timeline,
  listening: Listening,
  bed: BedListening | undefined,
  options: CheckOptions,
): LineReading[] {
  const below = new Map(bed?.lines.map((line) => [line.utteranceId, line]));
  const leakage = (id: string) => {
    const line = below.get(id);
    const value = line && options.bed && leakageOf(line, options.bed);
    return value === undefined ? undefined : rounded(value, 1);
  };
  const level = (id: string) => {
    const line = below.get(id);
    return line && rounded(line.levelLufs, 1);
  };
  const sourceStart = new Map(script.utterances.map((utterance) => [utterance.id, utterance.startMs]));
  return timeline.placements.map(({ utteranceId, startMs, tempo }) => ({
    ...(listening.lines.get(utteranceId) ?? { present: false, likeness: 0, tempo }),
    utteranceId,
    plannedStartMs: startMs,
    sourceStartMs: sourceStart.get(utteranceId) ?? startMs,
    levelLufs: level(utteranceId),
    leakageDb: leakage(utteranceId),
  }));
}

/** A line that is not there has a gate of its own; what lies in its place says nothing of the others. */
function heardOnly(bed: BedListening, lines: readonly LineReading[]): BedListening {
  const present = new Set(lines.filter((line) => line.present).map((line) => line.utteranceId));
  return { ...bed, lines: bed.lines.filter((line) => present.has(line.utteranceId)) };
}

/** Streams that the mux had to encode anew, as it declared. */
function encodedAnew(dub: Dub): Set<number> {
  return new Set(
    dub.streams.flatMap(({ index, type, fate }) => (type === 'video' && fate === 'converted' ? [index] : [])),
  );
}

function mergeFailures(...lists: readonly (readonly LineFailure[])[]): LineFailure[] {
  return [...new Map(lists.flat().map((failure) => [failure.utteranceId, failure])).values()];
}
