import type { Span } from '../../domain/time.js';
import { lengthMs } from '../../domain/time.js';
import type { Segment, Transcript, Word } from '../../domain/transcript.js';
import { endsSentence, splitSentences, type Writing } from '../../subtitles/sentences.js';
import { spokenText, startsNewVoice, withoutUnspoken } from '../../subtitles/spoken.js';
import { longestMs, pauseMs } from './limits.js';

/** What is never cut: a word, or a cue (a sentence of it when the cue is very long). */
export interface Piece extends Span {
  readonly kind: 'word' | 'cue';
  readonly segmentId: string;
  readonly speaker: string;
  readonly text: string;
  /** What stands between it and the piece before in the segment's own text; undefined when that is not known. */
  readonly glue: string | undefined;
  /** True when a dash or `>>` says that someone else begins to speak. */
  readonly newVoice: boolean;
}

/** A segment that makes no utterance, and why. */
export interface LeftOut {
  readonly segmentId: string;
  readonly reason: 'outside-programme' | 'not-spoken';
}

/** The pieces of a transcript in the order of its segments, and the segments that give none. */
export function cutPieces(
  transcript: Transcript,
  programmeMs: number,
  writing: Writing,
): { readonly pieces: readonly Piece[]; readonly leftOut: readonly LeftOut[] } {
  const leftOut: LeftOut[] = [];
  const pieces: Piece[] = [];
  const sorted = [...transcript.segments].sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const speakers = nameSpeakers(sorted, writing);
  sorted.forEach((segment, index) => {
    const inside = segment.startMs < programmeMs && (segment.endMs > 0 || segment.startMs >= 0);
    const parts = inside ? segmentParts(segment, writing) : [];
    if (parts.length === 0)
      leftOut.push({ segmentId: segment.id, reason: inside ? 'not-spoken' : 'outside-programme' });
    const who = { segmentId: segment.id, speaker: speakers[index]! };
    for (const part of parts) pieces.push({ ...part, ...clamp(part, programmeMs), ...who });
  });
  return { pieces, leftOut };
}

/** Each segment's speaker: an unnamed one goes on with the sentence of the speaker before, else is the unnamed speaker. */
function nameSpeakers(sorted: readonly Segment[], writing: Writing): string[] {
  const fallback = unnamedSpeaker(sorted);
  const speakers: string[] = [];
  sorted.forEach((segment, index) => {
    const last = sorted[index - 1];
    const goesOn =
      last !== undefined &&
      segment.startMs - last.endMs < pauseMs &&
      !startsNewVoice(segment.text) &&
      !endsSentence(last.text, segment.text, writing);
    speakers.push(segment.speaker ?? (goesOn ? speakers[index - 1]! : fallback));
  });
  return speakers;
}

/** A file that names one speaker only, in its first segment, names its narrator; else the unnamed are `A`. */
function unnamedSpeaker(sorted: readonly Segment[]): string {
  const names = new Set(sorted.flatMap((segment) => segment.speaker ?? []));
  const first = sorted[0]?.speaker;
  return names.size === 1 && first !== undefined ? first : 'A';
}

type Part = Omit<Piece, 'segmentId' | 'speaker'>;

/** Within the programme, and never without length. */
function clamp(span: Span, programmeMs: number): Span {
  const startMs = Math.min(Math.max(0, span.startMs), programmeMs - 1);
  return { startMs, endMs: Math.max(startMs + 1, Math.min(span.endMs, programmeMs)) };
}

function segmentParts(segment: Segment, writing: Writing): Part[] {
  const worded = wordParts(segment);
  return worded.length > 0 ? worded : cueParts(segment, writing);
}

/** A cue as one piece; a cue longer than an utterance by sentences, its time shared by their length. */
function cueParts(segment: Segment, writing: Writing): Part[] {
  const text = spokenText(segment.text);
  if (text === '') return [];
  const newVoice = startsNewVoice(segment.text);
  const { startMs, endMs } = segment;
  const spanMs = lengthMs(segment);
  const sentences = spanMs > longestMs ? splitSentences(text, writing) : [text];
  const total = sentences.reduce((sum, sentence) => sum + sentence.length, 0);
  let before = 0;
  return sentences.map((sentence, index) => {
    const from = Math.round(startMs + (spanMs * before) / total);
    before += sentence.length;
    const to = index === sentences.length - 1 ? endMs : Math.round(startMs + (spanMs * before) / total);
    return {
      kind: 'cue',
      text: sentence,
      startMs: from,
      endMs: to,
      glue: undefined,
      newVoice: newVoice && index === 0,
    };
  });
}

/** One part per spoken word, with the punctuation that the segment's text has around it. */
function wordParts(segment: Segment): Part[] {
  const words = segment.words.filter((word) => word.text.trim() !== '');
  const slices = sliceText(segment.text, words) ?? words.map((word) => ({ text: word.text.trim(), glue: undefined }));
  const spoken = withoutUnspoken(slices.map((slice) => slice.text));
  const parts: Part[] = [];
  let newVoice = startsNewVoice(segment.text);
  words.forEach(({ startMs, endMs }, index) => {
    const text = parts.length === 0 ? spoken[index]!.replace(/^(?:>>+|[-–—])\s*(?=\D|$)/, '') : spoken[index]!;
    const glue = slices[index]!.glue;
    if (/[\p{L}\p{N}\p{S}]/u.test(text)) {
      parts.push({ kind: 'word', text, startMs, endMs: Math.max(startMs, endMs), glue, newVoice });
      newVoice = false;
    } else if (parts.length > 0 && text !== '') {
      const last = parts.pop()!;
      parts.push({ ...last, text: last.text + (glue ?? '') + text });
    }
  });
  return parts;
}

interface Slice {
  readonly text: string;
  readonly glue: string | undefined;
}

/**
 * Shares the segment's text out among its words, so that none of it is lost: many services give the words bare and the
 * punctuation in the text only.
 * @returns undefined when the words are not those of the text
 */
function sliceText(text: string, words: readonly Word[]): Slice[] | undefined {
  const starts = findWords(text, words);
  if (!starts) return undefined;
  const cuts = starts.map((start, index) => (index === 0 ? 0 : cutBetween(text, starts[index - 1]!.end, start.start)));
  return cuts.map((cut, index) => {
    const slice = text.slice(cut, cuts[index + 1] ?? text.length);
    const before = index === 0 ? '' : text.slice(cuts[index - 1]!, cut);
    return { text: slice.trim(), glue: index === 0 ? undefined : /\s$/.test(before) ? ' ' : '' };
  });
}

function findWords(text: string, words: readonly Word[]): { start: number; end: number }[] | undefined {
  const haystack = text.toLowerCase();
  if (haystack.length !== text.length) return undefined;
  const found: { start: number; end: number }[] = [];
  let from = 0;
  for (const word of words) {
    const needle = word.text.trim().toLowerCase();
    const start = haystack.indexOf(needle, from);
    if (start < 0 || start - from > furthestSkip) return undefined;
    from = start + needle.length;
    found.push({ start, end: from });
  }
  return found;
}

/** More text than this between two words means that they are not the text's words. */
const furthestSkip = 60;

/** Where the text between two words is cut: what opens (a quote, a bracket, ¿) goes with the word after. */
function cutBetween(text: string, end: number, start: number): number {
  const between = text.slice(end, start);
  const space = Math.max(between.lastIndexOf(' '), between.lastIndexOf('\n'));
  if (space >= 0) return end + space + 1;
  let cut = start;
  while (cut > end && /[“‘„«‹([{「『（【《〈¿¡]/.test(text[cut - 1]!)) cut--;
  return cut;
}
