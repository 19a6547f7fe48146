import type { Separator } from '../domain/separator.js';
import type { Span } from '../domain/time.js';
import type { MediaTools } from '../media/tools.js';
import type { AsrProvider } from '../providers/asr/contract.js';
import type { StorageProvider } from '../providers/storage/contract.js';
import type { TranslationProvider } from '../providers/translation/contract.js';
import type { TtsProvider } from '../providers/tts/contract.js';
import type { RetryRelay } from './engines/retries.js';
import type { RunEvent } from './events.js';
import type { CostRange } from './money/plan-costs.js';
import type { MoneyTerms } from './money/terms.js';

/** A provider, how the user names it, and what else shapes its answers. */
export interface Chosen<Provider> {
  /** `name[:model]`. */
  readonly label: string;
  readonly provider: Provider;
  /** Its options without secrets, as plain JSON: another value is another answer. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Files of the user that it reads: their content is part of the key of what it makes. */
  readonly files: readonly string[];
  /** Who takes over what it cannot do, in order; they have none of their own. */
  readonly others?: readonly Chosen<Provider>[] | undefined;
  /** Engines of the chain that cannot be used here, and why. */
  readonly unusable?: readonly Unusable[] | undefined;
}

/** An engine that was named and cannot be used. */
export interface Unusable {
  readonly label: string;
  readonly code: string;
  readonly message: string;
  /** True when it was to be asked before the one that is used now. */
  readonly wasFirst: boolean;
}

/** One language to dub into. */
export interface Target {
  /** BCP 47. */
  readonly language: string;
  readonly translator: Chosen<TranslationProvider>;
  readonly tts: Chosen<TtsProvider>;
}

/**
 * How the subtitles of the dub are delivered: as a track in the file (`both`: with the source's words below), beside it,
 * drawn into the picture, or not at all.
 */
export type SubtitleDelivery = 'soft' | 'both' | 'srt' | 'vtt' | 'burn' | 'none';

/** What lies under the dub: the original lowered under lines, as it is, nothing, or the original without its speech. */
export type Bed = 'duck' | 'keep' | 'mute' | 'separate';

/** Loudness target: the source's own, or a delivery standard's. */
export type LoudnessTarget = 'source' | 'ebu' | 'youtube' | 'podcast' | 'netflix';

/** What the meaning guard does: list the offenders, or voice those again that are not heard as written. */
export interface Verification {
  readonly mode: 'list' | 'fix';
  /** What listens to the finished dub; undefined compares the texts only. */
  readonly asr?: Chosen<AsrProvider> | undefined;
}

