/** One stream of the input as the container describes it. */
export interface SourceStream {
  readonly index: number;
  readonly type: 'video' | 'audio' | 'subtitle' | 'data' | 'attachment';
  /** ffmpeg's codec name; `unknown` when it has none. */
  readonly codec: string;
  /** The four-letter tag in the container, e.g. `hvc1`; undefined when there is none. */
  readonly codecTag?: string | undefined;
  /** The language tag as the file has it (usually ISO 639-2), undefined for none or `und`. */
  readonly language?: string | undefined;
  readonly title?: string | undefined;
  /** Names of the dispositions that are set: `default`, `forced`, `hearing_impaired`, … */
  readonly dispositions: readonly string[];
  /** True for cover art: a picture, not a film. */
  readonly attachedPicture: boolean;
  /**
   * When its first picture is seen or first sample heard, microseconds of the container's clock, encoder delay taken
   * off; undefined when the container does not say.
   */
  readonly startUs?: number | undefined;
  /** How much sound before `startUs` its packets hold that nobody hears (encoder delay, pre-skip), microseconds. */
  readonly delayUs?: number | undefined;
  /** From `startUs` to its end. */
  readonly durationMs?: number | undefined;
  readonly bitRate?: number | undefined;
  readonly audio?: { readonly sampleRate: number; readonly channels: number; readonly layout: string } | undefined;
  readonly video?:
    | { readonly width: number; readonly height: number; readonly frameRate: number; readonly rotation: number }
    | undefined;
  /** All tags of the stream as the container has them: `filename`, `mimetype`, `timecode`, … */
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** What the input holds. The programme's clock starts at `zeroUs` of the container's clock. */
export interface Source {
  /** Absolute path. */
  readonly path: string;
  /** Hash of size, modification time and samples of the content: a changed file has another one. */
  readonly fingerprint: string;
  /** ffprobe's format names, e.g. `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly format: string;
  /** `audio` when there is no moving picture (cover art does not count). */
  readonly kind: 'video' | 'audio';
  /** Earliest start of the real video and audio streams, microseconds of the container's clock. */
  readonly zeroUs: number;
  /** From the programme's start to the end of its longest real video or audio stream. */
  readonly durationMs: number;
  /** Length of one video frame, 40 ms when unknown or not a video. */
  readonly frameMs: number;
  readonly streams: readonly SourceStream[];
  readonly chapters: readonly { readonly startMs: number; readonly endMs: number; readonly title: string }[];
  readonly tags: Readonly<Record<string, string>>;
}

/** Loudness by ITU-R BS.1770-4 / EBU R128. `-Infinity` is written as -120. */
export interface Loudness {
  readonly integratedLufs: number;
  readonly truePeakDbtp: number;
}

/** The audio stream that is dubbed: where it lies, and the speech track made from it. */
export interface Soundtrack {
  readonly sourcePath: string;
  readonly streamIndex: number;
  /** How late the stream's first sample is against the programme's start, microseconds (may be negative). */
  readonly offsetUs: number;
  /** Programme length; the mix has exactly this length. */
  readonly durationMs: number;
  readonly sampleRate: number;
  readonly channels: number;
  /** ffmpeg's channel layout name, e.g. `mono`, `stereo`, `5.1(side)`. */
  readonly layout: string;
  readonly loudness: Loudness;
  /** 16 kHz mono FLAC on the programme's clock (a late start is padded); undefined when nobody recognises by ear. */
  readonly speechPath?: string | undefined;
}
