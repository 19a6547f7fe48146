import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shareTime } from '../../../src/stages/transcribe/share-time.js';

test('one sentence has all of the speech', () => {
  const speech = [
    { startMs: 100, endMs: 900 },
    { startMs: 1500, endMs: 2000 },
  ];
  expect(shareTime([12], speech)).toEqual([{ startMs: 100, endMs: 2000 }]);
});

test('speech without a pause is shared by length', () => {
  expect(shareTime([10, 30], [{ startMs: 1000, endMs: 5000 }])).toEqual([
    { startMs: 1000, endMs: 2000 },
    { startMs: 2000, endMs: 5000 },
  ]);
});

test('a boundary near a pause moves to it, and the pause belongs to nobody', () => {
  const speech = [
    { startMs: 0, endMs: 2300 },
    { startMs: 3000, endMs: 5000 },
  ];
  expect(shareTime([20, 20], speech)).toEqual([
    { startMs: 0, endMs: 2300 },
    { startMs: 3000, endMs: 5000 },
  ]);
});

test('a pause within a sentence stays within it', () => {
  const speech = [
    { startMs: 0, endMs: 500 },
    { startMs: 1000, endMs: 4500 },
  ];
  const [first, second] = shareTime([20, 20], speech);
  expect(first).toEqual({ startMs: 0, endMs: 2500 });
  expect(second).toEqual({ startMs: 2500, endMs: 4500 });
});

test('spans are in order, have a length, and begin and end with the speech', () => {
  const stretch = fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 50, max: 9000 }));
  const lengths = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.array(stretch, { minLength: 1, maxLength: 10 }), lengths, (stretches, sentences) => {
      let at = 0;
      const speech = stretches.map(([gap, length]) => {
        const startMs = at + gap;
        at = startMs + length;
        return { startMs, endMs: at };
      });
      const spans = shareTime(sentences, speech);
      expect(spans).toHaveLength(sentences.length);
      expect(spans[0]!.startMs).toBe(speech[0]!.startMs);
      let last = 0;
      for (const { startMs, endMs } of spans) {
        expect(startMs).toBeGreaterThanOrEqual(last);
        expect(endMs).toBeGreaterThan(startMs);
        last = endMs;
      }
    }),
  );
});
