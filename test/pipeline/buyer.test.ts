import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DubError } from '../../src/errors.js';
import { type Cashier, createBuyer } from '../../src/pipeline/buyer.js';
import { noNotes } from '../../src/providers/contract.js';
import type { WantedLine } from '../../src/stages/context.js';
import { hashValue } from '../../src/workspace/hash.js';
import { openContentStore, recordPath } from '../../src/workspace/store.js';
import { buyerIn } from '../support/buyers.js';
import { makeFolder, removeFolder } from '../support/media.js';

let folder: string;

beforeEach(async () => {
  folder = await makeFolder();
});

afterEach(() => removeFolder(folder));

const notes = { warnings: [], units: [{ unit: 'call', count: 1 }], requestIds: ['r1'] } as const;

function purchase(text: string, call: () => Promise<object> = async () => ({})) {
  const key = { text };
  return {
    ...{ stage: 'transcribe', provider: 'test', key, estimate: [], utteranceIds: ['u1'] },
    call: async () => ({ text, ...notes, ...(await call()) }),
  };
}

/** A cashier that writes down what it is told. */
function recordingCashier(): { readonly told: string[]; readonly cashier: Cashier } {
  const told: string[] = [];
  const cashier: Cashier = {
    async reserve({ utteranceIds }) {
      told.push(`reserve ${utteranceIds?.join()}`);
      return {
        settle: async ({ requestIds }) => void told.push(`settle ${requestIds.join()}`),
        fail: async (error) => void told.push(`fail ${(error as DubError).code}`),
      };
    },
    kept: (facts, earlier) => void told.push(`kept ${facts.utteranceIds?.join()} ${earlier?.requestIds.join()}`),
  };
  return { told, cashier };
}

