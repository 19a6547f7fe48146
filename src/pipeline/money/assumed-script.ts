import { primaryLanguage } from '../../domain/language.js';
import type { Script, Utterance } from '../../domain/script.js';

/** Share of a film in which somebody speaks: of a quiet film, a usual one and a lecture. */
export const speechShares = { least: 0.4, likely: 0.7, most: 0.95 } as const;

/** Length of an assumed line and what it says. */
const lineMs = 4000;

/**
 * Characters that say the same as one of English in a dub: lines that are written to the time of the original grow less
 * than those for print. Of Chinese, Japanese and Korean each sign counts one.
 */
const lengthAgainstEnglish: Readonly<Record<string, number>> = {
  ...{ en: 1, de: 1.1, fr: 1.08, es: 1.02, it: 1.03, pt: 1.01, nl: 1.04, pl: 1, ru: 0.97, uk: 0.97, tr: 0.97 },
  ...{ ar: 0.8, hi: 0.97, id: 1.06, vi: 1.02, zh: 0.26, yue: 0.26, ja: 0.4, ko: 0.46, th: 0.92 },
};

/** Characters a second of English speech, spaces and stops among them: some 150 words a minute. */
export const englishCharactersPerSecond = 14.5;

/** Characters a second of a language. */
export function charactersPerSecond(language: string): number {
  return englishCharactersPerSecond * relativeLength(language);
}

/** How many times as long a text is in another language. */
export function growthBetween(source: string, target: string): number {
  return relativeLength(target) / relativeLength(source);
}

/** How much shorter or longer than usual a translation may be; between signs and letters that is less sure. */
export function lengthsBetween(source: string, target: string): { readonly least: number; readonly most: number } {
  const writesSigns = (language: string) => relativeLength(language) < 0.6;
  return writesSigns(source) === writesSigns(target) ? { least: 0.85, most: 1.25 } : { least: 0.6, most: 1.5 };
}

function relativeLength(language: string): number {
  return lengthAgainstEnglish[primaryLanguage(language)] ?? 1.02;
}

/** Signs of one kind as a text would have them, so that services count it as they would count the real one. */
export function sampleText(characters: number, language: string): string {
  const signs: Readonly<Record<string, string>> = { zh: '字', yue: '字', ja: 'かな字', ko: '한글' };
  const sample = signs[primaryLanguage(language)] ?? 'words as they are spoken ';
  return sample.repeat(Math.ceil(characters / sample.length)).slice(0, Math.max(1, Math.round(characters)));
}

/** A script as long as the film's may be, for a film of which no script is known yet. */
export function assumeScript(durationMs: number, language: string, share: number): Script {
  const count = Math.max(1, Math.round((durationMs * share) / lineMs));
  const text = sampleText((charactersPerSecond(language) * lineMs) / 1000, language);
  const stepMs = Math.floor(durationMs / count);
  return { language, utterances: Array.from({ length: count }, (_, index) => assumedLine(index, stepMs, text)) };
}

function assumedLine(index: number, stepMs: number, text: string): Utterance {
  const span = { startMs: index * stepMs, endMs: index * stepMs + Math.min(lineMs, stepMs) };
  const id = `u${String(index + 1).padStart(4, '0')}`;
  return { id, speaker: 'A', text, slot: span, segmentIds: [], ...span };
}
