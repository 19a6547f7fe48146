import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Span } from '../../../src/domain/time.js';
import { findInnerPauses, resizePauses } from '../../../src/sound/inner-pauses.js';
import { planPauses } from '../../../src/stages/repause/plan.js';

const spans = (...pairs: readonly (readonly [number, number])[]): Span[] =>
  pairs.map(([startMs, endMs]) => ({ startMs, endMs }));

test('what follows a pause starts with the source', () => {
  const source = spans([10_000, 12_000], [13_000, 15_000]);
  expect(planPauses(source, spans([0, 1800], [2000, 3900]), 5500)).toEqual({ wantedMs: [1200] });
});

test('a longer pause than the source has is shortened, never below 150 ms', () => {
  const source = spans([0, 2000], [2300, 4000]);
  expect(planPauses(source, spans([0, 2000], [2700, 4200]), 5000)).toEqual({ wantedMs: [300] });
  expect(planPauses(source, spans([0, 2400], [3000, 4500]), 5000)).toEqual({ wantedMs: [150] });
});

test('pauses at other places than the source has them stay, and so do small differences', () => {
  expect(planPauses(spans([0, 500], [1500, 5000]), spans([0, 2400], [2600, 5000]), 9000)).toBeUndefined();
  expect(planPauses(spans([0, 2000], [2300, 4000]), spans([0, 2000], [2250, 4000]), 9000)).toBeUndefined();
});

test('a take that is too long gives up its pauses first', () => {
  expect(planPauses(spans([0, 4000]), spans([0, 2000], [2600, 4600]), 4200)).toEqual({ wantedMs: [200] });
  expect(planPauses(spans([0, 4000]), spans([0, 2000], [2600, 4600]), 1000)).toEqual({ wantedMs: [150] });
});

const stretches = fc
  .array(fc.record({ gap: fc.integer({ min: 180, max: 900 }), length: fc.integer({ min: 50, max: 2000 }) }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((list) => {
    let at = -list[0]!.gap;
    return list.map(({ gap, length }): Span => {
      const startMs = at + gap;
      at = startMs + length;
      return { startMs, endMs: at };
    });
  });

test('pauses stay pauses, and a take does not grow past its room', () => {
  fc.assert(
    fc.property(stretches, stretches, fc.integer({ min: 100, max: 9000 }), (source, parts, mostMs) => {
      const plan = planPauses(source, parts, mostMs);
      if (plan === undefined) return;
      const natural = parts.at(-1)!.endMs;
      const own = parts.slice(1).map(({ startMs }, index) => startMs - parts[index]!.endMs);
      const length = natural + plan.wantedMs.reduce((sum, pause, index) => sum + pause - own[index]!, 0);
      expect(plan.wantedMs).toHaveLength(own.length);
      for (const [index, pause] of plan.wantedMs.entries()) {
        expect(pause).toBeGreaterThanOrEqual(Math.min(own[index]!, 150));
        expect(pause).toBeLessThanOrEqual(own[index]! + 1200);
      }
      expect(length).toBeLessThanOrEqual(Math.max(mostMs, natural) + own.length);
    }),
  );
});

test('the sound between the pauses is what it was, sample by sample', () => {
  const rate = 8000;
  const tone = (seconds: number, level: number) =>
    Float32Array.from(
      { length: seconds * rate },
      (_, at) => level * Math.sin(at * 0.7) * (1 + 0.1 * Math.sin(at * 0.01)),
    );
  const parts = [tone(1, 0.5), tone(0.4, 0.0005), tone(0.7, 0.4), tone(0.3, 0.0005), tone(0.5, 0.5)];
  const samples = Float32Array.from(parts.flatMap((part) => [...part]));
  const pauses = findInnerPauses(samples, rate, { startSample: 0, endSample: samples.length }, 180);
  expect(pauses.map(({ startSample, endSample }) => [startSample / rate, endSample / rate])).toEqual([
    [1, 1.4],
    [2.1, 2.4],
  ]);
  const resized = resizePauses(samples, pauses, [1.1 * rate, 0.15 * rate]);
  expect(resized.length).toBe(samples.length + 0.7 * rate - 0.15 * rate);
  expect(resized.subarray(0, rate)).toEqual(parts[0]);
  expect(resized.subarray(2.1 * rate, 2.8 * rate)).toEqual(parts[2]);
  expect(resized.subarray(2.95 * rate)).toEqual(parts[4]);
  expect(Math.max(...resized.subarray(rate, 2.1 * rate))).toBeLessThan(0.001);
});
