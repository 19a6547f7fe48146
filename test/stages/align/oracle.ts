import fc from 'fast-check';
import type { Script, Utterance } from '../../../src/domain/script.js';
import { overlapMs } from '../../../src/domain/time.js';
import type { Takes, TimingOptions } from '../../../src/domain/timeline.js';
import { costUnit, endCost, onsetCost, tempoCosts } from '../../../src/stages/align/cost.js';

/** One line of a case: speaker, source span and the take's natural length. */
export interface CaseLine {
  readonly speaker: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly takeMs: number;
}

/** A script and takes of these lines, sorted as scripts are; ids follow the order. */
export function scene(lines: readonly CaseLine[]): { script: Script; takes: Takes } {
  const sorted = [...lines].sort((left, right) => left.startMs - right.startMs || left.endMs - right.endMs);
  const utterances = sorted.map(({ speaker, startMs, endMs }, index) => {
    const slot = { startMs, endMs };
    return { id: idOf(index), speaker, startMs, endMs, text: 'text', slot, segmentIds: [] };
  });
  const takes = sorted.map(({ takeMs }, index) => take(idOf(index), takeMs));
  return { script: { language: 'en', utterances }, takes: { takes, failures: [] } };
}

/** A take of `durationMs` for one utterance. */
export function take(utteranceId: string, durationMs: number): Takes['takes'][number] {
  const endSample = durationMs * 48;
  const file = { path: `${utteranceId}.wav`, sampleRate: 48_000, startSample: 0, endSample };
  return { utteranceId, ...file, durationMs, voice: 'voice', provider: 'test' };
}

/** The id `scene` gives the line at this place. */
export function idOf(index: number): string {
  return `u${String(index + 1).padStart(4, '0')}`;
}

/** Scenes of up to `lines` lines and `speakers` speakers in about `lengthMs`, crowded, early, late and overlapping. */
export function anyLines(lines: number, speakers: number, lengthMs: number): fc.Arbitrary<CaseLine[]> {
  const line = fc.record({
    speaker: fc.constantFrom(...['A', 'B', 'C', 'D'].slice(0, speakers)),
    startMs: fc.integer({ min: 0, max: lengthMs }),
    spokenMs: fc.integer({ min: 0, max: Math.ceil(lengthMs / 2) }),
    takeMs: fc.integer({ min: 0, max: Math.ceil(lengthMs / 2) }),
  });
  return fc
    .array(line, { minLength: 1, maxLength: lines })
    .map((records) => records.map(({ spokenMs, ...rest }) => ({ ...rest, endMs: rest.startMs + spokenMs })));
}

/**
 * For each line the earlier line that may still speak when it starts, or -1, straight from the rule: the open line is
 * whichever of the last two ends later in the source, and a line that had to wait for it takes its place.
 */
export function talkedOver(lines: readonly Utterance[]): number[] {
  let open = -1;
  return lines.map((line, index) => {
    const other = lines[open];
    const over = other && other.speaker !== line.speaker && overlapMs(other, line) > 0 ? open : -1;
    if (over < 0 || line.endMs > other!.endMs) open = index;
    return over;
  });
}

/**
 * The least cost of any layout on the grid that keeps the pairwise rules, found by trying all of them.
 * @param above gives up on layouts dearer than this
 */
export function leastCost(script: Script, takes: Takes, timing: TimingOptions, gridMs: number, above: number): number {
  const lines = script.utterances;
  const over = talkedOver(lines);
  const programme = Math.floor(timing.programmeMs / gridMs);
  const gap = Math.ceil(timing.minGapMs / gridMs);
  const costs = lines.map(({ id }) => {
    const { durationMs } = takes.takes.find((each) => each.utteranceId === id)!;
    return tempoCosts(durationMs, timing.maxTempo, gridMs);
  });
  const placed: { start: number; end: number }[] = [];
  let best = Math.round(above * costUnit) + 1;

  function earliest(index: number): number {
    const bounds = placed.map(({ start, end }, earlier) => {
      if (lines[earlier]!.speaker === lines[index]!.speaker) return end + gap;
      return over[index] === earlier ? start : end;
    });
    const previous = placed.at(-1);
    if (previous && (over[index] !== index - 1 || isThirdVoice(index))) bounds.push(previous.start + gap);
    return Math.max(0, ...bounds);
  }

  /** Joins a line that joined another, and last spoke before both. */
  function isThirdVoice(index: number): boolean {
    const first = over[index - 1]!;
    if (first < 0) return false;
    const own = lines.findLastIndex(({ speaker }, each) => each < index && speaker === lines[index]!.speaker);
    return own >= 0 && own !== first;
  }

  function search(index: number, spent: number): void {
    if (spent >= best) return;
    if (index === lines.length) {
      best = spent;
      return;
    }
    const { startMs, endMs } = lines[index]!;
    const longest = costs[index]!.length - 1;
    for (let start = earliest(index); start <= programme; start++) {
      for (let end = start; end <= Math.min(programme, start + longest); end++) {
        placed.push({ start, end });
        const cost = onsetCost(start * gridMs - startMs) + endCost(end * gridMs - endMs);
        search(index + 1, spent + cost + costs[index]![longest - (end - start)]!);
        placed.pop();
      }
    }
  }

  search(0, 0);
  return best / costUnit;
}
