import type { Config } from '../config/config.js';
import { DubError } from '../errors.js';
import type { DubJob } from '../pipeline/job.js';
import type { MoneyTerms } from '../pipeline/money/terms.js';
import { createPriceList } from '../pricing/price-list.js';
import type { BatchLink } from './io.js';

/** Gives each job of one call of the command its terms; all of them share one ceiling. */
export type Treasurer = (job: DubJob) => Promise<MoneyTerms>;

/**
 * Prices, currency and ceiling as configured.
 * @param batch holds the ceiling when this process does one of its files
 */
export function createTreasurer(config: Config, batch?: BatchLink): Treasurer {
  const { maxCost, allowUnknownCost: allowUnknown, exchangeRates: rates, currency } = config;
  const prices = createPriceList(config.prices);
  const terms: MoneyTerms = { prices, currency, rates, ceiling: undefined, allowUnknown };
  let shared: MoneyTerms['ceiling'];
  return async (job) => {
    if (maxCost === undefined) return terms;
    if (shared === undefined) {
      const [{ Ceiling }, { currenciesOf }] = await Promise.all([
        import('../pipeline/money/ceiling.js'),
        import('../pipeline/money/ask-first.js'),
      ]);
      const unit = currency ?? onlyOne(currenciesOf(job, terms), maxCost);
      shared = batch === undefined ? new Ceiling(maxCost, unit) : ceilingOf(batch, maxCost, unit);
    }
    return { ...terms, currency: shared.currency, ceiling: shared };
  };
}

function ceilingOf(batch: BatchLink, max: number, currency: string): NonNullable<MoneyTerms['ceiling']> {
  return { max, currency, reserve: (amount, call, signal) => batch.reserve({ amount, call, currency }, signal) };
}

/** The currency of a ceiling that names none: that of all prices concerned. */
function onlyOne(currencies: readonly string[], maxCost: number): string {
  const [first = 'CNY', ...others] = currencies;
  if (others.length === 0) return first;
  throw new DubError(
    'USAGE',
    `--max-cost ${maxCost} names no currency, and this job is billed in ${currencies.join(' and ')}.`,
    {
      hint: `Add --currency ${first}, and the rate to it as \`exchangeRates\` in a config file.`,
    },
  );
}
