import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DubTrack, type LevelledTake } from '../../../src/stages/mix/dub-track.js';
import { makeFolder, removeFolder } from '../../support/media.js';

let folder: string;
let path: string;

beforeAll(async () => {
  folder = await makeFolder();
  path = join(folder, 'take.pcm');
  await writeFile(path, Buffer.from(Int16Array.from({ length: 96_000 }, (_, i) => 8192 + (i % 100)).buffer));
});

afterAll(() => removeFolder(folder));

function takeAt(startFrame: number, length = 96_000): LevelledTake {
  const take = {
    utteranceId: 'u',
    path,
    sampleRate: 48_000,
    startSample: 0,
    endSample: 96_000,
    durationMs: 2000,
    voice: 'v',
    provider: 'p',
  };
  const span = { startMs: startFrame / 48, endMs: (startFrame + length) / 48 };
  return { utteranceId: 'u', take, tempo: 1, startFrame, length, fadeOut: 240, span, path, gain: 1 };
}

async function play(track: DubTrack, frames: number, block: number): Promise<Float32Array> {
  const whole = new Float32Array(frames);
  for (let first = 0; first < frames; first += block) await track.addTo(whole.subarray(first, first + block), first);
  return whole;
}

describe('the dub track', () => {
  it('holds only the takes that are heard: 300 in 20 minutes, one at a time', async () => {
    const takes = Array.from({ length: 300 }, (_, i) => takeAt(i * 192_000));
    const track = new DubTrack(takes, { count: 1, targets: [0] });
    const whole = await play(track, 20 * 60 * 48_000, 16_384);
    expect(track.mostOpen).toBe(1);
    for (const { startFrame } of takes) expect(whole[startFrame + 48_000]).toBe((8192 + (48_000 % 100)) / 32_768);
  });

  it('holds two where two overlap, and adds them', async () => {
    const track = new DubTrack([takeAt(0), takeAt(1000)], { count: 1, targets: [0] });
    const whole = await play(track, 100_000, 4096);
    expect(track.mostOpen).toBe(2);
    expect(whole[50_000]).toBe((8192 + 0 + 8192 + 0) / 32_768);
  });

  it('gives the same samples in blocks of any size', async () => {
    const takes = [takeAt(7), takeAt(5000, 3000), takeAt(7999)];
    const channels = { count: 1, targets: [0] };
    const expected = await play(new DubTrack(takes, channels), 110_000, 110_000);
    for (const block of [100, 4097])
      expect(await play(new DubTrack(takes, channels), 110_000, block)).toEqual(expected);
  });
});
