import type { PcmFormat, PcmReader } from '../../media/pcm.js';
import { channelNames, channelWeights } from '../../sound/channels.js';
import { LevelMeter } from '../../sound/level.js';
import { eachBedBlock } from './bed.js';
import { dubChannels, mixRate } from './format.js';
import { PeakList } from './peak-list.js';
import type { Report } from './progress.js';

/** What one pass over the original found: about 600 bytes for each second. */
export interface BedSound {
  /** Where speech may lie, in blocks of 50 ms: the power a channel of the dub would need to be as loud. */
  readonly speech: {
    /** Of the front centre, when the dub is heard from there. */
    readonly centre: Float32Array | undefined;
    /** Of left and right (or of the only channel). */
    readonly sides: Float32Array | undefined;
  };
  /** Mean weighted power of all channels in each 50 ms. */
  readonly powers: Float32Array;
  /** Largest sample of each 10 ms in any channel. */
  readonly peaks: Float32Array;
}

/**
 * The first pass: listens to the original as it is. It knows nothing of the takes, so it can run while they are prepared.
 * @throws FFMPEG_FAILED, INTERRUPTED
 */
export async function listenToBed(
  open: () => PcmReader,
  durationMs: number,
  format: PcmFormat,
  report: Report,
): Promise<BedSound> {
  const meters = Array.from({ length: format.channels }, () => new LevelMeter(mixRate));
  const peaks = new PeakList(format.channels);
  const bed = open();
  const split = makeSplitter(format.channels);
  try {
    await eachBedBlock(bed, format.channels, durationMs, report, (block) => {
      for (const [channel, meter] of meters.entries()) meter.push(split(block, channel));
      peaks.push(block);
    });
  } finally {
    await bed.close();
  }
  const powers = meters.map((meter) => meter.powers());
  const weights = channelWeights(format.layout, format.channels);
  return { speech: speechPowers(powers, format), powers: weightedSum(powers, weights), peaks: peaks.values() };
}

/** A dub in the centre alone must give the power of both sides; one in both sides gives half of it in each. */
function speechPowers(powers: readonly Float32Array[], format: PcmFormat): BedSound['speech'] {
  const targets = dubChannels(format);
  const centred = targets.length === 1 && format.channels > 1;
  const names = channelNames(format.layout, format.channels);
  const sides = centred ? ['FL', 'FR'].map((name) => names.indexOf(name)).filter((index) => index >= 0) : targets;
  return {
    centre: centred ? powers[targets[0]!] : undefined,
    sides:
      sides.length === 0
        ? undefined
        : weightedSum(
            sides.map((side) => powers[side]!),
            sides.map(() => (centred ? 1 : 1 / sides.length)),
          ),
  };
}

/** Gives one channel of interleaved samples, in a buffer that the next call uses again. */
function makeSplitter(channels: number): (block: Float32Array, channel: number) => Float32Array {
  if (channels === 1) return (block) => block;
  let single = new Float32Array(0);
  return (block, channel) => {
    const length = block.length / channels;
    if (single.length < length) single = new Float32Array(length);
    for (let i = 0, at = channel; i < length; i++, at += channels) single[i] = block[at]!;
    return single.subarray(0, length);
  };
}

function weightedSum(powers: readonly Float32Array[], weights: readonly number[]): Float32Array {
  return powers[0]!.map((_, block) => powers.reduce((sum, each, channel) => sum + weights[channel]! * each[block]!, 0));
}
