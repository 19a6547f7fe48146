import { describe, expect, it } from 'vitest';
import type { Placement, Timeline } from '../../../src/domain/timeline.js';
import { align, defaultTiming } from '../../../src/stages/align/index.js';
import { type CaseLine, scene, take } from './oracle.js';

function line(startMs: number, endMs: number, takeMs: number, speaker = 'A'): CaseLine {
  return { speaker, startMs, endMs, takeMs };
}

function timeline(lines: readonly CaseLine[], programmeMs = 20_000): Timeline {
  const { script, takes } = scene(lines);
  return align(script, takes, defaultTiming(programmeMs));
}

function placements(lines: readonly CaseLine[], programmeMs = 20_000): readonly Placement[] {
  return timeline(lines, programmeMs).placements;
}

function endMs({ startMs, durationMs }: Placement): number {
  return startMs + durationMs;
}

describe('a take with room', () => {
  it('starts at the onset and plays at its own tempo', () => {
    const { placements, overflows, cost } = timeline([line(1230, 3000, 1500)]);
    expect(placements).toEqual([{ utteranceId: 'u0001', startMs: 1230, durationMs: 1500, tempo: 1 }]);
    expect([overflows, cost]).toEqual([[], 0]);
  });

  it('starts on the step nearest to the onset, rather early by 4 ms than late by 6', () => {
    expect(placements([line(1231, 3000, 1500)])[0]!.startMs).toBe(1230);
    expect(placements([line(1236, 3000, 1500)])[0]!.startMs).toBe(1240);
  });

  it('is never slowed down to fill its slot', () => {
    expect(placements([line(1000, 9000, 1500)])[0]).toMatchObject({ startMs: 1000, durationMs: 1500, tempo: 1 });
  });

  it('takes up its length rounded up to 10 ms, at tempo exactly 1', () => {
    expect(placements([line(1000, 3000, 1501)])[0]).toMatchObject({ durationMs: 1510, tempo: 1 });
  });
});

describe('a take longer than its span', () => {
  it('borrows silence before it speeds up', () => {
    expect(placements([line(1000, 4000, 3150)])[0]).toMatchObject({ startMs: 1000, durationMs: 3150, tempo: 1 });
  });

  it('speeds up as well when much too long, and leaves the next onset alone', () => {
    const [long, next] = placements([line(1000, 4000, 3600), line(5000, 8000, 2900)]);
    expect(long!.tempo).toBeGreaterThan(1.05);
    expect(long!.tempo).toBeLessThan(1.1);
    expect(endMs(long!)).toBeGreaterThan(4200);
    expect(next).toMatchObject({ startMs: 5000, tempo: 1 });
  });

  it('with a neighbour right behind shares the trouble: tempo, a little early, a little late', () => {
    const [long, next] = placements([line(1000, 4000, 3600), line(4000, 7000, 2700, 'B')]);
    expect(long!.tempo).toBeGreaterThan(1.1);
    expect(long!.tempo).toBeLessThan(1.2);
    expect(1000 - long!.startMs).toBeGreaterThan(0);
    expect(1000 - long!.startMs).toBeLessThanOrEqual(45);
    expect(next!.startMs - 4000).toBeGreaterThan(45);
    expect(next!.startMs - 4000).toBeLessThan(185);
    expect(next!.tempo).toBe(1);
  });

  it('pushes the next line past what is noticed only at the fastest tempo', () => {
    const [long, next] = placements([line(1000, 4000, 5600), line(4120, 7000, 2500)]);
    expect(long!.tempo).toBe(1.25);
    expect(next!.startMs - 4120).toBeGreaterThan(500);
    expect(next!.startMs).toBe(endMs(long!) + 120);
  });

  it('gives up part of itself rather than make the next line three seconds late', () => {
    const { placements, overflows } = timeline([line(1000, 4000, 9000), line(4120, 7000, 2700)]);
    expect(overflows).toHaveLength(1);
    const [long, next] = placements;
    expect(long).toMatchObject({ tempo: 1.25, durationMs: 7200 - overflows[0]!.excessMs });
    expect(next!.startMs - 4120).toBeGreaterThan(2000);
    expect(next!.startMs - 4120).toBeLessThan(3000);
  });

  it('is reported with what is missing when the whole programme is too short', () => {
    const { placements, overflows } = timeline([line(0, 1000, 3000)], 1000);
    expect(placements).toEqual([{ utteranceId: 'u0001', startMs: 0, durationMs: 1000, tempo: 1.25 }]);
    expect(overflows).toEqual([{ utteranceId: 'u0001', excessMs: 1400 }]);
  });

  it('may get less room, by one step, when it is a millisecond shorter', () => {
    // The one true exception to "a shorter take never plays faster": the room itself comes in steps.
    const tempos = [2093, 2092].map((takeMs) => placements([line(0, 2000, takeMs), line(2100, 4000, 1800)])[0]!);
    expect(tempos[1]!.durationMs).toBe(tempos[0]!.durationMs - 10);
    expect(tempos[1]!.tempo).toBeGreaterThan(tempos[0]!.tempo);
  });

  it('shares an overflow with its neighbours by length', () => {
    const hopeless = [line(0, 1000, 4000), line(1000, 1500, 2000, 'B')];
    const { overflows } = timeline(hopeless, 1500);
    const [first, second] = overflows.map((each) => each.excessMs);
    expect(first! / second!).toBeGreaterThan(1.5);
    expect(first! / second!).toBeLessThan(2.5);
  });
});

