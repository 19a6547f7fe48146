import type { Script, Utterance } from '../../domain/script.js';
import type { Soundtrack, Source } from '../../domain/source.js';
import { lengthMs, overlapMs, type Span } from '../../domain/time.js';
import { readExcerpt } from '../../media/excerpt.js';
import { medianPitch, trackPitch } from '../../sound/pitch.js';
import type { StageContext } from '../context.js';

/** Rate at which speakers are listened to and samples are cut, Hz: what Model Studio wants of a sample at the least. */
export const listeningRate = 24_000;

/** What tells nothing new of a speaker's pitch any more. */
const enoughMs = 12_000;
const mostExcerpts = 4;
const longestExcerptMs = 5000;

/** Reads stretches of the sound that is dubbed. */
export type ReadSound = (span: Span) => Promise<Float32Array>;

/** Reads the dubbed stream of the input, mono, at `listeningRate`. */
export function soundOf(
  source: Source,
  { streamIndex }: Pick<Soundtrack, 'streamIndex'>,
  ctx: Pick<StageContext, 'tools' | 'signal'>,
): ReadSound {
  const from = { path: source.path, streamIndex, zeroUs: source.zeroUs };
  return (span) => readExcerpt(from, span, listeningRate, ctx.tools, ctx.signal);
}

/**
 * The median pitch of each speaker, from some of the longest lines that nobody else speaks into.
 * @returns Hz by speaker; one of whom too little is voiced is absent
 */
export async function measurePitches(script: Script, read: ReadSound): Promise<ReadonlyMap<string, number>> {
  const pitches = new Map<string, number>();
  for (const speaker of speakersOf(script)) {
    const frames = [];
    for (const span of chooseExcerpts(script, speaker)) frames.push(...trackPitch(await read(span), listeningRate));
    const hz = medianPitch(frames);
    if (hz !== undefined) pitches.set(speaker, Math.round(hz));
  }
  return pitches;
}

/** In order of first appearance. */
export function speakersOf(script: Script): string[] {
  return [...new Set(script.utterances.map(({ speaker }) => speaker))];
}

/** Lines that nobody else speaks into. */
export function linesAlone(script: Script, speaker: string): Utterance[] {
  const others = script.utterances.filter((utterance) => utterance.speaker !== speaker);
  const own = script.utterances.filter((utterance) => utterance.speaker === speaker);
  return own.filter((line) => !others.some((other) => overlapMs(line, other) > 0));
}

function chooseExcerpts(script: Script, speaker: string): Span[] {
  const alone = linesAlone(script, speaker);
  const lines = alone.length > 0 ? alone : script.utterances.filter((line) => line.speaker === speaker);
  const longest = [...lines].sort((a, b) => lengthMs(b) - lengthMs(a) || a.startMs - b.startMs);
  const chosen: Span[] = [];
  let heardMs = 0;
  for (const { startMs, endMs } of longest.slice(0, mostExcerpts)) {
    if (heardMs >= enoughMs) break;
    chosen.push({ startMs, endMs: Math.min(endMs, startMs + longestExcerptMs) });
    heardMs += lengthMs(chosen.at(-1)!);
  }
  return chosen;
}
