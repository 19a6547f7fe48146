import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchByScene } from '../../../src/stages/translate/batches.js';

/** Lines of a second each, with these pauses (ms) before them. */
function linesWith(pauses: readonly number[], text = 'ten signs.') {
  let at = 0;
  return pauses.map((pause) => {
    const startMs = at + pause;
    at = startMs + 1000;
    return { text, startMs, endMs: at };
  });
}

const sizes = (pauses: readonly number[], maxLines: number, maxChars = 10_000) =>
  batchByScene(linesWith(pauses), { maxLines, maxChars }, (line) => line).map(({ length }) => length);

describe('batches', () => {
  it('begin small, so that the first voice is asked for early, and double up to the limit', () => {
    expect(sizes(Array(70).fill(200), 24)).toEqual([6, 12, 24, 24, 4]);
    expect(sizes(Array(4).fill(200), 24)).toEqual([4]);
  });

  it('end at the longest pause of their last part', () => {
    const pauses = Array.from({ length: 30 }, (_, index) => ({ 4: 3000, 13: 9000, 11: 2000, 25: 4000 })[index] ?? 200);
    expect(sizes(pauses, 12)).toEqual([4, 9, 12, 5]);
  });

  it('keep to the characters, and send a line that is too long by itself alone', () => {
    expect(sizes(Array(6).fill(0), 24, 25)).toEqual([2, 2, 2]);
    expect(sizes(Array(3).fill(0), 24, 5)).toEqual([1, 1, 1]);
  });

  it('hold every line once, in order, within the limits', () => {
    const pause = fc.integer({ min: -500, max: 8000 });
    fc.assert(
      fc.property(fc.array(pause, { maxLength: 120 }), fc.integer({ min: 1, max: 30 }), (pauses, maxLines) => {
        const lines = linesWith(pauses);
        const batches = batchByScene(lines, { maxLines, maxChars: 95 }, (line) => line);
        expect(batches.flat()).toEqual(lines);
        for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(Math.min(maxLines, 9));
        expect(batches.every((batch) => batch.length > 0)).toBe(true);
      }),
    );
  });
});
