import type { Loudness } from './source.js';
import type { Span } from './time.js';

/** One subtitle on screen; at most two lines, separated by `\n`. */
export interface Cue extends Span {
  readonly text: string;
  readonly speaker?: string | undefined;
}

/** The dub's subtitles. */
export interface Subtitles {
  readonly language: string;
  readonly cues: readonly Cue[];
}

/** The finished dub track, encoded once, exactly as long as the programme. */
export interface Mix {
  readonly path: string;
  /** ffmpeg's codec name of what `path` holds. */
  readonly codec: string;
  readonly sampleRate: number;
  readonly channels: number;
  readonly layout: string;
  /** Linear gain applied to the whole mix, dB. */
  readonly gainDb: number;
  /** Measured before encoding. */
  readonly loudness: Loudness;
  /** The loudness aimed at, LUFS. */
  readonly targetLufs: number;
  /** The ceiling the limiter holds, dBTP. */
  readonly ceilingDbtp: number;
}

/** Where each stream of the input went. */
export interface StreamFate {
  readonly index: number;
  readonly type: string;
  readonly codec: string;
  /** `kept` bit for bit, `converted` to another codec, or `left-out` with the reason in `note`. */
  readonly fate: 'kept' | 'converted' | 'left-out';
  readonly note?: string | undefined;
}

/** The output file. */
export interface Dub {
  readonly path: string;
  readonly streams: readonly StreamFate[];
  readonly warnings: readonly string[];
}

/** One measured gate of the verdict. */
export interface Gate {
  /** Stable name for scripts, e.g. `onset-error`. */
  readonly name: string;
  readonly passed: boolean;
  /** What was measured, in `unit`; undefined when it could not be. */
  readonly value?: number | undefined;
  readonly unit?: string | undefined;
  /** The limit in words, e.g. `-125…+45`. */
  readonly limit: string;
  /** What was measured, as a sentence for people. */
  readonly detail: string;
  /** `wording` when a shorter or longer text would change it; `file` when only the tool can. */
  readonly judges: 'file' | 'wording';
}

/** What listening to the finished file found about one line. */
export interface LineReading {
  readonly utteranceId: string;
  /** True when the take was found in the file. */
  readonly present: boolean;
  /** Likeness of file and take at the best lag, 0…1. */
  readonly likeness: number;
  /** Measured onset and end on the programme's clock; undefined when not found. */
  readonly onsetMs?: number | undefined;
  readonly endMs?: number | undefined;
  readonly plannedStartMs: number;
  readonly sourceStartMs: number;
  /** Measured: the take's own length over the length heard; as planned when not found. */
  readonly tempo: number;
  /**
   * How the take was made to fit: `stretched` keeps its pitch (also at tempo 1), `resampled` raises or lowers it with
   * the tempo, `unfitted` is heard at its own length though another was planned. Undefined when not found.
   */
  readonly fitting?: 'stretched' | 'resampled' | 'unfitted' | undefined;
  /** Where the same take is heard a second time. */
  readonly copyMs?: number | undefined;
  /** How much of the take's end or start is missing, milliseconds; undefined when all of it is heard. */
  readonly cutMs?: number | undefined;
  /** Level of the dub while the line plays, LUFS; undefined when it was not measured. */
  readonly levelLufs?: number | undefined;
  /** How far the original is down under the line, dB (negative); undefined when that cannot be told. */
  readonly leakageDb?: number | undefined;
}

/** What listening to the finished file found, gate by gate. */
export interface Verdict {
  readonly passed: boolean;
  readonly output: string;
  readonly gates: readonly Gate[];
  readonly lines: readonly LineReading[];
}
