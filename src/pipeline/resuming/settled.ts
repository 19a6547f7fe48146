import type { Script, TranslatedLine, Translation, Utterance } from '../../domain/script.js';
import type { WorkFolder } from '../../workspace/folder.js';
import { hashValue } from '../../workspace/hash.js';
import type { LineEdit } from './edits.js';

/** A line as an earlier run left it: what was said, and the final wording of its dub. */
export interface SettledLine {
  readonly startMs: number;
  readonly source: string;
  /** Hash of everything that shaped it. */
  readonly key: string;
  readonly line: TranslatedLine;
  readonly voice: string | undefined;
}

/** What shapes one line's wording besides the words themselves. */
export interface LineShape {
  /** The engine, its options and the film. */
  readonly scope: unknown;
  /** The voice of a speaker. */
  spokenBy(speaker: string): unknown;
  /** The terms of the glossary that occur in a line. */
  termsIn(text: string): unknown;
}

/** The lines that the last run settled on; none when there was no run. */
export async function readSettled(folder: WorkFolder, language: string): Promise<readonly SettledLine[]> {
  return (await folder.read<readonly SettledLine[]>(`settled.${language}`)) ?? [];
}

/** Keeps the final wording of every line for the next run. */
export async function keepSettled(
  folder: WorkFolder,
  script: Script,
  translation: Translation,
  voices: Readonly<Record<string, string>>,
  shape: LineShape,
): Promise<void> {
  const utterances = new Map(script.utterances.map((utterance) => [utterance.id, utterance]));
  const lines = translation.lines.flatMap((line): SettledLine[] => {
    const utterance = utterances.get(line.utteranceId);
    if (utterance === undefined) return [];
    const { startMs, text: source, speaker } = utterance;
    return [{ startMs, source, key: shapeKey(utterance, shape), line, voice: voices[speaker] }];
  });
  await folder.keep(`settled.${translation.language}`, 'last run', lines);
}

/**
 * Lines whose wording is settled before anything is asked: those that a person has worded, and those that are as they
 * were when an earlier run settled them. A change in one line thus never changes the wording of another.
 */
export function settledLines(
  script: Script,
  earlier: readonly SettledLine[],
  edits: ReadonlyMap<string, LineEdit>,
  shape: LineShape,
): ReadonlyMap<string, TranslatedLine> {
  const known = new Map(earlier.map((settled) => [settled.key, settled]));
  const lines = script.utterances.flatMap((utterance): TranslatedLine[] => {
    const edit = edits.get(utterance.id);
    const found = known.get(shapeKey(utterance, shape))?.line;
    const same = edit === undefined ? found?.byHand !== true : found?.text === edit.text;
    if (found !== undefined && same) return [{ ...found, utteranceId: utterance.id }];
    return edit === undefined ? [] : [{ utteranceId: utterance.id, text: edit.text, byHand: true }];
  });
  return new Map(lines.map((line) => [line.utteranceId, line]));
}

function shapeKey(utterance: Utterance, { scope, spokenBy, termsIn }: LineShape): string {
  // Not the slot: a neighbour that is taken out gives a line more room, and its wording is no worse for that.
  const { startMs, endMs, speaker, text } = utterance;
  return hashValue({ startMs, endMs, speaker, text, voice: spokenBy(speaker), terms: termsIn(text), scope });
}
