/** How loud speech is, and how much else is heard in its pauses. */
export interface Clarity {
  /** Mean power of the louder half, dB against full scale. */
  readonly speechDb: number;
  /** Power in the quietest tenth: noise or music, dB against full scale. */
  readonly floorDb: number;
  /** Share of samples at full scale. */
  readonly clipped: number;
}

const blockSeconds = 0.02;
/** Digital silence. */
const silenceDb = -120;

/**
 * Tells clean speech from speech over noise or music: between words and sentences only the rest is heard.
 * @param samples mono; some of it should be pauses
 */
export function measureClarity(samples: Float32Array, sampleRate: number): Clarity {
  const length = Math.max(1, Math.round(blockSeconds * sampleRate));
  const levels: number[] = [];
  let clipped = 0;
  for (let from = 0; from + length <= samples.length; from += length) {
    let sum = 0;
    for (let i = from; i < from + length; i++) {
      sum += samples[i]! * samples[i]!;
      if (Math.abs(samples[i]!) >= 0.999) clipped++;
    }
    levels.push(sum / length);
  }
  levels.sort((a, b) => a - b);
  const quiet = levels.slice(0, Math.ceil(levels.length / 10));
  const loud = levels.slice(Math.floor(levels.length / 2));
  return { speechDb: meanDb(loud), floorDb: meanDb(quiet), clipped: clipped / Math.max(1, samples.length) };
}

function meanDb(powers: readonly number[]): number {
  const mean = powers.reduce((sum, power) => sum + power, 0) / Math.max(1, powers.length);
  return mean > 0 ? Math.max(silenceDb, 10 * Math.log10(mean)) : silenceDb;
}
