import type { Cue } from '../domain/dub.js';
import { pairPieces } from './bilingual.js';
import { type BrokenCue, breakText } from './break-text.js';
import { countGraphemes } from './graphemes.js';
import { joinText } from './join.js';
import { type ReadingLimits, readingLimits } from './limits.js';

/** A line of the dub: what is said, and when it is heard. */
export interface DubLine {
  readonly utteranceId: string;
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly speaker: string;
}

/** How cues are laid out. */
export interface LayOutOptions {
  /** BCP 47 of the text; chooses the reading limits. */
  readonly language: string;
  /** Length of a video frame, milliseconds. */
  readonly frameMs: number;
  /** No cue ends after it. */
  readonly programmeMs?: number;
  /** In place of the language's own. */
  readonly limits?: Partial<ReadingLimits>;
  /** What was said in the source, by utterance: then every cue has the dub's words above and the source's below. */
  readonly below?: { readonly language: string; readonly texts: ReadonlyMap<string, string> };
}

interface Layout {
  readonly language: string;
  readonly limits: ReadingLimits;
  readonly frameMs: number;
  readonly gapMs: number;
  readonly programmeMs: number;
  readonly below: LayOutOptions['below'];
}

/** A cue before its final times. */
interface Draft {
  readonly startMs: number;
  /** Where its speech ends. */
  readonly endMs: number;
  readonly text: string;
  readonly lines: readonly string[];
  /** Undefined for a dialogue of several. */
  readonly speaker: string | undefined;
}

/**
 * Makes readable cues of the dub's lines, timed to the dub: at most two lines of the language's length, long lines
 * shared among several cues in proportion to their text, at least 5/6 s where there is room, at most 7 s, two frames
 * apart. Two speakers at once give one cue with a dash each, or take turns. No text is lost and no two cues overlap;
 * a speech too fast to read stays too fast, see `lintCues`.
 */
export function layOutCues(lines: readonly DubLine[], options: LayOutOptions): Cue[] {
  const layout = layoutOf(options);
  const drafts = lines.flatMap((line) => splitLine(line, layout));
  drafts.sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  return finish(settle(drafts, layout), layout);
}

function layoutOf({ language, frameMs, programmeMs, limits, below }: LayOutOptions): Layout {
  const all = { ...readingLimits(language), ...limits };
  const gapMs = Math.ceil(all.gapFrames * frameMs);
  return {
    language,
    limits: all,
    frameMs: Math.max(1, Math.ceil(frameMs)),
    gapMs,
    programmeMs: programmeMs ?? Number.POSITIVE_INFINITY,
    below,
  };
}

function splitLine(line: DubLine, layout: Layout): Draft[] {
  const broken = layout.below ? breakInTwoLanguages(line, layout, layout.below) : breakLine(line, layout);
  const spanMs = Math.max(1, line.endMs - line.startMs);
  const lengths = broken.map((cue) => Math.max(1, countGraphemes(cue.text)));
  const sum = lengths.reduce((all, length) => all + length, 0);
  let shown = 0;
  return broken.map((cue, index) => {
    const startMs = Math.round(line.startMs + (spanMs * shown) / sum);
    shown += lengths[index]!;
    const endMs = Math.round(line.startMs + (spanMs * shown) / sum);
    return { ...cue, startMs, endMs, speaker: line.speaker };
  });
}

function breakInTwoLanguages(
  line: DubLine,
  { language, limits }: Layout,
  { language: belowLanguage, texts }: NonNullable<LayOutOptions['below']>,
): BrokenCue[] {
  const below = {
    text: texts.get(line.utteranceId) ?? '',
    language: belowLanguage,
    limits: readingLimits(belowLanguage),
  };
  return pairPieces({ text: line.text, language, limits }, below).map(([upper, lower]) => ({
    text: upper === '' ? lower : upper,
    lines: [upper, lower].filter((text) => text !== ''),
  }));
}

function breakLine(line: DubLine, { language, limits }: Layout): BrokenCue[] {
  const spanMs = Math.max(1, line.endMs - line.startMs);
  const total = Math.max(1, countGraphemes(line.text));
  return breakText(line.text, {
    language,
    charsPerLine: limits.charsPerLine,
    lines: limits.lines,
    // A short text said slowly is cut off at the longest time rather than shown in crumbs.
    mostChars: Math.max(limits.charsPerLine / 2, Math.floor((total * limits.maxMs) / spanMs)),
    leastChars: Math.min(total, Math.ceil((total * limits.minMs) / spanMs)),
  });
}

