import { parseLanguage } from '../../../domain/language.js';
import { findLanguage } from '../../../domain/language-names.js';
import type { Segment, Word } from '../../../domain/transcript.js';
import type { SegmentWire, Transcription } from './wire.js';
import { readWords } from './words.js';

/** What a reply says, and what a person should know of it. */
export interface ReadTranscription {
  /** Undefined when the server names none that is known. */
  readonly language: string | undefined;
  readonly segments: readonly Segment[];
  readonly warnings: readonly string[];
}

/** Segments in order and inside the sound, with the words that fall into them. */
export function readTranscription(reply: Transcription, durationMs: number): ReadTranscription {
  const invented: string[] = [];
  const wire = (reply.segments ?? []).filter((segment) => {
    if (!isInvented(segment)) return true;
    invented.push((segment.text ?? '').trim());
    return false;
  });
  const timed = wire
    .flatMap((segment) => toSegment(segment, durationMs))
    .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const spread = spreadWords(timed, readWords(reply.words ?? []));
  const segments = spread.length > 0 || invented.length > 0 ? spread : wholeText(reply, durationMs);
  return {
    language: languageOf(reply.language ?? ''),
    segments: segments.map((segment, index) => ({ ...clampWords(segment, durationMs), id: String(index + 1) })),
    warnings: [
      ...(invented.length === 0
        ? []
        : [
            `The recogniser made up text where nothing is said, left out: ${JSON.stringify(invented.slice(0, 3).join(' '))}.`,
          ]),
      ...repetitions(segments),
    ],
  };
}

type Unnumbered = Omit<Segment, 'id'>;

/** The customary sign of invented text: hardly speech, and hardly likely. */
function isInvented({ avg_logprob: likelihood, no_speech_prob: silence }: SegmentWire): boolean {
  return (silence ?? 0) > 0.6 && (likelihood ?? 0) < -1;
}

/** A segment with its own words; whisper may end one after the file, or give it no length. */
function toSegment(segment: SegmentWire, durationMs: number): Unnumbered[] {
  const { start, end } = segment;
  const text = (segment.text ?? '').trim();
  if (text === '' || typeof start !== 'number' || typeof end !== 'number') return [];
  const words = readWords(segment.words ?? []);
  const startMs = clamp(start * 1000, 0, durationMs - 1);
  const lastMs = Math.max(end * 1000, words.at(-1)?.endMs ?? 0);
  const endMs = clamp(lastMs, startMs + 1, Math.max(durationMs, startMs + 1));
  const speaker = speakerOf(segment.speaker ?? segment.spk);
  return [{ startMs, endMs, text, words, ...(speaker === undefined ? {} : { speaker }) }];
}

/** Speakers count from 0 where they are numbers, and 0 is one: it is `A`, as a lone speaker is called too. */
function speakerOf(label: string | number | null | undefined): string | undefined {
  if (label === null || label === undefined || label === '' || label === '?') return undefined;
  const [, digits] = /^(?:spk|speaker)?[_ ]?(\d+)$/i.exec(String(label)) ?? [];
  if (digits === undefined) return String(label);
  return Number(digits) < 26 ? String.fromCharCode(65 + Number(digits)) : `S${digits}`;
}

/** Words that stand beside the segments go into the one they are spoken in. */
function spreadWords(segments: readonly Unnumbered[], words: readonly Word[]): readonly Unnumbered[] {
  if (words.length === 0 || segments.some((segment) => segment.words.length > 0)) return segments;
  const own = segments.map((): Word[] => []);
  for (const word of words) {
    const middle = (word.startMs + word.endMs) / 2;
    const at = segments.findIndex(({ endMs }) => middle < endMs);
    own[at < 0 ? own.length - 1 : at]?.push(word);
  }
  return segments.map((segment, index) => ({ ...segment, words: own[index]! }));
}

/** Text without times, or with words alone. */
function wholeText(reply: Transcription, durationMs: number): readonly Unnumbered[] {
  const words = readWords(reply.words ?? []);
  const text = (reply.text ?? '').trim() || words.map((word) => word.text).join(' ');
  if (text === '') return [];
  const startMs = clamp(words[0]?.startMs ?? 0, 0, durationMs - 1);
  return [
    {
      startMs,
      endMs: clamp(words.at(-1)?.endMs ?? durationMs, startMs + 1, Math.max(durationMs, startMs + 1)),
      text,
      words,
    },
  ];
}

/** In order, each with a length, inside their segment. */
function clampWords(segment: Unnumbered, durationMs: number): Unnumbered {
  let last = segment.startMs;
  const words: Word[] = [];
  for (const word of segment.words) {
    const startMs = clamp(word.startMs, last, Math.max(last, segment.endMs - 1));
    words.push({
      ...word,
      startMs,
      endMs: clamp(word.endMs, startMs + 1, Math.max(startMs + 1, Math.min(segment.endMs, durationMs))),
    });
    last = startMs;
  }
  return { ...segment, words };
}

const fewestRepetitions = 4;

/** Whisper may get stuck and say the same sentence over and over. */
function repetitions(segments: readonly Unnumbered[]): string[] {
  let run = 1;
  for (const [index, { text }] of segments.entries()) {
    run = index > 0 && text === segments[index - 1]!.text ? run + 1 : 1;
    if (run === fewestRepetitions)
      return [`The recogniser repeats itself (${JSON.stringify(text.slice(0, 60))}): listen to that place.`];
  }
  return [];
}

/** Names that are no English name of a language as others have it. */
const otherNames: Readonly<Record<string, string>> = { mandarin: 'zh', cantonese: 'yue', castilian: 'es', jw: 'jv' };

/** A code, or a full English name. */
function languageOf(said: string): string | undefined {
  const word = said.trim().toLowerCase();
  if (word === '' || word === 'unknown' || word === 'auto') return undefined;
  return otherNames[word] ?? parseLanguage(word) ?? findLanguage(word);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(Math.round(value), low), Math.max(low, high));
}
