import { describe, expect, it } from 'vitest';
import { Limiter } from '../../src/sound/limiter.js';
import { LoudnessMeter } from '../../src/sound/loudness.js';
import { noise, rmsDb, tone } from './signals.js';

const stereo = { sampleRate: 48_000, channels: 2, layout: 'stereo' };

function limit(samples: Float32Array, ceilingDbtp: number, channels = 2, block = 4096) {
  const limiter = new Limiter({ sampleRate: 48_000, channels }, ceilingDbtp);
  const out = new Float32Array(samples.length);
  let at = 0;
  for (let from = 0; from < samples.length; from += block * channels) {
    const ready = limiter.push(samples.subarray(from, from + block * channels));
    out.set(ready, at);
    at += ready.length;
  }
  const rest = limiter.finish();
  out.set(rest, at);
  expect(at + rest.length).toBe(samples.length);
  return { out, deepestDb: limiter.deepestDb() };
}

function sameBits(a: Float32Array, b: Float32Array): boolean {
  const bytes = (of: Float32Array) => Buffer.from(of.buffer, of.byteOffset, of.byteLength);
  return bytes(a).equals(bytes(b));
}

function truePeak(samples: Float32Array, channels = 2): number {
  const meter = new LoudnessMeter({ ...stereo, channels, layout: channels === 2 ? 'stereo' : 'mono' });
  meter.push(samples);
  return meter.result().truePeakDbtp;
}

describe('the limiter', () => {
  it('changes no bit and adds no delay below the ceiling', () => {
    const samples = noise(96_000, 0.3);
    const { out, deepestDb } = limit(samples, -1);
    expect(sameBits(out, samples)).toBe(true);
    expect(deepestDb).toBe(0);
  });

  it.each([
    ['noise', noise(96_000, 1.5)],
    ['a tone', tone({ hz: 1000, seconds: 1, amplitude: 2, channels: 2 })],
    ['a low tone', tone({ hz: 60, seconds: 1, amplitude: 1.2, channels: 2 })],
    [
      'a quarter-rate tone whose peaks lie between samples',
      tone({ hz: 11_990, seconds: 1, amplitude: 1.1, channels: 2 }),
    ],
    ['single full-scale samples', noise(96_000, 0.2).map((sample, i) => (i % 9973 === 0 ? 1.8 : sample))],
  ])('holds the true peak of %s', (_name, samples) => {
    for (const ceiling of [-1, -2, -6])
      expect(truePeak(limit(samples, ceiling).out)).toBeLessThanOrEqual(ceiling + 0.08);
  });

  it('leaves alone what lies 5 ms before a peak, and 1 s after it', () => {
    const samples = noise(2 * 96_000, 0.2);
    const peak = 48_000;
    samples[peak * 2] = 1.9;
    const { out } = limit(samples, -1);
    const before = (peak - 262) * 2;
    expect(sameBits(out.subarray(0, before), samples.subarray(0, before))).toBe(true);
    expect(sameBits(out.subarray((peak + 48_000) * 2), samples.subarray((peak + 48_000) * 2))).toBe(true);
    expect(rmsDb(out.subarray((peak - 4) * 2, peak * 2))).toBeLessThan(
      rmsDb(samples.subarray((peak - 4) * 2, peak * 2)) - 5,
    );
  });

  it('lowers all channels alike, so the image stays', () => {
    const left = tone({ hz: 500, seconds: 1, amplitude: 1.6 });
    const samples = Float32Array.from({ length: left.length * 2 }, (_, i) => left[i >> 1]! * (i % 2 === 0 ? 1 : 0.25));
    const { out } = limit(samples, -1);
    const apart = out.reduce(
      (most, sample, i) => (i % 2 === 0 ? Math.max(most, Math.abs(out[i + 1]! - sample / 4)) : most),
      0,
    );
    expect(apart).toBeLessThan(1e-6);
  });

  it('gives the same bits however the samples are cut', () => {
    const samples = noise(96_000, 1.1);
    const whole = limit(samples, -1, 2, 48_000).out;
    for (const block of [1, 17, 240, 1000]) {
      const { out } = limit(samples.subarray(0, 20_000), -1, 2, block);
      expect(sameBits(out.subarray(0, 19_000), whole.subarray(0, 19_000))).toBe(true);
    }
  });

  it('changes loudness little when only peaks are lowered', () => {
    const samples = tone({ hz: 997, seconds: 2, amplitude: 0.3, channels: 2 });
    for (let i = 0; i < samples.length; i += 48_000) samples[i]! = 1.2;
    const loudness = (of: Float32Array) => {
      const meter = new LoudnessMeter(stereo);
      meter.push(of);
      return meter.result().integratedLufs;
    };
    expect(loudness(samples) - loudness(limit(samples, -1).out)).toBeLessThan(0.5);
  });
});
