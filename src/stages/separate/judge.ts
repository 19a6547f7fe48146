import type { Script } from '../../domain/script.js';
import type { Soundtrack } from '../../domain/source.js';
import { type Span, unionSpans } from '../../domain/time.js';
import { DubError } from '../../errors.js';
import { openPcmReader } from '../../media/pcm.js';
import { correlate, findPeak } from '../../sound/correlate.js';
import type { StageContext } from '../context.js';

/** What is compared. */
export interface Separated {
  readonly original: string;
  readonly background: string;
  readonly script: Script;
  readonly soundtrack: Soundtrack;
  /** For messages. */
  readonly program: string;
}

/** Both are compared at this rate, Hz: an eighth of a millisecond a sample. */
const rate = 8000;
/** Separators pad or cut by a frame; more is another sound. */
const lengthMs = 100;
/** They delay by a block at the most. */
const mostShiftMs = 200;
/** Likeness from which a place is believed: unrelated sound reaches 0.05 over seconds. */
const believed = 0.3;
/** How much softer than the original the background may be where nobody speaks, dB. */
const softestDb = -12;
/** Nothing to compare below this power: -60 dBFS. */
const silentPower = 1e-6;
/** Speech reaches this far beyond the times it is written with. */
const aroundMs = 400;
/** To one channel, by weights that differ: wide sound, upside down on one side, would cancel itself out. */
const unevenly = 'aformat=channel_layouts=stereo,pan=mono|c0=0.8*c0+0.4*c1';
const windowMs = 20_000;
const windowSamples = (windowMs * rate) / 1000;

/**
 * Whether a file is the background of this sound, and the shift that puts it in its place, microseconds. Both are read
 * side by side, a window at a time.
 * @throws PROVIDER_BAD_REPLY when it is not
 */
export async function judgeBackground(given: Separated, ctx: StageContext): Promise<number> {
  const { original, background, script, soundtrack, program } = given;
  const quiet = quietSpans(script, soundtrack.durationMs);
  const [before, after] = [open(original, ctx), open(background, ctx)];
  const seen = { before: emptyPower(), after: emptyPower(), samples: [0, 0] };
  let best = { likeness: 0, lateMs: 0 };
  try {
    for (let atMs = 0; ; atMs += windowMs) {
      const [mine, left] = [await before.read(windowSamples), await after.read(windowSamples)];
      if (mine.length === 0 && left.length === 0) break;
      seen.samples = [seen.samples[0]! + mine.length, seen.samples[1]! + left.length];
      addPower(seen.before, mine, quiet, atMs);
      addPower(seen.after, left, quiet, atMs);
      const found = lateness(mine, left);
      if (found.likeness > best.likeness) best = found;
    }
  } finally {
    await Promise.all([before.close(), after.close()]);
  }
  throwIfWrong(seen, program);
  // A sample of this rate is within what interpolation can tell; mending it would only blur.
  return best.likeness < believed || Math.abs(best.lateMs) < 0.5 ? 0 : Math.round(-best.lateMs * 1000);
}

interface Power {
  sum: number;
  count: number;
}

const emptyPower = (): Power => ({ sum: 0, count: 0 });

function throwIfWrong(seen: { before: Power; after: Power; samples: readonly number[] }, program: string): void {
  const offMs = ((seen.samples[1]! - seen.samples[0]!) * 1000) / rate;
  if (Math.abs(offMs) > lengthMs) {
    const by = `${Math.round(Math.abs(offMs))} ms ${offMs < 0 ? 'shorter' : 'longer'}`;
    throw wrong(program, `is ${by} than the sound it was given`);
  }
  const [before, after] = [seen.before, seen.after].map(({ sum, count }) => (count === 0 ? 0 : sum / count));
  const gainDb = 10 * Math.log10(after! / Math.max(1e-12, before!));
  if (before! > silentPower && gainDb < softestDb) {
    const low = gainDb > -60 ? `${Math.round(-gainDb)} dB lower than the sound` : 'silent';
    throw wrong(program, `is ${low} where nobody speaks`);
  }
}

/** How late the background is within a window, and how sure that is. */
function lateness(before: Float32Array, after: Float32Array): { likeness: number; lateMs: number } {
  const most = Math.round((mostShiftMs * rate) / 1000);
  const length = Math.min(before.length, after.length) - 2 * most;
  if (length < rate) return { likeness: 0, lateMs: 0 };
  const likeness = correlate(after.subarray(0, length + 2 * most), before.subarray(most, most + length));
  const peak = findPeak(likeness, 0, likeness.length);
  if (!peak) return { likeness: 0, lateMs: 0 };
  // A steady tone is as much like itself one period on: where it lies is then what was meant.
  const lag = likeness[most]! >= peak.likeness - 0.02 ? most : peak.lag;
  return { likeness: peak.likeness, lateMs: ((lag - most) * 1000) / rate };
}

/** Where nobody speaks. */
function quietSpans(script: Script, durationMs: number): Span[] {
  const spoken = unionSpans(
    script.utterances.map(({ startMs, endMs }) => ({ startMs: startMs - aroundMs, endMs: endMs + aroundMs })),
  );
  const starts = [0, ...spoken.map(({ endMs }) => endMs)];
  const ends = [...spoken.map(({ startMs }) => startMs), durationMs];
  return starts.map((startMs, index) => ({ startMs, endMs: ends[index]! })).filter((span) => span.endMs > span.startMs);
}

/** Adds the power of a window that begins at a time, where nobody speaks. */
function addPower(power: Power, samples: Float32Array, quiet: readonly Span[], atMs: number): void {
  const index = (ms: number) => Math.max(0, Math.min(samples.length, Math.round(((ms - atMs) * rate) / 1000)));
  for (const { startMs, endMs } of quiet) {
    const [from, to] = [index(startMs), index(endMs)];
    for (let i = from; i < to; i++) power.sum += samples[i]! * samples[i]!;
    power.count += to - from;
  }
}

function open(from: string, ctx: StageContext) {
  const format = { sampleRate: rate, channels: 1, layout: 'mono' };
  const purpose = 'listen to what the separator left';
  return openPcmReader({ purpose, input: { from }, stream: '0:a:0', filter: unevenly, format }, ctx.tools, ctx.signal);
}

function wrong(program: string, what: string): DubError {
  return new DubError('PROVIDER_BAD_REPLY', `What the separator ${program} left ${what}.`, {
    hint: 'Check that it writes the background and not the voices, or let the bed be lowered: --separator-fallback duck.',
  });
}
