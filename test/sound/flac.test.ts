import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFlac } from '../../src/sound/flac-reader.js';
import { writeFlac } from '../../src/sound/flac-writer.js';
import { makeFolder, removeFolder } from '../support/media.js';

let folder: string;
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => removeFolder(folder));

const rate = 24_000;

/** A repeatable stream of numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function soundOf(length: number, at: (i: number) => number): Int16Array {
  return Int16Array.from({ length }, (_, i) => Math.max(-32_768, Math.min(32_767, Math.round(at(i)))));
}

const noise = random(1);
const sounds: readonly (readonly [string, Int16Array])[] = [
  ['a voice-like tone', soundOf(50_000, (i) => 9000 * Math.sin(i / 31) * Math.sin(i / 4100) + 40 * noise())],
  ['full-scale noise', soundOf(20_000, () => 65_535 * noise() - 32_768)],
  ['the steepest steps', soundOf(9000, (i) => (i % 2 === 0 ? 32_767 : -32_768))],
  ['silence', new Int16Array(10_000)],
  ['one sample', Int16Array.of(-7)],
  ['a whole number of frames', soundOf(8192, (i) => 100 * Math.sin(i))],
  ['one sample more', soundOf(8193, (i) => 100 * Math.sin(i))],
  ['more than 128 frames', soundOf(4096 * 130, (i) => 3000 * Math.sin(i / 50))],
];

function raw(samples: Int16Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}

function flacOf(samples: Int16Array, sampleRate = rate): Uint8Array {
  return writeFlac(samples, sampleRate, createHash('md5').update(raw(samples)).digest());
}

/** Decoded by ffmpeg, which checks every frame. */
function decoded(bytes: Uint8Array): Buffer {
  const path = join(folder, 'decode.flac');
  writeFileSync(path, bytes);
  const args = ['-v', 'error', '-xerror', '-err_detect', 'crccheck+explode', '-i', path, '-f', 's16le', '-'];
  return execFileSync('ffmpeg', args, { maxBuffer: 1 << 28 });
}

describe.each(sounds)('%s', (_name, samples) => {
  it('comes back bit for bit, here and from ffmpeg', () => {
    const bytes = flacOf(samples);
    const back = readFlac(bytes)!;
    expect(back.sampleRate).toBe(rate);
    expect(raw(back.samples).equals(raw(samples))).toBe(true);
    expect(decoded(bytes).equals(raw(samples))).toBe(true);
  });
});

describe('FLAC', () => {
  it.each([8000, 11_025, 16_000, 22_050, 44_100, 48_000])('keeps a rate of %i Hz', (sampleRate) => {
    const bytes = flacOf(sounds[0]![1].subarray(0, 5000), sampleRate);
    expect(readFlac(bytes)).toMatchObject({ sampleRate });
    expect(decoded(bytes)).toHaveLength(10_000);
  });

  it('is smaller than the samples themselves', () => {
    const [, tone] = sounds[0]!;
    expect(flacOf(tone).length).toBeLessThan(tone.byteLength * 0.6);
  });

  it('of ffmpeg, with its predictors and its metadata, is read as well', () => {
    const [, tone] = sounds[0]!;
    const path = join(folder, 'theirs.flac');
    const args = ['-v', 'error', '-f', 's16le', '-ar', '24000', '-ac', '1', '-i', '-', '-c:a', 'flac', '-y', path];
    execFileSync('ffmpeg', args, { input: raw(tone) });
    expect(raw(readFlac(readFileSync(path))!.samples).equals(raw(tone))).toBe(true);
  });

  it('that is damaged anywhere is never read as sound', () => {
    const bytes = flacOf(sounds[0]![1].subarray(0, 9000));
    const next = random(7);
    for (let round = 0; round < 500; round++) {
      const damaged = bytes.slice();
      // The first 42 bytes hold the head, whose sum is the store's to check.
      const at = 42 + Math.floor(next() * (bytes.length - 42));
      damaged[at]! ^= 1 << Math.floor(next() * 8);
      expect(readFlac(damaged)).toBeUndefined();
      expect(readFlac(bytes.subarray(0, Math.floor(next() * bytes.length)))).toBeUndefined();
    }
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('fLaC, but not really: no head, no frames, nothing at all of what makes a file of sound')],
    ['stereo', Buffer.from('664c614300000022', 'hex')],
  ])('is not found in %s', (_what, bytes) => {
    expect(readFlac(bytes)).toBeUndefined();
  });
});
