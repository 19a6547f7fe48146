import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { integratedLoudness } from '../../../src/sound/loudness.js';
import { encoderGain } from '../../../src/stages/mix/encoder-level.js';
import { ceilingOf, chooseGain, findTarget, type LoudnessTarget } from '../../../src/stages/mix/gain.js';
import type { MixCodec } from '../../../src/stages/mix/index.js';
import { noise } from '../../sound/signals.js';
import { clickTrack, findClick, makeFolder, removeFolder } from '../../support/media.js';
import { decode, loudnessOf, mixScene } from './scene.js';

let folder: string;

beforeAll(async () => {
  folder = await makeFolder();
});

afterAll(() => removeFolder(folder));

const lossy: Readonly<Record<string, readonly string[]>> = {
  aac: ['-c:a', 'aac', '-b:a', '128k', '-f', 'mp4'],
  opus: ['-c:a', 'libopus', '-b:a', '96k', '-f', 'ogg'],
  mp3: ['-c:a', 'libmp3lame', '-b:a', '128k', '-f', 'mp3'],
  flac: ['-c:a', 'flac', '-sample_fmt', 's16', '-f', 'flac'],
};

function codecOf(codec: string): MixCodec {
  return { codec, sampleRate: 48_000, channels: 2, layout: 'stereo', options: lossy[codec]! };
}

/** Bursts of noise like syllables, some far louder than the rest, with the spectrum of speech: falling above 1 kHz. */
function syllables(seconds: number, amplitude: number): Float32Array {
  const samples = noise(seconds * 48_000 * 2, 6 * amplitude, 7);
  for (let i = 2; i < samples.length; i++) samples[i] = 0.12 * samples[i]! + 0.88 * samples[i - 2]!;
  for (let i = 0; i < samples.length; i++) {
    const place = (i / 2 / 48_000) * 4;
    const accent = Math.floor(place) % 5 === 0 ? 1 : 0.25;
    samples[i]! *= accent * Math.sin(Math.PI * (place % 1)) ** 2;
    // Mostly the same on both sides, like a voice in the middle.
    if (i % 2 === 1) samples[i] = 0.8 * samples[i - 1]! + 0.2 * samples[i]!;
  }
  return samples;
}

const takes = Array.from({ length: 3 }, (_, i) => ({ hz: 300 + i * 170, startMs: 500 + i * 1900, seconds: 0.9 }));

describe('the loudness of the encoded file', () => {
  it.each([
    ['source', 'aac', 0.9],
    ['source', 'flac', 0.2],
    ['ebu', 'aac', 0.9],
    ['youtube', 'aac', 0.5],
    ['youtube', 'mp3', 0.5],
    ['podcast', 'opus', 0.3],
    ['netflix', 'flac', 0.9],
  ] as const)('is that of %s in %s, and its true peak is held', async (loudness, codec, amplitude) => {
    const outPath = join(folder, `${loudness}.${codec}`);
    const source = syllables(6, amplitude);
    const options = { loudness, codec: codecOf(codec), outPath };
    const { mix } = await mixScene(folder, { source, channels: 2, takes, options });
    const found = loudnessOf(await decode(outPath, 2), 2);
    const sourceLufs = loudnessOf(source, 2).integratedLufs;
    const wanted = { source: sourceLufs, ebu: -23, youtube: -14, podcast: -16, netflix: -27 }[loudness];
    expect(mix.targetLufs).toBeCloseTo(wanted, 5);
    expect(mix.ceilingDbtp).toBe(loudness === 'netflix' ? -2 : -1);
    expect(Math.abs(found.integratedLufs - wanted)).toBeLessThanOrEqual(0.5);
    expect(found.truePeakDbtp).toBeLessThanOrEqual(mix.ceilingDbtp + 0.02);
    expect(Math.abs(found.integratedLufs - mix.loudness.integratedLufs)).toBeLessThan(0.2);
  });

  it('of a source that peaks above the ceiling is the source’s with the peaks held', async () => {
    const source = syllables(6, 0.3);
    for (let i = 30_000; i < source.length; i += 70_001) source[i] = 1.5;
    expect(loudnessOf(source, 2).truePeakDbtp).toBeGreaterThan(2);
    const { samples, mix } = await mixScene(folder, { source, channels: 2, takes });
    const found = loudnessOf(samples, 2);
    expect(found.truePeakDbtp).toBeLessThanOrEqual(-1);
    expect(Math.abs(found.integratedLufs - mix.targetLufs)).toBeLessThanOrEqual(0.5);
  });

  it('is held by encoding again, lower, when the encoder raises peaks over the ceiling', async () => {
    const outPath = join(folder, 'rough.mp4');
    const options = ['-c:a', 'aac', '-b:a', '24k', '-f', 'mp4'];
    const codec = { ...codecOf('aac'), channels: 1, layout: 'mono', options };
    const source = noise(5 * 48_000, 0.9);
    const { mix } = await mixScene(folder, { source, takes: [], options: { codec, outPath, loudness: 'youtube' } });
    expect(mix.loudness.truePeakDbtp).toBeLessThan(-1.6);
    expect(loudnessOf(await decode(outPath, 1), 1).truePeakDbtp).toBeLessThanOrEqual(-1);
  });

  it.each(['aac', 'opus', 'flac'])(
    'in %s lasts as long as the programme and is in time to the sample',
    async (codec) => {
      const outPath = join(folder, `length.${codec}`);
      const source = clickTrack(3, [1, 2.5]);
      const options = { codec: { ...codecOf(codec), channels: 1, layout: 'mono' }, outPath };
      await mixScene(folder, { source, takes: [], durationMs: 2854, options });
      const found = await decode(outPath, 1);
      expect(Math.abs(found.length - 2854 * 48)).toBeLessThanOrEqual(1024);
      for (const at of [1, 2.5])
        expect(Math.abs(findClick(found, 48_000, at, 0.05) - at)).toBeLessThanOrEqual(1 / 48_000);
    },
  );

  it('of digital silence stays silent', async () => {
    const { mix, samples } = await mixScene(folder, {
      source: new Float32Array(96_000),
      channels: 2,
      takes: [],
      options: { loudness: 'youtube' },
    });
    expect(mix).toMatchObject({ gainDb: 0, targetLufs: -120, loudness: { integratedLufs: -120, truePeakDbtp: -120 } });
    expect(samples.every((sample) => sample === 0)).toBe(true);
  });
});

