import { formatClock } from '../../domain/time.js';
import type { RunPlan } from '../../pipeline/job.js';
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
    stage.provider === undefined ? '' : describeCost(stage.cost),
  ]);
  const head = ['stage', 'action', 'engine', 'network', 'cost'].map(style.bold);
  const outputs = plan.outputs.map((output) => [output.language, visible(output.path)]);
  return [
    `${style.bold(visible(plan.input))} (${formatClock(plan.durationMs)})\n`,
    renderTable([head, ...rows], '  '),
    `${describeSize(plan)}\n`,
    renderTable(outputs, '  '),
    ...plan.warnings.map((warning) => `${style.yellow('warning:')} ${visible(warning)}\n`),
  ].join('');
}

function describeCost(cost: number | null): string {
  return cost === null ? 'unknown' : cost === 0 ? 'nothing' : String(cost);
}

function describeSize(plan: RunPlan): string {
  const leaves = plan.stages.some((stage) => stage.leaves !== undefined);
  const network = leaves ? '' : ' Nothing leaves this machine.';
  if (plan.lines === undefined) return `Lines are known after recognition.${network}`;
  const characters = plan.characters === undefined ? '' : `, ${count(plan.characters, 'character')}`;
  return `${count(plan.lines, 'line')}${characters}.${network}`;
}
