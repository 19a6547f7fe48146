import { lengthMs, type Span } from '../../domain/time.js';

/** How far a boundary may be moved to a pause, as a share of the shorter sentence beside it. */
const reach = 0.35;

/**
 * When each of several sentences is said, if all that is known is how long they are and where there is speech: the
 * speech is shared out by length, and a boundary that falls near a pause moves to it.
 * @param lengths one per sentence, in any unit, each above 0
 * @param speech in order and apart, at least one of them
 * @returns one span per sentence, in order, never overlapping
 */
export function shareTime(lengths: readonly number[], speech: readonly Span[]): Span[] {
  const spokenMs = speech.reduce((sum, span) => sum + lengthMs(span), 0);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const ends = endsOf(speech);
  const spans: Span[] = [];
  let said = 0;
  let startMs = speech[0]!.startMs;
  for (const [index, length] of lengths.entries()) {
    said += length;
    const next = lengths[index + 1];
    if (next === undefined) {
      spans.push({ startMs, endMs: Math.max(startMs + 1, speech.at(-1)!.endMs) });
      break;
    }
    const at = (spokenMs * said) / total;
    const pause = pauseNear(ends, at, (reach * spokenMs * Math.min(length, next)) / total);
    const end = pause === undefined ? clockAt(speech, at) : speech[pause]!.endMs;
    const following = pause === undefined ? end : speech[pause + 1]!.startMs;
    spans.push({ startMs, endMs: Math.max(startMs + 1, end) });
    startMs = Math.max(startMs + 1, following);
  }
  return spans;
}

/** How much speech there has been by the end of each span. */
function endsOf(speech: readonly Span[]): number[] {
  let sum = 0;
  return speech.map((span) => (sum += lengthMs(span)));
}

/** The span after which the nearest pause is; undefined when none is within reach. */
function pauseNear(ends: readonly number[], at: number, withinMs: number): number | undefined {
  let best: number | undefined;
  for (let index = 0; index < ends.length - 1; index++) {
    const off = Math.abs(ends[index]! - at);
    if (off <= withinMs && (best === undefined || off < Math.abs(ends[best]! - at))) best = index;
  }
  return best;
}

/** The moment by which so much speech has been heard. */
function clockAt(speech: readonly Span[], spokenMs: number): number {
  let left = spokenMs;
  for (const span of speech) {
    if (left <= lengthMs(span)) return Math.round(span.startMs + left);
    left -= lengthMs(span);
  }
  return speech.at(-1)!.endMs;
}
