import { sameLanguage } from '../domain/language.js';
import { DubError } from '../errors.js';
import type { AsrProvider, SubtitleTrack } from './asr/contract.js';
import type { ProviderKind, ProviderTools } from './contract.js';
import { type LoadedProvider, loadProvider } from './load.js';
import { listProviders, providerFlags, type RegistryEntry } from './registry.js';
import type { TranslationProvider } from './translation/contract.js';
import type { TtsProvider } from './tts/contract.js';

/** The kinds that are chosen: storage is never needed without a network. */
export type ChosenKind = Exclude<ProviderKind, 'storage'>;

/** What the choice depends on. */
export interface OfflineContext {
  /** BCP 47 of the speech, when it is known. */
  readonly source?: string | undefined;
  /** BCP 47 of the dub. Needed for translation and tts. */
  readonly target?: string | undefined;
  /** Text subtitle tracks of the input. */
  readonly subtitleTracks: readonly SubtitleTrack[];
  /** Configured options by kind and provider name; a provider with any is one the user set up. */
  readonly options: Partial<Record<ProviderKind, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly tools: ProviderTools;
  readonly platform: NodeJS.Platform;
  readonly signal: AbortSignal;
}

/** The provider taken, and why: `espeak-ng 1.51`. */
export interface OfflineChoice<Kind extends ChosenKind> extends LoadedProvider<Kind> {
  readonly kind: Kind;
  readonly chosen: true;
  readonly reason: string;
}

/** Nothing serves. */
export interface OfflineGap {
  readonly kind: ChosenKind;
  readonly chosen: false;
  /** What is lacking, as one sentence. */
  readonly problem: string;
  /** Ways out, best first: commands and flags. */
  readonly remedies: readonly string[];
  /** True when a program or model is lacking, false when words on the command line are enough. */
  readonly needsInstall: boolean;
}

interface LookInVain {
  readonly serves: false;
  readonly why: string;
  readonly remedy?: string | undefined;
  /** The user configured it. */
  readonly setUp: boolean;
  /** The user configured it and it does not work, so nothing else may quietly take its place. */
  readonly broken: boolean;
}

type Look<Kind extends ChosenKind> = { readonly serves: true; readonly choice: OfflineChoice<Kind> } | LookInVain;

/**
 * Picks the provider of one kind that serves without a network: the first of the registry's order that is not rough, is
 * there, and does the languages. One that the user configured and that does not work is never passed over. Looks at all
 * at once, so it takes as long as the slowest.
 */
export async function chooseOffline<Kind extends ChosenKind>(
  kind: Kind,
  context: OfflineContext,
): Promise<OfflineChoice<Kind> | OfflineGap> {
  const candidates = listProviders(kind).filter(
    (entry) => entry.offline && !entry.rough && fitsPlatform(entry, context),
  );
  const looks = await Promise.all(candidates.map((entry) => lookAt(entry, context)));
  for (const look of looks) {
    if (look.serves) return look.choice;
    if (look.broken) return gapOf(kind, context, [look]);
  }
  return gapOf(kind, context, looks);
}

/**
 * One error for everything that is lacking.
 * @returns ENGINE_MISSING when something must be installed, USAGE when flags are enough
 */
export function offlineError(gaps: readonly OfflineGap[]): DubError {
  const problems = gaps.map((gap) => `- ${gap.problem}`);
  const remedies = gaps.map((gap) => `- ${names[gap.kind]}: ${gap.remedies.join(', or ')}`);
  const code = gaps.some((gap) => gap.needsInstall) ? 'ENGINE_MISSING' : 'USAGE';
  return new DubError(code, `--offline cannot do this job yet:\n${problems.join('\n')}`, {
    hint: `What is lacking comes with:\n${remedies.join('\n')}`,
  });
}

const names = { asr: 'the words', translation: 'the translation', tts: 'the voice' } as const;

function fitsPlatform(entry: RegistryEntry, context: OfflineContext): boolean {
  return entry.platform === undefined || entry.platform === context.platform;
}

