/**
 * What a placement costs, in whole millionths: every cost is an integer, so sums are exact, ties are ties and the
 * minimum is the same on every machine.
 *
 * The unit is what is just noticed: speech late by 125 ms or early by 45 ms (ITU-R BT.1359-1, detectability), or
 * played at tempo 1.10. Each cost is convex in its argument; `descent.ts` depends on that.
 */
export const costUnit = 1_000_000;

/** Late and early by this much is just noticed (ITU-R BT.1359-1, figure 2), in milliseconds. */
const lateLimitMs = 125;
const earlyLimitMs = 45;

/** 1/125² and 1/45², in millionths per squared millisecond. */
const lateWeight = 64;
const earlyWeight = 494;

/** An end past the source's weighs a tenth of a late onset (1/408²): it is heard, if at all, as a slower voice. */
const endWeight = 6;

/** How much faster a cost grows once the limit is passed. */
const pastLimit = 8;

/** From here on costs grow in proportion: a line this far off is lost to the picture anyhow. */
const straightFromMs = 3000;

/** Tempo that is just noticed; it costs one unit. */
export const easyTempo = 1.1;

/** A millisecond of a take is given up at the price of one line being later than this by one more millisecond. */
const giveUpLateMs = 2500;

/** Cost of starting `offMs` after the source's onset; negative is early. */
export function onsetCost(offMs: number): number {
  if (offMs >= 0) return growing(offMs, lateWeight, lateLimitMs);
  return growing(-offMs, earlyWeight, earlyLimitMs);
}

/** Further from its source than this a line of a run would be said to another picture; it is then worth another wording. */
export const runReachMs = 600;

/**
 * Cost of starting so far from the source's onset within a run of speech, where no lips begin to move: one unit for
 * giving the onset up, and then as for an end that is as far off. Endless beyond `runReachMs`.
 */
export function runOnsetCost(offMs: number): number {
  return Math.abs(offMs) > runReachMs ? Infinity : costUnit + endCost(Math.abs(offMs));
}

/** Cost of ending `offMs` after the source's end; ending early is free. */
export function endCost(offMs: number): number {
  return offMs <= 0 ? 0 : growing(offMs, endWeight, straightFromMs);
}

/**
 * Cost of each length a take may be given, from its own (index 0) one grid step shorter each time, down to nothing.
 *
 * Up to `maxTempo` it is `(v + v²) / 2` with `v = ln t / ln 1.10`, growing fast past 1.10. The linear part keeps takes at
 * exactly 1 while silence or a shift that nobody notices will do. Below `durationMs / maxTempo` the take overflows, at a
 * steep price that rises up to twofold with the share given up, so neighbours share it by their lengths.
 * @param durationMs the take's natural length
 * @param maxTempo fastest tempo, at least 1
 * @param gridMs length of a step
 */
export function tempoCosts(durationMs: number, maxTempo: number, gridMs: number): Float64Array {
  const cells = Math.max(0, Math.ceil(durationMs / gridMs));
  const costs = new Float64Array(cells + 1);
  const leastMs = durationMs / maxTempo;
  let slope = 0;
  for (let shorter = 1; shorter <= cells; shorter++) {
    const lengthMs = (cells - shorter) * gridMs;
    const step =
      lengthMs >= leastMs ? tempoStep(durationMs, lengthMs, gridMs) : overflowStep(lengthMs / leastMs, gridMs);
    // Rounded slopes never fall, so the rounded cost stays convex.
    slope = Math.max(slope, Math.round(step));
    costs[shorter] = costs[shorter - 1]! + slope;
  }
  return costs;
}

function growing(ms: number, weight: number, limitMs: number): number {
  const curvedMs = Math.min(ms, straightFromMs);
  const pastMs = Math.max(0, curvedMs - limitMs);
  const slope = 2 * weight * (curvedMs + pastLimit * pastMs);
  return weight * (curvedMs ** 2 + pastLimit * pastMs ** 2) + slope * (ms - curvedMs);
}

function tempoStep(durationMs: number, lengthMs: number, gridMs: number): number {
  return costUnit * (tempoCost(durationMs / lengthMs) - tempoCost(durationMs / (lengthMs + gridMs)));
}

function tempoCost(tempo: number): number {
  const effort = Math.max(0, Math.log(tempo) / Math.log(easyTempo));
  return (effort + effort ** 2) / 2 + pastLimit * Math.max(0, effort - 1) ** 2;
}

function overflowStep(share: number, gridMs: number): number {
  const lateSlope = 2 * lateWeight * (giveUpLateMs + pastLimit * (giveUpLateMs - lateLimitMs));
  return lateSlope * gridMs * (2 - share);
}
