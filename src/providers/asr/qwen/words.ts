import type { Span } from '../../../domain/time.js';
import type { Word } from '../../../domain/transcript.js';
import type { WordWire } from './wire.js';

/**
 * Words with times inside the sentence, each with a length, in order. Text is the sentence's: pieces of words that it
 * does not have (numbers written out, lost spaces) lend their times to the sentence's own words.
 */
export function readWords(text: string, words: readonly WordWire[], sentence: Span): Word[] {
  const spoken = words.filter((word) => word.text.trim() !== '');
  if (spoken.length === 0) return [];
  const bare = spoken.map(({ begin_time, end_time, text: piece, confidence }) => ({
    text: piece.trim(),
    startMs: begin_time,
    endMs: end_time,
    ...(typeof confidence === 'number' ? { confidence } : {}),
  }));
  return tidy(areWordsOf(text, bare) ? bare : retime(text, bare), sentence);
}

function areWordsOf(text: string, words: readonly Word[]): boolean {
  const haystack = text.toLowerCase();
  let from = 0;
  for (const word of words) {
    const at = haystack.indexOf(word.text.toLowerCase(), from);
    // What is between two words is punctuation and spaces; letters there are words without a time.
    if (at < 0 || /[\p{L}\p{N}]/u.test(haystack.slice(from, at))) return false;
    from = at + word.text.length;
  }
  return !/[\p{L}\p{N}]/u.test(haystack.slice(from));
}

/** The text's own words, timed by how far into the recognised letters they come. */
function retime(text: string, words: readonly Word[]): Word[] {
  const own = text.match(/[\p{L}\p{N}\p{M}'’]+/gu) ?? [];
  const ownLetters = own.reduce((sum, word) => sum + word.length, 0);
  const letters = words.reduce((sum, word) => sum + word.text.length, 0);
  const clock = (share: number) => {
    let left = share * letters;
    for (const word of words) {
      if (left <= word.text.length) return word.startMs + ((word.endMs - word.startMs) * left) / word.text.length;
      left -= word.text.length;
    }
    return words.at(-1)!.endMs;
  };
  let before = 0;
  return own.map((word) => {
    const startMs = clock(before / ownLetters);
    before += word.length;
    return { text: word, startMs, endMs: clock(before / ownLetters) };
  });
}

/** Words of no length have been seen, and whatever leaves its sentence is put back into it. */
function tidy(words: readonly Word[], { startMs, endMs }: Span): Word[] {
  let last = startMs;
  return words.map((word) => {
    const start = Math.min(Math.max(last, Math.round(word.startMs)), endMs - 1);
    last = start;
    return { ...word, startMs: start, endMs: Math.max(start + 1, Math.min(Math.round(word.endMs), endMs)) };
  });
}
