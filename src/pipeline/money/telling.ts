import { convertMoney, tidyAmount } from '../../pricing/money.js';
import type { RunEventBody } from '../events.js';
import type { LedgerEntry } from './ledger.js';
import type { ReceiptEntry } from './receipt.js';
import type { MoneyTerms } from './terms.js';

type CostEvent = Extract<RunEventBody, { type: 'cost' }>;

/** A paid call as events, one for each unit it is billed by. */
export function costEvents(entry: ReceiptEntry, terms: MoneyTerms): CostEvent[] {
  const { stage, language, provider, model, bill, utteranceIds, requestIds } = entry;
  const common = {
    ...{ type: 'cost' as const, stage, provider, utteranceIds: [...utteranceIds], requestIds: [...requestIds] },
    ...(language === undefined ? {} : { language }),
    ...(model === undefined ? {} : { model }),
  };
  const units = bill.units.length > 0 ? bill.units : [{ unit: 'call' as const, count: 1, price: undefined }];
  return units.map(({ unit, count, price }) => {
    if (price === undefined) return { ...common, unit, count, money: bill.priced ? 0 : null, currency: null };
    return { ...common, unit, count, ...inCurrency((count * price.price) / price.per, price.currency, terms) };
  });
}

function inCurrency(money: number, currency: string, terms: MoneyTerms) {
  const converted = convertMoney({ [currency]: money }, terms.currency, terms.rates);
  const [into, amount] = Object.entries(converted)[0] ?? [currency, money];
  return { money: tidyAmount(amount), currency: into };
}

/** A call as a line of the ledger, in the currencies of the price list. */
export function toLedgerEntry(entry: ReceiptEntry, job: string, run: string, time: Date): LedgerEntry {
  const { stage, language, provider, model, bill, utteranceIds, requestIds, outcome } = entry;
  return {
    ...{ v: 1, time: time.toISOString(), run, job, stage, provider },
    ...(language === undefined ? {} : { language }),
    ...(model === undefined ? {} : { model }),
    units: bill.units.map(({ unit, count }) => ({ unit, count })),
    ...{ money: { ...bill.money }, priced: bill.priced },
    ...{ utteranceIds: [...utteranceIds], requestIds: [...requestIds] },
    ...(outcome === 'failed' ? { uncertain: true } : {}),
  };
}
