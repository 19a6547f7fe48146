import { expect, it } from 'vitest';
import { type BilledEngine, billFor } from '../../src/pricing/bill.js';
import { convertMoney, formatMoney } from '../../src/pricing/money.js';
import type { Price } from '../../src/pricing/price.js';
import { createPriceList, shippedPrices } from '../../src/pricing/price-list.js';

const list = createPriceList();
const qwen: BilledEngine = { label: 'qwen', local: false };

it('bills Model Studio by its list prices: characters, seconds, tokens in and tokens out', () => {
  const speech = billFor(list, qwen, [{ unit: 'character', count: 5000, model: 'qwen3-tts-flash' }]);
  expect(speech).toMatchObject({ money: { CNY: 0.4 }, priced: true });
  const heard = billFor(list, qwen, [{ unit: 'second', count: 3600, model: 'qwen3-asr-flash-filetrans' }]);
  expect(heard.money).toEqual({ CNY: 0.792 });
  const chat = billFor(
    list,
    { ...qwen, label: 'qwen:qwen-plus' },
    [
      { unit: 'input-token', count: 1_000_000 },
      { unit: 'output-token', count: 500_000 },
    ],
    100,
  );
  expect(chat.money).toEqual({ CNY: 1.8 });
});

it('takes the price of the region, of the dated model and of the tier that one request falls into', () => {
  const characters = [{ unit: 'character', count: 10_000, model: 'qwen3-tts-vc-2026-01-22' }] as const;
  expect(billFor(list, { ...qwen, region: 'intl' }, characters).money).toEqual({ USD: 0.1 });
  const tokens = [{ unit: 'input-token', count: 100_000, model: 'qwen3.7-flash' }] as const;
  expect(billFor(list, qwen, tokens, 1).money).toEqual({ CNY: 0.06 });
  expect(billFor(list, qwen, tokens, 10).money).toEqual({ CNY: 0.02 });
});

it('an unknown price is unknown and never zero, while an engine on this machine costs nothing', () => {
  const units = [{ unit: 'character', count: 10, model: 'qwen9-tts' }] as const;
  expect(billFor(list, qwen, units)).toMatchObject({ money: {}, priced: false });
  expect(billFor(list, { label: 'glm', local: false }, [])).toMatchObject({ priced: false });
  expect(
    billFor(list, { ...qwen, region: 'eu' }, [{ unit: 'character', count: 1, model: 'qwen3-tts-flash' }]).priced,
  ).toBe(false);
  expect(billFor(list, { label: 'espeak-ng', local: true }, [])).toMatchObject({ money: {}, priced: true });
  expect(billFor(list, { label: 'indextts', local: false }, [{ unit: 'call', count: 1 }])).toMatchObject({
    money: {},
    priced: true,
  });
});

it('a price of the user goes before the one that ships', () => {
  const own: Price = {
    ...{ provider: 'qwen', model: '*', unit: 'character', price: 1, per: 1000, currency: 'EUR' },
    ...{ date: '2026-11-01', source: 'contract' },
  };
  const units = [{ unit: 'character', count: 500, model: 'qwen3-tts-flash' }] as const;
  expect(billFor(createPriceList([own]), qwen, units).money).toEqual({ EUR: 0.5 });
});

it('every row that ships has a date, a source and a currency', () => {
  expect(shippedPrices.length).toBeGreaterThan(40);
  for (const row of shippedPrices) {
    expect(row.date).toMatch(/^20\d\d/);
    expect(row.source).not.toBe('');
    expect(row.currency).toMatch(/^[A-Z]{3}$/);
  }
});

it('converts only where a rate was given, in either direction, and sums the rest apart', () => {
  const money = { CNY: 7, USD: 1, EUR: 2 };
  expect(convertMoney(money, 'CNY', { 'USD/CNY': 7 })).toEqual({ CNY: 14, EUR: 2 });
  expect(convertMoney(money, 'USD', { 'USD/CNY': 7 })).toEqual({ USD: 2, EUR: 2 });
  expect(formatMoney(convertMoney(money, 'JPY', {}))).toBe('7.00 CNY + 2.00 EUR + 1.00 USD');
  expect(formatMoney({ CNY: 0.004_123, USD: 0 })).toBe('0.00412 CNY');
  expect(formatMoney({})).toBe('nothing');
});
