/** Money in several currencies: an amount by ISO 4217 code. */
export type Money = Readonly<Record<string, number>>;

/** What one unit of the first currency is in the second: `{ 'USD/CNY': 7.1 }`. */
export type ExchangeRates = Readonly<Record<string, number>>;

/** Nothing, in no currency. */
export const noMoney: Money = {};

/** The sum, currency by currency. */
export function addMoney(a: Money, b: Money): Money {
  const sum: Record<string, number> = { ...a };
  for (const [currency, amount] of Object.entries(b)) sum[currency] = tidyAmount((sum[currency] ?? 0) + amount);
  return sum;
}

/** An amount without the noise of floating point: a billionth is exact enough for a price per token. */
export function tidyAmount(amount: number): number {
  return Number(amount.toFixed(9));
}

/** What is in currencies that a rate leads from, in `currency`; the others are left as they are. */
export function convertMoney(money: Money, currency: string | undefined, rates: ExchangeRates): Money {
  if (currency === undefined) return money;
  return Object.entries(money).reduce<Money>((sum, [from, amount]) => {
    const rate = rateBetween(from, currency, rates);
    return addMoney(sum, rate === undefined ? { [from]: amount } : { [currency]: amount * rate });
  }, noMoney);
}

/** What one of `from` is in `to`; undefined where no rate tells, in either direction. */
export function rateBetween(from: string, to: string, rates: ExchangeRates): number | undefined {
  if (from === to) return 1;
  const straight = rates[`${from}/${to}`];
  const turned = rates[`${to}/${from}`];
  return straight ?? (turned === undefined ? undefined : 1 / turned);
}

/** `0.0123 CNY`: two decimals from 1 on, three significant digits below. */
export function formatAmount(amount: number, currency: string): string {
  const digits = amount === 0 || amount >= 1 ? 2 : Math.min(9, 2 - Math.floor(Math.log10(amount)));
  return `${amount.toFixed(digits)} ${currency}`;
}

/** `0.12 CNY + 0.30 USD`; `nothing` when there is none. */
export function formatMoney(money: Money): string {
  const parts = Object.entries(money).filter(([, amount]) => amount > 0);
  if (parts.length === 0) return 'nothing';
  return parts
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, amount]) => formatAmount(amount, currency))
    .join(' + ');
}
