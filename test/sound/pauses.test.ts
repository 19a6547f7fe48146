import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutAtPauses, findSpeech } from '../../src/sound/pauses.js';

const blockMs = 50;

/** Powers of stretches `[seconds, dB]` one after the other. */
function sound(...stretches: readonly (readonly [seconds: number, db: number])[]): Float32Array {
  return Float32Array.from(
    stretches.flatMap(([seconds, db]) => Array<number>(Math.round((seconds * 1000) / blockMs)).fill(10 ** (db / 10))),
  );
}

const options = { idealMs: 20_000, longestMs: 40_000 };

describe('pieces', () => {
  it('are none in silence', () => {
    expect(cutAtPauses(sound([60, -90]), blockMs, options)).toEqual([]);
    expect(cutAtPauses(new Float32Array(0), blockMs, options)).toEqual([]);
  });

  it('leave long silence out but for half a second on either side', () => {
    const pieces = cutAtPauses(sound([10, -90], [5, -20], [30, -90], [6, -20], [10, -90]), blockMs, options);
    expect(pieces).toEqual([
      { startMs: 9500, endMs: 15_500 },
      { startMs: 44_500, endMs: 51_500 },
    ]);
  });

  it('are cut in the middle of the pause that is nearest to the ideal length', () => {
    const pieces = cutAtPauses(sound([18, -20], [0.5, -60], [19, -20], [0.5, -60], [18, -20]), blockMs, options);
    expect(pieces).toHaveLength(3);
    expect(Math.abs(pieces[0]!.endMs - 18_250)).toBeLessThanOrEqual(100);
    expect(Math.abs(pieces[1]!.endMs - 37_750)).toBeLessThanOrEqual(100);
  });

  it('are cut where a noisy place is least loud', () => {
    const pieces = cutAtPauses(sound([21, -30], [0.4, -38], [30, -30]), blockMs, options);
    expect(Math.abs(pieces[0]!.endMs - 21_200)).toBeLessThanOrEqual(100);
  });

  it('join a word by itself to what is near', () => {
    const pieces = cutAtPauses(sound([6, -20], [2.5, -90], [0.5, -20], [20, -90]), blockMs, options);
    expect(pieces).toEqual([{ startMs: 0, endMs: 9500 }]);
  });

  it('never overlap, never exceed their limit, and hold all that is loud', () => {
    const stretch = fc.tuple(fc.double({ min: 0.1, max: 60, noNaN: true }), fc.constantFrom(-15, -25, -40, -75, -110));
    const limits = fc.constantFrom({ idealMs: 20_000, longestMs: 40_000 }, { idealMs: 3000, longestMs: 3000 });
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 12 }), limits, (stretches, given) => {
        const powers = sound(...stretches);
        const pieces = cutAtPauses(powers, blockMs, given);
        let last = 0;
        for (const { startMs, endMs } of pieces) {
          expect(startMs).toBeGreaterThanOrEqual(last);
          expect(endMs).toBeGreaterThan(startMs);
          expect(endMs - startMs).toBeLessThanOrEqual(given.longestMs);
          expect(endMs).toBeLessThanOrEqual(powers.length * blockMs);
          last = endMs;
        }
        powers.forEach((power, block) => {
          const at = block * blockMs;
          const held = pieces.some(({ startMs, endMs }) => startMs <= at && at + blockMs <= endMs);
          if (power > 10 ** -4.1) expect(held).toBe(true);
        });
      }),
    );
  });
});

describe('speech in a piece', () => {
  it('is between its pauses, on the clock of the whole', () => {
    const powers = sound([5, -90], [2, -20], [0.6, -55], [1.5, -22], [5, -90]);
    expect(findSpeech(powers, blockMs, { startMs: 4500, endMs: 9600 })).toEqual([
      { startMs: 5000, endMs: 7000 },
      { startMs: 7600, endMs: 9100 },
    ]);
  });

  it('goes on over a breath', () => {
    const powers = sound([2, -20], [0.2, -60], [2, -20], [1, -60]);
    expect(findSpeech(powers, blockMs, { startMs: 0, endMs: 5200 })).toEqual([{ startMs: 0, endMs: 4200 }]);
  });

  it('is all of a piece whose level hardly changes', () => {
    expect(findSpeech(sound([8, -20]), blockMs, { startMs: 1000, endMs: 7000 })).toEqual([
      { startMs: 1000, endMs: 7000 },
    ]);
  });
});
