import type { Gate, LineReading } from '../../domain/dub.js';
import { lengthMs, overlapMs, type Span, unionSpans } from '../../domain/time.js';
import { count, type Heard, listIds, type PresentLine, percentile95, presentLines, rounded } from './measure.js';

/**
 * ITU-R BT.1359: sound is noticed 45 ms early and 125 ms late. Signs as there: early is positive, late is negative.
 */
const noticed = { early: 45, late: 125 };
const placement = { p95Ms: 15, maxMs: 40 };
const tempoCap = 1.25;
const comfort = { tempo: 1.1, share: 0.9 };
/** Stretching works in blocks: a take may come out this much longer or shorter than asked. */
const stretchSlackMs = 20;
/** Ends and starts this much into one another are touching; the timeline's grid is 10 ms. */
const touchMs = 10;
const outsideShare = 0.1;

/** The gates about lines: whether they are heard, when, for how long and how fast. */
export function timingGates(heard: Heard): Gate[] {
  const present = presentLines(heard.lines);
  return [
    linesPresent(heard),
    silentFailures(heard),
    onsetError(heard, present),
    placementError(present),
    overlaps(heard, present),
    tempo(present),
    tempoShare(present),
    outsideSpeech(heard, present),
  ];
}

function linesPresent({ takes, timeline, failures, lines }: Heard): Gate {
  const failed = new Set(failures.map((failure) => failure.utteranceId));
  const found = new Set(lines.filter((line) => line.present).map((line) => line.utteranceId));
  const wanted = new Set([...takes.takes, ...lines].map((one) => one.utteranceId).filter((id) => !failed.has(id)));
  const missing = [...wanted].filter((id) => !found.has(id));
  const twice = lines.filter((line) => line.copyMs !== undefined).map((line) => line.utteranceId);
  // A line that did not fit was reported as such; cutting it is what the user asked for.
  const overflows = new Set(timeline.overflows.map((overflow) => overflow.utteranceId));
  const cut = lines.filter((line) => line.cutMs !== undefined && !overflows.has(line.utteranceId));
  const faults = [
    ...(missing.length > 0 ? [`not heard: ${listIds(missing)}`] : []),
    ...(twice.length > 0 ? [`heard twice: ${listIds(twice)}`] : []),
    ...(cut.length > 0 ? [`cut short: ${listIds(cut.map((one) => `${one.utteranceId} by ${one.cutMs} ms`))}`] : []),
  ];
  const heardCount = wanted.size - missing.length;
  return {
    name: 'lines-present',
    passed: faults.length === 0,
    value: new Set([...missing, ...twice, ...cut.map((one) => one.utteranceId)]).size,
    unit: 'lines',
    limit: '0',
    detail: `${heardCount} of ${count(wanted.size, 'line')} heard${faults.length > 0 ? `; ${faults.join('; ')}` : ''}.`,
    judges: 'file',
  };
}

function silentFailures({ script, failures, lines }: Heard): Gate {
  const accounted = new Set([
    ...lines.filter((line) => line.present).map((line) => line.utteranceId),
    ...failures.map((failure) => failure.utteranceId),
  ]);
  const silent = script.utterances.map((utterance) => utterance.id).filter((id) => !accounted.has(id));
  const told = failures.length > 0 ? ` ${count(failures.length, 'failure')} told.` : '';
  return {
    name: 'silent-failures',
    passed: silent.length === 0,
    value: silent.length,
    unit: 'lines',
    limit: '0',
    detail:
      silent.length === 0
        ? `Every line is heard or listed as failed.${told}`
        : `Neither heard nor listed as failed: ${listIds(silent)}.${told}`,
    judges: 'file',
  };
}

