import { describe, expect, it } from 'vitest';
import { chooseLevels } from '../../../src/stages/mix/levels.js';
import type { DubTake } from '../../../src/stages/mix/place.js';

const powerOf = (lufs: number) => 10 ** ((lufs + 0.691) / 10);

/** Lines of two seconds each, five seconds apart, with the level of each. */
function speech(levels: readonly number[]): Float32Array {
  const powers = new Float32Array(levels.length * 100);
  for (const [line, level] of levels.entries()) powers.fill(powerOf(level), line * 100, line * 100 + 40);
  return powers;
}

function takesOf(voices: readonly string[]): DubTake[] {
  return voices.map((voice, line) => {
    const take = {
      utteranceId: `u${line}`,
      path: '',
      sampleRate: 48_000,
      startSample: 0,
      endSample: 96_000,
      durationMs: 2000,
      voice,
      provider: 'p',
    };
    const span = { startMs: line * 5000, endMs: line * 5000 + 2000 };
    return {
      utteranceId: `u${line}`,
      take,
      tempo: 1,
      startFrame: line * 240_000,
      length: 96_000,
      fadeOut: 240,
      span,
      path: '',
    };
  });
}

const levelsOf = (levels: readonly number[], voices = levels.map(() => 'a')) =>
  chooseLevels(takesOf(voices), { centre: undefined, sides: speech(levels) }, []);

describe('the level a take should have', () => {
  it('is that of the source', () => {
    for (const level of levelsOf([-24, -24, -24])) expect(level).toBeCloseTo(-24, 3);
  });

  it('follows slow changes and smooths sudden ones', () => {
    const found = levelsOf([-24, -24, -30, -24, -24, -24]);
    expect(found[2]).toBeGreaterThan(-28);
    expect(found[2]).toBeLessThan(-25);
    expect(found[5]).toBeGreaterThan(-24.5);
  });

  it('is each voice’s own', () => {
    const found = levelsOf([-20, -26, -20, -26], ['a', 'b', 'a', 'b']);
    for (const [line, level] of found.entries()) expect(level).toBeCloseTo(line % 2 === 0 ? -20 : -26, 3);
  });

  it('is never more than 6 dB from the usual', () => {
    const found = levelsOf([-24, -24, -24, -50], ['a', 'a', 'a', 'b']);
    expect(found[3]).toBeCloseTo(-30, 3);
  });

  it('is the usual where the source is silent, and unknown when all of it is', () => {
    expect(levelsOf([-24, -24, -120], ['a', 'a', 'b'])[2]).toBeCloseTo(-24, 3);
    expect(levelsOf([-120, -120])).toEqual([undefined, undefined]);
    expect(levelsOf([])).toEqual([]);
  });

  it('is looked for where the source speaks the line', () => {
    const lines = [{ id: 'u0', startMs: 5000, endMs: 7000 }];
    const [found] = chooseLevels(takesOf(['a']), { centre: undefined, sides: speech([-40, -22]) }, lines);
    expect(found).toBeCloseTo(-22, 3);
  });
});
