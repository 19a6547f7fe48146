import { describe, expect, it } from 'vitest';
import { type BedExpectation, bedGates } from '../../../src/stages/check/bed-gates.js';
import type { LineSound } from '../../../src/stages/check/bed-listening.js';

const line = (utteranceId: string, underDb: number | undefined, levelLufs = -20, speaker = 'A'): LineSound => ({
  ...{ utteranceId, speaker, underDb, levelLufs },
});

function judge(lines: readonly LineSound[], elsewhereDb: readonly number[], expected: Partial<BedExpectation> = {}) {
  const gates = bedGates({ lines, elsewhereDb }, { bed: 'duck', duckDb: -20, gainDb: 0, ...expected });
  return Object.fromEntries(gates.map(({ name, passed, value, detail }) => [name, { passed, value, detail }]));
}

describe('bedGates', () => {
  it('counts everything against the gain of the whole mix', () => {
    const found = judge([line('u1', -14), line('u2', -15)], [6, 6.1, 5.9], { gainDb: 6 });
    expect(found.leakage).toEqual({
      passed: true,
      value: -20,
      detail: 'The original is at least 20 dB down under 2 lines.',
    });
    expect(found['bed-level']).toMatchObject({ passed: true, value: 0 });
  });

  it('finds a bed that is lower everywhere, and one that is lower here and there', () => {
    expect(judge([], [-6, -6, -6.1])['bed-level']).toEqual({
      passed: false,
      value: -6,
      detail: 'Away from the lines the original is 6 dB lower, but off by over 3 dB in 3 of 3 blocks.',
    });
    const partly = judge([], [...new Array(8).fill(0), -20, -20])['bed-level'];
    expect(partly).toMatchObject({ passed: false, value: 0 });
  });

  it('holds a bed that was asked to be louder to what was asked', () => {
    expect(judge([line('u1', -6)], [], { duckDb: -6 }).leakage!.passed).toBe(true);
    expect(judge([line('u1', -1)], [], { duckDb: -6 }).leakage!.passed).toBe(false);
  });

  it('asks of each kind of bed what it can be asked', () => {
    const names = (bed: BedExpectation['bed']) => Object.keys(judge([line('u1', -20)], [0], { bed }));
    expect(names('duck')).toEqual(['leakage', 'bed-level', 'line-level']);
    expect(names('keep')).toEqual(['bed-level', 'line-level']);
    expect(names('mute')).toEqual(['leakage', 'line-level']);
    expect(names('separate')).toEqual(['line-level']);
  });

  it('compares the level of a line with the same speaker only', () => {
    const lines = [line('u1', -20, -20), line('u2', -20, -21), line('u3', -20, -30, 'B'), line('u4', -20, -31, 'B')];
    expect(judge(lines, [])['line-level']!.passed).toBe(true);
    expect(judge([...lines, line('u5', -20, -29)], [])['line-level']).toMatchObject({
      passed: false,
      detail: "Lines stand out from their speaker's others: u5 by -8 LU.",
    });
  });

  it('says when there is nothing to tell by', () => {
    const { leakage, 'bed-level': level } = judge([line('u1', undefined)], []);
    expect(leakage).toMatchObject({ passed: true, value: undefined });
    expect(level).toMatchObject({ passed: true, value: undefined });
  });
});
