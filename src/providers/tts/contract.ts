import type { CallEstimate, ProviderBase, ProviderDefinition, ReplyNotes } from '../contract.js';

/** Limits as data: the stage reads them before anything is sent. */
export interface TtsLimits {
  /** Longest text of one request, in characters. */
  readonly maxChars: number;
  /** BCP 47 primary codes it speaks; `any` when only its voices tell. */
  readonly languages: readonly string[] | 'any';
  /** Requests that may run side by side. */
  readonly concurrency: number;
  /** How far a request may change the voice's own rate, 1 being its natural one; undefined where it cannot. */
  readonly rate?: { readonly min: number; readonly max: number } | undefined;
  /** What a sample of a voice to be cloned must be; undefined where voices cannot be cloned. */
  readonly sample?: SampleLimits | undefined;
}

/** Limits of a voice sample, as data. */
export interface SampleLimits {
  readonly minMs: number;
  readonly maxMs: number;
  readonly maxBytes: number;
  /** True when what is said in the sample must come along. */
  readonly needsText: boolean;
  /** True when the speaker's consent must come along (`VoiceSample.consent`). */
  readonly needsConsent?: boolean | undefined;
  /**
   * `request`: the sample travels with every line (or is uploaded by the provider when it first meets it);
   * `enrolled`: it becomes a named voice first, by `TtsProvider.enrolment`, which costs money.
   */
  readonly way: 'request' | 'enrolled';
  /** True when cloned voices keep their own rate, whatever `TtsLimits.rate` says of the others. */
  readonly fixedRate?: boolean | undefined;
}

/** A recording of one speaker whose voice is to be cloned: WAV, 16-bit mono. */
export interface VoiceSample {
  readonly path: string;
  /** SHA-256 of the file, hexadecimal: part of the key of everything made with it. */
  readonly sha256: string;
  readonly durationMs: number;
  /** What is said in it, where known. */
  readonly text?: string | undefined;
  /** BCP 47 of what is said in it. */
  readonly language?: string | undefined;
  /** The speaker's consent in words, sent where a server demands it. */
  readonly consent?: string | undefined;
}

/** Voices of the user's own that a service keeps. */
export interface KeptVoices {
  /** All of them, those of other programs among them. */
  list(signal: AbortSignal): Promise<readonly OwnVoice[]>;
  /** Resolves also when the voice is already gone. */
  delete(voice: string, signal: AbortSignal): Promise<void>;
}

/** Voices that the provider makes of samples by itself when a line needs them, and that its servers keep. */
export interface UploadedVoices extends KeptVoices {
  /** What a sample is called at the servers. */
  nameOf(sample: Pick<VoiceSample, 'sha256'>): string;
  /** Names that this run's lines were spoken with. */
  readonly used: readonly string[];
  /** Servers that keep the samples they were sent and have no way to delete them. */
  readonly undeletable: readonly string[];
}

/** Named voices made from samples and kept at the service. */
export interface VoiceEnrolment extends KeptVoices {
  /** Whose voices these are: a host and an account, nothing secret. */
  readonly account: string;
  /** The model that speaks with them. */
  readonly model: string;
  /** @returns the name to be used as `TtsRequest.voice` */
  create(
    sample: VoiceSample,
    preferredName: string,
    signal: AbortSignal,
  ): Promise<{ readonly voice: string } & ReplyNotes>;
}

/** A voice that the account has made, or that was uploaded. */
export interface OwnVoice {
  readonly voice: string;
  readonly createdAt?: string | undefined;
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
  /**
   * What the voice is cloned from, only where `limits.sample` says how; with the way `enrolled`, `voice` is the name that
   * the enrolment gave it.
   */
  readonly sample?: VoiceSample | undefined;
  /** The voice's own rate, only where `limits.rate` allows it: 1.1 speaks a tenth faster. 1 when undefined. */
  readonly rate?: number | undefined;
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
  /** What the request will be billed by; without it a service is taken to bill the characters of the text. */
  estimate?(request: TtsRequest): CallEstimate;
  synthesize(request: TtsRequest, signal: AbortSignal): Promise<TtsReply>;
  /** Only where `limits.sample` has the way `enrolled`. */
  readonly enrolment?: VoiceEnrolment | undefined;
  /** Only where `limits.sample` has the way `request`, and servers may keep what they are sent. */
  readonly uploads?: UploadedVoices | undefined;
}

/** A tts provider as the registry holds it. */
export type TtsDefinition<Options = unknown> = ProviderDefinition<'tts', Options, TtsProvider>;
