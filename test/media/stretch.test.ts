import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareTakes, type TakeRequest } from '../../src/media/stretch.js';
import { findMediaTools, type MediaTools } from '../../src/media/tools.js';
import { writeWav } from '../../src/sound/wav.js';
import { amplitudeAt } from '../sound/signals.js';
import { findChildren } from '../support/children.js';
import { makeFolder, removeFolder } from '../support/media.js';

const never = new AbortController().signal;
let folder: string;
let tools: MediaTools;

beforeAll(async () => {
  folder = await makeFolder();
  tools = await findMediaTools();
});

afterAll(() => removeFolder(folder));

interface TakeRecipe {
  readonly name: string;
  readonly hz: number;
  readonly sampleRate?: number;
  readonly seconds?: number;
  readonly tempo?: number;
}

/** A take that is a tone between 0.1 s of silence and 0.2 s of another tone that must not be heard. */
async function makeTake(recipe: TakeRecipe): Promise<TakeRequest> {
  const { name, hz, sampleRate = 24_000, seconds = 1, tempo = 1 } = recipe;
  const lead = Math.round(sampleRate * 0.1);
  const length = Math.round(sampleRate * seconds);
  const samples = new Int16Array(lead + length + Math.round(sampleRate * 0.2));
  for (let i = 0; i < samples.length - lead; i++) {
    samples[lead + i] = 16_000 * Math.cos((2 * Math.PI * (i < length ? hz : 3333) * i) / sampleRate);
  }
  const path = join(folder, `${name}.wav`);
  await writeFile(path, writeWav(samples, sampleRate, 1));
  return { path, sampleRate, startSample: lead, endSample: lead + length, tempo, outPath: join(folder, `${name}.pcm`) };
}

async function prepare(requests: readonly TakeRequest[]): Promise<Float32Array[]> {
  const prepared = await prepareTakes(requests, { sampleRate: 48_000 }, tools, never);
  return Promise.all(
    prepared.map(async ({ path, length }) => {
      const bytes = await readFile(path);
      expect(bytes.length).toBe(length * 2);
      return Float32Array.from({ length }, (_, i) => bytes.readInt16LE(i * 2) / 32_768);
    }),
  );
}

describe('preparing takes', () => {
  it('copies a 48 kHz take of tempo 1 bit for bit', async () => {
    const request = await makeTake({ name: 'exact', hz: 500, sampleRate: 48_000 });
    const [samples] = await prepare([request]);
    const expected = Float32Array.from({ length: 48_000 }, (_, i) => {
      return (Math.trunc(16_000 * Math.cos((2 * Math.PI * 500 * i) / 48_000)) + 0) / 32_768;
    });
    expect(samples).toEqual(expected);
  });

  it.each([8000, 16_000, 22_050, 24_000, 44_100])(
    'resamples %i Hz in place, to the rounded length',
    async (sampleRate) => {
      const [samples] = await prepare([await makeTake({ name: `rate ${sampleRate}`, hz: 440, sampleRate })]);
      expect(samples).toHaveLength(48_000);
      const phase = samples!
        .subarray(4800, 43_200)
        .reduce((sum, x, i) => sum + x * Math.cos((2 * Math.PI * 440 * (i + 4800)) / 48_000), 0);
      const quadrature = samples!
        .subarray(4800, 43_200)
        .reduce((sum, x, i) => sum + x * Math.sin((2 * Math.PI * 440 * (i + 4800)) / 48_000), 0);
      expect(Math.abs(Math.atan2(quadrature, phase) / (2 * Math.PI * 440))).toBeLessThan(1 / 48_000);
    },
  );

  it.each([0.85, 0.97, 1.01, 1.1, 1.25])('stretches by %d: onset, length and pitch are right', async (tempo) => {
    const [samples] = await prepare([await makeTake({ name: `tempo ${tempo}`, hz: 440, seconds: 1.5, tempo })]);
    expect(samples).toHaveLength(Math.round((1.5 * 48_000) / tempo));
    const loud = (from: number, to: number) => samples!.subarray(from, to).some((sample) => Math.abs(sample) > 0.3);
    expect(loud(0, 48)).toBe(true);
    expect(loud(samples!.length - 720, samples!.length)).toBe(true);
    expect(amplitudeAt(samples!, 440)).toBeGreaterThan(0.45);
    expect(amplitudeAt(samples!, 440 * tempo)).toBeLessThan(tempo === 1.01 ? 0.5 : 0.02);
    expect(amplitudeAt(samples!, 3333)).toBeLessThan(0.001);
  });

  it('keeps 130 takes of several rates apart, a take of 10 ms among them', async () => {
    const rates = [16_000, 24_000, 48_000];
    const recipes = Array.from({ length: 130 }, (_, i) => ({
      name: `many ${i}`,
      hz: 300 + 20 * i,
      sampleRate: rates[i % 3]!,
      seconds: i === 17 ? 0.01 : 0.2,
      tempo: [1, 1.1, 0.9, 1.2][i % 4]!,
    }));
    const takes = await prepare(await Promise.all(recipes.map(makeTake)));
    for (const [i, samples] of takes.entries()) {
      const { hz, seconds, tempo } = recipes[i]!;
      expect(samples).toHaveLength(Math.round((seconds * 48_000) / tempo));
      if (i === 17) continue;
      expect(amplitudeAt(samples, hz)).toBeGreaterThan(0.4);
      expect(amplitudeAt(samples, hz + 100)).toBeLessThan(0.05);
    }
  });

  it('has nothing to do for no takes', async () => {
    expect(await prepare([])).toEqual([]);
  });
});

