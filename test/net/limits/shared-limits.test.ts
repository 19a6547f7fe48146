import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/net/clock.js';
import type { ServiceRates } from '../../../src/net/http.js';
import { createGate } from '../../../src/net/limits/gate.js';
import { createLimiter } from '../../../src/net/limits/limiter.js';
import { machineNow } from '../../../src/net/limits/machine.js';
import { createSharedLimits, type SharedLimits } from '../../../src/net/limits/shared-limits.js';
import { closing, failed, never } from '../support.js';

let folder: string;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dub-limits-'));
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** A process's limits: every call stands for another process that shares the folder. */
function limits(lost: unknown[] = [], at = folder): SharedLimits {
  const own = { limiter: createLimiter(systemClock), gate: createGate() };
  return closing(createSharedLimits(own, { folder: at, onLost: (error) => lost.push(error) }));
}

interface Arrival {
  readonly name: string;
  readonly atMs: number;
  readonly beside: number;
}

/** A server that notes who came when and how many were there together; each answer takes `answerMs`. */
async function counting(answerMs: number, answer: (count: number) => number = () => 200) {
  const arrivals: Arrival[] = [];
  let inside = 0;
  const server = createServer((request, reply) => {
    arrivals.push({ name: String(request.headers['x-name']), atMs: machineNow(), beside: ++inside });
    const status = answer(arrivals.length);
    void wait(answerMs).then(() => {
      inside--;
      reply.writeHead(status, status === 429 ? { 'retry-after': '2' } : {}).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing({
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  });
  return { arrivals, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

function start(script: string, ...args: readonly string[]) {
  const path = fileURLToPath(new URL(`shared/${script}`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  children.add(child);
  const told = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => (told.stdout += String(text)));
  child.stderr.on('data', (text) => (told.stderr += String(text)));
  const ended = new Promise<{ signal: string | null; exit: number | null }>((resolve) =>
    child.on('close', (exit, signal) => {
      children.delete(child);
      resolve({ exit, signal });
    }),
  );
  const ready = new Promise((resolve) => child.stdout.once('data', resolve));
  return { child, told, ended, ready };
}

function ask(name: string, url: string, requests: number, rates: ServiceRates, side = 1) {
  return start('asker.js', JSON.stringify({ folder, url, name, requests, rates, side }));
}

/** Waits until all are ready, then lets all begin. */
async function begin(running: readonly ReturnType<typeof ask>[]): Promise<void> {
  await Promise.all(running.map(({ ready }) => ready));
  for (const { child } of running) child.stdin.write('go\n');
}

/** The most arrivals in any stretch of `ms`. */
function mostWithin(arrivals: readonly Arrival[], ms: number): number {
  return Math.max(
    ...arrivals.map(({ atMs }) => arrivals.filter((one) => one.atMs >= atMs && one.atMs < atMs + ms).length),
  );
}

function countOf(arrivals: readonly Arrival[], name: string): number {
  return arrivals.filter((one) => one.name === name).length;
}

test('eight processes keep to one limit together, fairly, and one that is killed takes nothing with it', async () => {
  const { arrivals, url } = await counting(5);
  const rates = { requestsPerMinute: 1200, concurrency: 4 };
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const running = names.map((name) => ask(name, url, 10, rates, 2));
  await begin(running);
  while (countOf(arrivals, 'a') < 3) await wait(5);
  running[0]!.child.kill('SIGKILL');
  const ends = await Promise.all(running.map(({ ended }) => ended));
  expect(ends.map(({ exit, signal }) => signal ?? exit)).toEqual(['SIGKILL', 0, 0, 0, 0, 0, 0, 0]);
  expect(running.map(({ told }) => told.stderr).join('')).toBe('');
  for (const name of names.slice(1)) expect(countOf(arrivals, name)).toBe(10);
  // A second's share of 1200 a minute.
  expect(mostWithin(arrivals, 1000)).toBeLessThanOrEqual(20);
  expect(Math.max(...arrivals.map(({ beside }) => beside))).toBeLessThanOrEqual(4);
  // When the first is done, all others have had nearly as many turns.
  const others = names.slice(1);
  const firstDone = Math.min(...others.map((name) => arrivals.findLastIndex((one) => one.name === name)));
  const turns = others.map((name) => countOf(arrivals.slice(0, firstDone + 1), name));
  expect(Math.min(...turns)).toBeGreaterThanOrEqual(5);
});

test('a 429 that one process gets holds the others up as well', async () => {
  const { arrivals, url } = await counting(0, (count) => (count === 5 ? 429 : 200));
  const running = ['a', 'b', 'c'].map((name) => ask(name, url, 6, { requestsPerMinute: 600 }));
  await begin(running);
  await Promise.all(running.map(({ ended }) => ended));
  expect(arrivals).toHaveLength(19);
  // Ten a second were allowed; once the answer has been read nobody comes before the two seconds are over.
  const since = (arrival: Arrival) => arrival.atMs - arrivals[4]!.atMs;
  expect(arrivals.filter((arrival) => since(arrival) > 900 && since(arrival) < 2000)).toEqual([]);
});

test('the places of a process that was killed are free for those who wait', async () => {
  const { arrivals, url } = await counting(60_000);
  const holding = ask('holding', url, 2, { concurrency: 2 }, 2);
  await begin([holding]);
  while (arrivals.length < 2) await wait(5);
  const next = limits();
  next.gate.configure('service', 2);
  const entering = next.gate.enter('service', never);
  expect(await Promise.race([entering, wait(300)])).toBeUndefined();
  holding.child.kill('SIGKILL');
  (await entering).leave('ok');
});

test('adding one from eight processes, killed at any moment, never makes the same number twice', async () => {
  const running = Array.from({ length: 8 }, () => start('counter.js', join(folder, 'count'), '60'));
  for (const { child } of running.slice(0, 3)) {
    await wait(150);
    child.kill('SIGKILL');
  }
  await Promise.all(running.map(({ ended }) => ended));
  const numbers = running.flatMap(({ told }) => told.stdout.split('\n').filter((line) => line !== '')).map(Number);
  expect(new Set(numbers).size).toBe(numbers.length);
  const versions = (await readdir(join(folder, 'count'))).filter((name) => !name.startsWith('.')).map(Number);
  expect(versions.length).toBeLessThanOrEqual(20);
  const last = Number(await readFile(join(folder, 'count', String(Math.max(...versions))), 'utf8'));
  expect(last).toBeGreaterThanOrEqual(numbers.length);
});

test('places that one process leaves wake another at once, in the order of asking', async () => {
  const [first, second, third] = [limits(), limits(), limits()];
  for (const one of [first, second, third]) one.gate.configure('k', 1);
  const inside = await first.gate.enter('k', never);
  const order: string[] = [];
  const enter = async (one: SharedLimits, name: string) => {
    const pass = await one.gate.enter('k', never);
    order.push(name);
    return pass;
  };
  const waitingSecond = enter(second, 'second');
  await wait(50);
  const waitingThird = enter(third, 'third');
  await wait(50);
  inside.leave('ok');
  (await waitingSecond).leave('ok');
  (await waitingThird).leave('ok');
  expect(order).toEqual(['second', 'third']);
});

test('whoever gives up waiting for a place leaves the line', async () => {
  const [first, second, third] = [limits(), limits(), limits()];
  for (const one of [first, second, third]) one.gate.configure('k', 1);
  const inside = await first.gate.enter('k', never);
  const controller = new AbortController();
  const given = failed(second.gate.enter('k', controller.signal));
  await wait(50);
  const waiting = third.gate.enter('k', never);
  controller.abort();
  expect((await given).code).toBe('INTERRUPTED');
  inside.leave('ok');
  (await waiting).leave('ok');
});

test('places are halved for all, once for what was under way together, and grow again', async () => {
  const [first, second] = [limits(), limits()];
  for (const one of [first, second]) one.gate.configure('k', 8);
  const passes = [];
  for (const one of [first, second, first, second]) passes.push(await one.gate.enter('k', never));
  for (const pass of passes) pass.leave('busy');
  const next = await second.gate.enter('k', never);
  expect(second.gate.places('k')).toBe(2);
  next.leave('ok');
  for (let count = 0; count < 40; count++) (await first.gate.enter('k', never)).leave('ok');
  await (await first.gate.enter('k', never)).leave('ok');
  expect(first.gate.places('k')).toBe(8);
});

test('a folder that cannot be written is told once, and the process keeps to the limits by itself', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  const lost: unknown[] = [];
  const alone = limits(lost, join(file, 'limits'));
  alone.limiter.configure('k', { requestsPerMinute: 60_000 });
  alone.gate.configure('k', 1);
  const pass = await alone.gate.enter('k', never);
  await alone.limiter.take('k', {}, never);
  alone.limiter.pause('k', 10);
  let entered = false;
  const next = alone.gate.enter('k', never).then((given) => {
    entered = true;
    return given;
  });
  await wait(20);
  expect(entered).toBe(false);
  pass.leave('ok');
  (await next).leave('ok');
  expect(lost).toHaveLength(1);
});

test('damaged, foreign and vanished files are no hindrance', async () => {
  const lost: unknown[] = [];
  const [first, second] = [limits(lost), limits(lost)];
  for (const one of [first, second]) one.limiter.configure('k', { requestsPerMinute: 60_000 });
  await first.limiter.take('k', {}, never);
  const machine = join(folder, (await readdir(folder))[0]!);
  const state = join(machine, (await readdir(machine))[0]!);
  const ahead = { slots: [machineNow() + 1e9], notBefore: 'never', holders: { x: { pid: -1 } }, epoch: null };
  for (const [version, text] of ['{"slots":[', JSON.stringify(ahead), '[]', ''].entries()) {
    await writeFile(join(state, String(50 + version)), text);
    await second.limiter.take('k', {}, never);
  }
  await rm(machine, { recursive: true });
  await first.limiter.take('k', {}, never);
  await second.limiter.take('k', {}, never);
  expect(lost).toEqual([]);
});

test('neither the key nor its name is written down, and nobody else may read the files', async () => {
  const one = limits();
  one.limiter.configure('dashscope host 0123456789ab qwen3-tts-flash', { requestsPerMinute: 600 });
  await one.limiter.take('dashscope host 0123456789ab qwen3-tts-flash', {}, never);
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts = await Promise.all(
    found.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), 'utf8')),
  );
  expect([...found.map(({ name }) => name), ...texts].join('\n')).not.toMatch(/dashscope|qwen|0123456789ab/);
});
