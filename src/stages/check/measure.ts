import type { LineReading } from '../../domain/dub.js';
import type { LineFailure, Script } from '../../domain/script.js';
import type { Takes, Timeline } from '../../domain/timeline.js';

/** What the timing gates look at: the plan, and what was heard. */
export interface Heard {
  readonly script: Script;
  readonly timeline: Timeline;
  readonly takes: Takes;
  /** Lines that were given up on, with the reason; they need not be heard. */
  readonly failures: readonly LineFailure[];
  /** One for each placed line, in the timeline's order. */
  readonly lines: readonly LineReading[];
}

/** A line that was found, with its times. */
export type PresentLine = LineReading & { readonly onsetMs: number; readonly endMs: number };

/** The lines that were found, in order of onset. */
export function presentLines(lines: readonly LineReading[]): PresentLine[] {
  const present = lines.filter(
    (line): line is PresentLine => line.present && line.onsetMs !== undefined && line.endMs !== undefined,
  );
  return present.sort((a, b) => a.onsetMs - b.onsetMs);
}

/** The element that 95 % of the sorted values do not exceed (nearest rank); undefined for none. */
export function percentile95<T>(values: readonly T[], by: (value: T) => number): T | undefined {
  const sorted = [...values].sort((a, b) => by(a) - by(b));
  return sorted[Math.ceil(sorted.length * 0.95) - 1];
}

/** `u0001, u0002 and 3 more`. */
export function listIds(ids: readonly string[], most = 5): string {
  if (ids.length <= most) return ids.join(', ');
  return `${ids.slice(0, most).join(', ')} and ${ids.length - most} more`;
}

/** `1 line`, `2 lines`, `no line`. */
export function count(number: number, noun: string): string {
  if (number === 0) return `no ${noun}`;
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Rounded to so many decimals, never `-0`. */
export function rounded(value: number, decimals = 0): number {
  return Number(value.toFixed(decimals)) + 0;
}
