import { parseTimingLine } from './clock.js';

/** One cue as it stands in the file: times as written, text with its markup. */
export interface CueBlock {
  /** The number or name above the timing line, undefined when there is none. */
  readonly own: string | undefined;
  /** 1-based line of the times. */
  readonly line: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
}

/** True when the file says that it is WebVTT. */
export function isWebVtt(lines: readonly string[]): boolean {
  const first = lines.find((line) => line.trim() !== '');
  return first !== undefined && /^WEBVTT(?:\s|$)/.test(first.trimStart());
}

/**
 * Finds the cues among the lines of a file. A timing line makes a cue; the number above it is its own. SRT text runs
 * to the next cue, over blank lines, because hand-made files have them; WebVTT text ends at the first blank line.
 */
export function findBlocks(lines: readonly string[], format: 'srt' | 'vtt'): CueBlock[] {
  const heads = findHeads(lines, format);
  return heads.map((head, index) => {
    const next = heads[index + 1]?.first ?? lines.length;
    const text = lines.slice(head.timing + 1, next);
    const blank = format === 'vtt' ? text.findIndex((line) => line.trim() === '') : -1;
    return {
      own: head.own,
      line: head.timing + 1,
      startMs: head.startMs,
      endMs: head.endMs,
      text: (blank < 0 ? text : text.slice(0, blank)).join('\n'),
    };
  });
}

interface Head {
  /** Index of the first line that belongs to the cue. */
  readonly first: number;
  readonly timing: number;
  readonly own: string | undefined;
  readonly startMs: number;
  readonly endMs: number;
}

function findHeads(lines: readonly string[], format: 'srt' | 'vtt'): Head[] {
  const heads: Head[] = [];
  let after = 0;
  for (let at = 0; at < lines.length; at++) {
    if (format === 'vtt' && startsComment(lines, at)) {
      at = blankFrom(lines, at);
      after = at;
      continue;
    }
    const times = parseTimingLine(lines[at]!);
    if (!times) continue;
    const own = ownNumber(lines, at, after, format, heads.length + 1);
    heads.push({ ...times, timing: at, first: own?.at ?? at, own: own?.text });
    after = at + 1;
  }
  return heads;
}

function startsComment(lines: readonly string[], at: number): boolean {
  const atBlockStart = at === 0 || lines[at - 1]!.trim() === '';
  return atBlockStart && /^(?:NOTE|STYLE|REGION)(?:\s|$)/.test(lines[at]!);
}

function blankFrom(lines: readonly string[], at: number): number {
  let end = at;
  while (end < lines.length && lines[end]!.trim() !== '') end++;
  return end;
}

/** The cue's own number: the line above its times, when that is no text of the cue before. */
function ownNumber(
  lines: readonly string[],
  timing: number,
  after: number,
  format: 'srt' | 'vtt',
  expected: number,
): { readonly at: number; readonly text: string } | undefined {
  const line = (at: number) => (at >= after ? lines[at]!.trim() : '');
  const above = line(timing - 1);
  if (/^\d{1,9}$/.test(above)) return { at: timing - 1, text: above };
  const standsAlone = line(timing - 2) === '';
  if (format === 'vtt' && above !== '' && standsAlone && !above.startsWith('WEBVTT')) {
    return { at: timing - 1, text: above };
  }
  // Files with every line doubled by a blank one: the number is two lines up, and must be the one that is due.
  if (above === '' && line(timing - 2) === String(expected) && line(timing - 3) === '') {
    return { at: timing - 2, text: String(expected) };
  }
  return undefined;
}
