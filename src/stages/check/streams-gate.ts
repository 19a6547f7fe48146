import { extname } from 'node:path';
import type { Dub, Gate, StreamFate } from '../../domain/dub.js';
import { sameLanguage } from '../../domain/language.js';
import type { Source, SourceStream } from '../../domain/source.js';
import { findContainer } from '../../media/containers.js';
import type { StreamHashes } from './file-gates.js';
import { count } from './measure.js';

/** What the streams of the output are held against. */
export interface StreamsExpectation {
  /** BCP 47 of the dub. */
  readonly language: string;
  /** True when the original sound must follow the dub. */
  readonly keepOriginal: boolean;
  /** Index in the input of the audio stream that was dubbed. */
  readonly originalStreamIndex: number;
}

/** Both files with the hashes of their picture and sound. */
export interface ComparedFiles {
  readonly source: Source;
  readonly output: Source;
  readonly sourceHashes: StreamHashes;
  readonly outputHashes: StreamHashes;
}

/** Starts of chapters may be rounded to the container's clock. */
const chapterWithinMs = 50;

/** Every stream and chapter of the input is in the output or was declared, and the dub is what a player plays first. */
export function streamsGate(files: ComparedFiles, dub: Dub, expected: StreamsExpectation): Gate {
  const { source, output } = files;
  const kept = matchStreams(files, dub.streams);
  const faults = [...kept.faults, ...chapterFaults(source, output, dub), ...dubFaults(files, expected, dub.streams)];
  const losses = dub.streams.filter((fate) => fate.fate !== 'kept');
  const told = losses.map((fate) => `${nameOf(fate)} ${fate.fate}${fate.note ? `: ${fate.note}` : ''}`).join('; ');
  return {
    name: 'streams',
    passed: faults.length === 0,
    value: faults.length,
    unit: 'faults',
    limit: '0',
    detail:
      faults.length > 0
        ? `${faults.join('; ')}.`
        : `${count(source.streams.length, 'stream')} and ${count(source.chapters.length, 'chapter')} of the input accounted for${told ? ` (${told})` : ''}.`,
    judges: 'file',
  };
}

function matchStreams(files: ComparedFiles, fates: readonly StreamFate[]): { faults: string[] } {
  const { source, output } = files;
  const dubTrack = output.streams.find((stream) => stream.type === 'audio');
  const left = new Set(output.streams.filter((stream) => stream !== dubTrack));
  const fateOf = new Map(fates.map((fate) => [fate.index, fate]));
  const faults: string[] = [];
  // Exact matches first, so that a converted twin does not take a kept stream's place.
  const order = [...source.streams].sort((a, b) => rank(fateOf.get(a.index)) - rank(fateOf.get(b.index)));
  for (const stream of order) {
    const fate = fateOf.get(stream.index);
    if (!fate) faults.push(`${nameOf(stream)} is not accounted for`);
    else if (fate.fate === 'left-out') {
      if (!fate.note) faults.push(`${nameOf(stream)} was left out without a reason`);
    } else {
      const fault = takeTwin(stream, fate, left, files);
      if (fault) faults.push(fault);
    }
  }
  return { faults };
}

function rank(fate: StreamFate | undefined): number {
  return fate?.fate === 'kept' ? 0 : 1;
}

/** Finds the stream's twin among those `left` and takes it out. */
function takeTwin(
  stream: SourceStream,
  fate: StreamFate,
  left: Set<SourceStream>,
  files: ComparedFiles,
): string | undefined {
  const alike = [...left].filter(
    (one) => one.type === stream.type && one.attachedPicture === stream.attachedPicture && speaksAs(one, stream),
  );
  const twin =
    fate.fate === 'kept'
      ? alike.find((one) => one.codec === stream.codec && !differs(files, stream, one))
      : (alike.find((one) => one.codec !== stream.codec) ?? alike[0]);
  if (twin) left.delete(twin);
  else if (fate.fate === 'kept' && alike.some((one) => one.codec === stream.codec)) {
    return `${nameOf(stream)} is there but not bit for bit`;
  } else return `${nameOf(stream)} is missing`;
  return fate.fate === 'converted' && !fate.note ? `${nameOf(stream)} was converted without a reason` : undefined;
}

function speaksAs(one: SourceStream, stream: SourceStream): boolean {
  if (stream.language === undefined) return true;
  return one.language !== undefined && sameLanguage(one.language, stream.language);
}

/** The picture has a gate of its own. */
function differs(files: ComparedFiles, before: SourceStream, after: SourceStream): boolean {
  if (before.type !== 'audio') return false;
  const [a, b] = [files.sourceHashes.get(before.index), files.outputHashes.get(after.index)];
  return a !== undefined && b !== undefined && a !== b;
}

function chapterFaults(source: Source, output: Source, dub: Dub): string[] {
  const missing = source.chapters.filter(
    (chapter) =>
      !output.chapters.some(
        (one) => Math.abs(one.startMs - chapter.startMs) <= chapterWithinMs && one.title === chapter.title,
      ),
  );
  const declared = dub.warnings.some((warning) => /chapter/i.test(warning));
  if (missing.length === 0 || declared) return [];
  return [`${count(missing.length, 'chapter')} of ${source.chapters.length} missing`];
}

function dubFaults(
  { source, output, sourceHashes, outputHashes }: ComparedFiles,
  expected: StreamsExpectation,
  fates: readonly StreamFate[],
): string[] {
  const [dub, second, ...others] = output.streams.filter((stream) => stream.type === 'audio');
  if (!dub) return ['there is no sound'];
  const container = findContainer(extname(output.path));
  if (container?.singleTrack) return [];
  const faults: string[] = [];
  if (dub.language === undefined || !sameLanguage(dub.language, expected.language)) {
    faults.push(`the first sound track is tagged ${dub.language ?? 'with no language'}, not ${expected.language}`);
  }
  if (container?.trackTitles ?? true) {
    if (!dub.dispositions.includes('default')) faults.push('the dub is not the default sound track');
    if ([second, ...others].some((stream) => stream?.dispositions.includes('default'))) {
      faults.push('another sound track than the dub is marked as default');
    }
  }
  if (!expected.keepOriginal) return faults;
  const original = source.streams.find((stream) => stream.index === expected.originalStreamIndex);
  const before = sourceHashes.get(expected.originalStreamIndex);
  const after = second && outputHashes.get(second.index);
  // Only what is called kept must be the same bits: a conversion has been declared, with its reason.
  const kept = fates.find((fate) => fate.index === expected.originalStreamIndex)?.fate === 'kept';
  if (!original || !second) faults.push('the original sound does not follow the dub');
  else if (kept && second.codec === original.codec && before !== undefined && after !== undefined && before !== after) {
    faults.push('the second sound track is not the original');
  }
  return faults;
}

/** `audio stream 2 (aac, en)`. */
function nameOf(stream: { type: string; index: number; codec: string; language?: string | undefined }): string {
  const language = stream.language ? `, ${stream.language}` : '';
  return `${stream.type} stream ${stream.index} (${stream.codec}${language})`;
}
