import type { Transcript } from '../../domain/transcript.js';
import type { ProviderBase, ProviderDefinition, ReplyNotes } from '../contract.js';

/** Limits as data: the stage reads them before anything is sent. */
export interface AsrLimits {
  /** BCP 47 primary codes it recognises; `any` when it does not say. */
  readonly languages: readonly string[] | 'any';
  /** Longest sound in one request; where `times` is `none`, the longest piece. */
  readonly maxDurationMs?: number | undefined;
  /** Largest file in one request. */
  readonly maxBytes?: number | undefined;
  /** Requests that may run side by side where the sound is cut into pieces; 4 unless told. */
  readonly concurrency?: number | undefined;
  /** True when it fetches the audio from a URL that storage must provide (`AsrRequest.publishAudio`). */
  readonly needsUrl: boolean;
  /**
   * The finest times it gives. `none`: the sound is cut at silences first and each piece is a request of its own, whose
   * text is timed by the cuts, unless the reply has times of its own.
   */
  readonly times: 'word' | 'segment' | 'none';
  readonly speakers: boolean;
  /** True when it can find the language by itself. */
  readonly detectsLanguage: boolean;
  /** False when it reads text and never the audio, so no speech track need be made for it. */
  readonly needsAudio: boolean;
  /** How the 16 kHz mono audio is wanted: FLAC when undefined, 16-bit PCM in a WAV file, or MP3 at 48 kb/s. */
  readonly audioFormat?: 'flac' | 'wav' | 'mp3' | undefined;
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
  /**
   * Puts the audio where the service can fetch it and gives the URL. Given where `needsUrl`, and called only when a job
   * is about to be submitted: a job that is already under way has its file.
   * @param forModel the model that will read it; some stores bind a file to one
   */
  publishAudio?(forModel: string, signal: AbortSignal): Promise<string>;
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

/** What is asked for before anything is sent; a recogniser with several models chooses by it. */
export interface AsrWish extends Pick<AsrRequest, 'language' | 'speakers'> {
  /** Whether there is a store that can hold the audio for a service to fetch. */
  readonly canPublish: boolean;
}

/** One way to recognise: a model, and what holds for it. */
export interface AsrWay {
  readonly limits: AsrLimits;
  /** The service's name of the model, where it has several. */
  readonly model?: string | undefined;
  transcribe(request: AsrRequest, signal: AbortSignal): Promise<AsrReply>;
}

/** Recognises speech. One attempt; retrying is the caller's. */
export interface AsrProvider extends ProviderBase, AsrWay {
  /** The way for what is asked, where there are several; without it the provider is its own only way. Sends nothing. */
  choose?(wish: AsrWish): AsrWay;
}

/** An asr provider as the registry holds it. */
export type AsrDefinition<Options = unknown> = ProviderDefinition<'asr', Options, AsrProvider>;
