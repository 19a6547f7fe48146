import type { ProviderBase, ProviderDefinition, ReplyNotes } from '../contract.js';

/** Limits as data: the stage batches by them and refuses before anything is sent. */
export interface TranslationLimits {
  /** Most lines in one request. */
  readonly maxLines: number;
  /** Most characters of source text in one request. */
  readonly maxChars: number;
  readonly concurrency: number;
  /** True when it can reword a line to a length budget. */
  readonly adapts: boolean;
}

/** How long a line may be when spoken. */
export interface LengthBudget {
  /** Time to fill, milliseconds. */
  readonly durationMs: number;
  /** Counting units that fill it at the voice's rate; undefined when the rate is unknown. */
  readonly units?: number | undefined;
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
}

/** Lines in the order they are spoken. */
export interface TranslationRequest {
  readonly source: string;
  readonly target: string;
  readonly lines: readonly TranslationLine[];
}

/** One answer for one id. */
export interface TranslationAnswer {
  readonly id: string;
  readonly text: string;
}

/** Every id at most once; an id without an answer is a failed line, said in `failures`. */
export interface TranslationReply extends ReplyNotes {
  readonly lines: readonly TranslationAnswer[];
  readonly failures: readonly { readonly id: string; readonly code: string; readonly message: string }[];
}

/** Translates lines. One attempt; retrying is the caller's. */
export interface TranslationProvider extends ProviderBase {
  readonly limits: TranslationLimits;
  /** True when it serves this pair of BCP 47 tags; spends nothing. */
  supports(source: string, target: string, signal: AbortSignal): Promise<boolean>;
  translate(request: TranslationRequest, signal: AbortSignal): Promise<TranslationReply>;
}

/** A translation provider as the registry holds it. */
export type TranslationDefinition<Options = unknown> = ProviderDefinition<'translation', Options, TranslationProvider>;
