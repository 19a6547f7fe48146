import { parseLanguage } from '../../../domain/language.js';
import { overlapMs } from '../../../domain/time.js';
import type { Segment } from '../../../domain/transcript.js';
import { guessLanguage } from './guess-language.js';
import type { SentenceWire, TranscriptFile } from './wire.js';
import { readWords } from './words.js';

/** What a result file says, and what a person should know about it. */
export interface ReadTranscript {
  readonly language: string;
  readonly segments: readonly Segment[];
  readonly warnings: readonly string[];
}

/** What was asked for. */
export interface TranscriptWish {
  readonly durationMs: number;
  /** BCP 47 when the user named it. */
  readonly language: string | undefined;
  readonly wantsSpeakers: boolean;
}

/** Reads a result file: the sentences of all channels in order, each once. */
export function readTranscript(file: TranscriptFile, wish: TranscriptWish): ReadTranscript {
  const sentences = file.transcripts.flatMap((channel) =>
    channel.sentences.length > 0 ? channel.sentences : wholeText(channel.text ?? '', wish.durationMs),
  );
  const spoken = sentences
    .filter(({ text }) => text.trim() !== '')
    .sort((a, b) => a.begin_time - b.begin_time || a.end_time - b.end_time);
  const segments = withoutEchoes(spoken.map((sentence) => toSegment(sentence, wish))).map((segment, index) => ({
    ...segment,
    id: String(index + 1),
  }));
  const { language, warnings } = settleLanguage(wish.language, spokenLanguage(spoken), segments);
  if (wish.wantsSpeakers && segments.length > 0 && segments.every(({ speaker }) => speaker === undefined)) {
    warnings.push('The recogniser told no speakers apart: all lines are one speaker’s.');
  }
  return { language, segments, warnings };
}

/** The language of the speech: as asked, as the service says, or as the words look. */
export function settleLanguage(
  asked: string | undefined,
  heard: string | undefined,
  segments: readonly Pick<Segment, 'text'>[],
): { readonly language: string; readonly warnings: string[] } {
  const known = asked ?? heard;
  if (known !== undefined || segments.length === 0) return { language: known ?? 'en', warnings: [] };
  const guessed = guessLanguage(segments.map(({ text }) => text).join(' '));
  const how = guessed === undefined ? 'could not be told from its words and is taken for en' : `looks like ${guessed}`;
  return {
    language: guessed ?? 'en',
    warnings: [`The language of the speech ${how}; if it is not, name it with --from.`],
  };
}

function toSegment(sentence: SentenceWire, { durationMs, wantsSpeakers }: TranscriptWish): Omit<Segment, 'id'> {
  const words = sentence.words ?? [];
  const startMs = clamp(sentence.begin_time, 0, durationMs - 1);
  const lastMs = Math.max(sentence.end_time, ...words.slice(-1).map((word) => word.end_time));
  const span = { startMs, endMs: clamp(lastMs, startMs + 1, Math.max(durationMs, startMs + 1)) };
  const text = sentence.text.trim();
  const speaker = wantsSpeakers ? speakerLabel(sentence.speaker_id) : undefined;
  return { ...span, text, ...(speaker === undefined ? {} : { speaker }), words: readWords(text, words, span) };
}

/** Speakers count from 0, and 0 is one: it is `A`, as a lone speaker is called too. */
function speakerLabel(id: SentenceWire['speaker_id']): string | undefined {
  if (id === undefined || id === null || id === '') return undefined;
  const number = Number(id);
  return Number.isInteger(number) && number >= 0 && number < 26 ? String.fromCharCode(65 + number) : `S${id}`;
}

/** Channels of one recording often hold the same speech: of two like sentences at the same time one stays. */
function withoutEchoes(segments: readonly Omit<Segment, 'id'>[]): Omit<Segment, 'id'>[] {
  const kept: Omit<Segment, 'id'>[] = [];
  for (const segment of segments) {
    const length = segment.endMs - segment.startMs;
    const said = kept.slice(-8).some((other) => other.text === segment.text && overlapMs(other, segment) > length / 2);
    if (!said) kept.push(segment);
  }
  return kept;
}

/** The language that most of the spoken time is in. */
function spokenLanguage(sentences: readonly SentenceWire[]): string | undefined {
  const times = new Map<string, number>();
  for (const { language, begin_time, end_time } of sentences) {
    const tag = language ? parseLanguage(language) : undefined;
    if (tag !== undefined) times.set(tag, (times.get(tag) ?? 0) + Math.max(1, end_time - begin_time));
  }
  return [...times].sort(([, a], [, b]) => b - a)[0]?.[0];
}

function wholeText(text: string, durationMs: number): SentenceWire[] {
  return text.trim() === '' ? [] : [{ begin_time: 0, end_time: durationMs, text }];
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(Math.round(value), low), high);
}
