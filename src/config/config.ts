import type { Separator } from '../domain/separator.js';
import type { Span } from '../domain/time.js';
import type { ExchangeRates } from '../pricing/money.js';
import type { Price } from '../pricing/price.js';

/** What lies under the dub. */
export const bedChoices = ['duck', 'keep', 'mute', 'separate'] as const;
/** What is done when the speech could not be taken out of the sound. */
export const separatorFallbackChoices = ['fail', 'duck'] as const;
/** Loudness of the finished dub: the source's own or a delivery standard's. */
export const loudnessChoices = ['source', 'ebu', 'youtube', 'podcast', 'netflix'] as const;
/** How the subtitles of the dub are delivered. */
export const subtitleChoices = ['soft', 'both', 'srt', 'vtt', 'burn', 'none'] as const;
/** Whose voices speakers get: the engine's, or their own, cloned. */
export const voicesChoices = ['engine', 'clone'] as const;
/** What plays where a line could not be voiced; `fail` ends the run. */
export const lineFailureChoices = ['keep-original', 'silence', 'fail'] as const;
/** What the meaning guard does with lines it doubts. */
export const verifyChoices = ['off', 'list', 'fix'] as const;
/** What becomes of a line that is too long at the fastest tempo. */
export const overflowChoices = ['overrun', 'trim', 'fail'] as const;

/** Stages whose results are kept between runs, in their order. */
export const stageChoices = ['transcribe', 'segment', 'cast', 'translate', 'synthesize', 'mix'] as const;

/** A file with a finished translation; without a language it serves the only target. */
export interface TranslationFile {
  readonly language: string | undefined;
  /** Absolute. */
  readonly path: string;
}

