import type { Config } from '../../config/config.js';
import { primaryLanguage } from '../../domain/language.js';
import { nearestNames } from '../../domain/nearest.js';
import { DubError } from '../../errors.js';
import type { MediaTools } from '../../media/tools.js';
import type { Chosen, DubJob, Target, Unusable } from '../../pipeline/job.js';
import type { AsrProvider, SubtitleTrack } from '../../providers/asr/contract.js';
import type { ProviderKind } from '../../providers/contract.js';
import type { ProviderByKind } from '../../providers/define.js';
import type { LoadedProvider } from '../../providers/load.js';
import type { ChosenKind, OfflineGap } from '../../providers/offline.js';
import type { StorageProvider } from '../../providers/storage/contract.js';
import type { TranslationProvider } from '../../providers/translation/contract.js';
import type { TtsProvider } from '../../providers/tts/contract.js';
import { findTextTracks } from '../media.js';
import { withBrief } from './brief.js';
import { type EngineSurroundings, loadEngine, settingOfKind, toChosen } from './engines.js';
import { refuseSource, settleSource } from './source-language.js';
import { matchTranslations } from './translation-files.js';
import { mayBecomeReady, whenReady } from './wait-ready.js';

/** What the choice of engines is for. */
export interface ChoiceContext extends EngineSurroundings {
  /** Absolute path of the input. */
  readonly input: string;
  readonly media: MediaTools;
  readonly platform: NodeJS.Platform;
  /** For people: what is waited for. */
  readonly say?: ((message: string) => void) | undefined;
  /** Told of servers of the user's own that the run uses. */
  readonly noteServers?: ((hosts: readonly string[]) => void) | undefined;
}

/** Engines for one job, and what was taken without being named. */
export interface ChosenEngines {
  readonly sourceLanguage: string | undefined;
  readonly asr: Chosen<AsrProvider>;
  readonly storage: Chosen<StorageProvider>;
  /** The store of each recogniser after the first. */
  readonly otherStorages: readonly Chosen<StorageProvider>[];
  readonly targets: readonly Target[];
  /** What listens to the finished dub, under --verify. */
  readonly verifyAsr: Chosen<AsrProvider> | undefined;
  /** `tts espeak-ng 1.51`, one for each engine that --offline picked. */
  readonly picked: readonly string[];
  /** Engines that are good enough for rehearsals only. */
  readonly rough: readonly string[];
}

/** What is used for every stage when nothing is named: one key serves all of them. */
const defaultService = 'qwen';

/** Its store needs no bucket, but only its own recogniser can read what is put there. */
const defaultStore = 'dashscope';

/**
 * Chooses an engine for every stage: the files handed in, else what is named, else by --offline, else the default
 * service.
 * @throws USAGE, CONFIG_INVALID, ENGINE_MISSING, PROVIDER_AUTH: everything that can be known before any work
 */
export async function chooseEngines(context: ChoiceContext): Promise<ChosenEngines> {
  const { config } = context.loaded;
  const chooser = new Chooser(context);
  const files = matchTranslations(config);
  const asr = await chooser.chooseAsr();
  const sourceLanguage = settleSource(config, asr, files);
  const targets: Target[] = [];
  for (const language of config.to) {
    refuseSource(language, sourceLanguage);
    const translator = await chooser.chooseTranslator(language, sourceLanguage, files.get(language));
    const tts = await chooser.chooseTts(language);
    if (translator && tts) targets.push({ language, translator, tts });
  }
  const storage = await chooser.chooseStorage(asr);
  const otherStorages = await Promise.all((asr?.others ?? []).map((other) => chooser.chooseStorage(other)));
  const verifyAsr = await chooser.chooseVerifyAsr(asr);
  await chooser.refuseMissing();
  const { picked, rough } = chooser;
  return { sourceLanguage, asr: asr!, verifyAsr, storage, otherStorages, targets, picked, rough: [...rough] };
}