describe('a buyer', () => {
  it('buys once, also when several want it at the same time, and tells the cashier', async () => {
    const { told, cashier } = recordingCashier();
    const { signal } = new AbortController();
    const buyer = createBuyer({ store: openContentStore(folder), cashier, signal });
    let calls = 0;
    const order = purchase('one', async () => ({ calls: ++calls }));
    const replies = await Promise.all([buyer.buy(order), buyer.buy(order), buyer.buy(order)]);
    expect(calls).toBe(1);
    expect(replies.map(({ reply }) => reply.text)).toEqual(['one', 'one', 'one']);
    expect(replies.filter(({ kept }) => kept)).toHaveLength(2);
    expect(told).toEqual(['reserve u1', 'settle r1', 'kept u1 r1', 'kept u1 r1']);
  });

  it('keeps nothing of a call that failed, and says so to the cashier', async () => {
    const { told, cashier } = recordingCashier();
    const { signal } = new AbortController();
    const buyer = createBuyer({ store: openContentStore(folder), cashier, signal });
    const failing = purchase('one', () => Promise.reject(new DubError('PROVIDER_BUSY', 'Later.')));
    await expect(buyer.buy(failing)).rejects.toMatchObject({ code: 'PROVIDER_BUSY' });
    expect(told).toEqual(['reserve u1', 'fail PROVIDER_BUSY']);
    expect((await buyer.buy(purchase('one'))).kept).toBe(false);
  });

  it('makes no call that the cashier forbids', async () => {
    const cashier: Cashier = {
      reserve: () => Promise.reject(new DubError('PROVIDER_QUOTA', 'No.')),
      kept: () => undefined,
    };
    const { signal } = new AbortController();
    const buyer = createBuyer({ store: openContentStore(folder), cashier, signal });
    let called = false;
    const order = purchase('one', async () => {
      called = true;
      return {};
    });
    await expect(buyer.buy(order)).rejects.toMatchObject({ code: 'PROVIDER_QUOTA' });
    expect(called).toBe(false);
  });

  it('keeps a file with the notes that came with it, private to the user', async () => {
    const order = {
      ...{ stage: 'synthesize', provider: 'test', key: { text: 'a' }, estimate: [], extension: '.raw' },
      call: async () => ({ bytes: Buffer.from('sound'), notes }),
    };
    const first = await buyerIn(folder).buyFile(order);
    const again = await buyerIn(folder).buyFile(order);
    expect([first.kept, again.kept]).toEqual([false, true]);
    expect(again).toMatchObject({ path: first.path, notes });
    expect(await readFile(again.path, 'utf8')).toBe('sound');
    for (const path of [again.path, again.path.replace('.raw', '.record.json')]) {
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
    expect((await stat(join(again.path, '..'))).mode & 0o777).toBe(0o700);
  });

  it.each([
    ['cut short', async (path: string) => writeFile(path, (await readFile(path)).subarray(0, 3))],
    ['changed in one byte', async (path: string) => writeFile(path, 'soUnd')],
  ])('sets a file aside that was %s, says which, and buys it again', async (_how, damage) => {
    const warnings: string[] = [];
    const { signal } = new AbortController();
    const store = openContentStore(folder, { warn: (message) => warnings.push(message) });
    const buyer = createBuyer({ store, cashier: recordingCashier().cashier, signal });
    const order = {
      ...{ stage: 'synthesize', provider: 'test', key: { text: 'a' }, estimate: [], extension: '.raw' },
      call: async () => ({ bytes: Buffer.from('sound'), notes }),
    };
    await damage((await buyer.buyFile(order)).path);
    expect(await buyer.buyFile(order)).toMatchObject({ kept: false });
    const aside = await readdir(join(folder, 'damaged'));
    expect(aside.map((name) => name.slice(40)).sort()).toEqual(['.raw', '.record.json']);
    expect(warnings).toEqual([
      `A kept answer is damaged and is made again: ${join(folder, 'damaged', aside.find((name) => name.endsWith('.record.json'))!)}.`,
    ]);
  });

  it('asks only for lines that are not kept, and keeps each by itself', async () => {
    const asked: string[][] = [];
    const want = (ids: readonly string[]) => ({
      ...{ stage: 'translate', provider: 'test', estimate: () => [] },
      lines: ids.map((id) => ({ utteranceId: id, key: { id } })),
      async call(lines: readonly WantedLine[], keep: (line: WantedLine, answer: string) => Promise<void>) {
        asked.push(lines.map(({ utteranceId }) => utteranceId));
        for (const line of lines) await keep(line, line.utteranceId);
        return noNotes;
      },
    });
    const first = await buyerIn(folder).buyLines(want(['a', 'b']));
    expect([...first.answers.values()].map(({ kept }) => kept)).toEqual([false, false]);
    const second = await buyerIn(folder).buyLines(want(['b', 'c', 'a']));
    expect(asked).toEqual([['a', 'b'], ['c']]);
    expect(second.answers.get('b')).toEqual({ answer: 'b', kept: true });
    expect(second.answers.get('c')).toEqual({ answer: 'c', kept: false });
  });
});

/** Buys one answer in a process of its own; each call is a line in the file `calls`. Prints what it got. */
const program = `
const [folder, dist, hangs] = process.argv.slice(1);
const load = (path) => import(new URL(path, dist));
const { appendFileSync } = await import('node:fs');
const { createBuyer, freeOfCharge } = await load('pipeline/buyer.js');
const { openContentStore } = await load('workspace/store.js');
const signal = new AbortController().signal;
const buyer = createBuyer({ store: openContentStore(folder + '/store'), cashier: freeOfCharge, signal });
const call = async () => {
  appendFileSync(folder + '/calls', process.pid + '\\n');
  console.log('calling');
  await new Promise((resolve) => setTimeout(resolve, hangs === 'yes' ? 1e6 : 300));
  return { text: 'bought by ' + process.pid, warnings: [], units: [], requestIds: [] };
};
const { reply, kept } = await buyer.buy({ stage: 's', provider: 'p', key: { text: 'line' }, estimate: [], call });
console.log(JSON.stringify({ text: reply.text, kept }));
`;

describe('two processes that want the same line', () => {
  const dist = new URL('../../dist/', import.meta.url).href;
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  function start(hangs = 'no') {
    const args = ['--input-type=module', '-e', program, folder, dist, hangs];
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return { child, ended: once(child, 'close').then(() => JSON.parse(output.trim().split('\n').at(-1)!)) };
  }
  const calls = async () => (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');

  it('pay once: one buys, the others wait for its answer', async () => {
    const told = await Promise.all([start(), start(), start()].map(({ ended }) => ended));
    expect(await calls()).toHaveLength(1);
    const [buyer] = await calls();
    expect(told.map(({ text }) => text)).toEqual(Array(3).fill(`bought by ${buyer}`));
    expect(told.filter(({ kept }) => kept === false)).toHaveLength(1);
  });

  it('do not wait for one that was killed while it bought', async () => {
    const dying = start('yes');
    await once(dying.child.stdout, 'data');
    const heir = start();
    dying.child.kill('SIGKILL');
    await dying.ended.catch(() => undefined);
    expect(await heir.ended).toEqual({ text: `bought by ${heir.child.pid}`, kept: false });
    expect(await calls()).toHaveLength(2);
    const name = hashValue({ stage: 's', text: 'line' });
    expect(await readFile(recordPath(join(folder, 'store'), name), 'utf8')).toContain('bought by');
    expect(await readdir(join(folder, 'store', 'claims'))).toEqual([]);
  });
});