describe('choosing the gain', () => {
  /** Ten seconds of an even mix whose peaks are `crest` times its root mean square. */
  const even = (power: number, crest: number) => ({
    steps: new Float32Array(100).fill(power),
    peaks: new Float32Array(1000).fill(Math.sqrt(power) * crest),
  });

  it('is the plain difference when no peak reaches the ceiling', () => {
    const mix = even(0.001, 2);
    expect(chooseGain(mix, -23, -1)).toBeCloseTo(-23 - integratedLoudness(mix.steps), 1);
  });

  it('makes up for what the limiter takes', () => {
    const spiky = even(0.004, 1);
    for (let i = 0; i < 1000; i += 40) spiky.peaks[i] = 0.9;
    const linear = -14 - integratedLoudness(spiky.steps);
    expect(chooseGain(spiky, -14, -1)).toBeGreaterThan(linear + 0.5);
  });

  it('pushes 6 dB into the limiter at most', () => {
    const mix = even(0.001, 30);
    expect(chooseGain(mix, -14, -1)).toBeCloseTo(-14 - integratedLoudness(mix.steps) + 6, 1);
  });

  it('has no target when the source or the mix is silent', () => {
    expect(findTarget(even(0.001, 2), 'source', -120)).toBeUndefined();
    expect(findTarget(even(0, 2), 'ebu', -20)).toBeUndefined();
    expect(findTarget(even(0.001, 2), 'source', -31)).toBe(-31);
  });

  it.each(['source', 'ebu', 'youtube', 'podcast', 'netflix'] satisfies LoudnessTarget[])(
    'knows the ceiling of %s',
    (target) => {
      expect(ceilingOf(target)).toBe(target === 'netflix' ? -2 : -1);
    },
  );
});

describe('what an encoder takes away', () => {
  it.each([
    ['128k', 0.95],
    ['192k', 0.97],
    ['224k', 0.98],
    ['320k', 1],
  ])('is given to it before: MP3 at %s', (rate, scale) => {
    expect(encoderGain({ codec: 'mp3', options: ['-c:a', 'libmp3lame', '-b:a', rate] })).toBeCloseTo(1 / scale, 6);
  });

  it('is nothing for AAC, and that of 128 kb/s for MP3 without a rate', () => {
    expect(encoderGain({ codec: 'aac', options: ['-b:a', '96k'] })).toBe(1);
    expect(encoderGain({ codec: 'mp3', options: [] })).toBeCloseTo(1 / 0.95, 6);
  });
});
