import { lengthMs, overlapMs, type Span } from '../../../domain/time.js';
import { bestShiftMs } from './shift.js';
import { splitText } from './split.js';

/** A cue of the translation. */
export interface TranslatedCue extends Span {
  readonly number: string;
  readonly text: string;
  readonly speaker?: string | undefined;
}

/** A line of the script that wants a cue. */
export interface ScriptLine extends Span {
  readonly id: string;
  readonly text: string;
  readonly speaker: string;
  readonly segmentIds: readonly string[];
}

/** Which text each line got. */
export interface Matching {
  /** By line id; a line without a cue is not in it. */
  readonly texts: ReadonlyMap<string, string>;
  /** Cues that belong to no line. */
  readonly unmatched: readonly TranslatedCue[];
  /** Cues whose text was shared by several lines, and those lines' ids. */
  readonly shared: readonly { readonly number: string; readonly ids: readonly string[] }[];
  /** How late the translation's clock is against the script's, 0 when they agree. */
  readonly shiftMs: number;
}

/** A cue this near a line belongs to it although they do not overlap. */
const nearMs = 500;
/** A line without a cue of its own shares a neighbour's when that covers this much of it. */
const coveredShare = 0.6;

/**
 * Gives each cue to a line: to the one made from the segment of the same number if it is there at that time, else to
 * the one it overlaps most. Several cues of a line are joined in order; one that spans several lines is shared by them.
 */
export function matchCues(lines: readonly ScriptLine[], cues: readonly TranslatedCue[], language: string): Matching {
  const shiftMs = bestShiftMs(lines, cues);
  const moved = cues.map((cue) => ({ ...cue, startMs: cue.startMs - shiftMs, endMs: cue.endMs - shiftMs }));
  const owners = moved.map((cue) => ownersOf(cue, lines));
  shareWithBare(lines, moved, owners);
  const texts = joinTexts(cues, owners, language);
  return {
    texts,
    unmatched: cues.filter((_, index) => owners[index]!.length === 0),
    shared: cues.flatMap((cue, index) => {
      const ids = owners[index]!.map((line) => line.id);
      return ids.length > 1 ? [{ number: cue.number, ids }] : [];
    }),
    shiftMs,
  };
}

function ownersOf(cue: TranslatedCue, lines: readonly ScriptLine[]): ScriptLine[] {
  const numbered = lines.filter((line) => line.segmentIds.includes(cue.number));
  const there = numbered.filter((line) => overlapMs(cue, line) > 0 || Math.abs(cue.startMs - line.startMs) <= nearMs);
  if (there.length > 0) return there;
  let best: { readonly line: ScriptLine; readonly score: number } | undefined;
  for (const line of lines) {
    const score = closeness(cue, line);
    if (score !== undefined && (best === undefined || score > best.score)) best = { line, score };
  }
  return best ? [best.line] : [];
}

/** How much a cue belongs to a line: shared time, more when the speaker is the same; undefined when they are apart. */
function closeness(cue: TranslatedCue, line: ScriptLine): number | undefined {
  const gapMs = Math.max(0, line.startMs - cue.endMs, cue.startMs - line.endMs);
  if (gapMs > nearMs) return undefined;
  const voice = cue.speaker === undefined ? 1 : cue.speaker === line.speaker ? 1.5 : 0.75;
  return overlapMs(cue, line) * voice - gapMs - Math.abs(cue.startMs - line.startMs) / 1000;
}

function shareWithBare(
  lines: readonly ScriptLine[],
  cues: readonly TranslatedCue[],
  owners: readonly ScriptLine[][],
): void {
  const served = new Set(owners.flat());
  for (const line of lines) {
    if (served.has(line)) continue;
    const index = cues.findIndex((cue, at) => owners[at]!.length > 0 && covers(cue, line, owners[at]!));
    if (index < 0) continue;
    owners[index]!.push(line);
    owners[index]!.sort((a, b) => a.startMs - b.startMs);
  }
}

/** True when the cue lasts through the line; time in which another of its lines speaks does not count. */
function covers(cue: TranslatedCue, line: ScriptLine, owners: readonly ScriptLine[]): boolean {
  const taken = owners.reduce((sum, owner) => sum + overlapMs(owner, line), 0);
  return overlapMs(cue, line) - taken >= coveredShare * lengthMs(line);
}

function joinTexts(
  cues: readonly TranslatedCue[],
  owners: readonly (readonly ScriptLine[])[],
  language: string,
): Map<string, string> {
  const texts = new Map<string, string>();
  cues.forEach((cue, index) => {
    const sharers = owners[index]!;
    const parts = splitText(
      cue.text,
      sharers.map((line) => line.text.length),
      language,
    );
    sharers.forEach((line, at) => {
      const joined = [texts.get(line.id), parts[at]].filter((part) => part).join(' ');
      if (joined !== '') texts.set(line.id, joined);
    });
  });
  return texts;
}
