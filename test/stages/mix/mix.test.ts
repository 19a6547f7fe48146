import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { amplitudeAt, channelOf, noise, tone } from '../../sound/signals.js';
import { makeFolder, removeFolder } from '../../support/media.js';
import { mixScene, type ToneTake } from './scene.js';

let folder: string;

beforeAll(async () => {
  folder = await makeFolder();
});

afterAll(() => removeFolder(folder));

const decibels = (ratio: number) => 20 * Math.log10(ratio);

/** Amplitude of a tone in a stretch of mono samples, milliseconds. */
function heard(samples: Float32Array, hz: number, fromMs: number, toMs: number): number {
  return amplitudeAt(samples.subarray(fromMs * 48, toMs * 48), hz);
}

const bedHz = 440;
const bed = (seconds: number, channels = 1) => tone({ hz: bedHz, seconds, amplitude: 0.2, channels });

describe('where takes are heard', () => {
  it('is the exact sample of their start, also at 0 and over each other', async () => {
    const takes: ToneTake[] = [
      { hz: 700, startMs: 0, seconds: 0.2 },
      { hz: 900, startMs: 777, seconds: 0.3 },
      { hz: 1500, startMs: 1501, seconds: 0.2, tempo: 1.25, sampleRate: 24_000 },
    ];
    const { samples } = await mixScene(folder, { source: new Float32Array(3 * 48_000), takes });
    expect(samples).toHaveLength(3 * 48_000);
    for (const [index, { startMs }] of takes.entries()) {
      const first = samples.findIndex((sample, i) => i >= startMs * 48 && sample !== 0);
      expect(first).toBe(startMs * 48);
      if (index > 0)
        expect(samples.subarray(startMs * 48 - 4800, startMs * 48).every((sample) => sample === 0)).toBe(true);
    }
  });

  it('holds the right tone and no other', async () => {
    const takes = [500, 700, 1000, 1400, 2000, 2900].map((hz, i) => ({
      hz,
      startMs: 300 + i * 900,
      tempo: [1, 1.1, 0.9][i % 3]!,
      sampleRate: [22_050, 48_000, 16_000, 24_000][i % 4]!,
    }));
    const { samples } = await mixScene(folder, { source: bed(6), takes });
    for (const { hz, startMs } of takes) {
      const right = heard(samples, hz, startMs + 20, startMs + 420);
      for (const other of takes) {
        if (other.hz === hz) continue;
        expect(decibels(heard(samples, other.hz, startMs + 20, startMs + 420) / right)).toBeLessThan(-30);
      }
    }
  });

  it('is the whole programme, in order, with 400 takes', async () => {
    const takes = Array.from({ length: 400 }, (_, i) => ({ hz: 600 + (i % 7) * 300, startMs: i * 50, seconds: 0.04 }));
    const { samples } = await mixScene(folder, { source: new Float32Array(20 * 48_000), takes });
    for (const { hz, startMs } of takes) expect(heard(samples, hz, startMs, startMs + 40)).toBeGreaterThan(0.1);
  });
});

