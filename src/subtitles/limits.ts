import { primaryLanguage } from '../domain/language.js';

/** What a viewer can read. */
export interface ReadingLimits {
  readonly charsPerLine: number;
  readonly lines: 1 | 2;
  /** Characters per second aimed at where there is time. */
  readonly comfortableCps: number;
  /** Characters per second above which `lintCues` objects. */
  readonly maxCps: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Least gap between two cues, frames. */
  readonly gapFrames: number;
  /** How long a cue may stay after its speech when reading it needs the time. */
  readonly lingerMs: number;
}

/**
 * Netflix Timed Text Style Guide, general requirements: 2 lines, 5/6 s to 7 s, 2 frames, out-times at most 12 frames
 * after the audio (0.5 s at 24 fps). 42 characters and 17 (comfortable) to 20 a second: its English guide.
 */
const spaced: ReadingLimits = {
  charsPerLine: 42,
  lines: 2,
  comfortableCps: 17,
  maxCps: 20,
  minMs: 833,
  maxMs: 7000,
  gapFrames: 2,
  lingerMs: 500,
};

/**
 * 16 to a line for all three. Speeds: 9 and 12 from the Chinese and Korean guides; Japanese 7, the guide's figure for
 * verbatim captions, because its 4 is meant for condensed text and a dub's subtitles are word for word.
 */
const wide: Readonly<Record<string, { readonly comfortableCps: number; readonly maxCps: number }>> = {
  zh: { comfortableCps: 8, maxCps: 9 },
  yue: { comfortableCps: 8, maxCps: 9 },
  ja: { comfortableCps: 6, maxCps: 7 },
  ko: { comfortableCps: 10, maxCps: 12 },
};

/** The reading limits of a language, BCP 47. */
export function readingLimits(language: string): ReadingLimits {
  const speeds = wide[primaryLanguage(language)];
  return speeds ? { ...spaced, ...speeds, charsPerLine: 16 } : spaced;
}
