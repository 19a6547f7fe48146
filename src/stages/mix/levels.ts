import type { Span } from '../../domain/time.js';
import { gatedLevel, levelBlockMs } from '../../sound/level.js';
import { silentLevel } from '../../sound/loudness.js';
import type { BedSound } from './listen.js';
import type { SourceLine } from './options.js';
import type { DubTake } from './place.js';

/** A line may be this much louder or softer than the programme's speech, dB: more is noise or a wrong span. */
const mostOffSpeechDb = 6;
/** Lines this near in time shape each other's level, ms: a speaker's level drifts, it does not jump. */
const smoothingMs = 15_000;
/** The centre is taken to be without speech when left and right are this much louder under the lines, dB. */
const emptyCentreDb = 10;

/**
 * The level each take should have, LUFS in one channel: that of the source's speech around it, smoothed over the lines
 * of the same voice. Undefined when the source is silent wherever there are lines.
 * @param lines where the source speaks; a take without one is compared with where it plays
 */
export function chooseLevels(
  takes: readonly DubTake[],
  speech: BedSound['speech'],
  lines: readonly SourceLine[],
): (number | undefined)[] {
  const byId = new Map<string, Span>(lines.map((line) => [line.id, line]));
  const spans = takes.map((take) => byId.get(take.utteranceId) ?? take.span);
  const levels = lineLevels(speech, spans);
  const spoken = levels.filter((level) => level > silentLevel);
  if (spoken.length === 0) return levels.map(() => undefined);
  const usual = median(spoken);
  const smooth: number[] = levels.map(() => usual);
  for (const indices of groupByVoice(takes)) {
    const near = indices.map((index) => ({ span: spans[index]!, level: levels[index]! }));
    for (const [place, index] of indices.entries()) {
      const level = weightedMean(near, place) ?? usual;
      smooth[index] = Math.min(usual + mostOffSpeechDb, Math.max(usual - mostOffSpeechDb, level));
    }
  }
  return smooth;
}

/** Level of the source's speech in each span, LUFS; -120 where there is none. */
function lineLevels(speech: BedSound['speech'], spans: readonly Span[]): number[] {
  const levels = (powers: Float32Array | undefined) =>
    powers && spans.map((span) => gatedLevel(powers.subarray(toBlock(span.startMs), toBlock(span.endMs) + 1)));
  const [centre, sides] = [levels(speech.centre), levels(speech.sides)];
  if (centre && sides && median(sides) - median(centre) > emptyCentreDb) return sides;
  return centre ?? sides!;
}

function toBlock(ms: number): number {
  return Math.floor(ms / levelBlockMs);
}

function groupByVoice(takes: readonly DubTake[]): number[][] {
  const groups = new Map<string, number[]>();
  for (const [index, { take }] of takes.entries()) {
    const group = groups.get(take.voice) ?? [];
    group.push(index);
    groups.set(take.voice, group);
  }
  return [...groups.values()];
}

interface LineLevel {
  readonly span: Span;
  readonly level: number;
}

/** Mean level of the lines near one of them; nearer and longer ones weigh more. Undefined when all are silent. */
function weightedMean(lines: readonly LineLevel[], place: number): number | undefined {
  const here = lines[place]!.span.startMs;
  let total = 0;
  let weights = 0;
  const add = ({ span, level }: LineLevel) => {
    const away = Math.abs(span.startMs - here);
    if (away >= smoothingMs) return false;
    const weight = level > silentLevel ? (1 - away / smoothingMs) * Math.max(1, span.endMs - span.startMs) : 0;
    total += weight * level;
    weights += weight;
    return true;
  };
  for (let i = place; i < lines.length && add(lines[i]!); i++);
  for (let i = place - 1; i >= 0 && add(lines[i]!); i--);
  return weights > 0 ? total / weights : undefined;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? silentLevel;
}