describe('a tempo within a hundredth of 1', () => {
  it('becomes exactly 1 where there is room', () => {
    // At least cost this take would end 10 ms sooner, which is not worth stretching all of it.
    for (let takeMs = 3000; takeMs <= 3400; takeMs += 10) {
      const { tempo } = placements([line(0, 3000, takeMs), line(9000, 9500, 400)])[0]!;
      expect(tempo === 1 || tempo >= 1.01).toBe(true);
    }
  });

  it('stays when the next line stands in the way', () => {
    const [first, second] = placements([line(0, 3000, 3000), line(3000, 6000, 3000, 'B')], 5990);
    expect(Math.max(first!.tempo, second!.tempo)).toBeCloseTo(3000 / 2990, 3);
    expect(endMs(second!)).toBe(5990);
  });
});

describe('speakers', () => {
  it('follow each other without a gap when they differ, with one when they do not', () => {
    expect(placements([line(0, 2000, 2000), line(2000, 4000, 2000, 'B')])[1]!.startMs).toBe(2000);
    const [first, second] = placements([line(0, 2000, 2000), line(2000, 4000, 2000)]);
    expect(second!.startMs - endMs(first!)).toBe(120);
  });

  it('talk over each other where the source does', () => {
    const source = [line(1000, 5000, 4000), line(3000, 4000, 1000, 'B'), line(4500, 8000, 3500, 'C')];
    const result = timeline(source);
    expect(result.placements.map((each) => each.startMs)).toEqual([1000, 3000, 4500]);
    expect(result.cost).toBe(0);
  });

  it('do not talk over a line that the source has them follow', () => {
    const [first, second] = placements([line(1000, 3000, 5000), line(3000, 5000, 1500, 'B')]);
    expect(second!.startMs).toBeGreaterThanOrEqual(endMs(first!));
  });

  it('keep their gap across the short word of another', () => {
    const [first, word, second] = placements([line(0, 2000, 2000), line(2000, 2050, 50, 'B'), line(2050, 4000, 1900)]);
    expect(word!.startMs).toBeGreaterThanOrEqual(endMs(first!));
    expect(second!.startMs - endMs(first!)).toBeGreaterThanOrEqual(120);
  });

  it('may begin at nearly the same time, though one spoke last long ago', () => {
    const result = placements([line(0, 3000, 3000), line(6000, 8000, 2000, 'B'), line(6050, 9000, 2900)]);
    expect(result.map((each) => each.startMs)).toEqual([0, 6000, 6050]);
  });

  it('keep the gap to their own last line when they join two others', () => {
    const source = [line(0, 2000, 2600), line(1900, 5000, 3000, 'B'), line(2010, 6000, 3900, 'A')];
    const [first, , third] = placements([...source, line(2020, 7000, 4900, 'C')]);
    expect(third!.startMs - endMs(first!)).toBeGreaterThanOrEqual(120);
  });
});

