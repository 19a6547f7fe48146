import { primaryLanguage } from '../language.js';
import { countPauses, countUnits, unitOf } from './units.js';

/**
 * Units a second of speech without its pauses: Pellegrino, Coupé & Marsico 2011 (Language 87) and Coupé et al. 2019
 * (Science Advances 5), read speech; Japanese in morae. What is not in them is set to their mean.
 */
const articulation: Readonly<Record<string, number>> = {
  ...{ ca: 6.8, de: 6.0, en: 6.2, es: 7.8, eu: 7.5, fi: 7.2, fr: 6.9, hu: 5.9, it: 7.2, ja: 8.0, ko: 7.0 },
  ...{ sr: 7.2, hr: 7.2, th: 4.7, tr: 7.1, vi: 5.3, yue: 5.6, zh: 5.9, pt: 6.9, ru: 6.4, nl: 6.0, pl: 6.5 },
};
const meanArticulation = 6.5;

/** A voice that reads to be understood takes its time; a first guess, until takes of the voice have been heard. */
const readingShare = 0.9;

/** A pause at a comma or a full stop within a line. */
const pauseMs = 250;

/** Pauses within a line take about so much of it: what a budget of units leaves out. */
const pauseShare = 0.08;

/** How one voice speaks one language. */
export interface Pace {
  /** How much longer its takes are than usual: 1.1 is a tenth slower. */
  readonly factor: number;
  /** Standard deviation of a take's length about what is predicted, as a share: 0.1 is a tenth. */
  readonly spread: number;
  /** Takes it was learned from; 0 for the table alone. */
  readonly takes: number;
}

/** A take that was heard: how long its text is and how long it took. */
export interface HeardTake {
  readonly units: number;
  readonly pauses: number;
  readonly durationMs: number;
}

/** Voices differ by about a quarter in pace, and lines of one voice by an eighth, before anything is known of them. */
const priorSpread = 0.25;
const lineSpread = 0.12;
/** Shorter texts tell more of the silence at their ends than of the voice. */
const leastUnits = 4;
/** Takes further off than this many deviations are slips of the engine and do not count. */
const outlier = 3;

/** A voice of which nothing is known. */
export const unknownPace: Pace = { factor: 1, spread: Math.hypot(priorSpread, lineSpread), takes: 0 };

/**
 * What takes tell of a voice: the mean of their lengths against the usual ones, after takes far from the median are left
 * out, drawn towards 1 while there are few.
 * @param heard in any order: the same takes give the same pace
 */
export function learnPace(heard: readonly HeardTake[], language: string): Pace {
  const ratios = heard
    .filter(({ units, durationMs }) => units >= leastUnits && durationMs > 0)
    .map(({ units, pauses, durationMs }) => Math.log(durationMs / usualMs(units, pauses, language)))
    .sort((a, b) => a - b);
  if (ratios.length === 0) return unknownPace;
  const middle = medianOf(ratios);
  const deviation = Math.max(
    0.03,
    1.4826 * medianOf(ratios.map((ratio) => Math.abs(ratio - middle)).sort((a, b) => a - b)),
  );
  const kept = ratios.filter((ratio) => Math.abs(ratio - middle) <= outlier * deviation);
  const mean = kept.reduce((sum, ratio) => sum + ratio, 0) / kept.length;
  // Both variances count as if three takes of the usual spread had been heard before.
  const seen = kept.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0);
  const within = Math.sqrt((seen + 3 * lineSpread ** 2) / (kept.length + 3));
  const doubt = within ** 2 / (kept.length + (within / priorSpread) ** 2);
  const weight = kept.length / (kept.length + (within / priorSpread) ** 2);
  return { factor: Math.exp(mean * weight), spread: Math.sqrt(within ** 2 + doubt), takes: kept.length };
}

/** How long a voice will take over a text, milliseconds. */
export function predictMs(text: string, language: string, pace: Pace): number {
  return Math.round(usualMs(countUnits(text, language), countPauses(text), language) * pace.factor);
}

/** How many units fill a time at a voice's pace, at least 1; pauses within the line are allowed for. */
export function unitsWithin(durationMs: number, language: string, pace: Pace): number {
  const spokenMs = (durationMs * (1 - pauseShare)) / pace.factor;
  return Math.max(1, Math.round((spokenMs / 1000) * unitsPerSecond(language)));
}

/** What `learnPace` needs to know of a text and its take. */
export function hearTake(text: string, language: string, durationMs: number): HeardTake {
  return { units: countUnits(text, language), pauses: countPauses(text), durationMs };
}

function usualMs(units: number, pauses: number, language: string): number {
  return (units / unitsPerSecond(language)) * 1000 + pauses * pauseMs;
}

function unitsPerSecond(language: string): number {
  const mean = unitOf(language) === 'morae' ? articulation.ja! : meanArticulation;
  return (articulation[primaryLanguage(language)] ?? mean) * readingShare;
}

function medianOf(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
