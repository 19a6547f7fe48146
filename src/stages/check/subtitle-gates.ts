import { readFile } from 'node:fs/promises';
import type { Cue, Gate } from '../../domain/dub.js';
import { sameLanguage } from '../../domain/language.js';
import type { Source } from '../../domain/source.js';
import { DubError } from '../../errors.js';
import { readSubtitleTrack } from '../../media/subtitle-track.js';
import type { ReadingLimits } from '../../subtitles/limits.js';
import { type CueFault, lintCues } from '../../subtitles/lint.js';
import { parseSubtitles } from '../../subtitles/parse.js';
import type { StageContext } from '../context.js';
import { count, listIds, rounded } from './measure.js';

/** The subtitles that were to be delivered, and where. */
export interface SubtitlesExpectation {
  /** Path of the file beside the dub; undefined for a track inside it. */
  readonly path?: string | undefined;
  /** BCP 47. */
  readonly language: string;
  readonly cues: readonly Cue[];
  /** Reading limits in place of the language's own. */
  readonly limits?: Partial<ReadingLimits> | undefined;
}

/** Containers round times: to whole milliseconds, or to their own clock. */
const withinMs = 50;
/** A gap that rounding took a millisecond or two from is still one. */
const gapSlackMs = 3;
/** Fast speech has cues to match; this share of them is let pass. */
const hardToReadShare = 0.1;

/** Rules that only the layout can break; the others follow from how much is said in how little time. */
const layoutRules: ReadonlySet<CueFault['rule']> = new Set([
  'line-length',
  'lines',
  'overlap',
  'gap',
  'empty',
  'max-duration',
]);

/** The gates about subtitles as a viewer gets them: read back from the finished file or from the file beside it. */
export async function subtitleGates(
  expected: SubtitlesExpectation,
  output: Source,
  zeroUs: number,
  ctx: StageContext,
): Promise<Gate[]> {
  const found = await readDelivered(expected, output, zeroUs, ctx);
  const faults = lintCues(found ?? [], {
    language: expected.language,
    frameMs: output.frameMs,
    limits: expected.limits ?? {},
  }).filter(isReal);
  return [deliveryGate(expected, found, faults), readingGate(found ?? [], faults)];
}

async function readDelivered(
  { path, language }: SubtitlesExpectation,
  output: Source,
  zeroUs: number,
  ctx: StageContext,
): Promise<readonly Cue[] | undefined> {
  if (path !== undefined) {
    const bytes = await readFile(path).catch(() => undefined);
    return bytes && parseSubtitles(bytes).cues;
  }
  // The dub's own track is the first: those of the input follow it.
  const track = output.streams.find((stream) => stream.type === 'subtitle');
  if (track?.language === undefined || !sameLanguage(track.language, language)) return undefined;
  const shown = { ...output, zeroUs };
  const text = await readSubtitleTrack(shown, track.index, ctx.scratch, ctx.tools, ctx.signal).catch(
    (error: unknown) => {
      if (error instanceof DubError && error.code === 'FFMPEG_FAILED') return undefined;
      throw error;
    },
  );
  return text === undefined ? undefined : parseSubtitles(Buffer.from(text)).cues;
}

function isReal({ rule, value, limit }: CueFault): boolean {
  return rule !== 'gap' || value < limit - gapSlackMs;
}

function deliveryGate(
  { cues, path }: SubtitlesExpectation,
  found: readonly Cue[] | undefined,
  lint: readonly CueFault[],
): Gate {
  const place = path === undefined ? 'track of the output' : 'file beside the output';
  const layout = lint.filter(({ rule }) => layoutRules.has(rule));
  const faults = [
    ...(found === undefined ? [`there is no subtitle ${place}`] : compare(cues, found)),
    ...(layout.length > 0 ? [`badly laid out: ${listIds(layout.map(inWords))}`] : []),
  ];
  return {
    name: 'subtitles',
    passed: faults.length === 0,
    value: faults.length,
    unit: 'faults',
    limit: '0',
    detail: faults.length > 0 ? `${faults.join('; ')}.` : `${count(cues.length, 'cue')} as laid out, in the ${place}.`,
    judges: 'file',
  };
}

function compare(cues: readonly Cue[], found: readonly Cue[]): string[] {
  if (found.length !== cues.length) return [`${count(found.length, 'cue')} instead of ${cues.length}`];
  const other = cues.flatMap((cue, index) =>
    plain(cue.text) === plain(found[index]!.text) ? [] : [`cue ${index + 1}`],
  );
  const moved = cues.flatMap((cue, index) => {
    const offMs = Math.max(Math.abs(found[index]!.startMs - cue.startMs), Math.abs(found[index]!.endMs - cue.endMs));
    return offMs > withinMs ? [`cue ${index + 1} by ${offMs} ms`] : [];
  });
  return [
    ...(other.length > 0 ? [`another text: ${listIds(other)}`] : []),
    ...(moved.length > 0 ? [`not where they were laid: ${listIds(moved)}`] : []),
  ];
}

/** Words only: containers keep line ends and spaces in their own ways. */
function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function readingGate(found: readonly Cue[], lint: readonly CueFault[]): Gate {
  const hard = lint.filter(({ rule }) => !layoutRules.has(rule));
  const cues = new Set(hard.map(({ cue }) => cue));
  const share = found.length === 0 ? 0 : cues.size / found.length;
  return {
    name: 'reading-speed',
    passed: share <= hardToReadShare,
    value: rounded(share * 100, 1),
    unit: '%',
    limit: `≤ ${hardToReadShare * 100}`,
    detail:
      cues.size === 0
        ? 'Every cue stands long enough to be read.'
        : `${count(cues.size, 'cue')} of ${found.length} hard to read: ${listIds(hard.map(inWords))}.`,
    judges: 'wording',
  };
}

const units: Readonly<Record<CueFault['rule'], string>> = {
  'line-length': 'characters in a line',
  lines: 'lines',
  'reading-speed': 'characters a second',
  'min-duration': 'ms long',
  'max-duration': 'ms long',
  gap: 'ms before the next',
  overlap: 'ms over the next',
  empty: 'characters',
};

/** `cue 3 (24.1 characters a second)`. */
function inWords({ cue, rule, value }: CueFault): string {
  return `cue ${cue} (${rounded(value, 1)} ${units[rule]})`;
}