async function lookAt<Kind extends ChosenKind>(
  entry: RegistryEntry<Kind>,
  context: OfflineContext,
): Promise<Look<Kind>> {
  const options = context.options[entry.kind]?.[entry.name] ?? {};
  const setUp = Object.keys(options).length > 0;
  try {
    const loaded = await loadProvider(entry.kind, entry.name, options, context.tools);
    const { ready, detail, hint } = await loaded.provider.ready(context.signal);
    if (!ready) return { serves: false, why: detail, remedy: hint, setUp, broken: setUp };
    const reason = await reasonToServe(entry.kind, loaded, setUp, context);
    if (reason === undefined) return { serves: false, why: unfit(entry, context), setUp, broken: false };
    const given = reason === '' ? detail : reason;
    return { serves: true, choice: { ...loaded, kind: entry.kind, chosen: true, reason: given } };
  } catch (error) {
    if (!(error instanceof DubError) || error.code === 'INTERRUPTED') throw error;
    // Without options, a model that must be named is simply not there; with them, something in them is wrong.
    return { serves: false, why: error.message, remedy: setUp ? error.hint : undefined, setUp, broken: setUp };
  }
}

/** Undefined when it does not do the languages; else why it does, or nothing when being there is reason enough. */
async function reasonToServe<Kind extends ChosenKind>(
  kind: Kind,
  { provider }: LoadedProvider<Kind>,
  setUp: boolean,
  context: OfflineContext,
): Promise<string | undefined> {
  if (kind === 'asr') return asrReason(provider as AsrProvider, setUp, context);
  const { source, target, signal } = context;
  if (target === undefined) return '';
  if (kind === 'tts') return (await (provider as TtsProvider).voices(target, signal)).length > 0 ? '' : undefined;
  return (await (provider as TranslationProvider).supports(source ?? 'und', target, signal)) ? '' : undefined;
}

function asrReason({ limits }: AsrProvider, setUp: boolean, context: OfflineContext): string | undefined {
  const { source, subtitleTracks } = context;
  if (!limits.needsAudio && !setUp) {
    const fits = (track: SubtitleTrack) =>
      source === undefined || track.language === undefined || sameLanguage(track.language, source);
    const track = subtitleTracks.find(fits);
    return track && `subtitle track ${track.index} of the input (${track.language ?? 'no language'})`;
  }
  const knows = (language: string) =>
    limits.languages === 'any' || limits.languages.some((known) => sameLanguage(known, language));
  if (source === undefined) return limits.detectsLanguage || limits.languages === 'any' ? '' : undefined;
  return knows(source) ? '' : undefined;
}

function unfit(entry: RegistryEntry, context: OfflineContext): string {
  if (entry.kind === 'asr') return `${entry.name} does not serve ${context.source ?? 'a language that is not named'}`;
  return `${entry.name} does not serve ${context.target ?? 'this language'}`;
}

function gapOf(kind: ChosenKind, context: OfflineContext, looks: readonly Look<ChosenKind>[]): OfflineGap {
  const broken = looks.find((look) => !look.serves && look.broken);
  if (broken && !broken.serves) {
    const remedies = [broken.remedy ?? `check the options of the ${kind} provider`];
    return { kind, chosen: false, problem: broken.why, remedies, needsInstall: true };
  }
  const language = kind === 'asr' ? context.source : context.target;
  const remedies = listProviders(kind)
    .filter((entry) => entry.offline && !entry.rough && fitsPlatform(entry, context))
    .filter((entry) => !language || !entry.languages || entry.languages.some((known) => sameLanguage(known, language)))
    .map((entry) => entry.setup.replace('LANG', context.target ?? 'LANG'));
  const general = {
    asr: noWords(context),
    translation: `There is no translation into ${context.target}.`,
    tts: `No voice here speaks ${context.target}.`,
  };
  const unfitting = looks.flatMap((look) => (!look.serves && look.setUp ? [`${look.why}.`] : []));
  const problem = [general[kind], ...unfitting].join(' ');
  return { kind, chosen: false, problem, remedies, needsInstall: kind === 'tts' };
}

function noWords(context: OfflineContext): string {
  const tracks = context.subtitleTracks.length === 0 ? 'no text subtitle track' : 'no subtitle track in its language';
  return `There is no script: the input has ${tracks} and no recogniser is set up (${providerFlags.asr}).`;
}
