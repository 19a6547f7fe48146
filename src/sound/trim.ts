/** Where the sound of a recording lies, in samples: `[startSample, endSample)`. */
export interface SoundSpan {
  readonly startSample: number;
  readonly endSample: number;
}

const frameSeconds = 0.01;
/** Kept before the first frame of sound: the onset of `s`, `f`, `h` grows out of the noise. */
const preRollSeconds = 0.015;
/** Kept after the last frame of sound: the end of a vowel falls into the room. */
const postRollSeconds = 0.025;
/** Frames that must be loud among the next ones: a lone click is no speech. */
const sustain = { loud: 3, of: 4 };
/** Sound starts this far below the loud parts (openai-compatible-audio.md 2.4: trim at -45 dB). */
const belowLoudDb = 45;
/** And at least this far above the noise at the recording's ends. */
const aboveNoiseDb = 12;
/** Never below this, dBFS: 16-bit dither and idle noise of engines. */
const leastDb = -72;

/**
 * Finds the first and last sound in a mono recording by its energy. The threshold follows the recording: 45 dB below
 * its loud parts, above its own noise. High frequencies weigh more, so that soft consonants count.
 * @returns undefined when all of it is silence
 */
export function findSound(samples: Float32Array, sampleRate: number): SoundSpan | undefined {
  const frame = Math.max(1, Math.round(sampleRate * frameSeconds));
  const levels = frameLevels(samples, frame);
  const threshold = thresholdOf(levels);
  const first = firstSustained(levels, threshold);
  if (first === undefined) return undefined;
  const last = levels.length - 1 - firstSustained(levels.toReversed(), threshold)!;
  return {
    startSample: Math.max(0, first * frame - Math.round(preRollSeconds * sampleRate)),
    endSample: Math.min(samples.length, (last + 1) * frame + Math.round(postRollSeconds * sampleRate)),
  };
}

/** Level of each frame in dBFS: the louder of the plain signal and its high-frequency part. */
function frameLevels(samples: Float32Array, frame: number): Float32Array {
  const levels = new Float32Array(Math.ceil(samples.length / frame));
  let offset = 0;
  for (const sample of samples) offset += sample;
  offset /= Math.max(1, samples.length);
  let before = samples[0] ?? 0;
  for (let index = 0; index < levels.length; index++) {
    const end = Math.min(samples.length, (index + 1) * frame);
    let plain = 0;
    let high = 0;
    for (let i = index * frame; i < end; i++) {
      const sample = samples[i]!;
      plain += (sample - offset) ** 2;
      high += (sample - before) ** 2;
      before = sample;
    }
    levels[index] = 10 * Math.log10(Math.max(plain, high) / (end - index * frame) + 1e-12);
  }
  return levels;
}

function thresholdOf(levels: Float32Array): number {
  const sorted = levels.toSorted();
  const loud = sorted[Math.floor(sorted.length * 0.95)] ?? -120;
  // The quietest tenth is noise only where it is far below the speech; a recording cut tight has no noise to measure.
  const quiet = sorted[Math.floor(sorted.length * 0.1)] ?? -120;
  const overNoise = quiet < loud - 25 ? quiet + aboveNoiseDb : leastDb;
  return Math.max(leastDb, Math.min(loud - 20, Math.max(loud - belowLoudDb, overNoise)));
}

function firstSustained(levels: Float32Array, threshold: number): number | undefined {
  for (let index = 0; index < levels.length; index++) {
    if (levels[index]! < threshold) continue;
    const near = levels.subarray(index, index + sustain.of);
    const loud = near.reduce((count, level) => count + (level >= threshold ? 1 : 0), 0);
    if (loud >= Math.min(sustain.loud, levels.length)) return index;
  }
  return undefined;
}
