import type { Receipt } from '../../pipeline/money/receipt-schema.js';
import { formatMoney, type Money } from '../../pricing/money.js';
import type { Style } from './style.js';
import { renderTable } from './table.js';
import { count, visible } from './text.js';

/** What a run cost, as a short table; nothing when no service was asked and nothing was kept. */
export function renderReceipt(receipt: Receipt, style: Style): string {
  const rows = receipt.stages
    .filter(isWorthTelling)
    .map((row) => [
      row.language === undefined ? row.stage : `${row.stage} ${row.language}`,
      visible(row.model === undefined ? row.provider : `${row.provider.split(':')[0]}:${row.model}`),
      count(row.calls, 'call'),
      row.cached === 0 ? '' : `${row.cached} kept`,
      row.retries === 0 ? '' : count(row.retries, 'retry', 'retries'),
      row.units.map(({ unit, count: units }) => `${Math.round(units)} ${unit}${units === 1 ? '' : 's'}`).join(', '),
      describeSpent(row.money, row.unpriced),
    ]);
  if (rows.length === 0) return '';
  const table = renderTable([...rows, totalRow(receipt)], '  ');
  const uncertain = Object.values(receipt.uncertain).some((amount) => amount > 0)
    ? `  ${style.yellow(`${count(receipt.failed, 'call')} failed and may have been billed up to ${formatMoney(receipt.uncertain)} more.`)}\n`
    : '';
  return `${style.bold('What it cost')}\n${table}${uncertain}`;
}

/** Money, and how many calls of unknown price stand beside it. */
export function describeSpent(money: Money, unpriced: number): string {
  if (unpriced === 0) return formatMoney(money);
  const unknown = `${count(unpriced, 'call')} of unknown price`;
  return Object.values(money).some((amount) => amount > 0) ? `${formatMoney(money)} + ${unknown}` : unknown;
}

/** Engines on this machine bill nothing and name no requests. */
function isWorthTelling({ units, unpriced, money, requestIds, calls, failed }: Receipt['stages'][number]): boolean {
  const hasMoney = Object.keys(money).length > 0;
  return hasMoney || unpriced > 0 || requestIds.length > 0 || (units.length > 0 && calls > 0) || failed > 0;
}

function totalRow({ calls, cached, retries, money, unpriced }: Receipt): string[] {
  return [
    'in all',
    '',
    count(calls, 'call'),
    cached === 0 ? '' : `${cached} kept`,
    retries === 0 ? '' : count(retries, 'retry', 'retries'),
    '',
    describeSpent(money, unpriced),
  ];
}
