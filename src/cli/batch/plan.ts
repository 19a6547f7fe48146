import { formatClock } from '../../domain/time.js';
import type { PlannedCost, RunPlan } from '../../pipeline/job.js';
import { addMoney, noMoney } from '../../pricing/money.js';
import { renderCost, renderPlan } from '../render/plan.js';
import type { Style } from '../render/style.js';
import { count } from '../render/text.js';

/** Adds up what --dry-run finds of each file. */
export interface Planner {
  add(plan: RunPlan): void;
  describe(plan: RunPlan, style: Style): string;
  /** All files together, as people read it. */
  total(style: Style): string;
}

/** A sum with nothing in it. */
export function createPlanner(): Planner {
  const plans: RunPlan[] = [];
  return {
    add: (plan) => void plans.push(plan),
    describe: (plan, style) => `${renderPlan(plan, style)}\n`,
    total(style) {
      const durationMs = plans.reduce((sum, plan) => sum + plan.durationMs, 0);
      const outputs = plans.reduce((sum, plan) => sum + plan.outputs.length, 0);
      const parts = [formatClock(durationMs), `${count(outputs, 'dub')} to make`, describeLines(plans)];
      const cost = renderCost({ cost: sumCosts(plans), basis: [] }, style);
      return `${count(plans.length, 'file')}: ${parts.join(', ')}.\n${cost}`;
    },
  };
}

function describeLines(plans: readonly RunPlan[]): string {
  const known = plans.filter(({ lines }) => lines !== undefined);
  const lines = known.reduce((sum, plan) => sum + (plan.lines ?? 0), 0);
  const characters = known.reduce((sum, plan) => sum + (plan.characters ?? 0), 0);
  const unknown = plans.length - known.length;
  const rest = unknown === 0 ? '' : ` (${count(unknown, 'file')} not counted: lines are known after recognition)`;
  return `${count(lines, 'line')}, ${count(characters, 'character')}${rest}`;
}

/** All costs together; what is unknown of one is unknown of all, and the ceiling is one for all. */
function sumCosts(plans: readonly RunPlan[]): PlannedCost {
  const sum = (which: 'least' | 'likely' | 'most') => plans.map(({ cost }) => cost[which]).reduce(addMoney, noMoney);
  const most = sum('most');
  const unknown = [...new Set(plans.flatMap(({ cost }) => cost.unknown))];
  const ceiling = plans.find(({ cost }) => cost.ceiling !== undefined)?.cost.ceiling;
  const costs = { least: sum('least'), likely: sum('likely'), most, unknown };
  if (ceiling === undefined) return costs;
  const holds =
    plans.every(({ cost }) => cost.ceiling?.holds !== false) && (most[ceiling.currency] ?? 0) <= ceiling.max;
  return { ...costs, ceiling: { ...ceiling, holds } };
}
