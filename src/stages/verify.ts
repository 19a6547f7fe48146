import { findLost, type LostMeaning, type MeaningRules } from '../domain/meaning.js';
import type { Script, Translation } from '../domain/script.js';
import { errorRate, tokenCount } from '../domain/spoken/likeness.js';
import type { Span } from '../domain/time.js';
import type { Timeline } from '../domain/timeline.js';
import type { Transcript } from '../domain/transcript.js';

/** Something a line's translation has lost. */
export interface LostLine extends LostMeaning {
  readonly utteranceId: string;
}

/** A line that was not heard as it was written. */
export interface UnlikeLine {
  readonly utteranceId: string;
  /** 0 is the same, 1 nothing in common. */
  readonly errorRate: number;
  readonly heard: string;
}

/** Numbers, units, names and glossary terms that did not survive translation, line by line. */
export function compareMeaning(script: Script, translation: Translation, rules: MeaningRules): LostLine[] {
  const texts = new Map(translation.lines.map((line) => [line.utteranceId, line.text]));
  return script.utterances.flatMap(({ id, text }) => {
    const translated = texts.get(id);
    if (translated === undefined) return [];
    return findLost(text, translated, rules).map((lost) => ({ utteranceId: id, ...lost }));
  });
}

/** More errors than this are no slips of the recogniser's any more. */
const mostErrors = 0.5;

/** Lines of fewer words or characters are not judged: one misheard word would be half of them. */
const leastTokens = 3;

/** Recognisers' times are off by about so much. */
const marginMs = 300;

/**
 * Lines that a recogniser did not hear as they were written.
 * @param heard the transcript of the finished dub, on the programme's clock
 */
export function compareHeard(translation: Translation, timeline: Timeline, heard: Transcript): UnlikeLine[] {
  const { language } = translation;
  const pieces = heard.segments.flatMap((segment) => (segment.words.length > 0 ? segment.words : shareOut(segment)));
  const texts = new Map(translation.lines.map((line) => [line.utteranceId, line.text]));
  return timeline.placements.flatMap(({ utteranceId, startMs, durationMs }) => {
    const text = texts.get(utteranceId) ?? '';
    if (tokenCount(text, language) < leastTokens) return [];
    const span = { startMs: startMs - marginMs, endMs: startMs + durationMs + marginMs };
    const near = pieces.filter((piece) => isWithin(piece, span)).map((piece) => piece.text);
    const rate = errorRate(text, near.join(' '), language);
    if (rate === undefined || rate <= mostErrors) return [];
    return [{ utteranceId, errorRate: Math.round(rate * 100) / 100, heard: near.join(' ') }];
  });
}

function isWithin(piece: Span, { startMs, endMs }: Span): boolean {
  const middle = (piece.startMs + piece.endMs) / 2;
  return middle >= startMs && middle < endMs;
}

/** Words of a segment that has no times of its own for them, spread over it by their letters. */
function shareOut({ text, startMs, endMs }: Span & { readonly text: string }): (Span & { readonly text: string })[] {
  const words = text.match(/\p{Script=Han}|[\p{Script=Hiragana}\p{Script=Katakana}]|\S+/gu) ?? [];
  const letters = words.reduce((sum, word) => sum + word.length, 0);
  let done = 0;
  return words.map((word) => {
    const from = startMs + ((endMs - startMs) * done) / letters;
    done += word.length;
    return { text: word, startMs: from, endMs: startMs + ((endMs - startMs) * done) / letters };
  });
}
