import { describe, expect, it } from 'vitest';
import { BedMeter, comparingRate } from '../../../src/stages/check/bed-meter.js';

/** Noise that is the same on every run, smoothed so that it has little above 2 kHz. */
function noise(length: number, seed: number): Float32Array {
  let state = seed;
  let last = 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    last = 0.7 * last + 0.3 * (state / 2 ** 31 - 1);
    return last;
  });
}

const seconds = 6;
const original = noise(seconds * comparingRate, 1);
const voice = noise(seconds * comparingRate, 99);
const dub = (gain: (i: number) => number, lag = 0) =>
  original.map((_, i) => (original[i - lag] ?? 0) * gain(i) + voice[i]!);

function measure(after: Float32Array, spans: readonly (readonly [number, number])[], block: number) {
  const meter = new BedMeter(spans.map(([startMs, endMs]) => ({ startMs, endMs })));
  for (let at = 0; at < original.length; at += block) {
    meter.push(original.subarray(at, at + block), after.subarray(at, at + block));
  }
  meter.end();
  return meter.readings().map(({ gainDb }) => gainDb!);
}

describe('BedMeter', () => {
  it.each([0, 3, -7])('finds the gain of the original under another voice as loud, %i samples apart', (lag) => {
    const [loud, soft] = measure(
      dub((i) => (i < 3 * comparingRate ? 1 : 0.1), lag),
      [
        [100, 2900],
        [3100, 5900],
      ],
      1000,
    );
    expect(loud).toBeCloseTo(0, 0);
    expect(soft).toBeGreaterThan(-23);
    expect(soft).toBeLessThan(-17);
  });

  it('finds next to nothing where the original is not in the dub', () => {
    expect(measure(voice, [[0, 6000]], 512)[0]).toBeLessThan(-28);
  });

  it('says how little a soft original under a loud voice can tell', () => {
    const floor = (gain: number) => {
      const meter = new BedMeter([{ startMs: 0, endMs: 2000 }]);
      meter.push(
        original.map((sample) => sample * gain),
        voice,
      );
      meter.end();
      return meter.readings()[0]!;
    };
    expect(floor(1).floorDb).toBeLessThan(-25);
    expect(floor(0.01).floorDb).toBeGreaterThan(5);
    expect(floor(0.01).gainDb!).toBeLessThan(floor(0.01).floorDb);
  });

  it('gives the same for any cut into blocks, and for stretches in any order', () => {
    const after = dub(() => 0.5, 2);
    const spans = [
      [4000, 5990],
      [0, 1500],
      [1200, 4100],
      [0, 0],
    ] as const;
    const whole = measure(after, spans, original.length);
    for (const block of [5, 64, 1001]) {
      measure(after, spans, block).forEach((gain, index) => {
        if (index < 3) expect(gain).toBeCloseTo(whole[index]!, 6);
        else expect(gain).toBeUndefined();
      });
    }
  });

  it('does not tell where the original is silent', () => {
    const meter = new BedMeter([{ startMs: 0, endMs: 1000 }]);
    meter.push(new Float32Array(comparingRate), voice.subarray(0, comparingRate));
    meter.end();
    expect(meter.readings()).toEqual([{ gainDb: undefined, floorDb: 0 }]);
  });
});
