import { formatClock } from '../../domain/time.js';
import type { RunPlan } from '../../pipeline/job.js';
import { renderPlan } from '../render/plan.js';
import type { Style } from '../render/style.js';
import { count } from '../render/text.js';

/** Adds up what --dry-run finds of each file. */
export interface Planner {
  add(plan: RunPlan): void;
  describe(plan: RunPlan, style: Style): string;
  /** All files together, as people read it. */
  total(): string;
}

/** A sum with nothing in it. */
export function createPlanner(): Planner {
  const plans: RunPlan[] = [];
  return {
    add: (plan) => void plans.push(plan),
    describe: (plan, style) => `${renderPlan(plan, style)}\n`,
    total() {
      const durationMs = plans.reduce((sum, plan) => sum + plan.durationMs, 0);
      const outputs = plans.reduce((sum, plan) => sum + plan.outputs.length, 0);
      const parts = [formatClock(durationMs), `${count(outputs, 'dub')} to make`, describeLines(plans)];
      return `${count(plans.length, 'file')}: ${parts.join(', ')}, ${describeCost(plans)}\n`;
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

/** An unknown price makes the sum a lower bound, and that is said. */
function describeCost(plans: readonly RunPlan[]): string {
  const costs = plans.flatMap(({ stages }) => stages.map(({ cost }) => cost));
  const sum = costs.reduce<number>((all, cost) => all + (cost ?? 0), 0);
  if (costs.includes(null)) return sum === 0 ? 'cost unknown' : `cost at least ${sum}`;
  return sum === 0 ? 'costs nothing' : `cost ${sum}`;
}
