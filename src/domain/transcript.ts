import type { Span } from './time.js';

/** One recognised word. */
export interface Word extends Span {
  readonly text: string;
  /** 0…1, undefined when the recogniser gives none. */
  readonly confidence?: number | undefined;
}

/** What recognition returned: text with a start and an end. Times are on the programme's clock. */
export interface Segment extends Span {
  /** Unique within the transcript; for subtitles the cue's number. */
  readonly id: string;
  readonly text: string;
  /** The speaker's label, undefined when unknown. */
  readonly speaker?: string | undefined;
  /** Empty when the recogniser times segments only. */
  readonly words: readonly Word[];
}

/** Timed words and segments of the source. */
export interface Transcript {
  /** BCP 47 of the speech. */
  readonly language: string;
  /** `name[:model]` of the recogniser. */
  readonly provider: string;
  readonly segments: readonly Segment[];
}