function onsetError({ timeline }: Heard, present: readonly PresentLine[]): Gate {
  const runs = new Set(timeline.placements.filter((one) => one.runsOnFrom !== undefined).map((one) => one.utteranceId));
  const errors = present.map((line) => ({
    id: line.utteranceId,
    errorMs: line.sourceStartMs - line.onsetMs,
    plannedMs: line.sourceStartMs - line.plannedStartMs,
  }));
  // A longer shift that the plan names was needed to fit the words; the file is not to blame for it.
  const shifted = errors.filter((one) => !isUnnoticed(one.plannedMs));
  const judged = errors.filter((one) => isUnnoticed(one.plannedMs));
  const worst = percentile95(judged, (one) => noticedShare(one.errorMs));
  const longest = shifted.reduce((most, one) => Math.max(most, Math.abs(one.errorMs)), 0);
  const planned = `${count(shifted.length, 'line')} shifted further by plan to fit`;
  const inRuns = shifted.filter((one) => runs.has(one.id)).length;
  const asRuns = inRuns > 0 ? `, ${inRuns} of them as one run with the line before` : '';
  return {
    name: 'onset-error',
    passed: worst === undefined || isUnnoticed(worst.errorMs),
    value: worst && rounded(worst.errorMs, 1),
    unit: 'ms',
    limit: `-${noticed.late}…+${noticed.early}`,
    detail:
      (worst
        ? `95 % of ${count(judged.length, 'line')} start within ${inWords(worst.errorMs)} of the source`
        : 'No line starts where the source does') +
      (shifted.length > 0
        ? `; ${planned}, by up to ${rounded(longest)} ms (${listIds(shifted.map((one) => one.id))})${asRuns}.`
        : '.'),
    judges: 'wording',
  };
}

function isUnnoticed(errorMs: number): boolean {
  return noticedShare(errorMs) <= 1;
}

/** 1 at the edge of what is noticed. */
function noticedShare(errorMs: number): number {
  return errorMs > 0 ? errorMs / noticed.early : -errorMs / noticed.late;
}

function inWords(errorMs: number): string {
  const ms = rounded(Math.abs(errorMs));
  return ms === 0 ? '0 ms' : `${ms} ms ${errorMs > 0 ? '(early)' : '(late)'}`;
}

function placementError(present: readonly PresentLine[]): Gate {
  const errors = present.map((line) => ({ id: line.utteranceId, ms: line.onsetMs - line.plannedStartMs }));
  const typical = percentile95(errors, (one) => Math.abs(one.ms));
  const worst = errors.reduce((a, b) => (Math.abs(b.ms) > Math.abs(a.ms) ? b : a), errors[0] ?? { id: '', ms: 0 });
  const off = errors
    .filter((one) => Math.abs(one.ms) > placement.maxMs)
    .map((one) => `${one.id} by ${rounded(one.ms)} ms`);
  return {
    name: 'placement-error',
    passed: Math.abs(typical?.ms ?? 0) <= placement.p95Ms && off.length === 0,
    value: typical && rounded(Math.abs(typical.ms), 2),
    unit: 'ms',
    limit: `p95 ≤ ${placement.p95Ms}, max ≤ ${placement.maxMs}`,
    detail:
      off.length > 0
        ? `Not where the plan has them: ${listIds(off)}.`
        : `Lines start where the plan has them, the worst ${rounded(Math.abs(worst.ms), 2)} ms off.`,
    judges: 'file',
  };
}

function overlaps({ script, timeline }: Heard, present: readonly PresentLine[]): Gate {
  const source = new Map(script.utterances.map((utterance) => [utterance.id, utterance]));
  const overflows = new Set(timeline.overflows.map((overflow) => overflow.utteranceId));
  const faults: string[] = [];
  let ofTheFile = 0;
  for (const [index, line] of present.entries()) {
    for (const next of present.slice(index + 1)) {
      if (next.onsetMs >= line.endMs - touchMs) break;
      const [a, b] = [source.get(line.utteranceId), source.get(next.utteranceId)];
      const allowed = a && b && a.speaker !== b.speaker && overlapMs(a, b) > 0;
      const ms = rounded(Math.min(line.endMs, next.endMs) - next.onsetMs);
      if (allowed || ms <= touchMs) continue;
      faults.push(`${line.utteranceId} and ${next.utteranceId} by ${ms} ms`);
      if (!overflows.has(line.utteranceId)) ofTheFile++;
    }
  }
  return {
    name: 'overlaps',
    passed: faults.length === 0,
    value: faults.length,
    unit: 'pairs',
    limit: '0',
    detail:
      faults.length === 0
        ? 'No line speaks over another that it did not speak over in the source.'
        : `Lines speak at once that did not in the source: ${listIds(faults)}.`,
    // A line that was reported as too long runs into the next one until its text is shorter.
    judges: faults.length > 0 && ofTheFile === 0 ? 'wording' : 'file',
  };
}

