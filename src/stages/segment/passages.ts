import { isUnspaced } from '../../domain/language.js';
import type { Span } from '../../domain/time.js';
import { isBound, isNumberPair } from '../../subtitles/bonds.js';
import { countGraphemes } from '../../subtitles/graphemes.js';
import { joinText } from '../../subtitles/join.js';
import { breakPenalty } from '../../subtitles/phrases.js';
import { endsSentence, type Writing } from '../../subtitles/sentences.js';
import { boundMs, longestMs, pauseMs, shortMs } from './limits.js';
import type { Piece } from './pieces.js';

/** Pieces of one speaker that are said in one go. Never empty. */
export interface Passage extends Span {
  readonly pieces: readonly Piece[];
  /** True when someone else spoke between it and the speaker's passage before. */
  readonly afterTurn: boolean;
}

function passageOf(pieces: readonly Piece[], afterTurn: boolean): Passage {
  const startMs = pieces.reduce((least, piece) => Math.min(least, piece.startMs), Number.POSITIVE_INFINITY);
  const endMs = pieces.reduce((most, piece) => Math.max(most, piece.endMs), 0);
  return { pieces, afterTurn, startMs, endMs };
}

/** The passage's text as its language writes it. */
export function passageText({ pieces }: Passage, language: string): string {
  return pieces.reduce((text, { text: next, glue, segmentId }, index) => {
    const known = glue !== undefined && pieces[index - 1]?.segmentId === segmentId;
    return known ? text + glue + next : joinText(text, next, language);
  }, '');
}

/** Cuts at sentence ends, pauses and speaker changes. The passages of each speaker come in order. */
export function cutPassages(pieces: readonly Piece[], writing: Writing): Passage[] {
  const open = new Map<string, { readonly pieces: Piece[]; readonly afterTurn: boolean; last: number }>();
  const all: { readonly pieces: Piece[]; readonly afterTurn: boolean }[] = [];
  pieces.forEach((piece, index) => {
    const current = open.get(piece.speaker);
    const turn = current !== undefined && isTurn(pieces, current.last, index);
    if (current && !turn && goesOn(current.pieces.at(-1)!, piece, writing)) {
      current.pieces.push(piece);
      current.last = index;
      return;
    }
    const begun = { pieces: [piece], afterTurn: turn, last: index };
    open.set(piece.speaker, begun);
    all.push(begun);
  });
  return all.map((passage) => passageOf(passage.pieces, passage.afterTurn));
}

/** True when another speaker began after one piece and before the next of this speaker. */
function isTurn(pieces: readonly Piece[], last: number, index: number): boolean {
  const { endMs } = pieces[last]!;
  for (let between = last + 1; between < index; between++) if (pieces[between]!.startMs >= endMs) return true;
  return false;
}

function goesOn(last: Piece, next: Piece, writing: Writing): boolean {
  if (next.newVoice) return false;
  const gapMs = next.startMs - last.endMs;
  const paused = gapMs >= pauseMs;
  const [left, right] = wordsAt(last, next);
  if (gapMs <= boundMs && isBound(left, right) && !(paused && isNumberPair(left, right))) return true;
  if (paused) return false;
  const partsOfOneCue = next.kind === 'cue' && next.segmentId === last.segmentId;
  return partsOfOneCue || !endsSentence(last.text, next.text, writing);
}

/** The words on both sides of a boundary. */
function wordsAt(last: Piece, next: Piece): [string, string] {
  return [last.text.slice(last.text.lastIndexOf(' ') + 1), next.text.split(' ', 1)[0]!];
}

/** Costs of cutting a passage that is too long, on the scale of `breakPenalty`. */
const partCost = 100;
const pauseGain = 60;
const unevenCost = 40;

/**
 * Cuts a passage longer than an utterance may be into the fewest parts that fit, of like length, at pauses and where a
 * phrase ends. A part is too long only when it is a single piece.
 */
export function splitLong(passage: Passage, language: string): Passage[] {
  if (passage.endMs - passage.startMs <= longestMs) return [passage];
  const { pieces } = passage;
  const total = passage.endMs - passage.startMs;
  const goalMs = total / Math.ceil(total / longestMs);
  const penalties = pieces.map((piece, index) => (index === 0 ? 0 : cutPenalty(pieces[index - 1]!, piece, language)));
  const best = new Array<number>(pieces.length + 1).fill(Number.POSITIVE_INFINITY);
  const from = new Array<number>(pieces.length + 1).fill(0);
  best[0] = 0;
  for (let start = 0; start < pieces.length; start++) {
    let startMs = Number.POSITIVE_INFINITY;
    let endMs = 0;
    for (let end = start + 1; end <= pieces.length; end++) {
      startMs = Math.min(startMs, pieces[end - 1]!.startMs);
      endMs = Math.max(endMs, pieces[end - 1]!.endMs);
      if (endMs - startMs > longestMs && end > start + 1) break;
      const uneven = unevenCost * ((endMs - startMs - goalMs) / goalMs) ** 2;
      const cost = best[start]! + partCost + uneven + (penalties[end] ?? 0);
      if (cost >= best[end]!) continue;
      best[end] = cost;
      from[end] = start;
    }
  }
  const parts: Passage[] = [];
  for (let end = pieces.length; end > 0; end = from[end]!) {
    parts.push(passageOf(pieces.slice(from[end]!, end), from[end] === 0 && passage.afterTurn));
  }
  return parts.reverse();
}

function cutPenalty(last: Piece, next: Piece, language: string): number {
  const gapMs = Math.max(0, Math.min(next.startMs - last.endMs, pauseMs));
  return breakPenalty(...wordsAt(last, next), language) - (pauseGain * gapMs) / pauseMs;
}

/**
 * Joins passages of one speaker that are too short to be voiced by themselves to the nearer neighbour, where no pause, no
 * other speaker and no limit of length stands between them.
 */
export function mergeShort(passages: readonly Passage[], language: string): Passage[] {
  const merged: Passage[] = [];
  passages.forEach((passage, index) => {
    const last = merged.at(-1);
    const next = passages[index + 1];
    if (!last || !canMerge(last, passage) || !(isShort(last, language) || isShort(passage, language))) {
      merged.push(passage);
      return;
    }
    const nextIsNearer = next && canMerge(passage, next) && gapOf(passage, next) < gapOf(last, passage);
    if (nextIsNearer && !isShort(last, language)) merged.push(passage);
    else merged[merged.length - 1] = passageOf([...last.pieces, ...passage.pieces], last.afterTurn);
  });
  return merged;
}

function gapOf(left: Passage, right: Passage): number {
  return right.startMs - left.endMs;
}

function canMerge(left: Passage, right: Passage): boolean {
  if (right.afterTurn || right.pieces[0]!.newVoice || gapOf(left, right) >= pauseMs) return false;
  return Math.max(left.endMs, right.endMs) - Math.min(left.startMs, right.startMs) <= longestMs;
}

function isShort(passage: Passage, language: string): boolean {
  if (passage.endMs - passage.startMs < shortMs) return true;
  const text = passageText(passage, language);
  return isUnspaced(language) ? countGraphemes(text) <= 2 : !text.includes(' ');
}
