import type { Gate } from '../../domain/dub.js';
import type { BedListening, LineSound } from './bed-listening.js';
import { count, listIds, rounded } from './measure.js';

/** What was to become of the original under the dub. */
export interface BedExpectation {
  readonly bed: 'duck' | 'keep' | 'mute' | 'separate';
  /** Gain of the bed under a line, dB. */
  readonly duckDb: number;
  /** Gain of the whole mix, dB. */
  readonly gainDb: number;
}

/** Original speech this far down is not understood beside the dub. */
const leakageDb = -15;
/** A bed that was asked to be louder than that is held to what was asked, ramps and regression aside. */
const slackDb = 3;
const bedWithinDb = 0.5;
/** Where the limiter holds a loud bed back, some of it is lower; more than this share is not the limiter. */
const oddWithinDb = 3;
const oddShare = 0.1;
/** Lines of one speaker within this of one another sound as said in one go. */
const levelWithinLu = 6;

/** The gates about what lies under the dub and how loud its lines are. A separated bed is another sound: not compared. */
export function bedGates(heard: BedListening, expected: BedExpectation): Gate[] {
  const { bed } = expected;
  return [
    ...(bed === 'duck' || bed === 'mute' ? [leakageGate(heard.lines, expected)] : []),
    ...(bed === 'duck' || bed === 'keep' ? [bedLevelGate(heard.elsewhereDb, expected.gainDb)] : []),
    lineLevelGate(heard.lines),
  ];
}

/** How far the original is down under a line, against where it would be untouched, dB; undefined where unknown. */
export function leakageOf({ underDb }: LineSound, { gainDb }: BedExpectation): number | undefined {
  return underDb === undefined ? undefined : underDb - gainDb;
}

function leakageGate(lines: readonly LineSound[], expected: BedExpectation): Gate {
  const limit = expected.bed === 'mute' ? leakageDb : Math.max(leakageDb, expected.duckDb + slackDb);
  const told = lines.flatMap((line) => {
    const value = leakageOf(line, expected);
    return value === undefined ? [] : [{ id: line.utteranceId, value }];
  });
  const over = told.filter(({ value }) => value > limit);
  const worst = told.length === 0 ? undefined : Math.max(...told.map(({ value }) => value));
  return {
    name: 'leakage',
    passed: over.length === 0,
    value: worst === undefined ? undefined : rounded(worst, 1),
    unit: 'dB',
    limit: `≤ ${limit}`,
    detail:
      worst === undefined
        ? 'No line is long enough over the original to tell.'
        : over.length > 0
          ? `The original is heard under ${listIds(over.map(({ id, value }) => `${id} (${rounded(value, 1)} dB)`))}.`
          : `The original is at least ${rounded(-worst, 1)} dB down under ${count(told.length, 'line')}.`,
    judges: 'file',
  };
}

function bedLevelGate(gains: readonly number[], gainDb: number): Gate {
  const off = gains.map((gain) => gain - gainDb).sort((a, b) => a - b);
  const median = off[Math.floor(off.length / 2)];
  const odd = off.filter((value) => Math.abs(value) > oddWithinDb).length;
  const base = { name: 'bed-level', unit: 'dB', limit: `± ${bedWithinDb}`, judges: 'file' } as const;
  if (median === undefined) {
    return { ...base, passed: true, value: undefined, detail: 'No sound lies away from the lines to compare.' };
  }
  return {
    ...base,
    passed: Math.abs(median) <= bedWithinDb && odd <= off.length * oddShare,
    value: rounded(median, 2),
    detail:
      `Away from the lines the original is ${Math.abs(median) < 0.05 ? 'untouched' : `${rounded(Math.abs(median), 1)} dB ${median < 0 ? 'lower' : 'higher'}`}` +
      (odd > 0 ? `, but off by over ${oddWithinDb} dB in ${odd} of ${count(off.length, 'block')}.` : '.'),
  };
}

function lineLevelGate(lines: readonly LineSound[]): Gate {
  const odd: string[] = [];
  let widest = 0;
  for (const speaker of new Set(lines.map((line) => line.speaker))) {
    const own = lines.filter((line) => line.speaker === speaker);
    const levels = own.map((line) => line.levelLufs).sort((a, b) => a - b);
    const middle = levels[Math.floor(levels.length / 2)]!;
    for (const line of own) {
      const off = line.levelLufs - middle;
      widest = Math.max(widest, Math.abs(off));
      if (Math.abs(off) > levelWithinLu) odd.push(`${line.utteranceId} by ${rounded(off, 1)} LU`);
    }
  }
  return {
    name: 'line-level',
    passed: odd.length === 0,
    value: rounded(widest, 1),
    unit: 'LU',
    limit: `≤ ${levelWithinLu}`,
    detail:
      odd.length > 0
        ? `Lines stand out from their speaker's others: ${listIds(odd)}.`
        : `Lines of one speaker are within ${rounded(widest, 1)} LU of their middle.`,
    judges: 'file',
  };
}
