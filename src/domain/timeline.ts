import type { LineFailure } from './script.js';

/** One synthesised recording of one utterance: 16-bit mono FLAC in the store. */
export interface Take {
  readonly utteranceId: string;
  readonly path: string;
  readonly sampleRate: number;
  /** First sample of sound; what lies before is silence and is not played. */
  readonly startSample: number;
  /** One past the last sample of sound. */
  readonly endSample: number;
  /** Natural length with silence trimmed at both ends. */
  readonly durationMs: number;
  readonly voice: string;
  readonly provider: string;
  /** The engine that should have spoken it and could not. */
  readonly insteadOf?: string | undefined;
}

/** One recording per voiced utterance. */
export interface Takes {
  readonly takes: readonly Take[];
  readonly failures: readonly LineFailure[];
}

/** Where a take starts and how fast it plays. */
export interface Placement {
  readonly utteranceId: string;
  readonly startMs: number;
  /** Time it takes up as placed; at tempo 1 the take's own length rounded up to the grid. */
  readonly durationMs: number;
  /** Length changed, pitch kept: 1.25 is faster. In `[minTempo, maxTempo]`. */
  readonly tempo: number;
  /** The line before where the two are laid as one run: this one's own onset was given up for a calmer tempo of both. */
  readonly runsOnFrom?: string | undefined;
}

/** A take that does not fit within the tempo cap, and by how much. */
export interface Overflow {
  readonly utteranceId: string;
  /** How much longer it is at the cap than the room it got. */
  readonly excessMs: number;
}

/** Where every take plays, in the script's order. */
export interface Timeline {
  readonly programmeMs: number;
  readonly placements: readonly Placement[];
  readonly overflows: readonly Overflow[];
  /** The minimum of the cost function, for comparing timelines of the same script. */
  readonly cost: number;
}

/** How `align` may move takes. Times in milliseconds. */
export interface TimingOptions {
  /** Fastest tempo, 1.25. */
  readonly maxTempo: number;
  /** Slowest tempo, 0.85. */
  readonly minTempo: number;
  /** Least silence between two takes of one speaker. */
  readonly minGapMs: number;
  /** Longest silence in the source across which two takes of one speaker may be laid as one run; never when undefined. */
  readonly runGapMs?: number | undefined;
  /** Programme length: nothing plays past it. */
  readonly programmeMs: number;
}