describe('odd input', () => {
  it('without lines or takes gives an empty timeline', () => {
    const empty = { programmeMs: 20_000, placements: [], overflows: [], cost: 0 };
    expect(timeline([])).toEqual(empty);
    const { script } = scene([line(0, 1000, 900)]);
    expect(align(script, { takes: [], failures: [] }, defaultTiming(20_000))).toEqual(empty);
  });

  it('places only utterances that have a take, and lets the others take no room', () => {
    const { script, takes } = scene([line(0, 2000, 2500), line(2000, 4000, 2000), line(4000, 6000, 2000)]);
    const some = [takes.takes[0]!, takes.takes[2]!, take('unknown', 900)];
    const { placements } = align(script, { takes: some, failures: [] }, defaultTiming(20_000));
    expect(placements.map((each) => each.utteranceId)).toEqual(['u0001', 'u0003']);
    expect(placements[0]!.durationMs).toBeGreaterThan(2100);
  });

  it('orders lines of the same span by id', () => {
    const { script, takes } = scene([line(1000, 3000, 1000), line(1000, 3000, 1000, 'B'), line(1000, 3000, 1000, 'C')]);
    const reversed = { ...script, utterances: script.utterances.toReversed() };
    const { placements } = align(reversed, takes, defaultTiming(20_000));
    expect(placements.map((each) => each.utteranceId)).toEqual(['u0001', 'u0002', 'u0003']);
  });

  it('places a take of no length at tempo 1', () => {
    const { placements, overflows } = timeline([line(1000, 2000, 0)]);
    expect(placements).toEqual([{ utteranceId: 'u0001', startMs: 1000, durationMs: 0, tempo: 1 }]);
    expect(overflows).toEqual([]);
  });

  it('past the end of the programme is placed at its end and reported', () => {
    const { placements, overflows } = timeline([line(0, 800, 800), line(5000, 6000, 1000)], 1000);
    expect(placements.map(endMs).every((each) => each <= 1000)).toBe(true);
    expect(overflows).toEqual([{ utteranceId: 'u0002', excessMs: 800 }]);
  });

  it('with more gaps than the programme holds keeps the longest gap that fits', () => {
    const crowd = Array.from({ length: 12 }, (_, index) => line(index * 10, index * 10 + 10, 200));
    const result = timeline(crowd, 1000);
    const gaps = result.placements.slice(1).map((each, index) => each.startMs - endMs(result.placements[index]!));
    expect(Math.min(...gaps)).toBe(90);
    expect(result.overflows).toHaveLength(12);
  });

  it('with a programme of no length reports every take', () => {
    const { placements, overflows } = timeline([line(0, 1000, 500), line(1000, 2000, 500)], 0);
    expect(placements.map((each) => [each.startMs, each.durationMs])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(overflows.map((each) => each.excessMs)).toEqual([400, 400]);
  });

  it('three hours out of place is reported, not played far from its picture', () => {
    const hours = 3 * 3_600_000;
    const { placements, overflows } = timeline([line(1000, 3000, 2000), line(hours, hours + 3000, 2000)], 60_000);
    expect(placements[0]).toMatchObject({ startMs: 1000, tempo: 1 });
    expect(placements[1]).toMatchObject({ startMs: 60_000, durationMs: 0, tempo: 1.25 });
    expect(overflows).toEqual([{ utteranceId: 'u0002', excessMs: 1600 }]);
  });
});