/** Options of providers by `kind:name` (`tts:piper`), checked by the provider itself. */
export type ProviderOptions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** One of several equal parts of a list. */
export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/** Everything a person can set, from all places together. Paths are absolute. */
export interface Config {
  /** BCP 47, in the order asked for, without repeats. */
  readonly to: readonly string[];
  readonly from: string | undefined;
  readonly range: Span | undefined;
  /** The audio track to dub, from 0 or by its language; undefined for the one in the language spoken. */
  readonly audioTrack: number | string | undefined;
  /** How many speakers there are, `auto` to have them told apart; undefined for one voice. */
  readonly speakers: number | 'auto' | undefined;
  readonly script: string | undefined;
  readonly translation: readonly TranslationFile[];
  /** What the video is, in the user's words, for whoever translates it. */
  readonly context: string | undefined;
  /** A file of terms and their translations. */
  readonly glossary: string | undefined;
  /** `name[:model]`, a module's path or a package; undefined leaves the choice to the tool. */
  readonly asr: string | undefined;
  readonly translator: string | undefined;
  readonly tts: string | undefined;
  readonly store: string | undefined;
  /** Speaker label to voice name; `*` stands for every speaker. */
  readonly voice: Readonly<Record<string, string>>;
  /** Whose voices speakers get for whom none is named. */
  readonly voices: (typeof voicesChoices)[number];
  /** Who speaks for whom: a cast file. */
  readonly cast: string | undefined;
  /** True: cloned voices that a service keeps are deleted when the run is over. */
  readonly deleteVoices: boolean;
  /** The consent of those whose voices are cloned, in words or as an id. */
  readonly voiceConsent: string | undefined;
  readonly offline: boolean;
  readonly profile: string | undefined;
  readonly whisperCppBinary: string | undefined;
  readonly whisperCppModel: string | undefined;
  readonly piperBinary: string | undefined;
  readonly piperModel: string | undefined;
  /** The key of Model Studio, for every provider there; never shown. */
  readonly dashscopeApiKey: string | undefined;
  readonly dashscopeBaseUrl: string | undefined;
  readonly dashscopeRegion: string | undefined;
  readonly dashscopeWorkspace: string | undefined;
  /** Keys of chat services, never shown, and other addresses of them. */
  readonly glmApiKey: string | undefined;
  readonly glmBaseUrl: string | undefined;
  readonly deepseekApiKey: string | undefined;
  readonly deepseekBaseUrl: string | undefined;
  readonly ollamaBaseUrl: string | undefined;
  readonly funasrUrl: string | undefined;
  /** A store that speaks S3; the key, its secret and its token are never shown. */
  readonly s3Endpoint: string | undefined;
  readonly s3UseSsl: string | undefined;
  readonly s3PublicEndpoint: string | undefined;
  readonly s3Bucket: string | undefined;
  readonly s3Region: string | undefined;
  readonly s3AccessKeyId: string | undefined;
  readonly s3SecretAccessKey: string | undefined;
  readonly s3SessionToken: string | undefined;
  /** The key of Volcengine's new console, or the pair of the old one; never shown. */
  readonly volcengineApiKey: string | undefined;
  readonly volcengineBaseUrl: string | undefined;
  readonly volcengineAppKey: string | undefined;
  readonly volcengineAccessKey: string | undefined;
  /** The key of OSS and its token, never shown. */
  readonly ossAccessKeyId: string | undefined;
  readonly ossAccessKeySecret: string | undefined;
  readonly ossSecurityToken: string | undefined;
  readonly ossBucket: string | undefined;
  readonly ossRegion: string | undefined;
  readonly ossEndpoint: string | undefined;
  /** A domain of the bucket's own, or a switch word. */
  readonly ossCname: string | undefined;
  /** One address or several, separated by commas. */
  readonly indexttsUrl: string | undefined;
  readonly indexttsApiKey: string | undefined;
  readonly indexttsDialect: string | undefined;
  readonly openaiApiKey: string | undefined;
  readonly openaiBaseUrl: string | undefined;
  /** Milliseconds. */
  readonly waitReady: number | undefined;
  /** A program and its arguments. */
  readonly after: readonly string[] | undefined;
  readonly providers: ProviderOptions;
  /** Template with `{dir} {name} {lang} {ext}`. */
  readonly output: string;
  readonly bed: (typeof bedChoices)[number];
  /** What takes the speech out: a program with `{in}` and `{out}` or `{background}` among its words, or a model. */
  readonly separator: Separator | undefined;
  readonly separatorFallback: (typeof separatorFallbackChoices)[number];
  /** dB, -60…0. */
  readonly duckDb: number;
  readonly loudness: (typeof loudnessChoices)[number];
  readonly subtitles: (typeof subtitleChoices)[number];
  readonly keepOriginal: boolean;
  readonly onLineFailure: (typeof lineFailureChoices)[number];
  readonly verify: (typeof verifyChoices)[number];
  /** `name[:model]` of the recogniser that hears the dub; undefined takes the run's own. */
  readonly verifyAsr: string | undefined;
  /** Whole, 0…5. */
  readonly adaptRounds: number;
  readonly onOverflow: (typeof overflowChoices)[number];
  readonly strict: boolean;
  /** Most that one call of the command may cost, in `currency`; undefined for no ceiling. */
  readonly maxCost: number | undefined;
  /** Whether engines of unknown price may be used under a ceiling. */
  readonly allowUnknownCost: boolean;
  /** ISO 4217; undefined for the currencies of the price list. */
  readonly currency: string | undefined;
  /** `{ 'USD/CNY': 7.1 }`: one US dollar is 7.1 yuan. */
  readonly exchangeRates: ExchangeRates;
  /** Rows that go before those that ship. */
  readonly prices: readonly Price[];
  readonly work: string | undefined;
  readonly cache: string;
  /** Bytes; undefined for no limit. */
  readonly cacheSize: number | undefined;
  readonly force: boolean;
  /** True: targets are left out whose dub is there and was made by the same job. */
  readonly skipFinished: boolean;
  /** A list of inputs, `-` for stdin. */
  readonly files: string | undefined;
  /** True: the list's paths end in NUL. */
  readonly null: boolean;
  /** Files dubbed side by side. */
  readonly jobs: number;
  /** Which part of the list is this call's, from 1. */
  readonly shard: Shard | undefined;
  readonly summary: string | undefined;
  readonly ffmpeg: string | undefined;
  readonly ffprobe: string | undefined;
  /** The first stage that is asked anew although its answers are kept. */
  readonly fromStage: (typeof stageChoices)[number] | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** Where a value came from. */
export interface Origin {
  readonly from: 'flag' | 'environment' | 'profile' | 'file' | 'default';
  /** The flag, the variable, or the file (with its profile); empty for a default. */
  readonly name: string;
  /**
   * False for a config file that was only found lying in a folder: it may not name programs or code to run, since it
   * may have come with somebody else's files.
   */
  readonly trusted: boolean;
}

/** A setting as it was given, so that a later run can read it again. */
export interface RememberedSetting {
  readonly raw: unknown;
  /** Folder that relative paths in it start from. */
  readonly folder: string;
}

/** The settings in force, frozen, and where each came from. */
export interface LoadedConfig {
  readonly config: Config;
  readonly origins: Readonly<Record<keyof Config, Origin>>;
  /** What a record of the run may hold, by key: nothing secret, nothing that starts a program or names a host. */
  readonly remembered: Readonly<Record<string, RememberedSetting>>;
  /** Config files that were read, strongest first. */
  readonly files: readonly string[];
}
