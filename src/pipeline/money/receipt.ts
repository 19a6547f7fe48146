import type { Bill } from '../../pricing/bill.js';
import { addMoney, convertMoney, type ExchangeRates, type Money, noMoney, tidyAmount } from '../../pricing/money.js';
import { groupBy } from './groups.js';
import type { Receipt } from './receipt-schema.js';

/** What is noted of one call or kept answer. */
export interface ReceiptEntry {
  readonly stage: string;
  readonly language: string | undefined;
  /** `name[:model]`. */
  readonly provider: string;
  readonly model: string | undefined;
  readonly utteranceIds: readonly string[];
  readonly outcome: 'paid' | 'cached' | 'failed';
  /** What it was billed; of a failed call the most it may have been. */
  readonly bill: Bill;
  readonly requestIds: readonly string[];
}

/** A request that was made again. */
export interface NotedRetry {
  readonly stage: string;
  readonly language: string | undefined;
  readonly provider: string;
}

/** In which currency a receipt is told. */
export interface ReceiptTerms {
  readonly currency: string | undefined;
  readonly rates: ExchangeRates;
}

type StageRow = Receipt['stages'][number];
type LineRow = Receipt['lines'][number];

/** Adds up what was noted. Engines on this machine that cost nothing are rows like the others. */
export function writeReceipt(
  entries: readonly ReceiptEntry[],
  retries: readonly NotedRetry[],
  { currency, rates }: ReceiptTerms,
): Receipt {
  const inCurrency = (money: Money) => ({ ...convertMoney(money, currency, rates) });
  const paid = entries.filter(({ outcome }) => outcome === 'paid');
  const failed = entries.filter(({ outcome }) => outcome === 'failed');
  return {
    money: inCurrency(sumOf(paid)),
    unpriced: paid.filter(({ bill }) => !bill.priced).length,
    uncertain: inCurrency(sumOf(failed)),
    calls: paid.length + failed.length,
    cached: countCached(entries),
    failed: failed.length,
    retries: retries.length,
    stages: withRetries(
      groupBy(entries, rowKey).map((group) => stageRow(group, inCurrency)),
      retries,
    ),
    lines: lineRows(paid, inCurrency),
  };
}

function rowKey({ stage, language, provider, model }: ReceiptEntry): string {
  return JSON.stringify([stage, language, provider, model]);
}

function stageRow(entries: readonly ReceiptEntry[], inCurrency: (money: Money) => Record<string, number>): StageRow {
  const { stage, language, provider, model } = entries[0]!;
  const paid = entries.filter(({ outcome }) => outcome === 'paid');
  const failed = entries.length - paid.length - entries.filter(({ outcome }) => outcome === 'cached').length;
  return {
    stage,
    ...(language === undefined ? {} : { language }),
    provider,
    ...(model === undefined ? {} : { model }),
    calls: paid.length + failed,
    cached: countCached(entries),
    failed,
    retries: 0,
    units: sumUnits(paid),
    money: inCurrency(sumOf(paid)),
    unpriced: paid.filter(({ bill }) => !bill.priced).length,
    requestIds: paid.flatMap(({ requestIds }) => requestIds),
  };
}

/** Each retry in the row it belongs to; one that names no target or model goes to the first that fits. */
function withRetries(rows: readonly StageRow[], retries: readonly NotedRetry[]): StageRow[] {
  const counts = rows.map(() => 0);
  for (const { stage, language, provider } of retries) {
    const at = rows.findIndex(
      (row) =>
        row.stage === stage &&
        (language === undefined || row.language === language) &&
        row.provider.split(':')[0] === provider.split(':')[0],
    );
    if (at >= 0) counts[at] = (counts[at] ?? 0) + 1;
  }
  return rows.map((row, index) => ({ ...row, retries: counts[index] ?? 0 }));
}

/** Of an answer for several lines each line counts. */
function countCached(entries: readonly ReceiptEntry[]): number {
  const cached = entries.filter(({ outcome }) => outcome === 'cached');
  return cached.reduce((sum, { utteranceIds }) => sum + Math.max(1, utteranceIds.length), 0);
}

function lineRows(paid: readonly ReceiptEntry[], inCurrency: (money: Money) => Record<string, number>): LineRow[] {
  const rows = new Map<string, LineRow>();
  for (const { utteranceIds, language, bill, requestIds } of paid) {
    const share = shareOf(bill.money, utteranceIds.length);
    for (const utteranceId of utteranceIds) {
      const key = JSON.stringify([language, utteranceId]);
      const row = rows.get(key);
      rows.set(key, {
        utteranceId,
        ...(language === undefined ? {} : { language }),
        calls: (row?.calls ?? 0) + 1,
        money: { ...addMoney(row?.money ?? noMoney, inCurrency(share)) },
        requestIds: [...(row?.requestIds ?? []), ...requestIds],
      });
    }
  }
  return [...rows.values()];
}

function shareOf(money: Money, count: number): Money {
  return Object.fromEntries(Object.entries(money).map(([currency, amount]) => [currency, tidyAmount(amount / count)]));
}

function sumOf(entries: readonly ReceiptEntry[]): Money {
  return entries.reduce((sum, { bill }) => addMoney(sum, bill.money), noMoney);
}

function sumUnits(entries: readonly ReceiptEntry[]): StageRow['units'] {
  const sums = new Map<string, number>();
  for (const { unit, count } of entries.flatMap(({ bill }) => bill.units))
    sums.set(unit, (sums.get(unit) ?? 0) + count);
  return [...sums].map(([unit, count]) => ({ unit, count }));
}
