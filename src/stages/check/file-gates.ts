import type { Gate } from '../../domain/dub.js';
import type { Loudness, Source, SourceStream } from '../../domain/source.js';
import { count, listIds, rounded } from './measure.js';

const loudnessWithinLu = 1;
/** Two meters of BS.1770 may differ by this much on the same samples. */
const meterSlack = 0.05;
/** Containers round times to whole milliseconds, at the start and at the end. */
const roundingMs = 2;
/** The longest frame of the usual codecs, in samples (MP3); the last one is filled up. */
const codecFrame = 1152;

/** Loudness of the dub track, decoded from the finished file. */
export function loudnessGate(measured: Loudness, targetLufs: number): Gate {
  const off = measured.integratedLufs - targetLufs;
  // A track too short or too quiet to have a loudness (BS.1770 gates at -70 LUFS) cannot be held to one.
  const silent = measured.integratedLufs <= -70;
  return {
    name: 'loudness',
    passed: silent ? targetLufs <= -70 : Math.abs(off) <= loudnessWithinLu + meterSlack,
    value: rounded(measured.integratedLufs, 2),
    unit: 'LUFS',
    limit: `${rounded(targetLufs, 1)} ± ${loudnessWithinLu}`,
    detail: silent
      ? 'The dub track has no measurable loudness.'
      : `The dub track is ${rounded(measured.integratedLufs, 1)} LUFS, ${rounded(Math.abs(off), 1)} LU ${off < 0 ? 'below' : 'above'} its target.`,
    judges: 'file',
  };
}

/** Highest true peak of the dub track, decoded from the finished file. */
export function truePeakGate(measured: Loudness, ceilingDbtp: number): Gate {
  return {
    name: 'true-peak',
    passed: measured.truePeakDbtp <= ceilingDbtp + meterSlack,
    value: rounded(measured.truePeakDbtp, 2),
    unit: 'dBTP',
    limit: `≤ ${ceilingDbtp}`,
    detail: `The dub track peaks at ${rounded(measured.truePeakDbtp, 1)} dBTP.`,
    judges: 'file',
  };
}

/** The dub track as decoded: when it is heard first, for how long, at which rate it is coded. */
export interface TrackLength {
  readonly startMs: number;
  readonly durationMs: number;
  readonly sampleRate: number;
}

/**
 * Length in is length out: of the picture, the programme and the dub track.
 * @param zeroUs the programme's start on the output's clock
 * @param picture how much longer the output's picture is than the input's, milliseconds; NaN when there is none
 */
export function durationGate(
  source: Source,
  output: Source,
  track: TrackLength,
  zeroUs = output.zeroUs,
  picture = statedPictureDifference(source, output),
): Gate {
  const frame = source.frameMs + roundingMs;
  const padding = (codecFrame * 1000) / track.sampleRate;
  const measures = [
    { what: 'picture', ms: picture, least: -frame, most: frame },
    {
      what: 'file',
      ms: output.durationMs - (zeroUs - output.zeroUs) / 1000 - source.durationMs,
      least: -frame,
      most: Math.max(frame, padding + roundingMs),
    },
    // The dub is written by the sample; only its last codec frame is filled up. Half a frame short is a fault.
    {
      what: 'dub track',
      ms: track.startMs + track.durationMs - source.durationMs,
      least: -source.frameMs / 2 - roundingMs,
      most: source.frameMs + padding,
    },
  ].filter((one) => Number.isFinite(one.ms));
  const wrong = measures.filter((one) => one.ms < one.least || one.ms > one.most);
  const worst = (wrong.length > 0 ? wrong : measures).reduce((a, b) => (Math.abs(b.ms) > Math.abs(a.ms) ? b : a));
  return {
    name: 'duration',
    passed: wrong.length === 0,
    value: rounded(worst.ms, 1),
    unit: 'ms',
    limit: `± ${rounded(source.frameMs, 1)}`,
    detail:
      wrong.length === 0
        ? `The output lasts as long as the input (${measures.map((one) => `${one.what} ${signed(one.ms)}`).join(', ')}).`
        : `${wrong.map((one) => `The ${one.what} is ${rounded(Math.abs(one.ms))} ms too ${one.ms < 0 ? 'short' : 'long'}`).join('. ')}.`,
    judges: 'file',
  };
}

/**
 * By how much the output's picture is longer than the input's as both containers state it, milliseconds; NaN when there
 * is no picture or one of them does not say.
 */
export function statedPictureDifference(source: Source, output: Source): number {
  const [before, after] = [source, output].map((file) => realVideos(file)[0]?.durationMs ?? Number.NaN);
  return after! - before!;
}

function signed(ms: number): string {
  return `${ms < 0 ? '-' : '+'}${rounded(Math.abs(ms))} ms`;
}

/** Streams that are a film, in order; cover art is not. */
export function realVideos(file: Pick<Source, 'streams'>): SourceStream[] {
  return file.streams.filter((stream) => stream.type === 'video' && !stream.attachedPicture);
}

/** Hashes of the packets of streams by their index. */
export type StreamHashes = ReadonlyMap<number, string>;

/**
 * The picture must be the input's, bit for bit, every stream of it.
 * @param before undefined when the input is not there to compare with
 */
export function videoHashGate(
  source: Source,
  output: Source,
  before: StreamHashes | undefined,
  after: StreamHashes,
  encodedAnew: ReadonlySet<number> = new Set(),
): Gate {
  const outputs = realVideos(output);
  const copied = realVideos(source).filter((stream) => !encodedAnew.has(stream.index));
  const changed = realVideos(source).filter((stream, position) => {
    if (encodedAnew.has(stream.index)) return outputs[position] === undefined;
    const twin = outputs[position];
    const hash = before?.get(stream.index);
    return twin === undefined || hash === undefined || hash !== after.get(twin.index);
  });
  const total = realVideos(source).length;
  const added = Math.max(0, outputs.length - total);
  const unknown = before === undefined && copied.length > 0;
  return {
    name: 'video-stream-hash',
    passed: changed.length === 0 && added === 0,
    value: unknown ? undefined : changed.length + added,
    unit: 'streams',
    limit: '0 differ',
    detail: unknown
      ? `The input is no longer at ${source.path}, so the picture cannot be compared.`
      : describePicture(total, changed, added, encodedAnew),
    judges: 'file',
  };
}

function describePicture(
  total: number,
  changed: readonly SourceStream[],
  added: number,
  encodedAnew: ReadonlySet<number>,
): string {
  if (changed.length > 0) {
    return `Not the same packets as in the input: ${listIds(changed.map((stream) => `video stream ${stream.index}`))}.`;
  }
  if (added > 0) return `${count(added, 'video stream')} in the output came from nowhere.`;
  if (encodedAnew.size > 0) return `${count(encodedAnew.size, 'video stream')} encoded anew, as asked.`;
  return total === 0 ? 'There is no picture to keep.' : `${count(total, 'video stream')} unchanged to the last bit.`;
}
