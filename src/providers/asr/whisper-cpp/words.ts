import type { Segment, Word } from '../../../domain/transcript.js';
import type { WhisperSegment, WhisperToken } from './wire.js';

/** Whisper's own marks: `[_BEG_]`, `[_TT_150]`, `<|endoftext|>`. */
const specialToken = /^\s*(?:\[_[A-Za-z_]+\d*\]|<\|.*\|>)\s*$/;

/** What whisper writes for sound without speech: `[BLANK_AUDIO]`, `(music)`, `*laughs*`, `♪`. */
const soundOnly = /^(?:\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|[♪♫\s.…-]+)$/;

/** Letters of scripts written without spaces, where each token is taken for a word. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Segments with their words; those that hold no speech are left out and given back as texts. */
export function readSegments(segments: readonly WhisperSegment[]): { segments: Segment[]; silent: string[] } {
  const silent: string[] = [];
  const read: Segment[] = [];
  for (const segment of segments) {
    const text = segment.text.trim();
    if (text === '') continue;
    if (soundOnly.test(text)) silent.push(text);
    else read.push(toSegment(segment, text, String(read.length + 1)));
  }
  return { segments: read, silent };
}

function toSegment(segment: WhisperSegment, text: string, id: string): Segment {
  const startMs = Math.max(0, Math.round(segment.offsets.from));
  const endMs = Math.max(startMs + 1, Math.round(segment.offsets.to));
  const words = toWords(segment.tokens, startMs, endMs);
  // A character that whisper broke over two tokens is not readable in either: then the text has times, the words have not.
  const readable = !words.some((word) => word.text.includes('\ufffd'));
  return { id, startMs, endMs, text, words: readable ? words : [] };
}

interface OpenWord {
  text: string;
  startMs: number;
  endMs: number;
  readonly confidences: number[];
}

function toWords(tokens: readonly WhisperToken[], startMs: number, endMs: number): Word[] {
  const words: OpenWord[] = [];
  const clamp = (ms: number) => Math.min(endMs, Math.max(words.at(-1)?.endMs ?? startMs, Math.round(ms)));
  for (const token of tokens) {
    if (specialToken.test(token.text) || token.text === '') continue;
    const from = clamp(token.offsets?.from ?? 0);
    const to = Math.max(from, clamp(token.offsets?.to ?? from));
    const last = words.at(-1);
    if (last && !startsWord(token.text, last.text)) {
      last.text += token.text;
      last.endMs = Math.max(last.endMs, to);
      last.confidences.push(...confidenceOf(token));
    } else words.push({ text: token.text, startMs: from, endMs: to, confidences: confidenceOf(token) });
  }
  return words.filter((word) => word.text.trim() !== '').map(toWord);
}

function startsWord(text: string, before: string): boolean {
  if (/^\s/.test(text)) return true;
  const first = [...text][0] ?? '';
  if (/\p{P}/u.test(first)) return false;
  return unspaced.test(first) || unspaced.test([...before].at(-1) ?? '');
}

function confidenceOf(token: WhisperToken): number[] {
  return token.p === undefined ? [] : [Math.min(1, Math.max(0, token.p))];
}

function toWord({ text, startMs, endMs, confidences }: OpenWord): Word {
  const sum = confidences.reduce((total, value) => total + value, 0);
  const confidence = confidences.length === 0 ? undefined : sum / confidences.length;
  return { text: text.trim(), startMs, endMs: Math.max(endMs, startMs + 1), confidence };
}
