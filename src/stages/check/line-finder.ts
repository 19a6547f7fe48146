import {
  correlate,
  correlateRest,
  energyOf,
  findPeak,
  gainAt,
  heardStretch,
  type Peak,
  type Products,
  productsOf,
  subtractAt,
} from '../../sound/correlate.js';
import { fftSize } from '../../sound/fft.js';

/** Takes are looked for at this rate: what makes speech recognisable lies below 4 kHz. */
export const listeningRate = 8000;

const samplesOf = (ms: number) => Math.round((ms * listeningRate) / 1000);

/** A line to look for, at the listening rate. */
export interface SoughtLine {
  readonly utteranceId: string;
  /** On the programme's clock. */
  readonly plannedStartMs: number;
  /** The take as it should have been placed: stretched to the planned tempo. */
  readonly placed: Float32Array;
  /** The take brought to that length in other ways; undefined at tempo 1, where all are the same. */
  readonly otherwise?: OtherFittings | undefined;
}

/** What else the take may have become. Made only when asked for. */
export interface OtherFittings {
  /** Resampled to the planned length, pitch and all. */
  resampled(): Float32Array;
  /** As it was voiced. */
  natural(): Float32Array;
}

/** Where a line was heard. Samples at the listening rate, on the programme's clock. */
export interface FoundLine {
  readonly utteranceId: string;
  readonly likeness: number;
  readonly fitting: 'stretched' | 'resampled' | 'unfitted';
  /** What of it is heard: first sample and one past the last. */
  readonly from: number;
  readonly to: number;
  /** Samples of the take that are not heard at its ends. */
  readonly cut: number;
  /** Where a second one may lie: the start, to be explained by another line or reported. */
  readonly copyAt?: number | undefined;
}

// Measured on 24 Spanish lines by espeak-ng (0.2…9 s, tempos 0.9…1.25) over real speech and over speech with music, as
// AAC at 96 and Opus at 64 kb/s. Lines of 0.4 s and more: present 0.73…0.98 with the bed 10 dB down or lower, 0.53 with
// a bed as loud as the dub, 0.33 with one 6 dB louder; absent (best of ±2 s, other lines of the same voice included) at
// most 0.24. Shorter ones: present at least 0.78, 0.47 and 0.34; absent at most 0.49, for other words share their sounds.
const presentLikeness = 0.3;
const shortMs = 400;
const shortPresentLikeness = 0.6;
/** This near to the plan chance has few places to hide, and a short line needs no more than a long one. */
const nearMs = 60;
/** A line this far off is still the same line, only misplaced. */
const searchMs = 600;
/** A second copy right before or after the first lies its own length and a pause away; longer lines get less. */
const aroundMs = { pause: 1000, most: 8000 };
/** A second copy must be plain: sounds that return within one voice reach 0.24, in short lines 0.49. */
const copyLikeness = 0.4;
const shortCopyLikeness = 0.65;
/** A copy softer than this beside the first one (-9 dB) is what taking the first away left over. */
const leastCopyGain = 0.35;
/** Nearer than this to the first copy lies the ripple of the pitch, not a second one. */
const copyApartMs = 50;
/** How much more like the resampled take the track must be than like the stretched one. */
const clearlyMore = 0.1;
const frameMs = 20;
/** A missing end counts when it is at least this long and holds this share of the energy. */
const leastCutMs = 80;
const leastCutEnergy = 0.03;

/** Emphasises high frequencies, which tell sounds apart, over the strong low ones all voices share. */
export function emphasise(samples: Float32Array, before = 0): Float32Array {
  const out = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i++) out[i] = samples[i]! - 0.95 * (i > 0 ? samples[i - 1]! : before);
  return out;
}

/** The stretch of the track to hand to `findLine`, in samples of the programme's clock; `from` may be negative. */
export function windowOf(plannedStartMs: number, length: number): { readonly from: number; readonly to: number } {
  // What the transform's length leaves over costs nothing to search.
  const least = Math.min(length + samplesOf(aroundMs.pause), samplesOf(aroundMs.most));
  const around = Math.floor((fftSize(length + 2 * least) - length) / 2);
  const start = samplesOf(plannedStartMs);
  return { from: start - around, to: start + length + around };
}

/**
 * Looks for a line around its planned start.
 * @param track the dub track, emphasised, from `windowFrom` on
 * @returns `found` is undefined when nothing there is like it; `nearest` is the likeness of what came nearest
 */
export function findLine(
  track: Float32Array,
  windowFrom: number,
  line: SoughtLine,
): { readonly found: FoundLine | undefined; readonly nearest: number } {
  const fit = bestFit(track, samplesOf(line.plannedStartMs) - windowFrom, line);
  if (!fit.heard) return { found: undefined, nearest: fit.nearest };
  const { take, fitting, nearest } = fit;
  const lag = Math.round(fit.heard.lag);
  const { from, to } = heardPart(track, take, lag);
  const copy = secondCopy(track, fit.products, take, lag);
  const found: FoundLine = {
    utteranceId: line.utteranceId,
    likeness: nearest,
    fitting,
    from: windowFrom + fit.heard.lag + from,
    to: windowFrom + fit.heard.lag + to,
    cut: take.length - (to - from),
    copyAt: copy === undefined ? undefined : windowFrom + copy,
  };
  return { found, nearest };
}

