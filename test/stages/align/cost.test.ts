import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costUnit, endCost, onsetCost, tempoCosts } from '../../../src/stages/align/cost.js';

/** Checks that costs at evenly spaced arguments bend upwards only. */
function expectConvex(costs: readonly number[]): void {
  const slopes = costs.slice(1).map((cost, index) => cost - costs[index]!);
  expect(slopes).toEqual(slopes.toSorted((left, right) => left - right));
}

function sampled(cost: (ms: number) => number, fromMs: number, toMs: number, stepMs: number): number[] {
  return Array.from({ length: Math.floor((toMs - fromMs) / stepMs) + 1 }, (_, index) => cost(fromMs + index * stepMs));
}

/** The cost of placing a take in this much time. */
function lengthCost(takeMs: number, placedMs: number): number {
  return tempoCosts(takeMs, 1.25, 10)[(takeMs - placedMs) / 10]!;
}

describe('onset', () => {
  it('costs one unit where it is just noticed: 125 ms late, 45 ms early', () => {
    expect(onsetCost(125) / costUnit).toBe(1);
    expect(onsetCost(-45) / costUnit).toBeCloseTo(1, 2);
    expect(onsetCost(0)).toBe(0);
  });

  it('costs more early than late, and grows faster past the limits', () => {
    expect(onsetCost(-100)).toBeGreaterThan(onsetCost(100) * 7);
    expect(onsetCost(250)).toBeGreaterThan(onsetCost(125) * 8);
  });

  it.each([1, 10, 160])('is convex in steps of %i ms', (stepMs) => {
    expectConvex(sampled(onsetCost, -4000, 4000, stepMs));
  });
});

describe('end', () => {
  it('is free up to the end in the source and gentle past it', () => {
    expect([endCost(-5000), endCost(0)]).toEqual([0, 0]);
    expect(endCost(400)).toBeLessThan(onsetCost(400) / 10);
  });

  it.each([1, 10, 160])('is convex in steps of %i ms', (stepMs) => {
    expectConvex(sampled(endCost, -1000, 5000, stepMs));
  });
});

describe('tempo', () => {
  it('costs nothing at a take of its own length, one unit at 1.10', () => {
    expect(lengthCost(3300, 3300)).toBe(0);
    expect(lengthCost(3300, 3000) / costUnit).toBeCloseTo(1, 5);
  });

  it('grows fast past 1.10 and steeply below what the fastest tempo needs', () => {
    const easy = lengthCost(3300, 3000);
    const fast = lengthCost(3300, 2640);
    expect(fast).toBeGreaterThan(easy * 15);
    // A tenth of a second given up outweighs going from tempo 1 all the way to 1.25.
    expect(lengthCost(3300, 2540) - fast).toBeGreaterThan(fast * 10);
  });

  it('is convex down to no length at all, whatever the take, the fastest tempo and the grid', () => {
    const anyTake = fc.integer({ min: 0, max: 9000 });
    fc.assert(
      fc.property(anyTake, fc.double({ min: 1, max: 3, noNaN: true }), fc.constantFrom(10, 100), (...take) => {
        const costs = tempoCosts(...take);
        expect(costs).toHaveLength(Math.ceil(take[0] / take[2]) + 1);
        expect(costs.every(Number.isSafeInteger)).toBe(true);
        expectConvex([...costs]);
      }),
    );
  });

  it('asks more for each further share given up, so neighbours give up alike', () => {
    const [none, part, all] = [2400, 1200, 0].map((placedMs) => lengthCost(3000, placedMs));
    expect(all! - part!).toBeGreaterThan((part! - none!) * 1.2);
  });
});
