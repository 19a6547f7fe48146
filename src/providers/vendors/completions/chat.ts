import type { TokenCounts } from './tokens.js';

/** One message; film speech never goes into `system`. */
export interface ChatMessage {
  readonly role: 'system' | 'user';
  readonly content: string;
}

/** A chat request in the service's own spelling: fields beyond these go through as they are. */
export interface ChatBody {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly [field: string]: unknown;
}

/** How one request is made. */
export interface ChatCall {
  /** What it takes of the model's tokens per minute. */
  readonly tokens?: number | undefined;
  /** Time for the whole answer, milliseconds. */
  readonly timeoutMs?: number | undefined;
}

/** An answer, read as far as it is used. */
export interface ChatAnswer {
  /** Empty when the model spent its tokens on thinking, or said nothing. */
  readonly text: string;
  /** Why it ended: `stop`, `length`, `content_filter`. */
  readonly finish: string;
  /** As billed, those spent on thinking among the output; zeros when the service did not say. */
  readonly tokens: TokenCounts;
  readonly requestIds: readonly string[];
}
