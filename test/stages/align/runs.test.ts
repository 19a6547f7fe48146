import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Timeline, TimingOptions } from '../../../src/domain/timeline.js';
import { costUnit, endCost, onsetCost, tempoCosts } from '../../../src/stages/align/cost.js';
import { align, alignOnGrid, defaultTiming } from '../../../src/stages/align/index.js';
import { type CaseLine, scene } from './oracle.js';

const alone: TimingOptions = { ...defaultTiming(30_000), runGapMs: undefined };

function line(startMs: number, endMs: number, takeMs: number, speaker = 'A'): CaseLine {
  return { speaker, startMs, endMs, takeMs };
}

function both(lines: readonly CaseLine[], programmeMs = 30_000): { alone: Timeline; together: Timeline } {
  const { script, takes } = scene(lines);
  return {
    alone: align(script, takes, { ...alone, programmeMs }),
    together: align(script, takes, defaultTiming(programmeMs)),
  };
}

function tempos({ placements }: Timeline): number[] {
  return placements.map(({ tempo }) => tempo);
}

describe('two neighbours of one speaker', () => {
  const tooLongThenShort = [line(1000, 4000, 3700), line(4150, 7000, 1900)];

  it('become one run when the first is hurried and the second has room', () => {
    const { alone, together } = both(tooLongThenShort);
    expect(tempos(alone)[0]).toBeGreaterThan(1.15);
    expect(Math.max(...tempos(together))).toBeLessThanOrEqual(1.1);
    const [first, second] = together.placements;
    expect(first).not.toHaveProperty('runsOnFrom');
    expect(second).toMatchObject({ runsOnFrom: 'u0001', startMs: first!.startMs + first!.durationMs + 120 });
    expect(together.cost).toBeLessThan(alone.cost);
  });

  it('become one run when the second is hurried and the first leaves room', () => {
    const { alone, together } = both([line(1000, 4000, 1900), line(4150, 7000, 3700), line(7050, 9000, 1950, 'B')]);
    expect(tempos(alone)[1]).toBeGreaterThan(1.1);
    expect(Math.max(...tempos(together))).toBeLessThanOrEqual(1.1);
    expect(together.placements[1]).toMatchObject({ runsOnFrom: 'u0001' });
    expect(together.placements[1]!.startMs).toBeLessThan(4105);
    expect(together.placements[2]).toEqual(alone.placements[2]);
  });

  it.each([
    ['a pause lies between them', [line(1000, 4000, 3700), line(4301, 7000, 1900)]],
    ['they are two speakers', [line(1000, 4000, 3700), line(4150, 7000, 1900, 'B')]],
    ['neither is hurried', [line(1000, 4000, 3100), line(4150, 7000, 1900)]],
    ['a calm tempo is out of reach together', [line(1000, 4000, 4400), line(4150, 7000, 3400)]],
    ['the second would be more than 600 ms late', [line(1000, 4000, 4400), line(4150, 7000, 900)]],
  ])('stay apart when %s', (_, lines) => {
    const { alone, together } = both(lines, 8000);
    expect(together).toEqual(alone);
  });

  it('take nothing from the line after them', () => {
    const { alone, together } = both([...tooLongThenShort, line(7100, 9000, 1900)]);
    expect(together.placements[2]).toEqual(alone.placements[2]);
    expect(together.placements[1]!.runsOnFrom).toBe('u0001');
  });
});

const gridMs = 100;

/** Two lines of one speaker with others around them, on a coarse grid. */
const neighbours = fc
  .record({
    before: fc.option(fc.integer({ min: 1, max: 5 })),
    first: fc.integer({ min: 3, max: 9 }),
    second: fc.integer({ min: 3, max: 9 }),
    gap: fc.integer({ min: 0, max: 3 }),
    takes: fc.tuple(fc.integer({ min: 200, max: 1300 }), fc.integer({ min: 200, max: 1300 })),
    after: fc.option(fc.integer({ min: 0, max: 4 })),
    speaker: fc.constantFrom('A', 'B'),
  })
  .map(({ before, first, second, gap, takes, after, speaker }) => {
    const startMs = before === null ? 0 : before * 100 + 100;
    const middleMs = startMs + (first + gap) * 100;
    const endMs = middleMs + second * 100;
    const pair = [line(startMs, startMs + first * 100, takes[0]), line(middleMs, endMs, takes[1])];
    const left = before === null ? [] : [line(0, before * 100, before * 100, 'B')];
    const right = after === null ? [] : [line(endMs + after * 100, endMs + after * 100 + 400, 400, speaker)];
    return { lines: [...left, ...pair, ...right], at: left.length, programmeMs: endMs + 900 };
  });

