import { DubError } from '../../errors.js';
import type { Bill } from '../../pricing/bill.js';
import { convertMoney, type ExchangeRates } from '../../pricing/money.js';
import { createPriceList, type PriceList } from '../../pricing/price-list.js';
import type { Ceiling } from './ceiling.js';

/** By what is counted, and how far. */
export interface MoneyTerms {
  readonly prices: PriceList;
  /** ISO 4217; undefined to sum each currency apart. */
  readonly currency: string | undefined;
  readonly rates: ExchangeRates;
  /** Undefined where nothing limits the cost. */
  readonly ceiling: Pick<Ceiling, 'currency' | 'max' | 'reserve'> | undefined;
  /** Whether calls of unknown price are made under a ceiling. */
  readonly allowUnknown: boolean;
}

/** The prices that ship, each currency summed apart, and no ceiling. */
export const usualTerms: MoneyTerms = {
  prices: createPriceList(),
  currency: undefined,
  rates: {},
  ceiling: undefined,
  allowUnknown: false,
};

/** What a call costs in the ceiling's currency; undefined when a part of it is unknown there. */
export function amountIn(bill: Bill, { ceiling, rates }: MoneyTerms): number | undefined {
  const currency = ceiling?.currency;
  if (currency === undefined || !bill.priced) return undefined;
  const money = convertMoney(bill.money, currency, rates);
  if (Object.entries(money).some(([other, amount]) => other !== currency && amount > 0)) return undefined;
  return money[currency] ?? 0;
}

/** The error for engines whose price is unknown under a ceiling. */
export function unknownCost(labels: readonly string[], { ceiling }: MoneyTerms): DubError {
  const which = labels.join(', ');
  return new DubError(
    'COST_UNKNOWN',
    `The price of ${which} is unknown in ${ceiling?.currency ?? 'any currency'}, so --max-cost cannot be kept.`,
    {
      hint: 'Give the price in `prices` of a config file (and a rate in `exchangeRates` when it is in another currency), or go on without counting it with --allow-unknown-cost.',
    },
  );
}
