import { expect, it } from 'vitest';
import { readAmount, readCurrency, readExchangeRates, readPrices } from '../../src/config/money-readers.js';
import type { Place } from '../../src/config/option.js';

const place: Place = { label: '`prices` in /home/u/.dubbingrc', folder: '/home/u', code: 'CONFIG_INVALID' };
const row = { provider: 'qwen', unit: 'character', price: 0.8, currency: 'cny' };

it('reads a price with as little as it needs', () => {
  expect(readPrices([row], place)).toEqual([
    { ...row, model: '*', per: 1, currency: 'CNY', date: 'not said', source: 'your config file' },
  ]);
});

it.each([
  [[{ ...row, prize: 1 }], 'Row 1 of `prices` in /home/u/.dubbingrc: there is no `prize` in a price.'],
  [
    [row, { ...row, unit: 'characters' }],
    '`unit` in row 2 of `prices` in /home/u/.dubbingrc: `characters` is not a unit.',
  ],
  [
    [{ ...row, price: -1 }],
    '`price` in row 1 of `prices` in /home/u/.dubbingrc must be a number, 0 or more, not `-1`.',
  ],
  [[{ ...row, per: 0 }], '`per` in row 1 of `prices` in /home/u/.dubbingrc must be a number, 1 or more, not `0`.'],
  [{ qwen: 1 }, '`prices` in /home/u/.dubbingrc must be a list of prices, not a mapping.'],
])('refuses %j', (raw, message) => {
  expect(() => readPrices(raw, place)).toThrow(message);
});

it('reads currencies, rates and amounts, and refuses what is none', () => {
  expect(readCurrency(' usd ', place)).toBe('USD');
  expect(() => readCurrency('yuan', place)).toThrow('must be a currency of three letters, not `yuan`');
  expect(readExchangeRates({ 'usd/cny': 7.1 }, place)).toEqual({ 'USD/CNY': 7.1 });
  expect(() => readExchangeRates({ USD: 7.1 }, place)).toThrow('`USD` names no two currencies');
  expect(() => readExchangeRates({ 'USD/CNY': 0 }, place)).toThrow('must be a number above 0');
  expect(readAmount('2', place)).toBe(2);
  expect(() => readAmount('two', place)).toThrow('must be a number, 0 or more, not `two`');
});
