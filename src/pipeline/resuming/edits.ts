import type { Script, Utterance } from '../../domain/script.js';
import { overlapMs } from '../../domain/time.js';
import { findSlots } from '../../stages/segment/slots.js';
import { type ParsedCue, parseSubtitles } from '../../subtitles/parse.js';
import type { WorkFolder } from '../../workspace/folder.js';
import type { Session } from '../session.js';
import { readAddedSpeakers } from './edited-speakers.js';

/** A line that a person has worded. */
export interface LineEdit {
  /** Where the line began when it was edited: that is what it is known by. */
  readonly startMs: number;
  readonly text: string;
  /** The machine's own wording, kept apart; empty where it had none. */
  readonly machine: string;
}

/** What a person has made of the script: other words in some lines, or other lines. */
interface ScriptEdits {
  readonly lines: readonly LineEdit[];
  /** All lines, where some were added, taken out or moved. */
  readonly whole?: readonly EditedLine[] | undefined;
}

type EditedLine = Pick<Utterance, 'startMs' | 'endMs' | 'text'> & { readonly speaker?: string | undefined };

/** How far a cue may begin from the line it belongs to, milliseconds. */
const nearMs = 500;

/**
 * The script with what a person has changed in `script.srt`, now or before an earlier run. What they wrote is taken over
 * before the file is written again, so that no machine's words replace theirs.
 */
export async function withScriptEdits(
  script: Script,
  programmeMs: number,
  session: Pick<Session, 'folder' | 'emit'>,
): Promise<Script> {
  const { folder } = session;
  const known = (await folder.read<ScriptEdits>('edits.script')) ?? { lines: [] };
  const labels = speakersOf(applyScriptEdits(script, known, programmeMs));
  const read = await readEdited(folder, 'script.srt', session, labels);
  const found = read && { ...read, now: readAddedSpeakers(read.now, read.before) };
  const edits = found === undefined ? known : scriptEdits(known, found);
  if (found !== undefined) await accept(folder, 'edits.script', edits, 'script.srt', found.text);
  return applyScriptEdits(script, edits, programmeMs);
}

/**
 * The lines that a person has worded in a target's `translation.srt`, by utterance id.
 * @param name of the file in the work folder
 */
export async function translationEdits(
  script: Script,
  language: string,
  session: Session,
): Promise<ReadonlyMap<string, LineEdit>> {
  const { folder } = session;
  const [name, artefact] = [`${language}/translation.srt`, `edits.${language}`];
  const known = (await folder.read<readonly LineEdit[]>(artefact)) ?? [];
  const found = await readEdited(folder, name, session);
  if (found === undefined) return byUtterance(script, known);
  const edits = lineEdits(known, found, (cue) => lineAt(script, cue));
  for (const { startMs } of edits.strangers) {
    const message = `${name} has a line at ${startMs} ms where nobody speaks; it is left out of account.`;
    session.emit({ type: 'warning', stage: 'translate', language, message });
  }
  await accept(folder, artefact, edits.lines, name, found.text);
  return byUtterance(script, edits.lines);
}

/** Labels that stand before the lines of a script; a single speaker is not named there. */
function speakersOf({ utterances }: Script): string[] {
  const labels = [...new Set(utterances.map(({ speaker }) => speaker))];
  return labels.length > 1 ? labels : [];
}

interface EditedFile {
  readonly text: string;
  readonly now: readonly ParsedCue[];
  readonly before: readonly ParsedCue[];
}

/** @returns undefined when nobody has edited the file since it was written, or it can no longer be read */
async function readEdited(
  folder: WorkFolder,
  name: string,
  session: Pick<Session, 'emit'>,
  labels: readonly string[] = [],
): Promise<EditedFile | undefined> {
  const { standing, written } = await folder.readForPeople(name);
  if (standing === undefined || written === undefined || standing === written) return undefined;
  const [now, before] = [standing, written].map((text) => parseSubtitles(Buffer.from(text), labels).cues);
  if (now!.length > 0) return { text: standing, now: now!, before: before! };
  const message = `${name} was edited by hand, but holds no subtitles any more; it is left out of account.`;
  session.emit({ type: 'warning', stage: 'work', message });
  return undefined;
}

/** The edits are on the disk before the file counts as ours again. */
async function accept(folder: WorkFolder, artefact: string, edits: unknown, name: string, text: string): Promise<void> {
  await folder.keep(artefact, 'by hand', edits);
  await folder.acceptEdit(name, text);
}

