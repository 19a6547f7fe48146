import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type HeardTake,
  hearTake,
  learnPace,
  predictMs,
  unitsWithin,
  unknownPace,
} from '../../src/domain/spoken/pace.js';

const text = 'The quick brown fox jumps over the lazy dog, and nobody minds.';

function takesAt(factor: number, count: number): HeardTake[] {
  return Array.from({ length: count }, (_, index) => {
    const wobble = 1 + 0.05 * Math.sin(index * 7);
    return { ...hearTake(text, 'en', 0), durationMs: predictMs(text, 'en', unknownPace) * factor * wobble };
  });
}

test('a voice is learned from its takes, and surer with every one', () => {
  const few = learnPace(takesAt(1.3, 2), 'en');
  const many = learnPace(takesAt(1.3, 60), 'en');
  expect(many.factor).toBeCloseTo(1.3, 1);
  expect(Math.abs(few.factor - 1.3)).toBeLessThan(0.15);
  expect(many.spread).toBeLessThan(few.spread);
  expect(few.spread).toBeLessThan(unknownPace.spread);
});

test('slips of the engine do not count', () => {
  const wild = [...takesAt(1.2, 20), ...takesAt(9, 3), ...takesAt(0.05, 2)];
  expect(learnPace(wild, 'en').factor).toBeCloseTo(learnPace(takesAt(1.2, 20), 'en').factor, 1);
});

test('very short takes say nothing of a voice', () => {
  expect(learnPace([{ units: 2, pauses: 0, durationMs: 5000 }], 'en')).toEqual(unknownPace);
});

test('the order of takes does not matter, and what fills a time takes about that time', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          units: fc.integer({ min: 4, max: 60 }),
          pauses: fc.nat(3),
          durationMs: fc.integer({ min: 1, max: 60_000 }),
        }),
      ),
      (heard) => {
        expect(learnPace([...heard].reverse(), 'es')).toEqual(learnPace(heard, 'es'));
      },
    ),
  );
  const pace = learnPace(takesAt(0.8, 30), 'en');
  const units = unitsWithin(6000, 'en', pace);
  const words = Array.from({ length: units }, () => 'word').join(' ');
  expect(predictMs(words, 'en', pace) / 6000).toBeCloseTo(0.92, 1);
});
