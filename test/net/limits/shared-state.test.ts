import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasEnded, machineName, machineNow, thisProcess } from '../../../src/net/limits/machine.js';
import {
  afterEnd,
  hasPlace,
  isFree,
  parseState,
  reserve,
  type SharedState,
  withHolder,
  withLate,
} from '../../../src/net/limits/shared-state.js';

const fresh = parseState(undefined, 0);
const gap = fc.double({ min: 0, max: 2000, noNaN: true });

function holder(running: number, ticket?: number) {
  return { ...thisProcess(), until: 1e6, running, ticket };
}

describe('reserved slots', () => {
  it('never hold more than a second allows, nor a minute, whenever they are asked for', () => {
    const rate = fc.constantFrom(10, 60, 100, 180, 600, 1201, 30_000);
    fc.assert(
      fc.property(rate, fc.array(gap, { minLength: 50, maxLength: 400 }), (requestsPerMinute, gaps) => {
        let [state, now]: [SharedState, number] = [fresh, 0];
        const slots: number[] = [];
        for (const ms of gaps) {
          now += ms / 10;
          const { slot, next } = reserve(state, { requestsPerMinute }, {}, now);
          slots.push(slot);
          state = next!;
        }
        expect(slots).toEqual(slots.toSorted((a, b) => a - b));
        for (const [windowMs, most] of [
          [1000, Math.max(1, Math.ceil(requestsPerMinute / 60))],
          [60_000, requestsPerMinute],
        ] as const) {
          let first = 0;
          for (const [last, slot] of slots.entries()) {
            while (slots[first]! <= slot - windowMs) first++;
            expect(last - first + 1).toBeLessThanOrEqual(most);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('come together at the beginning, and evenly in a long run', () => {
    let state = fresh;
    const slots = Array.from({ length: 8 }, () => {
      const { slot, next } = reserve(state, { requestsPerMinute: 180 }, {}, 0);
      state = next!;
      return Math.round(slot);
    });
    expect(slots).toEqual([0, 0, 0, 1040, 1387, 1733, 2080, 2427]);
  });

  it('lose no more of the rate than the margin', () => {
    let state = fresh;
    let last = 0;
    for (let request = 0; request < 1800; request++) {
      const { slot, next } = reserve(state, { requestsPerMinute: 180 }, {}, last);
      [state, last] = [next!, slot];
    }
    expect(last).toBeLessThan(600_000 * 1.045);
  });

  it('keep tokens to their rate, and let one through that is larger than a burst', () => {
    let state = fresh;
    const slots = [0, 1, 2].map(() => {
      const { slot, next } = reserve(state, { tokensPerMinute: 60_000 }, { tokens: 4000 }, 0);
      state = next!;
      return Math.round(slot);
    });
    expect(slots).toEqual([0, 4160, 8320]);
  });

  it('begin after a pause, one after the other', () => {
    let state: SharedState = { ...fresh, notBefore: 5000 };
    const slots = [0, 0, 0].map((now) => {
      const { slot, next } = reserve(state, { requestsPerMinute: 60 }, {}, now);
      state = next!;
      return Math.round(slot);
    });
    expect(slots).toEqual([5000, 6040, 7080]);
  });

  it('are not free when the one before went late', () => {
    const rates = { requestsPerMinute: 60 };
    const first = reserve(fresh, rates, {}, 0);
    const second = reserve(first.next!, rates, {}, 0);
    expect(isFree(second.next!, rates, second.slot, second.slot)).toBe(true);
    const late = withLate(second.next!, first.slot, 400);
    expect(isFree(late, rates, second.slot, second.slot)).toBe(false);
    expect(isFree(late, rates, second.slot, 1401)).toBe(true);
  });
});

describe('places', () => {
  it('go to who asked first, and to others only when there is one for everybody ahead', () => {
    const state = withHolder(withHolder(withHolder(fresh, 'a', holder(2)), 'b', holder(0, 1)), 'c', holder(0, 2));
    expect(['b', 'c', 'd'].map((name) => hasPlace(state, name, 3))).toEqual([true, false, false]);
    expect(['b', 'c', 'd'].map((name) => hasPlace(state, name, 4))).toEqual([true, true, false]);
    expect(['b', 'c', 'd'].map((name) => hasPlace(state, name, 5))).toEqual([true, true, true]);
  });

  it('are halved once for what was under way together, never below one, and grow to what was configured', () => {
    let state = withHolder(fresh, 'a', holder(6));
    state = afterEnd(afterEnd(state, 'busy', 0, 8), 'busy', 0, 8);
    expect(state).toMatchObject({ places: 3, epoch: 1 });
    for (let end = 0; end < 60; end++) state = afterEnd(state, 'ok', 1, 8);
    expect(state.places).toBeUndefined();
    const alone = withHolder(fresh, 'a', holder(1));
    expect(afterEnd(alone, 'busy', 0, 8).places).toBe(1);
  });
});

describe('what others left', () => {
  it('is read as it was written, and as nothing when it is damaged or of an earlier start', () => {
    const state = withHolder(reserve(fresh, { requestsPerMinute: 60 }, {}, 500).next!, 'a', holder(1, 4));
    expect(parseState(JSON.parse(JSON.stringify(state)), 500)).toEqual(state);
    expect(parseState({ ...state, slots: [9e9], notBefore: 9e9, earnedAt: 9e9, holders: [] }, 500)).toEqual(fresh);
    fc.assert(
      fc.property(fc.jsonValue(), (json) => void reserve(parseState(json, 500), { requestsPerMinute: 60 }, {}, 500)),
    );
  });

  it('tells a process that has ended from one that lives, also under the same number', () => {
    const self = thisProcess();
    expect(hasEnded(self)).toBe(false);
    expect(hasEnded({ ...self, pid: 2 ** 22 + 1 })).toBe(true);
    if (self.started !== undefined) expect(hasEnded({ ...self, started: `${self.started}1` })).toBe(true);
    // Of another space nothing can be said: its lease decides.
    expect(hasEnded({ ...self, pid: 2 ** 22 + 1, space: 'pid:[1]' })).toBe(false);
  });

  it('goes by a clock that setting the time does not move', () => {
    const before = machineNow();
    const now = Date.now;
    Date.now = () => 0;
    try {
      expect(machineNow()).toBeGreaterThanOrEqual(before);
      expect(machineNow() - before).toBeLessThan(60_000);
    } finally {
      Date.now = now;
    }
    expect(machineName()).toMatch(/^[0-9a-f]{12}$/);
  });
});