/**
 * Makes the voice engines that a cast names beside the job's own, and remembers them for the bill. `openTts` throws USAGE
 * for what does not ship: a cast comes with somebody's film, and must not run code of its own.
 */
export function castEngines(
  context: ChoiceContext,
): Required<Pick<DubJob, 'openTts' | 'castEngines' | 'enginesSpeaking'>> {
  const opened: Chosen<TtsProvider>[] = [];
  return {
    async openTts(label) {
      const engine = opened.find((one) => one.label === label) ?? (await openCastEngine(label, context));
      if (!opened.includes(engine)) opened.push(engine);
      return engine;
    },
    castEngines: opened,
    enginesSpeaking,
  };
}

/** The voice engines for this system that serve a language, or of which it is known only when they are asked. */
async function enginesSpeaking(language: string): Promise<readonly string[]> {
  const { listProviders } = await import('../../providers/registry.js');
  const primary = primaryLanguage(language);
  return listProviders('tts')
    .filter(({ platform }) => platform === undefined || platform === process.platform)
    .filter(({ languages }) => languages?.includes(primary) ?? true)
    .map(({ name }) => name);
}

async function openCastEngine(label: string, context: ChoiceContext): Promise<Chosen<TtsProvider>> {
  const { listProviders } = await import('../../providers/registry.js');
  const names = listProviders('tts').map(({ name }) => name);
  const name = label.split(/[:@]/)[0]!;
  if (label.includes('://') || !names.includes(name)) {
    const near = nearestNames(name, names);
    throw new DubError('USAGE', `The cast names ${label}, which is no voice engine that ships with dub.`, {
      hint: `${near.length > 0 ? `Near ones: ${near.join(', ')}. ` : ''}There are ${names.join(', ')}; others are named with --tts.`,
    });
  }
  return new Chooser(context).load('tts', label);
}

/** Chooses one stage after the other and gathers what is lacking, so that all of it is told at once. */
class Chooser {
  readonly picked: string[] = [];
  readonly rough = new Set<string>();
  private readonly gaps: OfflineGap[] = [];
  private readonly unnamed = new Set<ChosenKind>();
  private readonly config: Config;

  constructor(private readonly context: ChoiceContext) {
    this.config = context.loaded.config;
  }

  async chooseAsr(): Promise<Chosen<AsrProvider> | undefined> {
    const { script, asr, from } = this.config;
    if (script === undefined) return this.choose('asr', asr, { source: from });
    if (asr !== undefined && this.context.loaded.origins.asr.from === 'flag' && asr.split(':')[0] !== 'subtitles') {
      throw new DubError('USAGE', `Both --script and --asr ${asr} say where the words come from.`, {
        hint: 'Give one of them.',
      });
    }
    return this.loadSubtitles('asr', { file: script }, script);
  }

  async chooseTranslator(
    target: string,
    source: string | undefined,
    file: string | undefined,
  ): Promise<Chosen<TranslationProvider> | undefined> {
    if (file !== undefined) return this.loadSubtitles('translation', { files: { [target]: file } }, file);
    const { translator, offline } = this.config;
    if (translator === undefined && offline) return this.choose('translation', undefined, { source, target });
    const say = (message: string) => this.context.say?.(message);
    const around = await withBrief(translator ?? defaultService, { source, target }, this.context, say);
    return this.choose('translation', translator, { source, target }, around);
  }

  chooseTts(target: string): Promise<Chosen<TtsProvider> | undefined> {
    return this.choose('tts', this.config.tts, { target });
  }

  /** What is named; else the run's own recogniser where it listens at all. */
  async chooseVerifyAsr(asr: Chosen<AsrProvider> | undefined): Promise<Chosen<AsrProvider> | undefined> {
    const { verify, verifyAsr } = this.config;
    if (verify === 'off') return undefined;
    if (verifyAsr !== undefined) return this.loadChain('asr', verifyAsr);
    return asr?.provider.limits.needsAudio === true ? asr : undefined;
  }

