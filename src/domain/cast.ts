import type { Span } from './time.js';

/** What a voice's pitch makes it taken for. */
export type VoiceGender = 'female' | 'male';

/** The recording that a speaker's voice is cloned from: WAV, 16-bit mono. */
export interface CastSample {
  readonly path: string;
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string;
  readonly durationMs: number;
  /** Where in the source it was found; undefined for a file that the user named. */
  readonly spans?: readonly Span[] | undefined;
  /** What is said in it, where known. */
  readonly text?: string | undefined;
  /** BCP 47 of what is said in it. */
  readonly language?: string | undefined;
}

/** Who speaks for one speaker. */
export interface CastMember {
  /** `name[:model]` of the voice engine. */
  readonly provider: string;
  /** The engine's name of the voice; `sample-` and the start of its hash where it is cloned. */
  readonly voice: string;
  /** What the voice is cloned from; undefined for a voice of the engine's own. */
  readonly sample?: CastSample | undefined;
  /** Of the voice where the engine tells, else of the speaker as far as the pitch tells. */
  readonly gender?: VoiceGender | undefined;
  /** Median pitch of the speaker in the source, Hz; undefined where it was not measured. */
  readonly pitchHz?: number | undefined;
  readonly note?: string | undefined;
}

/** Which voice speaks for each speaker. */
export interface Cast {
  readonly members: Readonly<Record<string, CastMember>>;
}

/** What tells a voice from every other one of the same engine: a clone is known by its sample. */
export function voiceIdentity({ voice, sample }: CastMember): Readonly<Record<string, string>> {
  return sample === undefined ? { voice } : { sample: sample.sha256 };
}

/** Begins the names of voices that a service keeps for this program; services put words of their own before it. */
export const keptPrefix = 'dub_';

/** Whether this program made a voice that a service keeps, so that `dub voices delete --all` touches no others. */
export function isOurs(voice: string): boolean {
  return /(?:^|-)dub(?:_|[0-9a-f]{6}-)/.test(voice);
}