describe('takes that cannot be prepared', () => {
  it.each([
    ['is gone', (take: TakeRequest) => ({ ...take, path: `${take.path}.gone` }), 'cannot be read'],
    ['has another rate', (take: TakeRequest) => ({ ...take, sampleRate: 16_000 }), 'is no mono sound of 16000 Hz'],
    [
      'is shorter than said',
      (take: TakeRequest) => ({ ...take, endSample: 99_999 }),
      'holds 31200 samples, not 2400 to 99999',
    ],
    ['has no sound', (take: TakeRequest) => ({ ...take, endSample: take.startSample }), 'not 2400 to 2400'],
  ])('is refused when it %s', async (_name, spoil, message) => {
    for (const tempo of [1, 1.2]) {
      const good = await makeTake({ name: 'good', hz: 440, tempo: 1.1 });
      const bad = spoil(await makeTake({ name: 'bad', hz: 440, tempo }));
      const preparing = prepareTakes([good, bad], { sampleRate: 48_000 }, tools, never);
      await expect(preparing).rejects.toMatchObject({
        code: 'INPUT_UNREADABLE',
        message: expect.stringContaining(message),
      });
    }
  });

  it.skipIf(!existsSync('/dev/full')).each([1, 1.1])('reports a full disk at tempo %d', async (tempo) => {
    const take = { ...(await makeTake({ name: 'full', hz: 440, sampleRate: 48_000, tempo })), outPath: '/dev/full' };
    await expect(prepareTakes([take], { sampleRate: 48_000 }, tools, never)).rejects.toMatchObject({
      code: 'DISK_FULL',
    });
  });

  it('stops at once when the run is interrupted', async () => {
    const takes = await Promise.all(
      Array.from({ length: 120 }, (_, i) => makeTake({ name: `stopped ${i}`, hz: 440, seconds: 2, tempo: 1.1 })),
    );
    const stop = new AbortController();
    const preparing = prepareTakes(takes, { sampleRate: 48_000 }, tools, stop.signal);
    setTimeout(() => stop.abort(), 100);
    await expect(preparing).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(await findChildren('stopped')).toEqual([]);
    expect((await readdir(folder)).length).toBeGreaterThan(0);
  });
});
