import { throwIfAborted } from '../../errors.js';
import { KWeighting } from '../../sound/k-weighting.js';
import { gatedLevel, levelBlockMs } from '../../sound/level.js';
import { fromDecibels, silentLevel } from '../../sound/loudness.js';
import type { LevelledTake } from './dub-track.js';
import { mixRate } from './format.js';
import type { BedSound } from './listen.js';
import { peakFrames } from './peak-list.js';
import type { DubTake } from './place.js';
import { readRawTake } from './raw-take.js';

/** Most that a take is raised or lowered, dB: beyond it the voice sounds like another recording. */
const mostGainDb = 12;
const blockFrames = (mixRate * levelBlockMs) / 1000;
const blocksPerStep = 2;
const peaksPerBlock = blockFrames / peakFrames;

/** What is known of the mix before it is made: of bed and dub together, before gain and limiter. */
export interface ForeseenMix {
  /** Mean weighted power of each 100 ms. */
  readonly steps: Float32Array;
  /** Largest sample of each 10 ms, at most. */
  readonly peaks: Float32Array;
}

/** The prepared takes with their gains, and the mix they will give. */
export interface Balance {
  readonly takes: readonly LevelledTake[];
  readonly foreseen: ForeseenMix;
}

/**
 * Gives every take the gain that brings its speech to its level, and reckons what it gives with the ducked bed. Powers
 * of bed and dub add up, as for any two sounds that know nothing of each other. One take at a time is in memory.
 * @param share what ducking leaves of the bed's power in each 10 ms
 * @param levels LUFS, one for each take; undefined leaves a take as it is
 * @param channels in how many channels the dub is heard
 */
export async function balanceTakes(
  takes: readonly DubTake[],
  levels: readonly (number | undefined)[],
  bed: BedSound,
  share: Float32Array,
  channels: number,
  signal: AbortSignal,
): Promise<Balance> {
  const foreseen = {
    steps: duckedSteps(bed.powers, share),
    peaks: bed.peaks.map((peak, at) => peak * Math.sqrt(share[at]!)),
  };
  const levelled: LevelledTake[] = [];
  for (const [index, take] of takes.entries()) {
    throwIfAborted(signal);
    const samples = await readRawTake(take.path, take.length);
    const powers = blockPowers(samples, take.startFrame);
    const gain = gainFor(gatedLevel(powers), levels[index]);
    levelled.push({ ...take, gain });
    addPowers(foreseen.steps, powers, take.startFrame, channels * gain * gain);
    addPeaks(foreseen.peaks, samples, take.startFrame, gain);
  }
  return { takes: levelled, foreseen };
}

function duckedSteps(powers: Float32Array, share: Float32Array): Float32Array {
  const steps = new Float32Array(Math.floor(powers.length / blocksPerStep));
  for (let block = 0; block < steps.length * blocksPerStep; block++) {
    const left = share.subarray(block * peaksPerBlock, (block + 1) * peaksPerBlock);
    const kept = left.reduce((sum, part) => sum + part, 0) / peaksPerBlock;
    steps[Math.floor(block / blocksPerStep)]! += (powers[block]! * kept) / blocksPerStep;
  }
  return steps;
}

function gainFor(level: number, wanted: number | undefined): number {
  if (wanted === undefined || level <= silentLevel) return 1;
  return fromDecibels(Math.min(mostGainDb, Math.max(-mostGainDb, wanted - level)));
}

/** Power of a take in the programme's blocks of 50 ms, from the one it starts in. */
function blockPowers(samples: Float32Array, startFrame: number): Float32Array {
  const filter = new KWeighting(mixRate);
  const first = Math.floor(startFrame / blockFrames);
  const last = Math.ceil((startFrame + samples.length) / blockFrames);
  return Float32Array.from({ length: last - first }, (_, block) => {
    const from = Math.max(0, (first + block) * blockFrames - startFrame);
    const to = Math.min(samples.length, (first + block + 1) * blockFrames - startFrame);
    return filter.energy(samples, from, to) / blockFrames;
  });
}

function addPowers(steps: Float32Array, powers: Float32Array, startFrame: number, factor: number): void {
  const first = Math.floor(startFrame / blockFrames);
  for (let block = 0; block < powers.length; block++) {
    const step = Math.floor((first + block) / blocksPerStep);
    if (step < steps.length) steps[step]! += (factor * powers[block]!) / blocksPerStep;
  }
}

function addPeaks(peaks: Float32Array, samples: Float32Array, startFrame: number, gain: number): void {
  for (let at = 0; at < samples.length; ) {
    const peak = Math.floor((startFrame + at) / peakFrames);
    const end = Math.min(samples.length, (peak + 1) * peakFrames - startFrame);
    let most = 0;
    for (; at < end; at++) most = Math.max(most, Math.abs(samples[at]!));
    peaks[peak]! += most * gain;
  }
}
