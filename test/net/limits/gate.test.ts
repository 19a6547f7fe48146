import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createGate, type Gate, type Pass } from '../../../src/net/limits/gate.js';
import { virtualClock } from '../clocks.js';
import { client, failed, never, server } from '../support.js';

async function enterMany(gate: Gate, count: number): Promise<Pass[]> {
  return Promise.all(Array.from({ length: count }, () => gate.enter('k', never)));
}

test('lets no more in than there are places, in the order they came', async () => {
  const gate = createGate();
  gate.configure('k', 2);
  const inside = await enterMany(gate, 2);
  const order: number[] = [];
  const waiting = [1, 2, 3].map((name) => enterAs(name));
  async function enterAs(name: number): Promise<Pass> {
    const pass = await gate.enter('k', never);
    order.push(name);
    return pass;
  }
  await wait(0);
  expect(order).toEqual([]);
  inside[0]?.leave('failed');
  inside[0]?.leave('failed');
  await waiting[0];
  await wait(0);
  expect(order).toEqual([1]);
  inside[1]?.leave('ok');
  (await waiting[0])?.leave('ok');
  await Promise.all(waiting);
  expect(order).toEqual([1, 2, 3]);
});

test('halves once for all that were under way together, never below one', async () => {
  const gate = createGate();
  gate.configure('k', 8);
  for (const pass of await enterMany(gate, 8)) pass.leave('busy');
  expect(gate.places('k')).toBe(4);
  for (const expected of [2, 1, 1]) {
    const inside = await enterMany(gate, gate.places('k'));
    for (const pass of inside) pass.leave('busy');
    expect(gate.places('k')).toBe(expected);
  }
});

test('grows by one after as many successes as there are places, never above what was configured', async () => {
  const gate = createGate();
  gate.configure('k', 3);
  for (const pass of await enterMany(gate, 2)) pass.leave('busy');
  const seen: number[] = [];
  for (let call = 0; call < 8; call++) {
    seen.push(gate.places('k'));
    (await gate.enter('k', never)).leave('ok');
  }
  expect(seen).toEqual([1, 2, 2, 2, 3, 3, 3, 3]);
});

test('a gate that was not configured shrinks to half of what was running', async () => {
  const gate = createGate();
  for (const pass of await enterMany(gate, 10)) pass.leave('busy');
  expect(gate.places('k')).toBe(5);
});

test('fewer places hold for new ones only; more places let the waiting in', async () => {
  const gate = createGate();
  gate.configure('k', 2);
  const inside = await enterMany(gate, 2);
  gate.configure('k', 1);
  let entered = 0;
  const waiting = [0, 0].map(() => gate.enter('k', never).then(() => entered++));
  inside[0]?.leave('ok');
  await wait(0);
  expect(entered).toBe(0);
  gate.configure('k', 3);
  await Promise.all(waiting);
  expect(entered).toBe(2);
});

test('whoever gives up leaves the line', async () => {
  const gate = createGate();
  gate.configure('k', 1);
  const [inside] = await enterMany(gate, 1);
  const controller = new AbortController();
  const given = failed(gate.enter('k', controller.signal));
  const next = gate.enter('k', never);
  controller.abort();
  expect((await given).code).toBe('INTERRUPTED');
  expect((await failed(gate.enter('k', controller.signal))).code).toBe('INTERRUPTED');
  inside?.leave('ok');
  await next;
});

test('a server that bears three at a time is found out, and all requests succeed', async () => {
  let running = 0;
  let most = 0;
  let refused = 0;
  const { url } = await server(async () => {
    running++;
    most = Math.max(most, running);
    const busy = running > 3;
    if (busy) refused++;
    await wait(busy ? 1 : 15);
    running--;
    return { status: busy ? 429 : 200 };
  });
  const http = client({ retry: { attempts: 20 } });
  http.limit('tts', { concurrency: 12 });
  const request = { url, body: { json: 1 }, limiter: { key: 'tts' } };
  await Promise.all(Array.from({ length: 60 }, () => http.request(request, never)));
  expect(most).toBeGreaterThan(3);
  expect(refused).toBeLessThan(45);
  expect(http.gate.places('tts')).toBeLessThanOrEqual(6);
});

test('no more than the configured number reach the server at once', async () => {
  let running = 0;
  let most = 0;
  const { url } = await server(async () => {
    most = Math.max(most, ++running);
    await wait(10);
    running--;
    return {};
  });
  const http = client();
  http.limit('asr', { concurrency: 4 });
  await Promise.all(Array.from({ length: 20 }, () => http.request({ url, limiter: { key: 'asr' } }, never)));
  expect(most).toBe(4);
});

test('a told wait holds for the others of the same key', async () => {
  const { url, requests } = await server([{ status: 429, headers: { 'retry-after': '30' } }, {}, {}]);
  const clock = virtualClock();
  const http = client({ clock, random: () => 0 });
  http.limit('m', { concurrency: 1 });
  const both = Promise.all([0, 1].map(() => http.request({ url, limiter: { key: 'm' } }, never)));
  while (requests.length === 0) await wait(5);
  await wait(50);
  await clock.advance(29_999);
  await wait(50);
  expect(requests).toHaveLength(1);
  await clock.advance(1);
  await both;
  expect(requests).toHaveLength(3);
});

test('giving up while waiting for the rate gives the place back', async () => {
  const { url } = await server(() => ({}));
  const http = client({ clock: virtualClock() });
  http.limit('m', { requestsPerMinute: 1, concurrency: 1 });
  const request = { url, limiter: { key: 'm' } };
  await http.request(request, never);
  const controller = new AbortController();
  const waiting = failed(http.request(request, controller.signal));
  await wait(10);
  controller.abort();
  expect((await waiting).code).toBe('INTERRUPTED');
  (await http.gate.enter('m', never)).leave('ok');
});
