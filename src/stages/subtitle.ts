import type { Subtitles } from '../domain/dub.js';
import type { Script, Translation } from '../domain/script.js';
import type { Timeline } from '../domain/timeline.js';
import { type DubLine, layOutCues } from '../subtitles/lay-out.js';
import { type ReadingLimits, readingLimits } from '../subtitles/limits.js';

/** How the subtitles are made. */
export interface SubtitleOptions {
  /** Length of one video frame, milliseconds. */
  readonly frameMs: number;
  /** True puts the source's words below the dub's in every cue. */
  readonly sourceBelow?: boolean | undefined;
}

/**
 * The dub's subtitles in the target language, timed to what is heard. A line that is translated but not voiced is shown
 * at the time of its source, so that it can at least be read; a line without a translation gets no cue.
 */
export function subtitle(
  script: Script,
  translation: Translation,
  timeline: Timeline,
  { frameMs, sourceBelow }: SubtitleOptions,
): Subtitles {
  const { language } = translation;
  const texts = new Map(translation.lines.map((line) => [line.utteranceId, line.text]));
  const placements = new Map(timeline.placements.map((placement) => [placement.utteranceId, placement]));
  const lines = script.utterances.flatMap(({ id, speaker, startMs, endMs }): DubLine[] => {
    const text = texts.get(id);
    if (text === undefined) return [];
    const placed = placements.get(id);
    const span = placed ? { startMs: placed.startMs, endMs: placed.startMs + placed.durationMs } : { startMs, endMs };
    return [{ utteranceId: id, text, speaker, ...span }];
  });
  const options = { language, frameMs, programmeMs: timeline.programmeMs };
  if (!sourceBelow) return { language, cues: layOutCues(lines, options) };
  const below = { language: script.language, texts: new Map(script.utterances.map(({ id, text }) => [id, text])) };
  return { language, cues: layOutCues(lines, { ...options, below }) };
}

/** Reading limits of cues in two languages: a viewer reads one of the two lines, so twice the characters may stand. */
export function bilingualLimits(upper: string, lower: string): Partial<ReadingLimits> {
  const [above, below] = [readingLimits(upper), readingLimits(lower)];
  return {
    charsPerLine: Math.max(above.charsPerLine, below.charsPerLine),
    maxCps: above.maxCps + below.maxCps,
  };
}
