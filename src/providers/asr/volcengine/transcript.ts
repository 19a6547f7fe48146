import type { Segment, Word } from '../../../domain/transcript.js';
import type { AsrReply } from '../contract.js';
import type { ResultWire, UtteranceWire } from './wire.js';

/**
 * Reads sentences and their words. A sentence whose own times are unknown takes those of its words, or lies between its
 * neighbours; a word without times or letters is left out and its sentence stays.
 * @param durationMs length of the sound that was sent
 */
export function readSegments({ result }: ResultWire, durationMs: number, wantsSpeakers: boolean): Segment[] {
  const utterances = result.utterances ?? [];
  const whole = result.text?.trim() ?? '';
  if (utterances.length === 0 && whole !== '') {
    return [{ id: '1', startMs: 0, endMs: Math.max(1, durationMs), text: whole, words: [] }];
  }
  const segments: Omit<Segment, 'id'>[] = [];
  for (const [index, utterance] of utterances.entries()) {
    const text = utterance.text.trim();
    if (text === '') continue;
    const span = spanOf(utterance, segments.at(-1)?.endMs ?? 0, utterances[index + 1], durationMs);
    const speaker = wantsSpeakers ? speakerLabel(utterance) : undefined;
    segments.push({ ...span, text, ...(speaker === undefined ? {} : { speaker }), words: readWords(utterance, span) });
  }
  return segments
    .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs)
    .map((segment, index) => ({ id: String(index + 1), ...segment }));
}

/** Warnings about what a transcript lacks. */
export function lackOf(transcript: AsrReply['transcript'], wantsSpeakers: boolean): string[] {
  const { segments } = transcript;
  const silent = wantsSpeakers && segments.length > 0 && segments.every(({ speaker }) => speaker === undefined);
  return silent ? ['Volcengine named no speaker: all lines are one speaker’s.'] : [];
}

function spanOf(utterance: UtteranceWire, afterMs: number, next: UtteranceWire | undefined, durationMs: number) {
  const timed = (utterance.words ?? []).filter((word) => word.start_time >= 0 && word.end_time > word.start_time);
  const known = (value: number) => (value >= 0 ? value : undefined);
  const start = known(utterance.start_time) ?? timed[0]?.start_time ?? afterMs;
  const end = known(utterance.end_time) ?? timed.at(-1)?.end_time ?? known(next?.start_time ?? -1) ?? durationMs;
  const startMs = clamp(start, 0, Math.max(0, durationMs - 1));
  return { startMs, endMs: clamp(end, startMs + 1, Math.max(durationMs, startMs + 1)) };
}

/** Confidence is 0 for every word there is, so it is not passed on. */
function readWords({ words }: UtteranceWire, span: { readonly startMs: number; readonly endMs: number }): Word[] {
  let afterMs = span.startMs;
  return (words ?? []).flatMap(({ text, start_time, end_time }) => {
    if (text.trim() === '' || start_time < 0 || end_time <= start_time) return [];
    const startMs = clamp(start_time, afterMs, span.endMs - 1);
    const endMs = clamp(end_time, startMs + 1, span.endMs);
    afterMs = startMs;
    return [{ text: text.trim(), startMs, endMs }];
  });
}

/** Speakers count from "1"; 1 is `A`. */
function speakerLabel({ additions }: UtteranceWire): string | undefined {
  const id = additions?.speaker ?? additions?.speaker_id;
  if (id === undefined || id === null || id === '') return undefined;
  const number = Number(id);
  return Number.isInteger(number) && number >= 1 && number <= 26 ? String.fromCharCode(64 + number) : `S${id}`;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(Math.round(value), low), high);
}