describe('the bed', () => {
  const takes = [
    { hz: 1000, startMs: 2000, seconds: 1 },
    { hz: 1000, startMs: 3600, seconds: 0.5 },
  ];

  it('is lowered under lines by what was asked, held over short gaps, and untouched elsewhere', async () => {
    for (const duckDb of [-20, -9]) {
      const { samples, mix } = await mixScene(folder, { source: bed(7), takes, options: { duckDb } });
      const level = (from: number, to: number) => decibels(heard(samples, bedHz, from, to) / 0.2) - mix.gainDb;
      for (const [from, to] of [
        [0, 1800],
        [4400, 7000],
      ] as const)
        expect(Math.abs(level(from, to))).toBeLessThan(0.1);
      for (const [from, to] of [
        [2050, 2950],
        [3100, 3550],
        [3650, 4050],
      ] as const) {
        expect(Math.abs(level(from, to) - duckDb)).toBeLessThan(1);
      }
    }
  });

  it('goes down 120 ms before a line and up 250 ms after it', async () => {
    const { samples, mix } = await mixScene(folder, { source: bed(7), takes: takes.slice(0, 1) });
    const peak = (ms: number) => {
      const near = samples.subarray(ms * 48 - 60, ms * 48 + 60);
      return decibels(near.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0) / 0.2) - mix.gainDb;
    };
    expect(Math.abs(peak(1878))).toBeLessThan(0.1);
    expect(Math.abs(peak(1940) + 10)).toBeLessThan(0.8);
    expect(Math.abs(peak(3125) + 10)).toBeLessThan(0.8);
    expect(Math.abs(peak(3253))).toBeLessThan(0.1);
  });

  it('is lowered where the source speaks a voiced line, and left alone under an unvoiced one', async () => {
    const lines = [
      { id: 'u0', startMs: 2000, endMs: 3500 },
      { id: 'u9', startMs: 5000, endMs: 6000 },
    ];
    const { samples, mix } = await mixScene(folder, { source: bed(7), takes: takes.slice(0, 1), options: { lines } });
    expect(decibels(heard(samples, bedHz, 3050, 3450) / 0.2) - mix.gainDb).toBeLessThan(-19);
    expect(Math.abs(decibels(heard(samples, bedHz, 5000, 6000) / 0.2) - mix.gainDb)).toBeLessThan(0.1);
  });

  it('falls silent where it is told to', async () => {
    const silence = [{ startMs: 5000, endMs: 6000 }];
    const { samples } = await mixScene(folder, { source: bed(7), takes: takes.slice(0, 1), options: { silence } });
    expect(heard(samples, bedHz, 5000, 6000)).toBeLessThan(0.001);
    expect(heard(samples, bedHz, 6260, 7000)).toBeGreaterThan(0.1);
  });

  it('stays as it is when kept, but for the gain of the whole', async () => {
    const { samples, mix } = await mixScene(folder, { source: bed(7), takes, options: { bed: 'keep' } });
    expect(Math.abs(decibels(heard(samples, bedHz, 2050, 2950) / 0.2) - mix.gainDb)).toBeLessThan(0.1);
    expect(heard(samples, 1000, 2050, 2950)).toBeGreaterThan(0.05);
  });

  it('is not heard at all when muted', async () => {
    const { samples } = await mixScene(folder, { source: bed(7), takes, options: { bed: 'mute' } });
    expect(samples.subarray(0, 2000 * 48).every((sample) => sample === 0)).toBe(true);
    expect(heard(samples, bedHz, 2050, 2950)).toBeLessThan(0.0005);
    expect(heard(samples, 1000, 2050, 2950)).toBeGreaterThan(0.05);
  });

  it('that starts late is heard late, and silence fills the programme behind it', async () => {
    const scene = { source: bed(2), offsetUs: 1_500_000, durationMs: 5000, takes: [] };
    const { samples, mix } = await mixScene(folder, scene);
    expect(samples).toHaveLength(5 * 48_000);
    expect(samples.subarray(0, 1499 * 48).every((sample) => sample === 0)).toBe(true);
    expect(Math.abs(decibels(heard(samples, bedHz, 1500, 3500) / 0.2) - mix.gainDb)).toBeLessThan(0.1);
    expect(samples.subarray(3501 * 48).every((sample) => sample === 0)).toBe(true);
  });
});

describe('channels', () => {
  const takes = [{ hz: 1000, startMs: 1000, seconds: 1 }];

  it('keep the image of the bed, and the dub is heard from both sides alike', async () => {
    const left = bed(3);
    const source = Float32Array.from({ length: left.length * 2 }, (_, i) => (i % 2 === 0 ? left[i >> 1]! : 0));
    const { samples, mix } = await mixScene(folder, { source, channels: 2, takes });
    const sides = [channelOf(samples, 2, 0), channelOf(samples, 2, 1)] as const;
    expect(Math.abs(decibels(heard(sides[0], bedHz, 0, 850) / 0.2) - mix.gainDb)).toBeLessThan(0.1);
    expect(sides[1].subarray(0, 1000 * 48).every((sample) => sample === 0)).toBe(true);
    const dub = sides.map((side) => heard(side, 1000, 1050, 1950));
    expect(dub[0]).toBeGreaterThan(0.05);
    expect(Math.abs(decibels(dub[0]! / dub[1]!))).toBeLessThan(0.1);
  });

  it.each(['5.1', '5.1(side)'])('of %s: the dub is in the centre alone, the bed where it was', async (layout) => {
    const source = new Float32Array(3 * 48_000 * 6);
    for (let channel = 0; channel < 6; channel++) {
      const sine = tone({ hz: 300 + channel * 50, seconds: 3, amplitude: 0.1 });
      for (let i = 0; i < sine.length; i++) source[i * 6 + channel] = sine[i]!;
    }
    const { samples, mix } = await mixScene(folder, { source, channels: 6, layout, takes });
    const found = Array.from({ length: 6 }, (_, channel) => channelOf(samples, 6, channel));
    for (const [channel, each] of found.entries()) {
      expect(Math.abs(decibels(heard(each, 300 + channel * 50, 0, 850) / 0.1) - mix.gainDb)).toBeLessThan(0.1);
      const dub = heard(each, 1000, 1050, 1950);
      if (channel === 2) expect(dub).toBeGreaterThan(0.05);
      else expect(dub).toBeLessThan(0.0001);
    }
  });

  it('of an encoder that holds fewer are mixed down before they are measured', async () => {
    const source = new Float32Array(3 * 48_000 * 6);
    for (let i = 0; i < source.length; i++)
      source[i] = i % 6 === 3 ? 0 : 0.05 * Math.sin((2 * Math.PI * 440 * Math.floor(i / 6)) / 48_000);
    const codec = {
      codec: 'pcm_f32le',
      sampleRate: 48_000,
      channels: 2,
      layout: 'stereo',
      options: ['-c:a', 'pcm_f32le', '-f', 'wav'],
    };
    const { samples, mix } = await mixScene(folder, { source, channels: 6, takes, options: { codec } });
    expect(samples).toHaveLength(3 * 48_000 * 2);
    expect(Math.abs(mix.loudness.integratedLufs - mix.targetLufs)).toBeLessThan(0.3);
  });
});

