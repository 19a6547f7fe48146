import { expect, it } from 'vitest';
import { type ReceiptEntry, writeReceipt } from '../../../src/pipeline/money/receipt.js';
import { billFor } from '../../../src/pricing/bill.js';
import { createPriceList } from '../../../src/pricing/price-list.js';

const list = createPriceList();
const terms = { currency: undefined, rates: {} };

function speech(utteranceIds: readonly string[], count: number, changes: Partial<ReceiptEntry> = {}): ReceiptEntry {
  const bill = billFor(list, { label: 'qwen', local: false }, [{ unit: 'character', count, model: 'qwen3-tts-flash' }]);
  return {
    ...{ stage: 'synthesize', language: 'es', provider: 'qwen', model: 'qwen3-tts-flash', utteranceIds },
    ...{ outcome: 'paid', bill, requestIds: [`r-${count}`], ...changes },
  };
}

it('adds up calls, units and money by stage and shares a call among its lines', () => {
  const receipt = writeReceipt([speech(['u1'], 10_000), speech(['u1', 'u2'], 20_000)], [], terms);
  expect(receipt).toMatchObject({ money: { CNY: 2.4 }, calls: 2, failed: 0, cached: 0, unpriced: 0, uncertain: {} });
  expect(receipt.stages).toMatchObject([
    {
      calls: 2,
      units: [{ unit: 'character', count: 30_000 }],
      money: { CNY: 2.4 },
      requestIds: ['r-10000', 'r-20000'],
    },
  ]);
  expect(receipt.lines).toEqual([
    { utteranceId: 'u1', language: 'es', calls: 2, money: { CNY: 1.6 }, requestIds: ['r-10000', 'r-20000'] },
    { utteranceId: 'u2', language: 'es', calls: 1, money: { CNY: 0.8 }, requestIds: ['r-20000'] },
  ]);
});

it('keeps apart what was cached, what failed and may have been billed, and what has no known price', () => {
  const receipt = writeReceipt(
    [
      speech(['u1', 'u2'], 500, { outcome: 'cached' }),
      speech(['u3'], 10_000, { outcome: 'failed', requestIds: [] }),
      speech(['u4'], 10, { bill: { money: {}, priced: false, units: [{ unit: 'token', count: 10 }] } }),
    ],
    [{ stage: 'synthesize', language: undefined, provider: 'qwen' }],
    terms,
  );
  expect(receipt).toMatchObject({ money: {}, uncertain: { CNY: 0.8 }, cached: 2, failed: 1, calls: 2, unpriced: 1 });
  expect(receipt.stages).toMatchObject([{ retries: 1, cached: 2 }]);
});

it('tells in one currency where a rate was given', () => {
  const receipt = writeReceipt([speech(['u1'], 10_000)], [], { currency: 'USD', rates: { 'USD/CNY': 8 } });
  expect(receipt.money).toEqual({ USD: 0.1 });
});
