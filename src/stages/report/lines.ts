import type { LineReading } from '../../domain/dub.js';
import type { Placement } from '../../domain/timeline.js';
import type { Reported } from '../report.js';

/** One line as the page tells it: an utterance, what became of it, and what was heard. */
export interface ReportLine {
  readonly id: string;
  readonly speaker: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly sourceText: string;
  /** Undefined when it could not be translated. */
  readonly text: string | undefined;
  readonly placement: Placement | undefined;
  readonly reading: LineReading | undefined;
  readonly voice: string | undefined;
  readonly excessMs: number | undefined;
  /** Why it was given up on. */
  readonly failure: string | undefined;
}

/** Every utterance with all that is known of it, in the script's order. */
export function reportLines({ script, translation, takes, timeline, verdict }: Reported): ReportLine[] {
  const texts = new Map(translation.lines.map((line) => [line.utteranceId, line.text]));
  const placements = byUtterance(timeline.placements);
  const readings = byUtterance(verdict.lines);
  const made = byUtterance(takes.takes);
  const overflows = byUtterance(timeline.overflows);
  const failures = byUtterance([...translation.failures, ...takes.failures]);
  return script.utterances.map(({ id, speaker, startMs, endMs, text }) => ({
    id,
    speaker,
    startMs,
    endMs,
    sourceText: text,
    text: texts.get(id),
    placement: placements.get(id),
    reading: readings.get(id),
    voice: made.get(id)?.voice,
    excessMs: overflows.get(id)?.excessMs,
    failure: failures.get(id)?.message,
  }));
}

function byUtterance<T extends { readonly utteranceId: string }>(items: readonly T[]): Map<string, T> {
  return new Map(items.map((item) => [item.utteranceId, item]));
}

/** How early (positive) or late a line was heard against the source, milliseconds; undefined when it was not. */
export function onsetErrorMs({ reading }: ReportLine): number | undefined {
  return reading?.onsetMs === undefined ? undefined : Math.round(reading.sourceStartMs - reading.onsetMs);
}

/** How fast a line sounds, as a name for its colour. */
export type Pace = 'slow' | 'natural' | 'brisk' | 'fast' | 'over' | 'failed';

/** Steps of product interest: within 1 % of natural, up to 1.10x, up to 1.25x, and lines that do not fit at all. */
export function paceOf(line: ReportLine): Pace {
  if (line.placement === undefined) return 'failed';
  if (line.excessMs !== undefined) return 'over';
  const tempo = line.reading?.tempo ?? line.placement.tempo;
  if (tempo < 0.99) return 'slow';
  if (tempo <= 1.01) return 'natural';
  return tempo <= 1.1 ? 'brisk' : 'fast';
}
