import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Utterance } from '../../../src/domain/script.js';
import { costUnit, endCost, onsetCost, tempoCosts } from '../../../src/stages/align/cost.js';
import { type WordingChoice, type WordingLengths, WordingPlanner } from '../../../src/stages/align/wordings.js';

const options = { maxTempo: 1.25, minGapMs: 100, gridMs: 100 };

function utterance(index: number, startMs: number, endMs: number, speaker = 'A'): Utterance {
  const span = { startMs, endMs };
  return { id: `u${index}`, speaker, text: 'x', slot: span, segmentIds: [], ...span };
}

function planAll(utterances: readonly Utterance[], lengths: readonly (readonly number[])[], given = options) {
  const planner = new WordingPlanner(utterances, given);
  const told: WordingChoice[][] = lengths.map((predictedMs, index) =>
    planner.add({ utteranceId: utterances[index]!.id, predictedMs }),
  );
  return { told, rest: planner.end() };
}

/** Every choice of wordings, starts and lengths on the grid. */
function cheapestByTrying(utterances: readonly Utterance[], lengths: readonly (readonly number[])[]): number {
  const { gridMs, minGapMs, maxTempo } = options;
  const gap = Math.ceil(minGapMs / gridMs);
  const from = (index: number, end: number): number => {
    if (index === utterances.length) return 0;
    const { startMs, endMs } = utterances[index]!;
    let best = Number.POSITIVE_INFINITY;
    const first = Math.max(end + gap, Math.floor((startMs - 300) / gridMs), 0);
    const last = Math.max(first, Math.floor((startMs + 1500) / gridMs));
    for (const [wording, predictedMs] of lengths[index]!.entries()) {
      const tempo = tempoCosts(predictedMs, maxTempo, gridMs);
      const natural = tempo.length - 1;
      const unfilled = 12 * Math.max(0, 1 - predictedMs / Math.max(1, 0.85 * (endMs - startMs))) ** 2;
      const own = costUnit * (unfilled + 0.05 * (lengths[index]!.length - 1 - wording));
      for (let start = first; start <= last; start++) {
        for (let length = Math.min(natural, Math.ceil(predictedMs / maxTempo / gridMs)); length <= natural; length++) {
          const cost =
            own +
            onsetCost(start * gridMs - startMs) +
            tempo[natural - length]! +
            endCost((start + length) * gridMs - endMs);
          if (cost < best) best = Math.min(best, cost + from(index + 1, start + length));
        }
      }
    }
    return best;
  };
  return from(0, Number.NEGATIVE_INFINITY);
}

const film = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 4 }),
      length: fc.integer({ min: 3, max: 9 }),
      wordings: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((lines) => {
    let at = 0;
    return lines.map(({ gap, length, wordings }, index) => {
      const startMs = at + gap * 100;
      at = startMs + length * 100;
      return {
        line: utterance(index, startMs, at),
        lengths: [...wordings].sort((a, b) => a - b).map((cells) => cells * 100),
      };
    });
  });

test('no other choice of wordings is cheaper than the one that is planned', () => {
  fc.assert(
    fc.property(film, (lines) => {
      const utterances = lines.map(({ line }) => line);
      const lengths = lines.map(({ lengths: all }) => all);
      const { told, rest } = planAll(utterances, lengths);
      const chosen = [...told.flat(), ...rest].map(({ index }, at) => lengths[at]![index]!);
      // With the chosen wordings alone the film costs as little, apart from what each costs for not being the fullest.
      const fuller = [...told.flat(), ...rest].reduce((sum, { index }, at) => sum + lengths[at]!.length - 1 - index, 0);
      const planned =
        cheapestByTrying(
          utterances,
          chosen.map((length) => [length]),
        ) +
        fuller * 0.05 * costUnit;
      expect(planned).toBeCloseTo(cheapestByTrying(utterances, lengths), -2);
    }),
    { numRuns: 40 },
  );
});

test('every line is told exactly once, in order, however early', () => {
  fc.assert(
    fc.property(film, (lines) => {
      const { told, rest } = planAll(
        lines.map(({ line }) => line),
        lines.map(({ lengths }) => lengths),
      );
      expect([...told.flat(), ...rest].map(({ utteranceId }) => utteranceId)).toEqual(lines.map(({ line }) => line.id));
    }),
  );
});

test('a line before a long pause is final at once', () => {
  const lines = [utterance(0, 0, 2000), utterance(1, 6000, 8000), utterance(2, 8100, 10_000)];
  const { told } = planAll(lines, [[1100, 2100], [1800, 2900], [1000]]);
  expect(told[0]).toEqual([{ utteranceId: 'u0', index: 1 }]);
  expect(told[2]!.at(-1)).toEqual({ utteranceId: 'u2', index: 0 });
});

test('a shorter wording is taken for the sake of the next line', () => {
  const first = utterance(0, 0, 2000);
  const close = [first, utterance(1, 2100, 4000)];
  const { told, rest } = planAll(close, [[1300, 2250], [1900]]);
  expect([...told.flat(), ...rest][0]).toEqual({ utteranceId: 'u0', index: 0 });
  const alone = planAll([first], [[1300, 2250]]);
  expect([...alone.told.flat(), ...alone.rest][0]!.index).toBe(1);
});

test('of two speakers at once neither waits for the other', () => {
  const lines = [utterance(0, 0, 3000), utterance(1, 1000, 3000, 'B')];
  const { told, rest } = planAll(lines, [
    [2000, 3000],
    [1000, 2000],
  ]);
  expect([...told.flat(), ...rest].map(({ index }) => index)).toEqual([1, 1]);
});

test('lines without wordings are left out', () => {
  const planner = new WordingPlanner([utterance(0, 0, 1000), utterance(1, 1100, 2000)], options);
  const line: WordingLengths = { utteranceId: 'u1', predictedMs: [900] };
  expect([...planner.add(undefined), ...planner.add(line), ...planner.end()]).toEqual([
    { utteranceId: 'u1', index: 0 },
  ]);
});

test('a film of 5,000 lines is planned in order without keeping everything back', () => {
  const lines = Array.from({ length: 5000 }, (_, index) => utterance(index, index * 2600, index * 2600 + 2400));
  const planner = new WordingPlanner(lines, { maxTempo: 1.25, minGapMs: 120 });
  let waiting = 0;
  let most = 0;
  for (const { id } of lines) {
    waiting += 1 - planner.add({ utteranceId: id, predictedMs: [2000, 2500, 2900] }).length;
    most = Math.max(most, waiting);
  }
  expect(waiting).toBe(0);
  expect(most).toBeLessThan(12);
});
