import type { Cue } from '../domain/dub.js';
import type { Script, Translation } from '../domain/script.js';
import { writeSrt } from '../subtitles/write.js';

/** JSON for people: indented, with a line break at the end. */
export function toJsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The script as SRT: one cue per utterance, at its time in the source. */
export function scriptAsSrt(script: Script): string {
  const speakers = new Set(script.utterances.map((utterance) => utterance.speaker)).size;
  return writeSrt(
    script.utterances.map(({ startMs, endMs, text, speaker }): Cue => ({ startMs, endMs, text, speaker })),
    { speakers: speakers > 1 },
  );
}

/** The translation as SRT at the utterances' times in the source; a line that failed is left out. */
export function translationAsSrt(script: Script, translation: Translation): string {
  const texts = new Map(translation.lines.map((line) => [line.utteranceId, line.text]));
  const cues = script.utterances.flatMap(({ id, startMs, endMs }): Cue[] => {
    const text = texts.get(id);
    return text === undefined ? [] : [{ startMs, endMs, text }];
  });
  return writeSrt(cues);
}

/** `1 line`, `2 lines`. */
export function countOf(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}
