import type { Word } from '../../../domain/transcript.js';
import type { WordWire } from './wire.js';

/** Letters of scripts written without spaces, where each token is a word. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Marks of whisper among its tokens: `[_BEG_]`, `[_TT_150]`, `<|endoftext|>`. */
const special = /^\s*(?:\[_[A-Za-z_]+\d*\]|<\|.*\|>)\s*$/;

/**
 * Words of a reply in milliseconds, those without times left out. Tokens are put together to words where some begin with
 * a space: a token without one goes on with the word before it.
 */
export function readWords(wire: readonly WordWire[]): Word[] {
  const timed = wire.flatMap((one) => {
    const text = one.word ?? one.text ?? '';
    const { start, end } = one;
    if (text.trim() === '' || special.test(text) || typeof start !== 'number' || typeof end !== 'number') return [];
    const confidence = one.probability ?? one.confidence ?? undefined;
    return [{ text, startMs: Math.round(start * 1000), endMs: Math.round(end * 1000), confidence }];
  });
  const areTokens = timed.slice(1).some(({ text }) => text.startsWith(' '));
  const words: { text: string; startMs: number; endMs: number; confidence: number | undefined }[] = [];
  for (const one of timed) {
    const last = words.at(-1);
    if (areTokens && last !== undefined && !startsWord(one.text, last.text)) {
      last.text += one.text;
      last.endMs = Math.max(last.endMs, one.endMs);
    } else words.push({ ...one });
  }
  return words.map(({ text, startMs, endMs, confidence }) => ({
    text: text.trim(),
    startMs,
    endMs,
    ...(confidence === undefined ? {} : { confidence: Math.min(1, Math.max(0, confidence)) }),
  }));
}

function startsWord(text: string, before: string): boolean {
  if (text.startsWith(' ')) return true;
  const first = [...text][0] ?? '';
  if (/[\p{P}\p{M}]/u.test(first)) return false;
  return unspaced.test(first) || unspaced.test([...before].at(-1) ?? '');
}
