import type { ProviderBase, ProviderDefinition, ReplyNotes } from '../contract.js';

/** Limits as data: the stage reads them before anything is sent. */
export interface TtsLimits {
  /** Longest text of one request, in characters. */
  readonly maxChars: number;
  /** BCP 47 primary codes it speaks; `any` when only its voices tell. */
  readonly languages: readonly string[] | 'any';
  /** Requests that may run side by side. */
  readonly concurrency: number;
}

/** A voice that can be named with `--voice`. */
export interface Voice {
  readonly name: string;
  /** BCP 47 tags it speaks. */
  readonly languages: readonly string[];
  readonly gender?: 'female' | 'male' | undefined;
  readonly note?: string | undefined;
}

/** One line to speak. */
export interface TtsRequest {
  readonly text: string;
  /** BCP 47. */
  readonly language: string;
  readonly voice: string;
}

/** The audio as it came; WAV spares a conversion. Never empty. */
export interface TtsReply extends ReplyNotes {
  readonly audio: Uint8Array;
  readonly mediaType: string;
}

/** Speaks text. One attempt; retrying is the caller's. */
export interface TtsProvider extends ProviderBase {
  readonly limits: TtsLimits;
  /** Voices that speak the language, best first; empty when it does not speak it. */
  voices(language: string | undefined, signal: AbortSignal): Promise<readonly Voice[]>;
  /** What shapes the sound besides text, language and voice (model, rate, version): part of the store's key. */
  fingerprint(): Readonly<Record<string, string | number>>;
  synthesize(request: TtsRequest, signal: AbortSignal): Promise<TtsReply>;
}

/** A tts provider as the registry holds it. */
export type TtsDefinition<Options = unknown> = ProviderDefinition<'tts', Options, TtsProvider>;
