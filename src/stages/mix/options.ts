import type { Span } from '../../domain/time.js';
import type { LoudnessTarget } from './gain.js';

/** How the dub track is encoded: `DubCodec` of `media/dub-codec.ts` is one. */
export interface MixCodec {
  /** ffmpeg's codec name of the result, e.g. `aac`. */
  readonly codec: string;
  /** Hz of the result; the mix itself is made at 48 kHz. */
  readonly sampleRate: number;
  /** Of the result; the mix is made in this layout too. */
  readonly channels: number;
  readonly layout: string;
  /** ffmpeg output options, complete with `-c:a` and `-f`; only the path is missing. */
  readonly options: readonly string[];
}

/** A line as the source speaks it. */
export interface SourceLine extends Span {
  /** Id of the utterance. */
  readonly id: string;
}

/** How `mix` lays the dub over the source's sound. */
export interface MixOptions {
  /**
   * `duck`: the original lowered under every line; `keep`: as it is; `mute`: only the dub is heard; `separate`: the
   * original without its speech under every line, as it is elsewhere, so that laughter and lines without a dub stay.
   */
  readonly bed: 'duck' | 'keep' | 'mute' | 'separate';
  /** The original without its speech, on the programme's clock; only for `separate`. */
  readonly backgroundPath?: string | undefined;
  /** Gain of the bed under a line, dB; -20. */
  readonly duckDb: number;
  readonly loudness: LoudnessTarget;
  /** What happens to takes that do not fit: played to their end, or faded out over 80 ms at the end of their room. */
  readonly onOverflow: 'overrun' | 'trim' | 'fail';
  readonly codec: MixCodec;
  /** Replaced if there is one. */
  readonly outPath: string;
  /** Stretches where the original falls silent although no take is heard. */
  readonly silence?: readonly Span[] | undefined;
  /**
   * Where the source speaks each line. The bed is ducked there too, not only under the take, and its level is what the
   * take is levelled to. Without it the placements stand for it.
   */
  readonly lines?: readonly SourceLine[] | undefined;
}
