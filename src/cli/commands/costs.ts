import { DubError } from '../../errors.js';
import type { CostRow, MonthlyCosts } from '../../pipeline/money/costs.js';
import { formatMoney } from '../../pricing/money.js';
import type { Call } from '../call.js';
import { refuseOperands } from '../operands.js';
import { describeSpent } from '../render/receipt.js';
import { renderTable } from '../render/table.js';
import { count, visible } from '../render/text.js';

/** `dub costs`: what the ledger says was spent, by month, provider, model and job. */
export async function costsCommand(call: Call): Promise<number> {
  refuseOperands(call, 'It adds up what all runs of this cache folder spent; --month 2026-11 is one month of it.');
  const { config } = await call.loadConfig();
  const month = readMonth(call.line.calls.month);
  const [{ readLedger }, { sumLedger }] = await Promise.all([
    import('../../pipeline/money/ledger.js'),
    import('../../pipeline/money/costs.js'),
  ]);
  const ledger = await readLedger(config.cache, month);
  const months = sumLedger(ledger, { currency: config.currency, rates: config.exchangeRates });
  if (call.json) {
    call.printAnswer('costs', { months, damagedLines: ledger.damagedLines });
    return 0;
  }
  const none = `Nothing was spent${month === undefined ? '' : ` in ${month}`}: the ledger in ${visible(config.cache)} has no entry.\n`;
  call.print(months.length === 0 ? none : months.map((each) => renderMonth(each, call)).join('\n'));
  if (ledger.damagedLines > 0) call.say(`${count(ledger.damagedLines, 'line')} of the ledger could not be read.\n`);
  return 0;
}

function readMonth(given: string | boolean | undefined): string | undefined {
  if (given === undefined) return undefined;
  if (typeof given === 'string' && /^\d{4}-(0[1-9]|1[0-2])$/.test(given)) return given;
  throw new DubError('USAGE', `--month: \`${String(given)}\` is not a month.`, { hint: 'Write it as 2026-11.' });
}

function renderMonth(month: MonthlyCosts, { outStyle }: Call): string {
  const engines = month.providers.map((row) => [
    visible(row.model === undefined ? row.provider : `${row.provider}:${row.model}`),
    ...cells(row),
  ]);
  const jobs = month.jobs.map((row) => [visible(row.job), ...cells(row)]);
  return [
    `${outStyle.bold(month.month)}  ${cells(month).join('  ')}\n`,
    `  by engine\n${renderTable(engines, '    ')}`,
    `  by input\n${renderTable(jobs, '    ')}`,
  ].join('');
}

function cells({ calls, money, unpriced, uncertain }: CostRow): string[] {
  const more = Object.values(uncertain).some((amount) => amount > 0);
  return [
    count(calls, 'call'),
    `${describeSpent(money, unpriced)}${more ? ` (failed calls: up to ${formatMoney(uncertain)} more)` : ''}`,
  ];
}