function tempo(present: readonly PresentLine[]): Gate {
  const fast = present.filter((line) => isFasterThan(line, tempoCap));
  const resampled = present.filter((line) => line.fitting === 'resampled');
  const unfitted = present.filter((line) => line.fitting === 'unfitted');
  const named = (lines: readonly LineReading[]) => listIds(lines.map((line) => `${line.utteranceId} (${line.tempo}×)`));
  const faults = [
    ...(fast.length > 0 ? [`faster than ${tempoCap}×: ${named(fast)}`] : []),
    ...(resampled.length > 0 ? [`resampled, so that its pitch moved, instead of stretched: ${named(resampled)}`] : []),
    ...(unfitted.length > 0 ? [`not brought to the planned tempo: ${named(unfitted)}`] : []),
  ];
  const fastest = present.reduce((most, line) => Math.max(most, line.tempo), 0);
  return {
    name: 'tempo',
    passed: faults.length === 0,
    value: present.length > 0 ? fastest : undefined,
    unit: '×',
    limit: `≤ ${tempoCap}, pitch kept`,
    detail:
      faults.length > 0
        ? `Lines ${faults.join('; ')}.`
        : present.length > 0
          ? `The fastest line plays at ${fastest}× with its pitch kept.`
          : 'No line was heard.',
    judges: 'file',
  };
}

function tempoShare(present: readonly PresentLine[]): Gate {
  const calm = present.filter((line) => !isFasterThan(line, comfort.tempo));
  const share = present.length > 0 ? calm.length / present.length : 1;
  return {
    name: 'tempo-share',
    passed: share >= comfort.share,
    value: rounded(share * 100, 1),
    unit: '%',
    limit: `≥ ${comfort.share * 100} % at ≤ ${comfort.tempo}×`,
    detail: `${calm.length} of ${count(present.length, 'line')} play at ${comfort.tempo}× or slower.`,
    judges: 'wording',
  };
}

function isFasterThan(line: PresentLine, limit: number): boolean {
  const placedMs = line.endMs - line.onsetMs + (line.cutMs ?? 0);
  return line.tempo * placedMs > limit * (placedMs + stretchSlackMs);
}

function outsideSpeech({ script }: Heard, present: readonly PresentLine[]): Gate {
  const dub = unionSpans(present.map((line) => ({ startMs: line.onsetMs, endMs: line.endMs })));
  const speech = unionSpans(script.utterances);
  const dubMs = dub.reduce((sum, span) => sum + lengthMs(span), 0);
  const share = dubMs > 0 ? 1 - sharedMs(dub, speech) / dubMs : 0;
  return {
    name: 'outside-speech',
    passed: share <= outsideShare,
    value: rounded(share * 100, 1),
    unit: '%',
    limit: `≤ ${outsideShare * 100}`,
    detail: `${rounded(share * 100, 1)} % of the dub is heard where the source does not speak.`,
    judges: 'wording',
  };
}

/** Both lists are sorted and free of overlaps. */
function sharedMs(a: readonly Span[], b: readonly Span[]): number {
  let shared = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    shared += overlapMs(a[i]!, b[j]!);
    if (a[i]!.endMs < b[j]!.endMs) i++;
    else j++;
  }
  return shared;
}
