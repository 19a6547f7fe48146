import type { Price } from './price.js';

function ownServer(provider: string, note: string): Price {
  const free = { model: '*', unit: 'any', price: 0, per: 1, currency: 'CNY' } as const;
  return { provider, ...free, date: '2026-11', source: 'no service bills the call', note };
}

/** Engines that people run themselves: a call costs nothing, the machine it runs on may. */
export const ownServerPrices: readonly Price[] = [
  ownServer('indextts', 'your own server; its rent (some CNY 2 to 3 an hour on AutoDL) is not counted'),
  ownServer('funasr', 'your own server; its rent is not counted'),
  ownServer('ollama', 'your own server; its rent is not counted'),
];
