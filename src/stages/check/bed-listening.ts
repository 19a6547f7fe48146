import type { Script } from '../../domain/script.js';
import type { Source, SourceStream } from '../../domain/source.js';
import { lengthMs, type Span, unionSpans } from '../../domain/time.js';
import type { Timeline } from '../../domain/timeline.js';
import { programmeClockFilter } from '../../media/filters.js';
import { openPcmReader, type PcmReader } from '../../media/pcm.js';
import { gatedLevel, LevelMeter, levelBlockMs } from '../../sound/level.js';
import type { StageContext } from '../context.js';
import { BedMeter, comparingRate } from './bed-meter.js';

/** What lies under one line, and how loud the line is. */
export interface LineSound {
  readonly utteranceId: string;
  readonly speaker: string;
  /** Gain of the original under the line, dB; undefined where the line or the original's speech is too short to tell. */
  readonly underDb: number | undefined;
  /** Level of the dub while the line plays, LUFS. */
  readonly levelLufs: number;
}

/** What comparing the dub with the original found. */
export interface BedListening {
  readonly lines: readonly LineSound[];
  /** Gain of the original in each 400 ms that no line comes near, dB. */
  readonly elsewhereDb: readonly number[];
}

/** Nothing within this of a line counts as elsewhere: the longest ramp (250 ms) and hold (700 ms) and a little more. */
const nearMs = 1100;
const blockMs = 400;
/** Ramps at a line's ends are not leakage. */
const insetMs = 200;
const leastMs = 400;
/** A reading whose floor is above this says nothing about leakage at -15 dB. */
const clearDb = -18;

/** A track and where the programme starts in it. */
export interface ComparedTrack {
  readonly file: Source;
  readonly stream: SourceStream;
  /** The programme's start on the file's clock, microseconds. */
  readonly zeroUs: number;
}

/** Decodes the original and the dub side by side and compares them under every line and away from all of them. */
export async function compareBeds(
  original: ComparedTrack,
  dub: ComparedTrack,
  script: Script,
  timeline: Timeline,
  ctx: StageContext,
): Promise<BedListening> {
  const under = spansUnder(script, timeline);
  const elsewhere = blocksElsewhere(script, timeline);
  const meter = new BedMeter([...under.map(({ span }) => span), ...elsewhere]);
  const level = new LevelMeter(comparingRate);
  const readers = [original, dub].map((track) => open(track, timeline.programmeMs, ctx)) as [PcmReader, PcmReader];
  try {
    for (;;) {
      const [before, after] = await Promise.all([readers[0].read(comparingRate), readers[1].read(comparingRate)]);
      const length = Math.min(before.length, after.length);
      level.push(after);
      if (length === 0) break;
      meter.push(before.subarray(0, length), after.subarray(0, length));
    }
  } finally {
    await Promise.all(readers.map((reader) => reader.close()));
  }
  meter.end();
  const readings = meter.readings();
  const powers = level.powers();
  return {
    lines: under.map(({ utteranceId, speaker, whole }, index) => ({
      utteranceId,
      speaker,
      underDb: readings[index]!.floorDb <= clearDb ? readings[index]!.gainDb : undefined,
      levelLufs: levelOf(powers, whole),
    })),
    elsewhereDb: readings.slice(under.length).flatMap(({ gainDb }) => gainDb ?? []),
  };
}

function open({ file, stream, zeroUs }: ComparedTrack, programmeMs: number, ctx: StageContext): PcmReader {
  const offsetUs = (stream.startUs ?? zeroUs) - zeroUs;
  const decode = {
    purpose: 'compare the dub with the original',
    input: { from: file.path },
    stream: `0:${stream.index}`,
    // Mixed down before it is resampled: one channel to resample, not six.
    filter: `aformat=channel_layouts=mono,${programmeClockFilter(offsetUs, comparingRate, programmeMs)}`,
    format: { sampleRate: comparingRate, channels: 1, layout: 'mono' },
  };
  return openPcmReader(decode, ctx.tools, ctx.signal);
}

interface SpanUnder {
  readonly utteranceId: string;
  readonly speaker: string;
  /** Where both speak, ramps left out; empty where that is too short. */
  readonly span: Span;
  readonly whole: Span;
}

function spansUnder(script: Script, timeline: Timeline): SpanUnder[] {
  const utterances = new Map(script.utterances.map((utterance) => [utterance.id, utterance]));
  return timeline.placements.flatMap(({ utteranceId, startMs, durationMs }) => {
    const utterance = utterances.get(utteranceId);
    if (utterance === undefined) return [];
    const whole = { startMs, endMs: startMs + durationMs };
    const both = {
      startMs: Math.max(startMs, utterance.startMs) + insetMs,
      endMs: Math.min(whole.endMs, utterance.endMs) - insetMs,
    };
    const span = lengthMs(both) >= leastMs ? both : { startMs: 0, endMs: 0 };
    return [{ utteranceId, speaker: utterance.speaker, span, whole }];
  });
}

/** Whole blocks that no line and no utterance comes near. */
function blocksElsewhere(script: Script, { placements, programmeMs }: Timeline): Span[] {
  const spoken = [
    ...script.utterances,
    ...placements.map(({ startMs, durationMs }) => ({ startMs, endMs: startMs + durationMs })),
  ].map(({ startMs, endMs }) => ({ startMs: startMs - nearMs, endMs: endMs + nearMs }));
  const blocks: Span[] = [];
  let atMs = 0;
  for (const near of [...unionSpans(spoken), { startMs: programmeMs, endMs: programmeMs }]) {
    for (; atMs + blockMs <= near.startMs; atMs += blockMs) blocks.push({ startMs: atMs, endMs: atMs + blockMs });
    atMs = Math.max(atMs, near.endMs);
  }
  return blocks;
}

function levelOf(powers: Float32Array, { startMs, endMs }: Span): number {
  const from = Math.floor(startMs / levelBlockMs);
  return gatedLevel(powers.subarray(from, Math.max(from + 1, Math.ceil(endMs / levelBlockMs))));
}
