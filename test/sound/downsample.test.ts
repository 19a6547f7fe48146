import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Downsampler, downsample } from '../../src/sound/downsample.js';

function tone(frequency: number, rate: number, seconds: number): Float32Array {
  return Float32Array.from({ length: Math.round(rate * seconds) }, (_, n) =>
    Math.sin((2 * Math.PI * frequency * n) / rate),
  );
}

/** Largest difference away from the ends, where the kernel reaches past the recording. */
function worstDifference(a: Float32Array, b: Float32Array): number {
  let worst = 0;
  for (let n = 20; n < Math.min(a.length, b.length) - 20; n++) worst = Math.max(worst, Math.abs(a[n]! - b[n]!));
  return worst;
}

describe('downsample', () => {
  it('keeps a tone of the pass band where it was, without delay', () => {
    expect(worstDifference(downsample(tone(500, 48_000, 0.5), 6), tone(500, 8000, 0.5))).toBeLessThan(0.005);
    expect(worstDifference(downsample(tone(2500, 48_000, 0.5), 6), tone(2500, 8000, 0.5))).toBeLessThan(0.01);
  });

  it('takes steps that are not whole', () => {
    expect(worstDifference(downsample(tone(700, 22_050, 0.5), 22_050 / 8000), tone(700, 8000, 0.5))).toBeLessThan(0.01);
  });

  it('removes what the lower rate cannot hold', () => {
    expect(worstDifference(downsample(tone(6000, 48_000, 0.5), 6), new Float32Array(4000))).toBeLessThan(0.004);
  });

  it('gives one sample for each step begun', () => {
    expect(downsample(new Float32Array(48_000), 6)).toHaveLength(8000);
    expect(downsample(new Float32Array(48_001), 6)).toHaveLength(8001);
    expect(downsample(new Float32Array(0), 6)).toHaveLength(0);
  });

  it('gives the same samples whatever blocks they come in', () => {
    const sound = tone(900, 44_100, 0.2).map((value, n) => value * Math.cos(n / 300));
    const whole = downsample(sound, 44_100 / 8000);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 12 }), (lengths) => {
        const downsampler = new Downsampler(44_100 / 8000);
        const out: number[] = [];
        let at = 0;
        for (const length of [...lengths, sound.length]) {
          out.push(...downsampler.push(sound.subarray(at, at + length)));
          at = Math.min(sound.length, at + length);
        }
        out.push(...downsampler.end());
        expect(out).toHaveLength(whole.length);
        expect(worstDifference(Float32Array.from(out), whole)).toBeLessThan(1e-6);
      }),
      { numRuns: 40 },
    );
  });

  it('refuses to raise the rate', () => {
    expect(() => new Downsampler(0.5)).toThrow(RangeError);
    expect(() => new Downsampler(Number.NaN)).toThrow(RangeError);
  });
});