  /** What is named; else the service's own where its recogniser fetches the sound by a link; else none. */
  chooseStorage(asr: Chosen<AsrProvider> | undefined): Promise<Chosen<StorageProvider>> {
    const isFetched = asr?.provider.limits.needsUrl === true && asr.label.split(':')[0] === defaultService;
    return this.loadStores(this.config.store ?? (isFetched ? defaultStore : 'none'));
  }

  /** One store, or a chain of them as one. */
  private async loadStores(specs: string): Promise<Chosen<StorageProvider>> {
    const chain = await this.loadChain('storage', specs);
    if (chain.others === undefined || chain.others.length === 0) return chain;
    const { chainStores } = await import('../../pipeline/engines/storage-chain.js');
    return chainStores([chain, ...chain.others]);
  }

  /**
   * The engines of a chain that can be used here; one that cannot is passed over and told of.
   * @throws what the first one lacks when none can be used, and at once for a name or options that are wrong
   */
  private async loadChain<Kind extends ProviderKind>(
    kind: Kind,
    specs: string,
    around: EngineSurroundings = this.context,
  ): Promise<Chosen<ProviderByKind[Kind]>> {
    const names = specs.split(',');
    if (names.length === 1) return this.load(kind, specs, around);
    const usable: Chosen<ProviderByKind[Kind]>[] = [];
    const unusable: Unusable[] = [];
    const errors: unknown[] = [];
    for (const label of names) {
      const engine = await this.make(kind, label, around);
      try {
        usable.push(await this.settle(engine, around));
      } catch (error) {
        if (!(error instanceof DubError) || error.code === 'INTERRUPTED') throw error;
        const { code, message } = error;
        unusable.push({ label, code, message, wasFirst: usable.length === 0 });
        errors.push(error);
      }
    }
    const [first, ...others] = usable;
    if (first === undefined) throw errors[0];
    return { ...first, others, unusable };
  }

  async load<Kind extends 'asr' | 'translation' | 'tts' | 'storage'>(
    kind: Kind,
    spec: string,
    around: EngineSurroundings = this.context,
  ) {
    return this.settle(await this.make(kind, spec, around), around);
  }

  private async make<Kind extends ProviderKind>(kind: Kind, spec: string, around: EngineSurroundings) {
    const engine = await loadEngine(kind, spec, around);
    if (this.config.offline && engine.offline === false) throw needsNetwork(kind, spec);
    return engine;
  }

  /** The engine as a job holds it, when it can be used now. */
  private async settle<Kind extends ProviderKind>(engine: LoadedProvider<Kind>, around: EngineSurroundings) {
    await this.refuseUnready(engine);
    if (engine.rough) this.rough.add(engine.label);
    return toChosen(engine, around.loaded.config);
  }

  /** @throws what is lacking, all in one error */
  async refuseMissing(): Promise<void> {
    if (this.gaps.length > 0) {
      const { offlineError } = await import('../../providers/offline.js');
      throw offlineError(this.gaps);
    }
    if (this.unnamed.size > 0) throw noKey([...this.unnamed]);
  }

  private async loadSubtitles<Kind extends 'asr' | 'translation'>(
    kind: Kind,
    options: Readonly<Record<string, unknown>>,
    file: string,
  ) {
    const { loadProvider } = await import('../../providers/load.js');
    const engine = await loadProvider(kind, 'subtitles', options, this.context.tools);
    // The file counts by its content, so its path is not among the options that shape the result.
    return { label: engine.label, provider: engine.provider, options: {}, files: [file] };
  }

  private async choose<Kind extends ChosenKind>(
    kind: Kind,
    named: string | undefined,
    languages: { source?: string | undefined; target?: string },
    around: EngineSurroundings = this.context,
  ) {
    if (named !== undefined) return this.loadChain(kind, named, around);
    if (this.config.offline) return this.pickOffline(kind, languages);
    const engine = await loadEngine(kind, defaultService, around);
    const { ready } = await engine.provider.ready(this.context.signal);
    if (ready) return toChosen(engine, around.loaded.config);
    this.unnamed.add(kind);
    return undefined;
  }

