import { type Room, roomsOf } from '../../domain/room.js';
import type { Script, Utterance } from '../../domain/script.js';
import { type Pace, unitsWithin } from '../../domain/spoken/pace.js';
import type { Units } from '../../providers/contract.js';
import type { TranslationLine, TranslationProvider } from '../../providers/translation/contract.js';
import type { WantedLine } from '../context.js';
import type { TranslateOptions } from './options.js';

/** Version of what is kept of a line. */
const lineVersion = 1;

/** A line to translate. */
export interface Wanted extends WantedLine {
  readonly utterance: Utterance;
  readonly line: TranslationLine;
}

/**
 * Every line with what it is kept under: its words, its place in time, its speaker, the engine and the film. The lines
 * around it and the notes on the script are left out: they help to understand it, but its translation stays right when
 * a neighbour is reworded, and a paid one is not lost for it. Of lines with the very same words each has its own answer.
 */
export function wantedLines(
  script: Script,
  provider: TranslationProvider,
  { target, shapedBy, termsIn, paceOf }: Pick<TranslateOptions, 'target' | 'shapedBy' | 'termsIn' | 'paceOf'>,
): Wanted[] {
  const said = new Map<string, number>();
  const rooms = roomsOf(script);
  return script.utterances.map((utterance) => {
    const { text, speaker } = utterance;
    const time = said.get(text) ?? 0;
    said.set(text, time + 1);
    const line = toLine(utterance, rooms.get(utterance.id)!, target, paceOf(speaker));
    const { durationMs } = line.budget!;
    const engine = { shapedBy, fingerprint: provider.fingerprint?.() };
    const key = {
      made: 'line',
      v: lineVersion,
      ...engine,
      source: script.language,
      target,
      ...{ text, time, speaker, durationMs, terms: termsIn(text) },
    };
    return { utteranceId: utterance.id, key, utterance, line };
  });
}

function toLine(utterance: Utterance, { aimMs }: Room, target: string, pace: Pace): TranslationLine {
  return {
    id: utterance.id,
    text: utterance.text,
    speaker: utterance.speaker,
    startMs: utterance.startMs,
    endMs: utterance.endMs,
    segmentIds: utterance.segmentIds,
    budget: { durationMs: aimMs, units: unitsWithin(aimMs, target, pace) },
  };
}

/** For providers that do not say what they will bill. */
export function countCharacters(lines: readonly Wanted[]): Units[] {
  return [{ unit: 'character', count: lines.reduce((sum, { line }) => sum + [...line.text].length, 0) }];
}
