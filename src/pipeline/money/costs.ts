import { addMoney, convertMoney, type Money, noMoney } from '../../pricing/money.js';
import { groupBy } from './groups.js';
import type { Ledger, LedgerEntry } from './ledger.js';
import type { ReceiptTerms } from './receipt.js';

/** What some calls came to. */
export interface CostRow {
  readonly calls: number;
  readonly money: Money;
  /** Calls whose price was not known: they are not in `money`. */
  readonly unpriced: number;
  /** The most that failed calls may have been billed; not in `money`. */
  readonly uncertain: Money;
}

/** What one month came to. */
export interface MonthlyCosts extends CostRow {
  /** `2026-11`, UTC. */
  readonly month: string;
  readonly providers: readonly (CostRow & { readonly provider: string; readonly model?: string | undefined })[];
  /** By input file, the dearest first. */
  readonly jobs: readonly (CostRow & { readonly job: string })[];
}

/** The ledger added up by month, and in it by provider, model and job. */
export function sumLedger(ledger: Ledger, terms: ReceiptTerms): MonthlyCosts[] {
  return ledger.months
    .filter(({ entries }) => entries.length > 0)
    .map(({ month, entries }) => ({
      month,
      ...sumOf(entries, terms),
      providers: groupBy(entries, engineKey).map((group) => {
        const { provider, model } = group[0]!;
        return { provider: nameOf(provider), ...(model === undefined ? {} : { model }), ...sumOf(group, terms) };
      }),
      jobs: groupBy(entries, ({ job }) => job)
        .map((group) => ({ job: group[0]!.job, ...sumOf(group, terms) }))
        .sort((a, b) => amountOf(b) - amountOf(a) || (a.job < b.job ? -1 : 1)),
    }));
}

function engineKey({ provider, model }: LedgerEntry): string {
  return JSON.stringify([nameOf(provider), model]);
}

/** The model stands beside the name, so it is not said twice. */
function nameOf(provider: string): string {
  return provider.split(':')[0] ?? provider;
}

function sumOf(entries: readonly LedgerEntry[], { currency, rates }: ReceiptTerms): CostRow {
  const total = (some: readonly LedgerEntry[]) =>
    convertMoney(
      some.reduce((sum, { money }) => addMoney(sum, money), noMoney),
      currency,
      rates,
    );
  const sure = entries.filter(({ uncertain }) => uncertain !== true);
  return {
    calls: entries.length,
    money: total(sure),
    unpriced: entries.filter(({ priced }) => !priced).length,
    uncertain: total(entries.filter(({ uncertain }) => uncertain === true)),
  };
}

/** For sorting only: amounts of several currencies are simply added. */
function amountOf({ money }: CostRow): number {
  return Object.values(money).reduce((sum, amount) => sum + amount, 0);
}
