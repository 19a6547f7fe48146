import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Script } from '../../../src/domain/script.js';
import { overlapMs, type Span } from '../../../src/domain/time.js';
import type { Placement, Timeline } from '../../../src/domain/timeline.js';
import { align, defaultTiming } from '../../../src/stages/align/index.js';
import { anyLines, type CaseLine, scene, talkedOver } from './oracle.js';

const programmeMs = 14_005;
const timing = defaultTiming(programmeMs);

/** Crowded: a dozen lines with up to 6 s of speech each within 14 s. */
const crowd = anyLines(12, 4, 12_000);

function alignLines(lines: readonly CaseLine[]): { script: Script; timeline: Timeline } {
  const { script, takes } = scene(lines);
  return { script, timeline: align(script, takes, timing) };
}

function spanOf(placement: Placement): Span {
  return { startMs: placement.startMs, endMs: placement.startMs + placement.durationMs };
}

function takeMsOf(lines: readonly CaseLine[], index: number): number {
  return scene(lines).takes.takes[index]!.durationMs;
}

/** Checks a claim about a crowd, its script and its timeline. */
function always(claim: (lines: CaseLine[], script: Script, timeline: Timeline) => void, numRuns = 300): void {
  fc.assert(
    fc.property(crowd, (lines) => {
      const { script, timeline } = alignLines(lines);
      claim(lines, script, timeline);
    }),
    { numRuns },
  );
}

describe('every timeline', () => {
  it('places every utterance that has a take once, in the order of the script', () => {
    always((_, script, { placements }) => {
      expect(placements.map((each) => each.utteranceId)).toEqual(script.utterances.map((each) => each.id));
    });
  });

  it('keeps the order of starts', () => {
    always((_, __, { placements }) => {
      for (let index = 1; index < placements.length; index++) {
        expect(placements[index]!.startMs).toBeGreaterThanOrEqual(placements[index - 1]!.startMs);
      }
    });
  });

  it('lets no speaker talk over themself and keeps the gap between their takes', () => {
    always((_, script, { placements }) => {
      const ends = new Map<string, number>();
      placements.forEach((placement, index) => {
        const { speaker } = script.utterances[index]!;
        const { startMs, endMs } = spanOf(placement);
        expect(startMs).toBeGreaterThanOrEqual((ends.get(speaker) ?? -Infinity) + timing.minGapMs);
        ends.set(speaker, endMs);
      });
    });
  });

  it('lets two speakers overlap only where the source did, and never three voices', () => {
    always((_, script, { placements }) => {
      const over = talkedOver(script.utterances);
      placements.forEach((later, index) => {
        placements.slice(0, index).forEach((earlier, before) => {
          if (spanOf(earlier).endMs <= later.startMs) return;
          expect(over[index]).toBe(before);
          expect(overlapMs(script.utterances[before]!, script.utterances[index]!)).toBeGreaterThan(0);
        });
      });
    });
  });

  it('stays inside the programme, on the grid', () => {
    always((_, __, { placements }) => {
      for (const { startMs, durationMs } of placements) {
        expect(startMs).toBeGreaterThanOrEqual(0);
        expect(durationMs).toBeGreaterThanOrEqual(0);
        expect(startMs + durationMs).toBeLessThanOrEqual(programmeMs);
        expect([startMs % 10, durationMs % 10]).toEqual([0, 0]);
      }
    });
  });

  it('keeps tempo between 1 and the fastest, and long enough for the take at it unless reported', () => {
    always((lines, _, { placements, overflows }) => {
      const reported = new Map(overflows.map((each) => [each.utteranceId, each.excessMs]));
      placements.forEach(({ utteranceId, durationMs, tempo }, index) => {
        const takeMs = takeMsOf(lines, index);
        expect(tempo).toBeGreaterThanOrEqual(1);
        expect(tempo).toBeLessThanOrEqual(1.25);
        expect(durationMs).toBeLessThanOrEqual(Math.ceil(takeMs / 10) * 10);
        expect(durationMs + (reported.get(utteranceId) ?? 0)).toBeGreaterThanOrEqual(takeMs / tempo - 1e-6);
      });
    });
  });

  it('reports a take as overflowing exactly when it got less room than it needs at the fastest tempo', () => {
    always((lines, _, { placements, overflows }) => {
      const short = placements.filter(({ durationMs }, index) => durationMs < takeMsOf(lines, index) / 1.25);
      expect(overflows.map((each) => each.utteranceId)).toEqual(short.map((each) => each.utteranceId));
      for (const placement of short) expect(placement.tempo).toBe(1.25);
      for (const { excessMs } of overflows) expect(excessMs).toBeGreaterThanOrEqual(1);
    });
  });

  it('is the same for takes in any order, and again', () => {
    always((lines, _, timeline) => {
      const { script, takes } = scene(lines);
      const reversed = { ...takes, takes: takes.takes.toReversed() };
      const shuffled = { ...script, utterances: script.utterances.toReversed() };
      expect(align(shuffled, reversed, timing)).toEqual(timeline);
    }, 100);
  });
});

describe('a change', () => {
  it('of all times by whole steps moves the result by as much', () => {
    fc.assert(
      fc.property(anyLines(8, 3, 9000), fc.integer({ min: 1, max: 500 }), (lines, steps) => {
        const far = defaultTiming(200_000);
        const middle = lines.map((line) => moved(line, 90_000));
        const { script, takes } = scene(middle);
        const later = scene(middle.map((line) => moved(line, steps * 10)));
        const expected = align(script, takes, far);
        const actual = align(later.script, later.takes, far);
        expect(actual.cost).toBe(expected.cost);
        expect(actual.overflows).toEqual(expected.overflows);
        expect(actual.placements).toEqual(
          expected.placements.map((each) => ({ ...each, startMs: each.startMs + steps * 10 })),
        );
      }),
      { numRuns: 150 },
    );
  });

  it('to a shorter take never makes it play faster, but for the width of the grid and where no run falls apart', () => {
    const alone = { ...timing, runGapMs: undefined };
    const change = fc.record({ at: fc.nat(), kept: fc.double({ min: 0, max: 1, noNaN: true }) });
    fc.assert(
      fc.property(crowd, change, (lines, { at, kept }) => {
        const index = at % lines.length;
        const sorted = scene(lines);
        const before = { script: sorted.script, timeline: align(sorted.script, sorted.takes, alone) };
        const shorterMs = Math.round(sorted.takes.takes[index]!.durationMs * kept);
        const takes = sorted.takes.takes.map((each, place) =>
          place === index ? { ...each, durationMs: shorterMs } : each,
        );
        const after = align(before.script, { takes, failures: [] }, alone);
        const { durationMs } = after.placements[index]!;
        // With one step more room it would not play faster than before.
        const roomier = Math.min(timing.maxTempo, shorterMs / (durationMs + 10));
        expect(roomier).toBeLessThanOrEqual(before.timeline.placements[index]!.tempo + 1e-9);
        expect(after.cost).toBeLessThanOrEqual(before.timeline.cost + 1e-9);
      }),
      { numRuns: 500 },
    );
  });
});

function moved(line: CaseLine, byMs: number): CaseLine {
  return { ...line, startMs: line.startMs + byMs, endMs: line.endMs + byMs };
}
