import { unitsWithin, unknownPace } from '../../../domain/spoken/pace.js';
import { countUnits, type LengthUnit, unitOf } from '../../../domain/spoken/units.js';
import type { LengthBudget } from '../contract.js';

/** A length to aim at. */
export interface SpokenLength {
  readonly unit: LengthUnit;
  readonly count: number;
}

/** How long a line may be: as the budget says or, where the voice's rate is unknown, by the language's usual rate. */
export function lengthFor(budget: LengthBudget, language: string): SpokenLength {
  const count = budget.units ?? unitsWithin(budget.durationMs, language, unknownPace);
  return { unit: unitOf(language), count: Math.max(1, Math.round(count)) };
}

/** The fullest wording that fits, else the shortest. Wordings come from the shortest to the fullest. */
export function chooseWording(wordings: readonly string[], budget: LengthBudget | undefined, language: string): string {
  if (budget === undefined) return wordings.at(-1) ?? '';
  const { count } = lengthFor(budget, language);
  return wordings.findLast((text) => countUnits(text, language) <= count * 1.05) ?? wordings[0] ?? '';
}
