import { describe, expect, it } from 'vitest';
import type { Gate, LineReading } from '../../../src/domain/dub.js';
import type { Utterance } from '../../../src/domain/script.js';
import type { Take } from '../../../src/domain/timeline.js';
import type { Heard } from '../../../src/stages/check/measure.js';
import { timingGates } from '../../../src/stages/check/timing-gates.js';

/** A line heard where it was planned, for as long as in the source, unless told. */
interface Case {
  readonly id: string;
  /** Span in the source. */
  readonly at: readonly [number, number];
  readonly speaker?: string;
  readonly heard?: readonly [number, number];
  readonly reading?: Partial<LineReading>;
}

function heardOf(cases: readonly Case[], more: Partial<Heard> = {}): Heard {
  const utterances = cases.map(({ id, at, speaker = 'A' }): Utterance => {
    const span = { startMs: at[0], endMs: at[1] };
    return { id, speaker, text: id, slot: span, segmentIds: [], ...span };
  });
  const lines = cases.map(({ id, at, heard = at, reading }): LineReading => {
    const times = { onsetMs: heard[0], endMs: heard[1], plannedStartMs: heard[0], sourceStartMs: at[0] };
    return { utteranceId: id, present: true, likeness: 0.9, tempo: 1, fitting: 'stretched', ...times, ...reading };
  });
  const takes = cases.map(({ id }) => ({ utteranceId: id }) as Take);
  return {
    script: { language: 'en', utterances },
    timeline: { programmeMs: 60_000, placements: [], overflows: [], cost: 0 },
    takes: { takes, failures: [] },
    failures: [],
    lines,
    ...more,
  };
}

function gate(name: string, cases: readonly Case[], more: Partial<Heard> = {}): Gate {
  return timingGates(heardOf(cases, more)).find((one) => one.name === name)!;
}

const everySecond = (count: number, heardLater: (index: number) => number): Case[] =>
  Array.from({ length: count }, (_, index) => {
    const later = heardLater(index);
    return {
      id: `u${index}`,
      at: [index * 1000, index * 1000 + 500],
      heard: [index * 1000 + later, index * 1000 + 500 + later],
    };
  });

describe('lines-present', () => {
  it('counts a take that was never placed as not heard', () => {
    const takes = { takes: [{ utteranceId: 'u1' } as Take, { utteranceId: 'u2' } as Take], failures: [] };
    const found = gate('lines-present', [{ id: 'u1', at: [0, 500] }], { takes });
    expect(found).toMatchObject({ passed: false, value: 1, detail: '1 of 2 lines heard; not heard: u2.' });
  });

  it('forgives the cut of a line that was reported as too long', () => {
    const cases = [{ id: 'u1', at: [0, 500], reading: { cutMs: 300 } }] as const;
    expect(gate('lines-present', cases)).toMatchObject({
      passed: false,
      detail: '1 of 1 line heard; cut short: u1 by 300 ms.',
    });
    const overflows = [{ utteranceId: 'u1', excessMs: 300 }];
    const timeline = { programmeMs: 1000, placements: [], overflows, cost: 0 };
    expect(gate('lines-present', cases, { timeline }).passed).toBe(true);
  });

  it('names five lines and counts the rest', () => {
    const cases = everySecond(8, () => 0).map((one) => ({ ...one, reading: { present: false } }));
    expect(gate('lines-present', cases).detail).toBe('0 of 8 lines heard; not heard: u0, u1, u2, u3, u4 and 3 more.');
  });
});

describe('silent-failures', () => {
  it('fails for an utterance that nobody mentions', () => {
    const cases = [
      { id: 'u1', at: [0, 500] },
      { id: 'u2', at: [600, 900], reading: { present: false } },
    ] as const;
    expect(gate('silent-failures', cases)).toMatchObject({
      passed: false,
      value: 1,
      detail: 'Neither heard nor listed as failed: u2.',
    });
  });
});

describe('onset-error', () => {
  it('is negative for late and positive for early lines, and allows more of the former', () => {
    expect(
      gate(
        'onset-error',
        everySecond(3, () => 120),
      ),
    ).toMatchObject({ passed: true, value: -120 });
    expect(
      gate(
        'onset-error',
        everySecond(3, () => -40),
      ),
    ).toMatchObject({ passed: true, value: 40 });
    const planned = { reading: { plannedStartMs: 1000 } };
    expect(gate('onset-error', [{ id: 'u1', at: [1000, 1500], heard: [930, 1430], ...planned }])).toMatchObject({
      passed: false,
      value: 70,
      detail: '95 % of 1 line start within 70 ms (early) of the source.',
    });
  });

  it('lets one line in twenty be off', () => {
    const cases = (off: number) =>
      everySecond(20, (index) => (index < off ? 200 : 0)).map((one) => ({
        ...one,
        reading: { plannedStartMs: one.at[0] },
      }));
    expect(gate('onset-error', cases(1)).passed).toBe(true);
    expect(gate('onset-error', cases(2)).passed).toBe(false);
  });

  it('counts lines that the plan shifts further, and does not blame the file for them', () => {
    const found = gate('onset-error', [
      { id: 'u1', at: [0, 500] },
      { id: 'u2', at: [500, 900], heard: [900, 1300] },
    ]);
    expect(found).toMatchObject({ passed: true, judges: 'wording' });
    expect(found.detail).toBe(
      '95 % of 1 line start within 0 ms of the source; 1 line shifted further by plan to fit, by up to 400 ms (u2).',
    );
  });

  it('tells which of them the plan laid as one run with the line before', () => {
    const placed = { startMs: 900, durationMs: 400, tempo: 1 };
    const placements = [{ utteranceId: 'u2', ...placed, runsOnFrom: 'u1' }];
    const found = gate(
      'onset-error',
      [
        { id: 'u1', at: [0, 500], heard: [0, 780] },
        { id: 'u2', at: [500, 900], heard: [900, 1300] },
        { id: 'u3', at: [2000, 2500], heard: [2300, 2800] },
      ],
      { timeline: { programmeMs: 60_000, placements, overflows: [], cost: 0 } },
    );
    expect(found).toMatchObject({ passed: true, value: 0 });
    expect(found.detail).toContain('2 lines shifted further by plan to fit, by up to 400 ms (u2, u3)');
    expect(found.detail).toContain(', 1 of them as one run with the line before.');
  });

  it('has no value when no line was heard', () => {
    const found = gate('onset-error', []);
    expect(found.value).toBeUndefined();
    expect(found.passed).toBe(true);
  });
});

