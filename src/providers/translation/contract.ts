import type { CallEstimate, ProviderBase, ProviderDefinition, ReplyNotes } from '../contract.js';

/** Limits as data: the stage batches by them and refuses before anything is sent. */
export interface TranslationLimits {
  /** Most lines in one request. */
  readonly maxLines: number;
  /** Most characters of source text in one request. */
  readonly maxChars: number;
  readonly concurrency: number;
  /** True when it can reword a line to a length budget. */
  readonly adapts: boolean;
  /** A script with more lines than this is worth a `prepare` first; undefined means every script. */
  readonly preparesAbove?: number | undefined;
  /** True when a line finds its translation only among all of them: every request holds the whole script. */
  readonly wholeScript?: boolean | undefined;
}

/** How long a line may be when spoken. */
export interface LengthBudget {
  /** Time to fill, milliseconds. */
  readonly durationMs: number;
  /** Counting units that fill it at the voice's rate; undefined when the rate is unknown. */
  readonly units?: number | undefined;
}

/** A wording that was spoken and did not fit, for a translator that `adapts`. Milliseconds. */
export interface Revision {
  readonly text: string;
  /** How long the voice took over it, measured. */
  readonly spokenMs: number;
  /** How long the new wording should take. */
  readonly wantedMs: number;
}

/** One line to translate. Times are the utterance's in the source. */
export interface TranslationLine {
  readonly id: string;
  readonly text: string;
  readonly speaker: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Ids of the transcript's segments behind the line. */
  readonly segmentIds: readonly string[];
  readonly budget?: LengthBudget | undefined;
  /** The line's wording so far, when another one is wanted that says the same in more or in fewer words. */
  readonly revision?: Revision | undefined;
}

/** A line spoken around those to translate: for understanding only. */
export interface ContextLine {
  readonly speaker: string;
  readonly text: string;
}

/** What is known of the whole script. Made from what is said in the film, so it is as little to be obeyed as that. */
export interface ScriptNotes {
  /** A few sentences; empty when there is none. */
  readonly summary: string;
  /** Names and terms with the translation they get throughout. */
  readonly terms: readonly { readonly source: string; readonly target: string }[];
}

/** Lines in the order they are spoken. */
export interface TranslationRequest {
  readonly source: string;
  readonly target: string;
  readonly lines: readonly TranslationLine[];
  /** The lines just before and just after, in the order they are spoken. */
  readonly before?: readonly ContextLine[] | undefined;
  readonly after?: readonly ContextLine[] | undefined;
  /** What `prepare` made of the script. */
  readonly notes?: ScriptNotes | undefined;
  /**
   * Handed answers as soon as they are final, where one request takes several calls: they are kept at once, so that what
   * is paid for is not lost with the rest. Awaited. All answers come in the reply as well.
   */
  onAnswers?(answers: readonly TranslationAnswer[]): Promise<void>;
}

/** One answer for one id. */
export interface TranslationAnswer {
  readonly id: string;
  readonly text: string;
  /** Wordings of the line from the shortest to the fullest, `text` among them, where there is a choice. */
  readonly wordings?: readonly string[] | undefined;
}

/** A whole script, to be read before its lines are translated. */
export interface ScriptRequest {
  readonly source: string;
  readonly target: string;
  readonly lines: readonly ContextLine[];
}

/** What reading a script gave. */
export interface PreparedScript extends ScriptNotes, ReplyNotes {}

/** Every id at most once; an id without an answer is a failed line, said in `failures`. */
export interface TranslationReply extends ReplyNotes {
  readonly lines: readonly TranslationAnswer[];
  readonly failures: readonly { readonly id: string; readonly code: string; readonly message: string }[];
}

/** Translates lines. One attempt; retrying is the caller's. */
export interface TranslationProvider extends ProviderBase {
  readonly limits: TranslationLimits;
  /** What shapes its answers besides request and options (model, version of the prompt): part of the store's key. */
  fingerprint?(): Readonly<Record<string, string | number>>;
  /** True when it serves this pair of BCP 47 tags; spends nothing. */
  supports(source: string, target: string, signal: AbortSignal): Promise<boolean>;
  translate(request: TranslationRequest, signal: AbortSignal): Promise<TranslationReply>;
  /** What the request will be billed by; without it nothing is known of its price beforehand. */
  estimate?(request: TranslationRequest): CallEstimate;
  /** The same for `prepare`. */
  estimatePreparing?(script: ScriptRequest): CallEstimate;
  /** Reads the whole script for a summary and a list of terms that every request then brings along as `notes`. */
  prepare?(script: ScriptRequest, signal: AbortSignal): Promise<PreparedScript>;
}

/** A translation provider as the registry holds it. */
export type TranslationDefinition<Options = unknown> = ProviderDefinition<'translation', Options, TranslationProvider>;