/** Everything a run is told: one input, several targets. Providers are made, files are not yet looked at. */
export interface DubJob {
  readonly input: string;
  /** Path template with `{dir} {name} {lang} {ext}`; `{ext}` has its dot. */
  readonly output: string;
  /** The work folder, or undefined for `{name}.dub` beside the output. */
  readonly work?: string | undefined;
  /** Folder of the shared store. */
  readonly cache: string;
  /** Most that the store may hold after a run, bytes: what was used last longest ago goes first. No limit when undefined. */
  readonly cacheBytes?: number | undefined;
  readonly force: boolean;
  /** True: targets are left out whose output is there and was made by the same job. */
  readonly skipFinished?: boolean | undefined;
  /** BCP 47 of the speech when the user named it. */
  readonly sourceLanguage?: string | undefined;
  /** The audio track to dub: from 0, or the first tagged with a language; undefined as `AudioChoice` has it. */
  readonly audioTrack?: number | string | undefined;
  /** How many speakers there are, `auto` to have them told apart, undefined for one voice. */
  readonly speakers?: number | 'auto' | undefined;
  readonly asr: Chosen<AsrProvider>;
  readonly storage: Chosen<StorageProvider>;
  /** The store of each of `asr.others`, in their order. */
  readonly otherStorages?: readonly Chosen<StorageProvider>[] | undefined;
  readonly targets: readonly Target[];
  /** Speaker label to voice name; the key `*` stands for every speaker. */
  readonly voices: Readonly<Record<string, string>>;
  /** A cast to share: what it says of a speaker goes before the work folder's own. */
  readonly castFile?: string | undefined;
  /** True: speakers for whom no voice is asked are cloned from the source. */
  readonly cloneVoices?: boolean | undefined;
  /** True: cloned voices that a service keeps are deleted when the run is over. */
  readonly deleteVoices?: boolean | undefined;
  /** Consent of those whose voices are cloned, in words or as an id. */
  readonly voiceConsent?: string | undefined;
  /** Makes a voice engine that only the cast names; without it a cast has the targets' engines only. */
  openTts?(label: string): Promise<Chosen<TtsProvider>>;
  /** Names of the voice engines that ship and may speak a language (BCP 47), depending on their model. */
  enginesSpeaking?(language: string): Promise<readonly string[]>;
  /** What `openTts` has made so far: they are billed like the targets' own. */
  readonly castEngines?: readonly Chosen<TtsProvider>[] | undefined;
  /** Dub only the lines that start in this span; the output keeps its whole length. */
  readonly range?: Span | undefined;
  readonly bed: Bed;
  /** For `separate`: the program or model that takes the speech out, and what is done when it fails. */
  readonly separator?: { readonly by: Separator; readonly fallback: 'fail' | 'duck' } | undefined;
  /** Gain of the bed under a line, dB, negative. */
  readonly duckDb: number;
  readonly loudness: LoudnessTarget;
  readonly subtitles: SubtitleDelivery;
  readonly keepOriginal: boolean;
  readonly onLineFailure: 'keep-original' | 'silence' | 'fail';
  /** Undefined leaves the meaning guard out. */
  readonly verify?: Verification | undefined;
  /** How often lines that do not fit are voiced again in another way, 0 for never; 2 when undefined. */
  readonly adaptRounds?: number | undefined;
  readonly onOverflow: 'overrun' | 'trim' | 'fail';
  /** True: a failed gate or an overflow gives exit 7. */
  readonly strict: boolean;
  /** True to say what is kept, what would be bought and what has changed, and to stop there. */
  readonly onlyShow?: boolean | undefined;
  /** The stage to be done anew although its result is kept. */
  readonly fromStage?: string | undefined;
  /** What `run.json` should remember of how the job was asked for, as plain JSON without secrets. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** By which prices is counted, and how far; the shipped ones and no ceiling when undefined. */
  readonly money?: MoneyTerms | undefined;
}

/** What a run reaches the world through. */
export interface RunTools {
  readonly signal: AbortSignal;
  readonly media: MediaTools;
  /** Gets every event in order. */
  sink(event: RunEvent): void;
  /** Tells of requests that providers make again. */
  readonly retries?: Pick<RetryRelay, 'listen'> | undefined;
}

/** What a run would do, without doing it. */
export interface RunPlan {
  readonly input: string;
  readonly durationMs: number;
  readonly work: string;
  readonly outputs: readonly { readonly language: string; readonly path: string }[];
  readonly stages: readonly PlannedStage[];
  /** Undefined when there is no script yet to count. */
  readonly lines?: number | undefined;
  readonly characters?: number | undefined;
  readonly cost: PlannedCost;
  /** What the figures rest on, as sentences; empty when nothing costs anything. */
  readonly basis: readonly string[];
  readonly warnings: readonly string[];
}

/** One stage of a plan. */
export interface PlannedStage {
  readonly stage: string;
  readonly language?: string | undefined;
  /** `name[:model]`, undefined for stages that run in this process. */
  readonly provider?: string | undefined;
  /** `keep` when an earlier run has done it. */
  readonly action: 'run' | 'keep';
  /** What leaves this machine and to where; undefined when nothing does. */
  readonly leaves?: string | undefined;
  /** The likely cost; null when the price is unknown or in several currencies; 0 for engines on this machine. */
  readonly cost: number | null;
  /** Of `cost`; null where that is null or 0. */
  readonly currency: string | null;
  /** For stages that ask an engine. */
  readonly range?: CostRange | undefined;
  /** The engines behind it in the chain, as if each did the whole stage; absent where nothing is left to ask. */
  readonly others?: readonly Pick<PlannedStage, 'provider' | 'leaves' | 'cost' | 'currency' | 'range'>[] | undefined;
}

/** What a whole run would cost, currency by currency. */
export interface PlannedCost extends Pick<CostRange, 'least' | 'likely' | 'most'> {
  /** Engines whose price is unknown: what they cost comes on top. */
  readonly unknown: readonly string[];
  /** The ceiling, and whether the most that the run may cost stays under it; undefined when there is none. */
  readonly ceiling?: { readonly max: number; readonly currency: string; readonly holds: boolean } | undefined;
}
