import { formatClock } from '../../domain/time.js';
import type { PlannedCost, PlannedStage, RunPlan } from '../../pipeline/job.js';
import { formatAmount } from '../../pricing/money.js';
import type { Style } from './style.js';
import { renderTable } from './table.js';
import { count, visible } from './text.js';

/** A plan as people read it: the stages, what leaves the machine, how much and at what cost. */
export function renderPlan(plan: RunPlan, style: Style): string {
  const rows = plan.stages.map((stage) => [
    stage.language === undefined ? stage.stage : `${stage.stage} ${stage.language}`,
    stage.action,
    stage.provider ?? '',
    stage.leaves === undefined ? '' : `sends ${stage.leaves}`,
    stage.provider === undefined ? '' : describeCost(stage),
  ]);
  const behind = plan.stages.flatMap(({ stage, language, provider = '', others = [] }) =>
    others.map((other) => {
      const which = language === undefined ? stage : `${stage} ${language}`;
      const sent = other.leaves === undefined ? '' : `; it would be sent ${other.leaves}`;
      return `  ${visible(`Should ${provider} fail at ${which}, ${other.provider} would do it: ${describeCost({ ...other, action: 'run' })}${sent}.`)}\n`;
    }),
  );
  const head = ['stage', 'action', 'engine', 'network', 'cost'].map(style.bold);
  const outputs = plan.outputs.map((output) => [output.language, visible(output.path)]);
  return [
    `${style.bold(visible(plan.input))} (${formatClock(plan.durationMs)})\n`,
    renderTable([head, ...rows], '  '),
    `${describeSize(plan)}\n`,
    renderCost(plan, style),
    ...behind,
    renderTable(outputs, '  '),
    ...plan.warnings.map((warning) => `${style.yellow('warning:')} ${visible(warning)}\n`),
  ].join('');
}

function describeCost({ action, cost, range }: Pick<PlannedStage, 'action' | 'cost' | 'range'>): string {
  if (range === undefined) return cost === null ? 'unknown' : action === 'keep' ? 'kept' : 'nothing';
  const kept = range.kept === 0 ? '' : `, ${range.kept} kept`;
  if (!range.priced) return `unknown${kept}`;
  return range.calls === 0 ? (range.kept > 0 ? 'kept' : 'nothing') : `${formatSpan(range)}${kept}`;
}

/** `0.0281 CNY`, or `about 0.30 CNY (0.21 to 0.44)`. */
function formatSpan({ least, likely, most }: Pick<PlannedCost, 'least' | 'likely' | 'most'>): string {
  const parts = Object.entries(likely)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, amount]) => {
      const figures = [least[currency] ?? 0, most[currency] ?? 0].map((end) => formatAmount(end, currency));
      const about = formatAmount(amount, currency);
      if (figures.every((figure) => figure === about)) return about;
      return `about ${about} (${figures.map((figure) => figure.split(' ')[0]).join(' to ')})`;
    });
  return parts.length === 0 ? 'nothing' : parts.join(' + ');
}

/** The whole cost, what it leaves out, and what the ceiling means for it. */
export function renderCost({ cost, basis }: Pick<RunPlan, 'cost' | 'basis'>, style: Style): string {
  const { unknown, ceiling } = cost;
  const besides = unknown.length === 0 ? '' : `, and what ${unknown.join(' and ')} costs is unknown`;
  const several =
    Object.keys(cost.likely).length > 1 ? ' Each currency is summed apart: no rate between them is configured.' : '';
  const known = Object.keys(cost.likely).length === 0 && unknown.length > 0 ? 'unknown' : formatSpan(cost);
  const total = unknown.length > 0 && known === 'unknown' ? `unknown (${unknown.join(', ')})` : `${known}${besides}`;
  const limit =
    ceiling === undefined
      ? ''
      : ceiling.holds
        ? ` That is within --max-cost ${formatAmount(ceiling.max, ceiling.currency)}.`
        : ` ${style.yellow(`It may be more than --max-cost ${formatAmount(ceiling.max, ceiling.currency)}: then the run stops on the way and can go on later.`)}`;
  const rests = basis.map((sentence) => `  ${style.dim(sentence)}\n`);
  return [`Cost: ${style.bold(total)}.${several}${limit}\n`, ...rests].join('');
}

function describeSize(plan: RunPlan): string {
  const leaves = plan.stages.some((stage) => stage.leaves !== undefined);
  const network = leaves ? '' : ' Nothing leaves this machine.';
  if (plan.lines === undefined) return `Lines are known after recognition.${network}`;
  const characters = plan.characters === undefined ? '' : `, ${count(plan.characters, 'character')}`;
  return `${count(plan.lines, 'line')}${characters}.${network}`;
}