/** What two lines cost at best between `from` and `until`, and at what tempos, by trying every start and end. */
function bestOfPair(lines: readonly CaseLine[], from: number, until: number, asRun: boolean) {
  const gap = 1;
  const costs = lines.map(({ takeMs }) => tempoCosts(takeMs, 1.25, gridMs));
  const ways = lines.map(({ startMs, endMs }, index) => {
    const found: { start: number; end: number; cost: number }[] = [];
    for (let start = from; start <= until; start++) {
      const natural = costs[index]!.length - 1;
      for (let end = start; end <= until && end - start <= natural; end++) {
        if (asRun && natural > 1.1 * (end - start)) continue;
        const offMs = start * gridMs - startMs;
        const inside = asRun && index === 1;
        if (inside && Math.abs(offMs) > 600) continue;
        const onset = inside ? costUnit + endCost(Math.abs(offMs)) : onsetCost(offMs);
        const length = costs[index]![costs[index]!.length - 1 - (end - start)]!;
        const finish = asRun && index === 0 ? 0 : endCost(end * gridMs - endMs);
        found.push({ start, end, cost: onset + finish + length });
      }
    }
    return found;
  });
  let best = Number.POSITIVE_INFINITY;
  for (const one of ways[0]!) {
    for (const other of ways[1]!) {
      if (other.start < one.end + gap || other.start < one.start + gap) continue;
      best = Math.min(best, one.cost + other.cost);
    }
  }
  return best / costUnit;
}

describe('of many crowded neighbours', () => {
  const timing = { ...defaultTiming(0), minGapMs: 100 };

  it('those that run on cost what the cheapest run in their room costs, and less than apart', () => {
    let runs = 0;
    fc.assert(
      fc.property(neighbours, ({ lines, at, programmeMs }) => {
        const { script, takes } = scene(lines);
        const apart = alignOnGrid(script, takes, { ...timing, programmeMs, runGapMs: undefined }, gridMs);
        const run = alignOnGrid(script, takes, { ...timing, programmeMs }, gridMs);
        if (run.placements[at + 1]!.runsOnFrom === undefined) return;
        if (run.placements.filter(({ runsOnFrom }) => runsOnFrom !== undefined).length > 1) return;
        runs++;
        const before = apart.placements[at - 1];
        const after = apart.placements[at + 2];
        const from = before === undefined ? 0 : (before.startMs + before.durationMs) / gridMs;
        const last = after === undefined ? programmeMs : after.startMs - (lines[at + 2]!.speaker === 'A' ? 100 : 0);
        const room = [Math.ceil(from), Math.floor(last / gridMs)] as const;
        const pair = lines.slice(at, at + 2);
        const gained = bestOfPair(pair, ...room, false) - bestOfPair(pair, ...room, true);
        expect(gained).toBeGreaterThan(0);
        expect(apart.cost - run.cost).toBeCloseTo(gained, 5);
      }),
      { numRuns: 400 },
    );
    expect(runs).toBeGreaterThan(10);
  });

  it('nobody plays faster for it than nobody notices, and lines outside of runs stay', () => {
    const crowd = fc.array(
      fc.record({
        speaker: fc.constantFrom('A', 'A', 'B'),
        gap: fc.integer({ min: -200, max: 500 }),
        spokenMs: fc.integer({ min: 300, max: 3000 }),
        share: fc.double({ min: 0.5, max: 1.5, noNaN: true }),
      }),
      { minLength: 2, maxLength: 10 },
    );
    fc.assert(
      fc.property(crowd, (records) => {
        let at = 0;
        const lines = records.map(({ speaker, gap, spokenMs, share }) => {
          const startMs = Math.max(0, at + gap);
          at = Math.max(at, startMs + spokenMs);
          return line(startMs, startMs + spokenMs, Math.round(spokenMs * share), speaker);
        });
        const { alone, together } = both(lines, at + 500);
        together.placements.forEach((placement, index) => {
          const inRun = [placement, together.placements[index + 1]].some((one) => one?.runsOnFrom !== undefined);
          if (inRun) expect(placement.tempo).toBeLessThanOrEqual(1.1 + 1e-9);
          else expect(placement.startMs).toBe(alone.placements[index]!.startMs);
        });
        expect(together.cost).toBeLessThanOrEqual(alone.cost);
      }),
      { numRuns: 200 },
    );
  });
});