function scriptEdits(known: ScriptEdits, found: EditedFile): ScriptEdits {
  const sameTimes =
    found.now.length === found.before.length &&
    found.now.every(
      ({ startMs, endMs }, at) => startMs === found.before[at]!.startMs && endMs === found.before[at]!.endMs,
    );
  const isWhole = known.whole !== undefined || !sameTimes || speakersMoved(found);
  if (isWhole) return { lines: [], whole: found.now.map(toEditedLine) };
  const before = new Map(found.before.map((cue) => [cue.startMs, cue]));
  return { lines: lineEdits(known.lines, found, (cue) => before.get(cue.startMs)).lines };
}

function speakersMoved({ now, before }: EditedFile): boolean {
  return now.some(({ speaker }, at) => speaker !== before[at]!.speaker);
}

function toEditedLine({ startMs, endMs, text, speaker }: ParsedCue): EditedLine {
  return { startMs, endMs, text: oneLine(text), speaker };
}

/** Adds what differs now to the edits that are known; a line that has its old words again is no edit any more. */
function lineEdits(
  known: readonly LineEdit[],
  { now, before }: EditedFile,
  lineOf: (cue: ParsedCue) => { readonly startMs: number } | undefined,
): { readonly lines: readonly LineEdit[]; readonly strangers: readonly ParsedCue[] } {
  const earlier = new Map(before.map((cue) => [cue.startMs, oneLine(cue.text)]));
  const edits = new Map(known.map((edit) => [edit.startMs, edit]));
  const strangers: ParsedCue[] = [];
  for (const cue of now) {
    const startMs = lineOf(cue)?.startMs;
    if (startMs === undefined) {
      strangers.push(cue);
      continue;
    }
    const text = oneLine(cue.text);
    const was = earlier.get(startMs) ?? '';
    if (text === was) continue;
    const machine = edits.get(startMs)?.machine ?? was;
    if (text === machine) edits.delete(startMs);
    else edits.set(startMs, { startMs, text, machine });
  }
  return { lines: [...edits.values()].sort((a, b) => a.startMs - b.startMs), strangers };
}

function byUtterance(script: Script, edits: readonly LineEdit[]): ReadonlyMap<string, LineEdit> {
  const found = edits.flatMap((edit): [string, LineEdit][] => {
    const line = lineAt(script, edit);
    return line === undefined ? [] : [[line.id, edit]];
  });
  return new Map(found);
}

/** The utterance that begins where the cue does, or near. */
function lineAt({ utterances }: Script, { startMs }: { readonly startMs: number }): Utterance | undefined {
  const off = (utterance: Utterance) => Math.abs(utterance.startMs - startMs);
  const near = utterances.filter((utterance) => off(utterance) <= nearMs).sort((a, b) => off(a) - off(b));
  return near[0];
}

function applyScriptEdits(script: Script, { lines, whole }: ScriptEdits, programmeMs: number): Script {
  if (whole !== undefined) return rebuild(script, whole, programmeMs);
  const texts = new Map(lines.map((edit) => [edit.startMs, edit.text]));
  const utterances = script.utterances.map((utterance) => {
    const text = texts.get(utterance.startMs);
    return text === undefined ? utterance : { ...utterance, text };
  });
  return { ...script, utterances };
}

/** A script of a person's own lines; each takes over the speaker of the machine's line that it shares most time with. */
function rebuild(script: Script, lines: readonly EditedLine[], programmeMs: number): Script {
  const inside = lines
    .map((line) => ({ ...line, endMs: Math.min(line.endMs, programmeMs) }))
    .filter((line) => line.endMs > line.startMs);
  const slots = findSlots(inside, programmeMs);
  const labels = new Map(script.utterances.map(({ speaker }) => [speaker.toLocaleUpperCase('en'), speaker]));
  const utterances = inside.map((line, index): Utterance => {
    const own = mostShared(script, line);
    const said =
      line.speaker === undefined ? undefined : (labels.get(line.speaker.toLocaleUpperCase('en')) ?? line.speaker);
    return {
      id: `u${String(index + 1).padStart(4, '0')}`,
      speaker: said ?? own?.speaker ?? 'A',
      ...{ startMs: line.startMs, endMs: line.endMs, text: line.text, slot: slots[index]! },
      segmentIds: own?.segmentIds ?? [],
    };
  });
  return { ...script, utterances };
}

function mostShared({ utterances }: Script, line: EditedLine): Utterance | undefined {
  const shared = utterances.map((utterance) => ({ utterance, ms: overlapMs(utterance, line) }));
  return shared.sort((a, b) => b.ms - a.ms)[0]?.utterance;
}

function oneLine(text: string): string {
  return text.split(/\s+/).join(' ').trim();
}
