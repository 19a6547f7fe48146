interface Timed {
  readonly startMs: number;
}

const searchMs = 3000;
const stepMs = 100;
/** Starts this far apart tell nothing any more. */
const reachMs = 500;

/**
 * How much later the cues are than the lines, milliseconds, at most 3 s either way. Cues of the same number and starts
 * that fall together speak for a shift; it is 0 unless another fits clearly better.
 */
export function bestShiftMs(
  lines: readonly (Timed & { readonly segmentIds: readonly string[] })[],
  cues: readonly (Timed & { readonly number: string })[],
): number {
  const starts = lines.map((line) => line.startMs).sort((a, b) => a - b);
  const startOfSegment = new Map(
    [...lines]
      .reverse()
      .flatMap((line) => (line.segmentIds[0] === undefined ? [] : [[line.segmentIds[0], line.startMs]])),
  );
  const scoreOf = (shiftMs: number) => {
    let score = 0;
    for (const cue of cues) {
      const startMs = cue.startMs - shiftMs;
      score += agreement(startMs - nearestStart(starts, startMs));
      const numbered = startOfSegment.get(cue.number);
      if (numbered !== undefined) score += agreement(startMs - numbered);
    }
    return score;
  };
  let best = { shiftMs: 0, score: scoreOf(0) * 1.25 + 0.25 };
  for (let away = stepMs; away <= searchMs; away += stepMs) {
    for (const shiftMs of [away, -away]) {
      const score = scoreOf(shiftMs);
      if (score > best.score) best = { shiftMs, score };
    }
  }
  return best.shiftMs;
}

function agreement(differenceMs: number): number {
  return Math.max(0, 1 - Math.abs(differenceMs) / reachMs);
}

function nearestStart(starts: readonly number[], ms: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle]! < ms) low = middle + 1;
    else high = middle;
  }
  const [before = Number.NEGATIVE_INFINITY, after = Number.POSITIVE_INFINITY] = [starts[low - 1], starts[low]];
  return ms - before <= after - ms ? before : after;
}
