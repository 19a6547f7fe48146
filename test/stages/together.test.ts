import { expect, it } from 'vitest';
import { together } from '../../src/stages/together.js';

const never = new AbortController().signal;

it('gives both results', async () => {
  expect(
    await together(
      never,
      async () => 1,
      async () => 'two',
    ),
  ).toEqual([1, 'two']);
});

it('stops the other when one fails, waits for it, and throws the first failure', async () => {
  const told: string[] = [];
  const slow = (signal: AbortSignal) =>
    new Promise<void>((_resolve, reject) => {
      const stop = () => {
        told.push('stopped');
        reject(new Error('stopped'));
      };
      signal.addEventListener('abort', () => setTimeout(stop, 5));
    });
  await expect(together(never, slow, () => Promise.reject(new Error('first')))).rejects.toThrow('first');
  expect(told).toEqual(['stopped']);
});

it('hands an abort from outside to both', async () => {
  const outside = new AbortController();
  const seen = [0, 0];
  const listen = (index: number) => (signal: AbortSignal) =>
    new Promise<void>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error(`heard ${++seen[index]!}`)));
    });
  const both = together(outside.signal, listen(0), listen(1));
  outside.abort();
  await expect(both).rejects.toThrow('heard 1');
  expect(seen).toEqual([1, 1]);
});
