import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TimingOptions } from '../../../src/domain/timeline.js';
import { align, alignOnGrid } from '../../../src/stages/align/index.js';
import { anyLines, type CaseLine, leastCost, scene } from './oracle.js';

const gridMs = 100;

function expectOptimum(lines: readonly CaseLine[], timing: TimingOptions): void {
  const { script, takes } = scene(lines);
  const { cost } = alignOnGrid(script, takes, timing, gridMs);
  expect(leastCost(script, takes, timing, gridMs, cost)).toBeCloseTo(cost, 9);
}

function timing(programmeMs: number, minGapMs: number, maxTempo = 1.25): TimingOptions {
  return { programmeMs, minGapMs, maxTempo, minTempo: 0.85 };
}

describe('the layout found costs what the cheapest of all layouts costs', () => {
  it.each([1, 2, 3])('with %i speakers', (speakers) => {
    const anyCase = fc.record({
      lines: anyLines(4, speakers, 1200),
      gap: fc.constantFrom(0, 100, 200),
      // Long enough that the gaps always fit.
      programme: fc.integer({ min: 700, max: 1300 }),
    });
    fc.assert(
      fc.property(anyCase, ({ lines, gap, programme }) => expectOptimum(lines, timing(programme, gap))),
      { numRuns: 150 },
    );
  });

  it('when lines talk over each other most of the time', () => {
    const line = fc.record({
      speaker: fc.constantFrom('A', 'B', 'C'),
      startMs: fc.integer({ min: 0, max: 500 }),
      endMs: fc.integer({ min: 500, max: 1400 }),
      takeMs: fc.integer({ min: 0, max: 900 }),
    });
    fc.assert(
      fc.property(fc.array(line, { minLength: 2, maxLength: 4 }), (lines) => expectOptimum(lines, timing(1200, 100))),
      { numRuns: 150 },
    );
  });

  it('at another fastest tempo', () => {
    fc.assert(
      fc.property(anyLines(3, 2, 1500), fc.constantFrom(1, 1.1, 1.6, 2.5), (lines, maxTempo) =>
        expectOptimum(lines, timing(1500, 100, maxTempo)),
      ),
      { numRuns: 100 },
    );
  });

  it('on the 10 ms grid, in a programme of a fifth of a second', () => {
    fc.assert(
      fc.property(anyLines(3, 2, 160), (lines) => {
        const { script, takes } = scene(lines);
        const tight = timing(200, 20);
        const { cost } = align(script, takes, tight);
        expect(leastCost(script, takes, tight, 10, cost)).toBeCloseTo(cost, 9);
      }),
      { numRuns: 100 },
    );
  });

  it('when the way there is hundreds of steps long', () => {
    fc.assert(
      fc.property(anyLines(2, 2, 10_000), fc.integer({ min: 1000, max: 12_000 }), (lines, programmeMs) => {
        const { script, takes } = scene(lines);
        const long = timing(programmeMs, 120);
        const { cost } = alignOnGrid(script, takes, long, 50);
        expect(leastCost(script, takes, long, 50, cost)).toBeCloseTo(cost, 9);
      }),
      { numRuns: 20 },
    );
  });
});