  private async pickOffline<Kind extends ChosenKind>(
    kind: Kind,
    languages: { source?: string | undefined; target?: string },
  ) {
    const { chooseOffline } = await import('../../providers/offline.js');
    const { tools, platform, signal, input, media } = this.context;
    const tracks: SubtitleTrack[] = kind === 'asr' ? await findTextTracks(input, media, signal) : [];
    const choice = await chooseOffline(kind, {
      ...languages,
      subtitleTracks: tracks,
      options: this.optionsByKind(),
      tools,
      platform,
      signal,
    });
    if (choice.chosen) {
      this.picked.push(
        `${settingOfKind[kind]} ${choice.reason.startsWith(choice.label) ? choice.reason : `${choice.label} (${choice.reason})`}`,
      );
      return toChosen(choice, this.config);
    }
    this.gaps.push(choice);
    return undefined;
  }

  private optionsByKind() {
    const byKind: Record<string, Record<string, Readonly<Record<string, unknown>>>> = {};
    for (const [name, options] of Object.entries(this.config.providers)) {
      const [kind = '', ...rest] = name.split(':');
      byKind[kind] = { ...byKind[kind], [rest.join(':')]: options };
    }
    return byKind;
  }

  /** Subtitle readers are left to the stage, whose errors name the line and the byte. */
  private async refuseUnready(engine: LoadedProvider<'asr' | 'translation' | 'tts' | 'storage'>): Promise<void> {
    if (engine.definition.name === 'subtitles') return;
    const { signal, say, noteServers } = this.context;
    const { waitReady, dryRun } = this.config;
    const name = `${settingOfKind[engine.definition.kind]} ${engine.label}`;
    const readiness = await whenReady(engine.provider, name, { waitMs: dryRun ? 0 : waitReady, signal, say });
    const { ready, detail, hint = '', code } = readiness;
    if (code !== 'PROVIDER_UNREACHABLE') noteServers?.(engine.provider.staysOn ?? []);
    if (ready) return;
    // A plan sends nothing, so it can be made before the server is started.
    if (dryRun && mayBecomeReady(readiness)) return say?.(`${name} cannot be used now: ${detail}.`);
    // A service lacks its key or its account, and says no more than that.
    if (engine.offline !== false && code === undefined) throw new DubError('ENGINE_MISSING', detail, { hint });
    throw new DubError(code ?? 'PROVIDER_AUTH', `${name} cannot be used: ${detail}.`, { hint });
  }
}

const named: Readonly<Record<ChosenKind, { readonly what: string; readonly ways: string }>> = {
  asr: { what: 'recognise the speech', ways: '--asr NAME or --script FILE' },
  translation: { what: 'translate', ways: '--translator NAME or --translation FILE' },
  tts: { what: 'speak', ways: '--tts NAME' },
};

/** What is said when nothing is named and the default service has no key: it is never replaced without being asked. */
function noKey(kinds: readonly ChosenKind[]): DubError {
  const what = kinds.map((kind) => named[kind].what);
  const list = what.length < 2 ? what.join('') : `${what.slice(0, -1).join(', ')} and ${what.at(-1)}`;
  const ways = kinds.map((kind) => named[kind].ways).join('; ');
  return new DubError('PROVIDER_AUTH', `There is no key for Model Studio, which would ${list}.`, {
    hint: `Set DASHSCOPE_API_KEY to a key from https://bailian.console.aliyun.com, or add --offline to use only what this machine has. Or name engines yourself: ${ways}.`,
  });
}

function needsNetwork(kind: ProviderKind, spec: string): DubError {
  const setting = settingOfKind[kind];
  return new DubError('USAGE', `${setting} ${spec} needs the network, and --offline forbids it.`, {
    hint: `Leave --offline out, or choose another --${setting}; \`dub providers\` says which run on this machine.`,
  });
}
