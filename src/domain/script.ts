import type { Span } from './time.js';

/** What one voice says in one go. The span is where it is spoken in the source. */
export interface Utterance extends Span {
  /** `u0001`, in order of start. */
  readonly id: string;
  /** The speaker's label; `A` when only one is known. */
  readonly speaker: string;
  readonly text: string;
  /** The time the dub of it may use: its span and the silence it may borrow. */
  readonly slot: Span;
  /** Ids of the transcript's segments it was made from, in order. */
  readonly segmentIds: readonly string[];
}

/** Utterances sorted by start, then end. */
export interface Script {
  readonly language: string;
  readonly utterances: readonly Utterance[];
}

/** A line that could not be translated or voiced, and why. Never dropped in silence. */
export interface LineFailure {
  readonly utteranceId: string;
  readonly stage: 'translate' | 'synthesize';
  readonly code: string;
  readonly message: string;
}

/** One utterance in the target language. */
export interface TranslatedLine {
  readonly utteranceId: string;
  readonly text: string;
  /** Wordings of the line from the shortest to the fullest, `text` among them, where there was a choice. */
  readonly wordings?: readonly string[] | undefined;
  /** `name[:model]` of the engine where it is another than the translation's. */
  readonly provider?: string | undefined;
  /** The voice's own rate at which it is to be spoken, where it was changed to fit: 1.1 is a tenth faster. */
  readonly rate?: number | undefined;
  /** Which reading of the same words is meant, where one was asked for again: 2 is the second. */
  readonly reading?: number | undefined;
  /** True when a person worded it: no machine rewords it. */
  readonly byHand?: boolean | undefined;
}

/** One line per utterance; an utterance without a line is in `failures`. */
export interface Translation {
  /** BCP 47 of the target. */
  readonly language: string;
  readonly provider: string;
  readonly lines: readonly TranslatedLine[];
  readonly failures: readonly LineFailure[];
}
