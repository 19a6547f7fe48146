import type { Segment, Word } from '../../../domain/transcript.js';
import type { Answer, StampedSentence } from './wire.js';

/** What an answer says. */
export interface Heard {
  /** Undefined where neither a tag nor the letters tell. */
  readonly language: string | undefined;
  readonly segments: readonly Segment[];
}

/**
 * Segments with the finest times the model gives: words (the Paraformer family), or the whole sound for a text that has
 * none (SenseVoice).
 */
export function readHeard(answer: Answer, durationMs: number): Heard {
  const { text, language } = untagged(answer.text ?? '');
  const told = answer.stamp_sents.length > 0 ? answer.stamp_sents.flatMap(toSegment) : stampedWhole(text, answer);
  const segments = told.length > 0 ? told : untimed(text, durationMs);
  return {
    language: language ?? languageByLetters(text),
    segments: segments
      .map((segment) => within(segment, durationMs))
      .sort((a, b) => a.startMs - b.startMs)
      .map((segment, index) => ({ ...segment, id: String(index + 1) })),
  };
}

type Unnumbered = Omit<Segment, 'id'>;

/** SenseVoice writes what it noticed between bars: language, mood, and whether anybody speaks. */
function untagged(text: string): { readonly text: string; readonly language: string | undefined } {
  const tags = [...text.matchAll(/<\|([^|>]*)\|>/g)].map(([, tag]) => tag!.toLowerCase());
  const language = tags.find((tag) => ['zh', 'en', 'yue', 'ja', 'ko'].includes(tag));
  return {
    text: text
      .replaceAll(/<\|[^|>]*\|>/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim(),
    language,
  };
}

function toSegment({ text_seg, punc, start, end, ts_list }: StampedSentence): Unnumbered[] {
  const tokens = tokensOf(text_seg, ts_list.length);
  const text = `${joined(tokens ?? [text_seg.trim()])}${punc}`;
  if (!/[\p{L}\p{N}]/u.test(text)) return [];
  return [{ startMs: start, endMs: end, text, words: tokens === undefined ? [] : toWords(tokens, ts_list, punc) }];
}

/** Times of words for the whole text, without its sentences. */
function stampedWhole(text: string, { timestamp }: Answer): Unnumbered[] {
  const [first, last] = [timestamp[0], timestamp.at(-1)];
  if (text === '' || first === undefined || last === undefined) return [];
  const tokens = tokensOf(text, timestamp.length);
  const words = tokens === undefined ? [] : toWords(tokens, timestamp, '');
  return [{ startMs: first[0], endMs: last[1], text, words }];
}

function untimed(text: string, durationMs: number): Unnumbered[] {
  return /[\p{L}\p{N}]/u.test(text) ? [{ startMs: 0, endMs: durationMs, text, words: [] }] : [];
}

/** As many tokens as there are times: words between spaces, or characters where a script has none; undefined if neither. */
function tokensOf(text: string, count: number): string[] | undefined {
  const words = text.trim().split(/\s+/);
  if (words.length === count) return words;
  const tokens = text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}\p{M}'’-]+/gu) ?? [];
  if (tokens.length !== count) return undefined;
  return tokens;
}

function toWords(tokens: readonly string[], times: readonly (readonly [number, number])[], punc: string): Word[] {
  return tokens.map((text, index) => {
    const [startMs, endMs] = times[index]!;
    return { text: index === tokens.length - 1 ? `${text}${punc}` : text, startMs, endMs };
  });
}

/** Spaces stand between words of scripts that have them. */
function joined(tokens: readonly string[]): string {
  const spaced = (a: string, b: string) => /[\p{L}\p{N}]$/u.test(a) && !isHan(a.at(-1)!) && !isHan(b[0]!);
  return tokens.reduce((text, token) => (text === '' ? token : `${text}${spaced(text, token) ? ' ' : ''}${token}`), '');
}

function isHan(letter: string): boolean {
  return /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(letter);
}

function languageByLetters(text: string): string | undefined {
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)) return 'ja';
  if (/\p{Script=Hangul}/u.test(text)) return 'ko';
  return /\p{Script=Han}/u.test(text) ? 'zh' : undefined;
}

/** Whole milliseconds inside the sound, words in order inside their segment. */
function within(segment: Unnumbered, durationMs: number): Unnumbered {
  const startMs = clamp(segment.startMs, 0, durationMs - 1);
  const endMs = clamp(segment.endMs, startMs + 1, durationMs);
  let last = startMs;
  const words = segment.words.map((word) => {
    const from = clamp(word.startMs, last, endMs - 1);
    last = from;
    return { ...word, startMs: from, endMs: clamp(word.endMs, from + 1, endMs) };
  });
  return { ...segment, startMs, endMs, words };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, Math.round(value)));
}
