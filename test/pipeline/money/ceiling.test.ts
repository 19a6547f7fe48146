import { expect, it } from 'vitest';
import { Ceiling } from '../../../src/pipeline/money/ceiling.js';

const { signal } = new AbortController();

/** Whether a promise has settled by the time everything that is ready has run. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const still = Symbol('still');
  promise.catch(() => undefined);
  const next = new Promise((resolve) => setImmediate(() => resolve(still)));
  return (await Promise.race([promise.catch(() => 0), next])) === still;
}

it('counts what calls in flight may cost, and lets a call wait for one that turns out cheaper', async () => {
  const ceiling = new Ceiling(1, 'CNY');
  const first = await ceiling.reserve(0.6, 'a', signal);
  const second = ceiling.reserve(0.6, 'b', signal);
  // It cannot fit beside 0.6, but it can beside what the first one may turn out to cost.
  expect(await isPending(second)).toBe(true);
  first.settle(0.1);
  (await second).settle(0.6);
  expect(ceiling.spent).toBeCloseTo(0.7, 9);
});

it('refuses when nothing in flight can make room, and everything after it', async () => {
  const ceiling = new Ceiling(1, 'CNY');
  const first = await ceiling.reserve(0.6, 'a', signal);
  const second = ceiling.reserve(0.6, 'synthesize, line u2, qwen', signal);
  expect(await isPending(second)).toBe(true);
  first.settle(0.6);
  await expect(second).rejects.toMatchObject({
    code: 'COST_LIMIT',
    message:
      'Stopped at the ceiling: 0.600 CNY of --max-cost 1.00 CNY is spent, and the next call (synthesize, line u2, qwen) may cost up to 0.600 CNY.',
  });
  await expect(ceiling.reserve(0.01, 'c', signal)).rejects.toMatchObject({ code: 'COST_LIMIT' });
});

it('lets what is in flight finish before it refuses: that is paid for', async () => {
  const ceiling = new Ceiling(1, 'CNY');
  const first = await ceiling.reserve(0.5, 'a', signal);
  const tooDear = ceiling.reserve(2, 'b', signal);
  expect(await isPending(tooDear)).toBe(true);
  first.settle(0.5);
  await expect(tooDear).rejects.toMatchObject({ code: 'COST_LIMIT' });
});

it('a call that may have been billed counts, one that surely was not does not', async () => {
  const ceiling = new Ceiling(1, 'CNY');
  (await ceiling.reserve(0.5, 'a', signal)).keep();
  (await ceiling.reserve(0.5, 'b', signal)).release();
  expect(ceiling.spent).toBe(0.5);
});

it('never lets reservations side by side exceed it', async () => {
  const ceiling = new Ceiling(1, 'CNY');
  const holds = await Promise.allSettled(
    Array.from({ length: 50 }, async (_, index) => {
      const hold = await ceiling.reserve(0.09, String(index), signal);
      await new Promise((resolve) => setImmediate(resolve));
      hold.settle(0.09);
    }),
  );
  expect(holds.filter(({ status }) => status === 'fulfilled')).toHaveLength(11);
  expect(ceiling.spent).toBeCloseTo(0.99, 9);
});

it('an interruption ends the waiting', async () => {
  const controller = new AbortController();
  const ceiling = new Ceiling(1, 'CNY');
  await ceiling.reserve(1, 'a', signal);
  const waiting = ceiling.reserve(0.5, 'b', controller.signal);
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
});
