import type { Transcript } from '../../domain/transcript.js';
import type { ProviderBase, ProviderDefinition, ReplyNotes } from '../contract.js';

/** Limits as data: the stage reads them before anything is sent. */
export interface AsrLimits {
  /** BCP 47 primary codes it recognises; `any` when it does not say. */
  readonly languages: readonly string[] | 'any';
  readonly maxDurationMs?: number | undefined;
  readonly maxBytes?: number | undefined;
  /** True when it fetches the audio from a URL that storage must provide. */
  readonly needsUrl: boolean;
  /** The finest times it gives. `none` means the stage must cut at silences first. */
  readonly times: 'word' | 'segment' | 'none';
  readonly speakers: boolean;
  /** True when it can find the language by itself. */
  readonly detectsLanguage: boolean;
  /** False when it reads text and never the audio, so no speech track need be made for it. */
  readonly needsAudio: boolean;
  /** How the 16 kHz mono audio is wanted: FLAC when undefined, or 16-bit PCM in a WAV file. */
  readonly audioFormat?: 'flac' | 'wav' | undefined;
}

/** A subtitle stream of the input that can be read as text. */
export interface SubtitleTrack {
  /** Stream index in the input. */
  readonly index: number;
  readonly language?: string | undefined;
  readonly codec: string;
}

/** What is to be recognised. All times count from the start of the audio, which is the programme's start. */
export interface AsrRequest {
  /** 16 kHz mono in the format of `limits.audioFormat`; undefined only for providers with `needsAudio: false`. */
  readonly audio?: { readonly path: string; readonly mediaType: string; readonly durationMs: number } | undefined;
  /** The same audio behind a URL, when `needsUrl`. */
  readonly url?: string | undefined;
  /** BCP 47 when the user named it. */
  readonly language?: string | undefined;
  /** Number of speakers asked for, `auto`, or undefined for none. */
  readonly speakers?: number | 'auto' | undefined;
  /** Text subtitle tracks of the input, and how to read one as SRT. */
  readonly subtitleTracks: readonly SubtitleTrack[];
  readSubtitleTrack(index: number, signal: AbortSignal): Promise<string>;
  /** A job id from an earlier, interrupted run of the same request. */
  readonly pendingJob?: string | undefined;
  /** Called with a submitted job's id the moment it is known; awaited before anything else. */
  saveJob?(id: string): Promise<void>;
}

/** An empty `segments` means that no speech was found: not an error here. */
export interface AsrReply extends ReplyNotes {
  readonly transcript: Omit<Transcript, 'provider'>;
}

/** Recognises speech. One attempt; retrying is the caller's. */
export interface AsrProvider extends ProviderBase {
  readonly limits: AsrLimits;
  transcribe(request: AsrRequest, signal: AbortSignal): Promise<AsrReply>;
}

/** An asr provider as the registry holds it. */
export type AsrDefinition<Options = unknown> = ProviderDefinition<'asr', Options, AsrProvider>;
