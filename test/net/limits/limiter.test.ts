import { expect, test } from 'vitest';
import { createLimiter, type Limiter } from '../../../src/net/limits/limiter.js';
import { type VirtualClock, virtualClock } from '../clocks.js';
import { failed, never } from '../support.js';

/** Takes `count` times at once and notes when each got through. */
function takeMany(limiter: Limiter, clock: VirtualClock, count: number, tokens?: number): number[] {
  const times: number[] = [];
  for (let one = 0; one < count; one++) void limiter.take('m', { tokens }, never).then(() => times.push(clock.now()));
  return times;
}

test("spreads requests over the minute, a second's worth at once", async () => {
  const clock = virtualClock();
  const limiter = createLimiter(clock);
  limiter.configure('m', { requestsPerMinute: 180 });
  const times = takeMany(limiter, clock, 9);
  await clock.advance(3000);
  expect(times.map((time) => Math.round(time))).toEqual([0, 0, 0, 333, 667, 1000, 1333, 1667, 2000]);
});

test('60 a minute is one a second', async () => {
  const clock = virtualClock();
  const limiter = createLimiter(clock);
  limiter.configure('m', { requestsPerMinute: 60 });
  const times = takeMany(limiter, clock, 4);
  await clock.advance(10_000);
  expect(times).toEqual([0, 1000, 2000, 3000]);
});

test('a longer burst lets more go at once and keeps the rate', async () => {
  const clock = virtualClock();
  const limiter = createLimiter(clock);
  limiter.configure('m', { requestsPerMinute: 60, burstMs: 5000 });
  const times = takeMany(limiter, clock, 7);
  await clock.advance(10_000);
  expect(times).toEqual([0, 0, 0, 0, 0, 1000, 2000]);
});

test('counts tokens beside requests, and lets one through that is larger than a burst', async () => {
  const clock = virtualClock();
  const limiter = createLimiter(clock);
  limiter.configure('m', { tokensPerMinute: 60_000, requestsPerMinute: 6000 });
  const times = takeMany(limiter, clock, 3, 4000);
  await clock.advance(60_000);
  // 1000 tokens a second: each leaves 3000 to make up, and a full second's worth to wait for.
  expect(times).toEqual([0, 4000, 8000]);
});

test('lets them through in the order they came, small ones too', async () => {
  const clock = virtualClock();
  const limiter = createLimiter(clock);
  limiter.configure('m', { tokensPerMinute: 60_000 });
  const order: string[] = [];
  for (const [name, tokens] of [
    ['first', 1000],
    ['large', 1000],
    ['small', 1],
  ] as const) {
    void limiter.take('m', { tokens }, never).then(() => order.push(name));
  }
  await clock.advance(500);
  expect(order).toEqual(['first']);
  await clock.advance(2000);
  expect(order).toEqual(['first', 'large', 'small']);
});

test('whoever gives up leaves at once and does not let others jump the line', async () => {
  const clock = virtualClock();
  const limiter = createLimiter(clock);
  limiter.configure('m', { requestsPerMinute: 60 });
  const times = takeMany(limiter, clock, 2);
  const controller = new AbortController();
  const waiting = failed(limiter.take('m', {}, controller.signal));
  const last = takeMany(limiter, clock, 1);
  await clock.advance(100);
  controller.abort();
  expect((await waiting).code).toBe('INTERRUPTED');
  await clock.advance(5000);
  expect([...times, ...last]).toEqual([0, 1000, 2000]);
  expect((await failed(limiter.take('m', {}, AbortSignal.abort()))).code).toBe('INTERRUPTED');
});

test('a pause holds for all of the key, those already waiting too, and for no other key', async () => {
  const clock = virtualClock();
  const limiter = createLimiter(clock);
  limiter.configure('m', { requestsPerMinute: 60 });
  const times = takeMany(limiter, clock, 2);
  await clock.advance(500);
  limiter.pause('m', 5000);
  limiter.pause('m', 10);
  let other = -1;
  void limiter.take('other', {}, never).then(() => {
    other = clock.now();
  });
  await clock.advance(20_000);
  expect(times).toEqual([0, 5500]);
  expect(other).toBe(500);
});

test('a key without rates is not limited, and rates can be changed', async () => {
  const clock = virtualClock();
  const limiter = createLimiter(clock);
  const free = takeMany(limiter, clock, 100);
  await clock.advance(0);
  expect(free).toHaveLength(100);
  limiter.configure('m', { requestsPerMinute: 60 });
  const slow = takeMany(limiter, clock, 3);
  await clock.advance(1000);
  expect(slow).toHaveLength(2);
  limiter.configure('m', {});
  await clock.advance(1000);
  expect(slow).toHaveLength(3);
});

test('never lets more through in any minute than the rate and one burst', async () => {
  const clock = virtualClock();
  const limiter = createLimiter(clock);
  limiter.configure('m', { requestsPerMinute: 100 });
  const times = takeMany(limiter, clock, 500);
  await clock.advance(300_000);
  expect(times).toHaveLength(500);
  for (const start of times) {
    const inMinute = times.filter((time) => time >= start && time < start + 60_000).length;
    expect(inMinute).toBeLessThanOrEqual(102);
  }
});
