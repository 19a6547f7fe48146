import { isUnspaced, primaryLanguage } from '../../../domain/language.js';
import type { LengthBudget } from '../contract.js';

/** What the length of a spoken line is counted in. */
export type LengthUnit = 'syllables' | 'characters';

/** A length to aim at. */
export interface SpokenLength {
  readonly unit: LengthUnit;
  readonly count: number;
}

/** Syllables a second of read speech; Pellegrino et al. 2011 and Coupé et al. 2019, who left pauses out. */
const syllablesPerSecond: Readonly<Record<string, number>> = {
  ...{ de: 6.0, en: 6.2, es: 7.8, eu: 7.5, fi: 7.2, fr: 6.9, hu: 5.9, it: 7.2, ja: 8.0, ko: 7.0 },
  ...{ sr: 7.2, th: 4.7, tr: 7.1, vi: 5.3, yue: 5.6, zh: 5.9 },
};

/** Pauses of a lively reading take about a fifth of its time. */
const spokenShare = 0.8;

/** What a language's lines are counted in: Chinese, Japanese and Korean signs are syllables already. */
export function unitOf(language: string): LengthUnit {
  return isUnspaced(language) || primaryLanguage(language) === 'ko' ? 'characters' : 'syllables';
}

/** How long a line may be: as the budget says or, where the voice's rate is unknown, by the language's usual rate. */
export function lengthFor(budget: LengthBudget, language: string): SpokenLength {
  const rate = (syllablesPerSecond[primaryLanguage(language)] ?? 6) * spokenShare;
  const count = budget.units ?? (budget.durationMs / 1000) * rate;
  return { unit: unitOf(language), count: Math.max(1, Math.round(count)) };
}

/** The length of a text in its language's unit, near enough to compare wordings. */
export function spokenLength(text: string, language: string): number {
  if (unitOf(language) === 'characters') return (text.match(/[\p{L}\p{N}]/gu) ?? []).length;
  const vowels = text.normalize('NFD').match(/[aeiouyæøœаеёиоуыэюяієїαεηιουωאוי]+/giu) ?? [];
  const digits = text.match(/\p{N}/gu) ?? [];
  const letters = text.match(/\p{L}/gu) ?? [];
  // Scripts that write no vowels: about two letters make a syllable.
  return (vowels.length > 0 ? vowels.length : Math.ceil(letters.length / 2)) + digits.length;
}

/** The fullest wording that fits, else the shortest. Wordings come from the shortest to the fullest. */
export function chooseWording(wordings: readonly string[], budget: LengthBudget | undefined, language: string): string {
  if (budget === undefined) return wordings.at(-1) ?? '';
  const { count } = lengthFor(budget, language);
  return wordings.findLast((text) => spokenLength(text, language) <= count * 1.05) ?? wordings[0] ?? '';
}
