import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Script } from '../../src/domain/script.js';
import { onsetBlockMs, snapOnsets } from '../../src/stages/segment/onsets.js';

function script(...spans: readonly (readonly [number, number])[]): Script {
  return {
    language: 'en',
    utterances: spans.map(([startMs, endMs], index) => ({
      ...{ id: `u${index}`, speaker: 'A', text: 'x', startMs, endMs, slot: { startMs, endMs }, segmentIds: [] },
    })),
  };
}

/** Speech at -20 dB within the spans, silence at -70 dB elsewhere. */
function levels(lengthMs: number, ...loud: readonly (readonly [number, number])[]): Float32Array {
  return Float32Array.from({ length: lengthMs / onsetBlockMs }, (_, at) => {
    const isLoud = loud.some(([from, to]) => at * onsetBlockMs >= from && at * onsetBlockMs < to);
    return isLoud ? 1e-2 * (1 + 0.5 * Math.sin(at)) : 1e-7;
  });
}

const starts = ({ utterances }: Script) => utterances.map(({ startMs }) => startMs);

test('a start that swallowed silence moves to the speech, a little before it', () => {
  expect(starts(snapOnsets(script([1000, 4000]), levels(5000, [1400, 4000])))).toEqual([1380]);
});

test('a start in the middle of sound stays, and so does one that is nearly right', () => {
  expect(starts(snapOnsets(script([1000, 4000]), levels(5000, [500, 4000])))).toEqual([1000]);
  expect(starts(snapOnsets(script([1000, 4000]), levels(5000, [1040, 4000])))).toEqual([1000]);
});

test('silence longer than a slip of the recogniser is left to it', () => {
  expect(starts(snapOnsets(script([1000, 4000]), levels(5000, [2000, 4000])))).toEqual([1000]);
});

test('a click before the speech is no onset', () => {
  expect(starts(snapOnsets(script([1000, 4000]), levels(5000, [1100, 1110], [1500, 4000])))).toEqual([1480]);
});

test('over steady noise nothing is moved', () => {
  expect(starts(snapOnsets(script([1000, 4000]), new Float32Array(500).fill(1e-3)))).toEqual([1000]);
});

test('starts only move forward, by 600 ms at most, and lines keep their order and their ends', () => {
  const line = fc.record({ gap: fc.nat(500), length: fc.integer({ min: 1, max: 3000 }) });
  const powers = fc.array(fc.constantFrom(1e-7, 1e-5, 1e-2), { minLength: 0, maxLength: 900 });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), powers, (lines, given) => {
      let at = 0;
      const spans = lines.map(({ gap, length }): [number, number] => {
        at += gap;
        return [at, at + length];
      });
      const before = script(...spans);
      const after = snapOnsets(before, Float32Array.from(given));
      for (const [index, { id, startMs, endMs }] of after.utterances.entries()) {
        const was = before.utterances[index]!;
        expect({ id, endMs }).toEqual({ id: was.id, endMs: was.endMs });
        expect(startMs - was.startMs).toBeGreaterThanOrEqual(0);
        expect(startMs - was.startMs).toBeLessThanOrEqual(600);
      }
    }),
  );
});