describe('the level of takes', () => {
  /** The source speaks at `amplitude` for two seconds from 1 s on; the take plays then. */
  const spoken = (amplitude: number) => {
    const source = new Float32Array(4 * 48_000);
    source.set(tone({ hz: 997, seconds: 2, amplitude }), 48_000);
    return source;
  };

  it.each([
    ['soft takes are raised', 0.2, 0.06, 0],
    ['loud takes are lowered', 0.1, 0.35, 0],
    ['by 12 dB at most', 0.4, 0.01, -20],
  ])('follows the source: %s', async (_name, sourceAmplitude, takeAmplitude, expectedDb) => {
    const takes = [{ hz: 1000, startMs: 1000, seconds: 2, amplitude: takeAmplitude }];
    const { samples, mix } = await mixScene(folder, {
      source: spoken(sourceAmplitude),
      takes,
      options: { bed: 'mute', loudness: 'ebu' },
    });
    const level = decibels(heard(samples, 1000, 1050, 2950) / sourceAmplitude) - mix.gainDb;
    expect(Math.abs(level - expectedDb)).toBeLessThan(0.5);
  });

  it('is the centre’s in surround, and that of left and right when the centre is empty', async () => {
    for (const [channels, factor] of [
      [[2], 1],
      [[0, 1], Math.SQRT2],
    ] as const) {
      const source = new Float32Array(4 * 48_000 * 6);
      const speech = spoken(0.2);
      for (const channel of channels) for (let i = 0; i < speech.length; i++) source[i * 6 + channel] = speech[i]!;
      const takes = [{ hz: 1000, startMs: 1000, seconds: 2, amplitude: 0.1 }];
      const { samples, mix } = await mixScene(folder, { source, channels: 6, takes });
      const level = decibels(heard(channelOf(samples, 6, 2), 1000, 1050, 2950) / (0.2 * factor)) - mix.gainDb;
      expect(Math.abs(level)).toBeLessThan(0.7);
    }
  });
});

describe('takes that do not fit', () => {
  const takes: ToneTake[] = [
    { hz: 1000, startMs: 500, seconds: 1, excessMs: 400 },
    { hz: 1700, startMs: 1100, seconds: 0.5 },
  ];

  it('play to their end', async () => {
    const { samples } = await mixScene(folder, { source: new Float32Array(3 * 48_000), takes });
    expect(heard(samples, 1000, 1200, 1480)).toBeGreaterThan(0.2);
    expect(heard(samples, 1700, 1200, 1480)).toBeGreaterThan(0.2);
  });

  it('are faded out at the end of their room when they are to be trimmed', async () => {
    const { samples } = await mixScene(folder, {
      source: new Float32Array(3 * 48_000),
      takes,
      options: { onOverflow: 'trim' },
    });
    expect(heard(samples, 1000, 900, 1010)).toBeGreaterThan(0.2);
    expect(heard(samples, 1000, 1040, 1080)).toBeLessThan(0.2);
    expect(heard(samples, 1000, 1110, 1500)).toBeLessThan(0.001);
  });

  it('end with the programme', async () => {
    const source = new Float32Array(2 * 48_000);
    const { samples } = await mixScene(folder, {
      source,
      takes: [
        { hz: 1000, startMs: 1800, seconds: 1 },
        { hz: 900, startMs: 2500 },
      ],
    });
    expect(samples).toHaveLength(2 * 48_000);
    expect(Math.abs(samples.at(-1)!)).toBeLessThan(0.001);
  });
});

describe('a mix', () => {
  const scene = {
    source: noise(4 * 48_000 * 2, 0.3),
    channels: 2,
    takes: [{ hz: 1000, startMs: 500, tempo: 1.1, sampleRate: 24_000 }],
  };

  it('is the same bits twice', async () => {
    const [first, second] = [await mixScene(folder, scene), await mixScene(folder, scene)];
    expect(first.hash).toBe(second.hash);
  });

  it('leaves nothing but its file', async () => {
    await mixScene(folder, scene);
    expect((await readdir(folder)).filter((name) => name.startsWith('mix-'))).toEqual([]);
  });

  it('without takes is the source', async () => {
    const { samples, mix } = await mixScene(folder, { ...scene, takes: [] });
    expect(Math.abs(mix.gainDb)).toBeLessThan(0.01);
    expect(samples.length).toBe(scene.source.length);
    const worst = samples.reduce((most, sample, i) => Math.max(most, Math.abs(sample - scene.source[i]!)), 0);
    expect(worst).toBeLessThan(0.001);
  });
});
