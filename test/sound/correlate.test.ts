import { describe, expect, it } from 'vitest';
import { correlate, energyOf, findPeak, gainAt, heardStretch, subtractAt } from '../../src/sound/correlate.js';

/** Noise that is the same on every run (a linear congruential generator, Numerical Recipes' constants). */
function noise(length: number, seed: number, level = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return level * (state / 2 ** 31 - 1);
  });
}

function placed(template: Float32Array, at: number, length: number, bed: Float32Array): Float32Array {
  const signal = bed.slice(0, length);
  for (let i = 0; i < template.length && at + i < length; i++) signal[at + i]! += template[i]!;
  return signal;
}

const template = noise(3000, 7);
const bed = noise(20_000, 99, 0.5);

describe('correlate', () => {
  it('is 1 where the template lies, at any loudness', () => {
    const signal = new Float32Array(9000);
    signal.set(
      template.map((value) => value * 0.01),
      4321,
    );
    const peak = findPeak(correlate(signal, template), 0, 9000);
    expect(peak?.lag).toBeCloseTo(4321, 3);
    expect(peak?.likeness).toBeCloseTo(1, 5);
  });

  it('agrees with the definition at every lag', () => {
    const signal = noise(300, 3);
    const short = noise(50, 4);
    const likeness = correlate(signal, short);
    expect(likeness).toHaveLength(251);
    for (let lag = 0; lag < likeness.length; lag++) {
      const stretch = signal.subarray(lag, lag + 50);
      const product = stretch.reduce((sum, value, i) => sum + value * short[i]!, 0);
      expect(likeness[lag]).toBeCloseTo(product / Math.sqrt(energyOf(stretch) * energyOf(short)), 4);
    }
  });

  it('finds a template under a bed and tells it from one that is not there', () => {
    const signal = placed(template, 12_000, 20_000, bed);
    expect(findPeak(correlate(signal, template), 0, 20_000)).toMatchObject({ lag: expect.closeTo(12_000, 0) });
    expect(findPeak(correlate(signal, template), 0, 20_000)!.likeness).toBeGreaterThan(0.85);
    expect(findPeak(correlate(signal, noise(3000, 8)), 0, 20_000)!.likeness).toBeLessThan(0.1);
  });

  it('finds nothing in silence and nothing like silence', () => {
    expect(Math.max(...correlate(new Float32Array(5000), template))).toBe(0);
    expect(Math.max(...correlate(bed, new Float32Array(100)))).toBe(0);
  });

  it('has no lags when the template is longer or empty', () => {
    expect(correlate(new Float32Array(10), template)).toHaveLength(0);
    expect(correlate(bed, new Float32Array(0))).toHaveLength(0);
  });
});

describe('findPeak', () => {
  it('looks only at the lags it is given', () => {
    const likeness = Float32Array.of(0, 0.9, 0, 0.1, 0.5, 0.1, 0);
    expect(findPeak(likeness, 2, 7)).toEqual({ lag: 4, likeness: expect.closeTo(0.5, 6) });
    expect(findPeak(likeness, 7, 20)).toBeUndefined();
    expect(findPeak(likeness, -5, 1)).toEqual({ lag: 0, likeness: 0 });
  });

  it('finds a peak between samples', () => {
    const likeness = Float32Array.from({ length: 9 }, (_, lag) => 0.8 - 0.05 * (lag - 4.3) ** 2);
    expect(findPeak(likeness, 0, 9)?.lag).toBeCloseTo(4.3, 4);
    expect(findPeak(likeness, 0, 9)?.likeness).toBeCloseTo(0.8, 4);
  });
});

describe('gainAt and subtractAt', () => {
  it('measure how loud a template is and take it away', () => {
    const signal = placed(
      template.map((value) => value * 0.25),
      500,
      6000,
      new Float32Array(6000),
    );
    expect(gainAt(signal, template, 500)).toBeCloseTo(0.25, 5);
    expect(energyOf(subtractAt(signal, template, 500, 0.25))).toBeCloseTo(0, 8);
    expect(gainAt(signal, new Float32Array(10), 500)).toBe(0);
  });

  it('stay within the signal at its ends', () => {
    expect(subtractAt(Float32Array.of(1, 1), Float32Array.of(1, 1, 1), -1, 1)).toEqual(Float32Array.of(0, 0));
    expect(subtractAt(Float32Array.of(1, 1), Float32Array.of(1, 1, 1), 1, 1)).toEqual(Float32Array.of(1, 0));
  });
});

describe('heardStretch', () => {
  const frame = 160;

  it('is the whole template where all of it is heard', () => {
    expect(heardStretch(placed(template, 4000, 20_000, bed), template, 4000, frame)).toEqual({ from: 0, to: 3000 });
  });

  it('ends where the template was cut off', () => {
    const cut = heardStretch(placed(template.subarray(0, 1920), 4000, 20_000, bed), template, 4000, frame);
    expect(cut).toEqual({ from: 0, to: 1920 });
  });

  it('starts where a template begins that lost its head', () => {
    const headless = template.slice();
    headless.fill(0, 0, 640);
    expect(heardStretch(placed(headless, 4000, 20_000, bed), template, 4000, frame)).toEqual({ from: 640, to: 3000 });
  });

  it('is empty where nothing of it is heard', () => {
    const { from, to } = heardStretch(new Float32Array(20_000), template, 4000, frame);
    expect(to - from).toBe(0);
  });
});
