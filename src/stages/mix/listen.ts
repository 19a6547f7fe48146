import type { Soundtrack } from '../../domain/source.js';
import type { PcmFormat } from '../../media/pcm.js';
import { channelNames } from '../../sound/channels.js';
import { LevelMeter } from '../../sound/level.js';
import { LoudnessMeter } from '../../sound/loudness.js';
import type { StageContext } from '../context.js';
import { type Ducker, eachBedBlock, openBed } from './bed.js';
import { dubChannels, mixRate } from './format.js';
import { PeakList } from './peak-list.js';
import type { Report } from './progress.js';

/** What one pass over the original found: about 700 bytes for each second. */
export interface BedSound {
  /** Where speech may lie, in blocks of 50 ms: the power a channel of the dub would need to be as loud. */
  readonly speech: {
    /** Of the front centre, when the dub is heard from there. */
    readonly centre: Float32Array | undefined;
    /** Of left and right (or of the only channel). */
    readonly sides: Float32Array | undefined;
  };
  /** Of the ducked bed: mean weighted power of each 100 ms. */
  readonly steps: Float32Array;
  /** Of the ducked bed: largest sample of each 10 ms in any channel. */
  readonly peaks: Float32Array;
}

/**
 * The first pass: listens to the original's speech as it is, and to the bed as it will be.
 * @throws FFMPEG_FAILED, INTERRUPTED
 */
export async function listenToBed(
  soundtrack: Soundtrack,
  format: PcmFormat,
  duck: Ducker,
  report: Report,
  ctx: Pick<StageContext, 'tools' | 'signal'>,
): Promise<BedSound> {
  const speech = frontChannels(format).map((channel) => ({ channel, meter: new LevelMeter(mixRate) }));
  const meter = new LoudnessMeter(format, { truePeak: false });
  const peaks = new PeakList(format.channels);
  const bed = openBed(soundtrack, format, ctx);
  try {
    await eachBedBlock(bed, format.channels, soundtrack.durationMs, report, (block, firstFrame) => {
      for (const { channel, meter } of speech) meter.push(channelOf(block, format.channels, channel));
      duck(block, firstFrame);
      meter.push(block);
      peaks.push(block);
    });
  } finally {
    await bed.close();
  }
  const powers = new Map(speech.map(({ channel, meter }) => [channel, meter.powers()]));
  return { speech: speechPowers(powers, dubChannels(format)), steps: meter.steps(), peaks: peaks.values() };
}

/** A dub in the centre alone must give the power of both sides; one in both sides gives half of it in each. */
function speechPowers(powers: ReadonlyMap<number, Float32Array>, targets: readonly number[]): BedSound['speech'] {
  const centred = targets.length === 1 && powers.size > 1;
  const centre = centred ? powers.get(targets[0]!) : undefined;
  const sides = [...powers.values()].filter((each) => each !== centre);
  return { centre, sides: sum(sides, centred ? 1 : 1 / sides.length) };
}

function frontChannels(format: PcmFormat): number[] {
  const names = channelNames(format.layout, format.channels);
  const front = ['FL', 'FR'].map((name) => names.indexOf(name)).filter((index) => index >= 0);
  return [...new Set([...front, ...dubChannels(format)])];
}

function channelOf(block: Float32Array, channels: number, channel: number): Float32Array {
  if (channels === 1) return block;
  const samples = new Float32Array(block.length / channels);
  for (let i = 0, at = channel; i < samples.length; i++, at += channels) samples[i] = block[at]!;
  return samples;
}

function sum(powers: readonly Float32Array[], factor: number): Float32Array {
  return powers[0]!.map((_, block) => factor * powers.reduce((total, each) => total + each[block]!, 0));
}
