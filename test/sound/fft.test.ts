import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fftSize, RealFft } from '../../src/sound/fft.js';

function naiveBin(signal: readonly number[], k: number): { re: number; im: number } {
  const turn = (-2 * Math.PI * k) / signal.length;
  return {
    re: signal.reduce((sum, value, n) => sum + value * Math.cos(turn * n), 0),
    im: signal.reduce((sum, value, n) => sum + value * Math.sin(turn * n), 0),
  };
}

const signals = fc
  .constantFrom(4, 8, 16, 64, 256)
  .chain((size) => fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: size, maxLength: size }));

describe('RealFft', () => {
  it('agrees with the sum that defines the transform', () => {
    fc.assert(
      fc.property(signals, (signal) => {
        const spectrum = new RealFft(signal.length).forward(signal);
        for (let k = 0; k <= signal.length / 2; k++) {
          const expected = naiveBin(signal, k);
          expect(spectrum.re[k]).toBeCloseTo(expected.re, 9);
          expect(spectrum.im[k]).toBeCloseTo(expected.im, 9);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('gives the signal back', () => {
    fc.assert(
      fc.property(signals, (signal) => {
        const fft = new RealFft(signal.length);
        const again = fft.inverse(fft.forward(signal));
        signal.forEach((value, n) => {
          expect(again[n]).toBeCloseTo(value, 10);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('keeps its precision over 131072 points', () => {
    const size = 131_072;
    const signal = Float32Array.from({ length: size }, (_, n) => Math.sin(n * n * 1e-5));
    const fft = new RealFft(size);
    const again = fft.inverse(fft.forward(signal));
    let worst = 0;
    for (let n = 0; n < size; n++) worst = Math.max(worst, Math.abs(again[n]! - signal[n]!));
    expect(worst).toBeLessThan(1e-10);
  });

  it('reads a short signal as if zeros followed and forgets the one before', () => {
    const fft = new RealFft(8);
    fft.forward([9, 9, 9, 9, 9, 9, 9, 9]);
    const again = fft.inverse(fft.forward([1, 2, 3]));
    [1, 2, 3, 0, 0, 0, 0, 0].forEach((value, n) => {
      expect(again[n]).toBeCloseTo(value, 12);
    });
  });

  it('refuses lengths that are no power of two', () => {
    expect(() => new RealFft(12)).toThrow(RangeError);
    expect(() => new RealFft(2)).toThrow(RangeError);
  });
});

describe('fftSize', () => {
  it('is the next power of two', () => {
    expect([0, 1, 4, 5, 1000, 1024, 1025].map(fftSize)).toEqual([4, 4, 4, 8, 1024, 1024, 2048]);
  });
});