describe('placement-error', () => {
  const planned = (...offs: readonly number[]): Case[] =>
    offs.map((off, index) => ({
      id: `u${index}`,
      at: [index * 1000, index * 1000 + 500],
      reading: { plannedStartMs: index * 1000 - off },
    }));

  it('holds 95 % of the lines to 15 ms and all to 40 ms', () => {
    expect(gate('placement-error', planned(0, 15, -15))).toMatchObject({ passed: true, value: 15 });
    expect(gate('placement-error', planned(0, 16, 0))).toMatchObject({ passed: false, value: 16 });
    const many = [...Array.from({ length: 30 }, () => 1), 41];
    expect(gate('placement-error', planned(...many))).toMatchObject({
      passed: false,
      value: 1,
      detail: 'Not where the plan has them: u30 by 41 ms.',
    });
  });
});

describe('overlaps', () => {
  it('forbids one speaker over themself', () => {
    const cases: Case[] = [
      { id: 'u1', at: [0, 1000], heard: [0, 1300] },
      { id: 'u2', at: [1100, 2000] },
    ];
    expect(gate('overlaps', cases)).toMatchObject({ passed: false, value: 1 });
    expect(gate('overlaps', cases).detail).toContain('u1 and u2 by 200 ms');
  });

  it('blames the wording when a line that was reported as too long runs into the next', () => {
    const cases: Case[] = [
      { id: 'u1', at: [0, 1000], heard: [0, 1300] },
      { id: 'u2', at: [1100, 2000] },
    ];
    const overflows = [{ utteranceId: 'u1', excessMs: 200 }];
    const timeline = { programmeMs: 3000, placements: [], overflows, cost: 0 };
    expect(gate('overlaps', cases)).toMatchObject({ passed: false, judges: 'file' });
    expect(gate('overlaps', cases, { timeline })).toMatchObject({ passed: false, judges: 'wording' });
  });

  it('allows two speakers at once only where they were in the source', () => {
    const talking = (bStart: number): Case[] => [
      { id: 'u1', speaker: 'A', at: [0, 1000], heard: [0, 1300] },
      { id: 'u2', speaker: 'B', at: [bStart, 2000], heard: [1100, 2000] },
    ];
    expect(gate('overlaps', talking(900)).passed).toBe(true);
    expect(gate('overlaps', talking(1050)).passed).toBe(false);
  });

  it('takes lines that touch on the 10 ms grid as apart', () => {
    const cases: Case[] = [
      { id: 'u1', at: [0, 1000], heard: [0, 1009] },
      { id: 'u2', at: [1000, 2000] },
    ];
    expect(gate('overlaps', cases).passed).toBe(true);
  });
});

describe('tempo', () => {
  it('refuses more than 1.25 and names the line', () => {
    const at = (tempo: number) => gate('tempo', [{ id: 'u1', at: [0, 4000], reading: { tempo } }]);
    expect(at(1.25)).toMatchObject({ passed: true, value: 1.25 });
    expect(at(1.27)).toMatchObject({ passed: false, detail: 'Lines faster than 1.25×: u1 (1.27×).' });
  });

  it('forgives a short line the blocks that stretching works in', () => {
    const reading = { tempo: 1.28 };
    expect(gate('tempo', [{ id: 'u1', at: [0, 300], reading }]).passed).toBe(true);
    expect(gate('tempo', [{ id: 'u1', at: [0, 3000], reading }]).passed).toBe(false);
  });
});

describe('tempo-share', () => {
  it('wants nine lines in ten at 1.1 or slower', () => {
    const cases = (fast: number) =>
      everySecond(10, () => 0).map((one, index) => ({ ...one, reading: { tempo: index < fast ? 1.2 : 1.1 } }));
    expect(gate('tempo-share', cases(1))).toMatchObject({ passed: true, value: 90 });
    expect(gate('tempo-share', cases(2))).toMatchObject({ passed: false, value: 80, judges: 'wording' });
  });
});

describe('outside-speech', () => {
  it('measures how much of the dub is heard where the source is silent', () => {
    const cases: Case[] = [
      { id: 'u1', at: [0, 1000], heard: [0, 1000] },
      { id: 'u2', at: [2000, 3000], heard: [2000, 3250] },
    ];
    expect(gate('outside-speech', cases)).toMatchObject({ passed: false, value: 11.1, judges: 'wording' });
    expect(gate('outside-speech', cases.slice(0, 1))).toMatchObject({ passed: true, value: 0 });
    expect(gate('outside-speech', [])).toMatchObject({ passed: true, value: 0 });
  });
});