/** Settles each draft with the one before it: what overlaps or would pass too quickly is trimmed, joined or takes turns. */
function settle(drafts: readonly Draft[], layout: Layout): Draft[] {
  const settled: Draft[] = [];
  drafts.forEach((draft, index) => {
    const last = settled.pop();
    const nextMs = drafts[index + 1]?.startMs ?? layout.programmeMs;
    settled.push(...(last ? settlePair(last, draft, nextMs, layout) : [draft]));
  });
  return settled;
}

function settlePair(last: Draft, draft: Draft, nextMs: number, layout: Layout): Draft[] {
  const { limits, gapMs } = layout;
  const roomMs = draft.startMs - gapMs - last.startMs;
  const rushed = roomMs < limits.minMs || nextMs - gapMs - draft.startMs < limits.minMs;
  const overlapping = draft.startMs < last.endMs;
  if (!overlapping && !rushed) return [last, draft];
  if (overlapping && !rushed && roomMs >= readingMs(last, limits)) return [{ ...last, endMs: draft.startMs }, draft];
  const joined = join(last, draft, layout);
  if (joined) return [joined];
  return overlapping ? takeTurns(last, draft, layout) : [last, draft];
}

/** The least time a viewer needs for it. */
function readingMs(draft: Draft, limits: ReadingLimits): number {
  return Math.max(limits.minMs, (countGraphemes(draft.text) * 1000) / limits.maxCps);
}

const dash = '- ';

/** Two drafts as one cue, undefined when they do not fit: one speaker goes on, two speakers get a dash each. */
function join(last: Draft, draft: Draft, { language, limits, below }: Layout): Draft | undefined {
  // Both lines are taken: the source's words stand below the dub's.
  if (below) return undefined;
  const endMs = Math.max(last.endMs, draft.endMs);
  const apart = draft.startMs - last.endMs > limits.lingerMs;
  if (apart || endMs - last.startMs > limits.maxMs || last.speaker === undefined) return undefined;
  if (last.speaker === draft.speaker) {
    const broken = breakText(joinText(last.text, draft.text, language), { language, ...limits });
    return broken.length === 1 ? { ...last, ...broken[0]!, endMs } : undefined;
  }
  const lines = [last, draft].map(({ text }) => dash + text);
  const fit = limits.lines === 2 && lines.every((line) => countGraphemes(line) <= limits.charsPerLine);
  return fit ? { startMs: last.startMs, endMs, text: lines.join(' '), lines, speaker: undefined } : undefined;
}

/** Shares the time of two overlapping drafts in proportion to their text. */
function takeTurns(last: Draft, draft: Draft, { limits }: Layout): Draft[] {
  const endMs = Math.max(last.endMs, draft.endMs);
  const spanMs = endMs - last.startMs;
  const lengths = [last, draft].map(({ text }) => countGraphemes(text));
  const share = Math.round((spanMs * lengths[0]!) / (lengths[0]! + lengths[1]!));
  const leastMs = Math.min(limits.minMs, Math.floor(spanMs / 2));
  const turnMs = last.startMs + Math.max(leastMs, Math.min(share, spanMs - leastMs));
  return [
    { ...last, endMs: turnMs },
    { ...draft, startMs: turnMs, endMs },
  ];
}

/** Gives each cue its final times: long enough to read where there is room, never too long, the gap kept. */
function finish(drafts: readonly Draft[], { limits, gapMs, frameMs, programmeMs }: Layout): Cue[] {
  let freeMs = 0;
  return drafts.map((draft, index) => {
    const startMs = Math.max(draft.startMs, freeMs);
    const next = drafts[index + 1];
    const roomEndMs = Math.min(next ? next.startMs - gapMs : programmeMs, startMs + limits.maxMs);
    const comfortableMs = Math.ceil((countGraphemes(draft.text) * 1000) / limits.comfortableCps);
    const lingeringMs = Math.min(startMs + comfortableMs, draft.endMs + limits.lingerMs);
    const wantedMs = Math.max(draft.endMs, lingeringMs, startMs + limits.minMs);
    const endMs = Math.max(Math.min(wantedMs, roomEndMs), startMs + frameMs);
    freeMs = endMs + gapMs;
    return { startMs, endMs, text: draft.lines.join('\n'), speaker: draft.speaker };
  });
}