/** True when `part`, placed `offset` samples after the start of `whole`, is among what is said in `whole`. */
export function isPartOf(whole: Float32Array, part: Float32Array, offset: number): boolean {
  return likenessAt(whole, part, offset) >= presentLikeness;
}

interface Fit {
  readonly take: Float32Array;
  readonly fitting: FoundLine['fitting'];
  /** Of the track and the take, for every lag. */
  readonly products: Products;
  /** Undefined when the take is not there. */
  readonly heard: Peak | undefined;
  readonly nearest: number;
}

/** Plain enough that no other fitting can be meant: a resampled line is at most 0.41 like the stretched one. */
const plainLikeness = 0.6;
/** Two takes this much alike are one. */
const sameTake = 0.7;

function bestFit(track: Float32Array, start: number, line: SoughtLine): Fit {
  const stretched = fitOf(track, start, line.placed, 'stretched');
  if (!line.otherwise) return stretched;
  const resampled = line.otherwise.resampled();
  if (stretched.nearest >= plainLikeness) {
    // The stretched take comes from the program that made the dub, so it is held against one that does not.
    const pitchMoved = likenessAt(line.placed, resampled, 0) >= sameTake;
    return pitchMoved ? { ...stretched, fitting: 'resampled' } : stretched;
  }
  const natural = line.otherwise.natural();
  const others = [fitOf(track, start, resampled, 'resampled'), fitOf(track, start, natural, 'unfitted')];
  const other = others.reduce((a, b) => (b.nearest > a.nearest ? b : a));
  return other.heard && other.nearest > stretched.nearest + clearlyMore ? other : stretched;
}

/** Nearest to the plan first: a chance likeness elsewhere must be higher to be believed. */
function fitOf(track: Float32Array, start: number, take: Float32Array, fitting: FoundLine['fitting']): Fit {
  const products = productsOf(track, take);
  const { likeness } = products;
  const within = (ms: number) => findPeak(likeness, start - samplesOf(ms), start + samplesOf(ms) + 1);
  const near = within(nearMs);
  const around = within(searchMs);
  const anywhere = findPeak(likeness, 0, likeness.length);
  const least = isShort(take) ? shortPresentLikeness : presentLikeness;
  const nearest = around?.likeness ?? 0;
  const fit = { take, fitting, products };
  if (near && near.likeness >= presentLikeness && near.likeness >= sameTake * nearest) {
    return { ...fit, heard: near, nearest: near.likeness };
  }
  if (around && around.likeness >= least) return { ...fit, heard: around, nearest };
  if (anywhere && anywhere.likeness >= Math.max(least, copyLikeness)) {
    return { ...fit, heard: anywhere, nearest: anywhere.likeness };
  }
  return { ...fit, heard: undefined, nearest };
}

function isShort(take: Float32Array): boolean {
  return take.length < samplesOf(shortMs);
}

function likenessAt(whole: Float32Array, part: Float32Array, offset: number): number {
  const margin = samplesOf(nearMs);
  const around = new Float32Array(part.length + 2 * margin);
  for (let i = 0; i < around.length; i++) around[i] = whole[i + offset - margin] ?? 0;
  return findPeak(correlate(around, part), 0, 2 * margin + 1)?.likeness ?? 0;
}

/** Small losses at the ends are the fades, or sounds too soft to tell under the bed. */
function heardPart(track: Float32Array, take: Float32Array, lag: number): { from: number; to: number } {
  const { from, to } = heardStretch(track, take, lag, samplesOf(frameMs));
  if (from === to) return { from: 0, to: take.length };
  const energy = energyOf(take);
  const counts = (a: number, b: number) =>
    b - a >= samplesOf(leastCutMs) && energyOf(take, a, b) >= leastCutEnergy * energy;
  return { from: counts(0, from) ? from : 0, to: counts(to, take.length) ? to : take.length };
}

/** Takes the first copy away before it looks, for a take that repeats itself is like itself elsewhere. */
function secondCopy(track: Float32Array, products: Products, take: Float32Array, lag: number): number | undefined {
  const least = isShort(take) ? shortCopyLikeness : copyLikeness;
  const apart = samplesOf(copyApartMs);
  if (bestApart(products.likeness, lag, apart).likeness < least) return undefined;
  const gain = gainAt(track, take, lag);
  const rest = subtractAt(track, take, lag, gain);
  const second = bestApart(correlateRest(products, rest, take, lag, gain), lag, apart);
  const loudEnough = gainAt(rest, take, Math.round(second.lag)) >= leastCopyGain * gain;
  return second.likeness >= least && loudEnough ? second.lag : undefined;
}

function bestApart(likeness: Float32Array, lag: number, apart: number): Peak {
  const none: Peak = { lag: -1, likeness: 0 };
  const before = findPeak(likeness, 0, lag - apart) ?? none;
  const after = findPeak(likeness, lag + apart, likeness.length) ?? none;
  return before.likeness >= after.likeness ? before : after;
}
