import type { Cue } from '../domain/dub.js';
import { countGraphemes } from './graphemes.js';
import { type ReadingLimits, readingLimits } from './limits.js';

/** One rule that a cue breaks. */
export interface CueFault {
  /** 1-based. */
  readonly cue: number;
  readonly rule:
    | 'line-length'
    | 'lines'
    | 'reading-speed'
    | 'min-duration'
    | 'max-duration'
    | 'gap'
    | 'overlap'
    | 'empty';
  /** Characters, lines, characters per second or milliseconds, as the rule counts. */
  readonly value: number;
  readonly limit: number;
}

/** What the cues are held against. */
export interface LintOptions {
  /** BCP 47; chooses the reading limits. */
  readonly language: string;
  /** Length of a video frame, milliseconds. */
  readonly frameMs: number;
  /** In place of the language's own. */
  readonly limits?: Partial<ReadingLimits>;
}

/**
 * Finds what makes cues hard to read: long lines, more than two, too fast, too short, too long, too close together,
 * overlapping, empty. Cues are taken in the order given.
 */
export function lintCues(cues: readonly Cue[], { language, frameMs, limits: own }: LintOptions): CueFault[] {
  const limits = { ...readingLimits(language), ...own };
  const gapMs = Math.ceil(limits.gapFrames * frameMs);
  return cues.flatMap((cue, index) => {
    const found = [...textFaults(cue, limits), ...timeFaults(cue, cues[index + 1], limits, gapMs)];
    return found.map((fault) => ({ cue: index + 1, ...fault }));
  });
}

type Fault = Omit<CueFault, 'cue'>;

function textFaults(cue: Cue, limits: ReadingLimits): Fault[] {
  const lines = cue.text.split('\n');
  const faults: Fault[] = [];
  if (cue.text.trim() === '') faults.push({ rule: 'empty', value: 0, limit: 1 });
  const longest = Math.max(...lines.map(countGraphemes));
  if (longest > limits.charsPerLine) faults.push({ rule: 'line-length', value: longest, limit: limits.charsPerLine });
  if (lines.length > limits.lines) faults.push({ rule: 'lines', value: lines.length, limit: limits.lines });
  return faults;
}

function timeFaults(cue: Cue, next: Cue | undefined, limits: ReadingLimits, gapMs: number): Fault[] {
  const lengthMs = cue.endMs - cue.startMs;
  const faults: Fault[] = [];
  const cps = lengthMs > 0 ? Math.round((countGraphemes(cue.text) * 10_000) / lengthMs) / 10 : Number.POSITIVE_INFINITY;
  if (cps > limits.maxCps) faults.push({ rule: 'reading-speed', value: cps, limit: limits.maxCps });
  if (lengthMs < limits.minMs) faults.push({ rule: 'min-duration', value: lengthMs, limit: limits.minMs });
  if (lengthMs > limits.maxMs) faults.push({ rule: 'max-duration', value: lengthMs, limit: limits.maxMs });
  const apartMs = next ? next.startMs - cue.endMs : gapMs;
  if (apartMs < 0) faults.push({ rule: 'overlap', value: -apartMs, limit: 0 });
  else if (apartMs < gapMs) faults.push({ rule: 'gap', value: apartMs, limit: gapMs });
  return faults;
}
