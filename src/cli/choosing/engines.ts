import type { Config, LoadedConfig } from '../../config/config.js';
import { DubError } from '../../errors.js';
import type { RetryRelay } from '../../pipeline/engines/retries.js';
import type { Chosen } from '../../pipeline/job.js';
import type { ProviderKind, ProviderTools } from '../../providers/contract.js';
import type { ProviderByKind } from '../../providers/define.js';
import type { LoadedProvider } from '../../providers/load.js';
import type { RegistryEntry } from '../../providers/registry.js';
import { withRetriesTold } from './provider-tools.js';

/** What loading an engine needs besides its name. */
export interface EngineSurroundings {
  readonly loaded: LoadedConfig;
  readonly cwd: string;
  readonly tools: ProviderTools;
  readonly signal: AbortSignal;
  /** Told of requests that are made again. */
  readonly retries?: Pick<RetryRelay, 'tell'> | undefined;
}

/** The setting that names an engine of each kind. */
export const settingOfKind = {
  asr: 'asr',
  translation: 'translator',
  tts: 'tts',
  storage: 'store',
} as const satisfies Record<ProviderKind, keyof Config>;

/** The stage that an engine of each kind works for, as events name it. */
const stageOfKind = {
  asr: 'transcribe',
  translation: 'translate',
  tts: 'synthesize',
  storage: 'transcribe',
} as const satisfies Record<ProviderKind, string>;

/**
 * Makes the engine that a spec names, with the options configured for it.
 * @throws USAGE for an unknown name; CONFIG_INVALID for bad options, and for a module named by a file that was only found
 */
export async function loadEngine<Kind extends ProviderKind>(
  kind: Kind,
  spec: string,
  around: EngineSurroundings,
): Promise<LoadedProvider<Kind>> {
  const { loadDefinition, loadProvider } = await import('../../providers/load.js');
  await refuseFoundModule(kind, spec, around.loaded);
  const { definition, name } = await loadDefinition(kind, spec, around.cwd).catch((error: unknown) => {
    throw explained(error, kind, spec, around.loaded);
  });
  const { providers } = around.loaded.config;
  const options = providers[`${kind}:${definition.name}`] ?? providers[`${kind}:${name}`] ?? {};
  return loadProvider(
    kind,
    spec,
    options,
    withRetriesTold(around, { stage: stageOfKind[kind], provider: spec }),
    around.cwd,
  );
}

/** A profile that ships may name an engine that is not part of this version: that is not the user's typing error. */
function explained(error: unknown, kind: ProviderKind, spec: string, { origins }: LoadedConfig): unknown {
  const setting = settingOfKind[kind];
  const { from, name } = origins[setting];
  if (!(error instanceof DubError) || error.code !== 'USAGE' || from !== 'profile' || !name.startsWith('built-in'))
    return error;
  return new DubError(
    'PROVIDER_UNSUPPORTED',
    `The ${name} needs ${setting} ${spec}, which this version of dub lacks.`,
    {
      hint: `Choose another with --${setting}, or another profile; \`dub providers\` lists what there is.`,
      cause: error,
    },
  );
}

/** A folder that came with somebody's films must not run its own code as an engine. */
async function refuseFoundModule(kind: ProviderKind, spec: string, { origins }: LoadedConfig): Promise<void> {
  const key = settingOfKind[kind];
  const origin = origins[key];
  if (origin.trusted) return;
  if (spec.includes('://')) {
    throw new DubError(
      'CONFIG_INVALID',
      `\`${key}\` in ${origin.name} names a server, and that file was only found, not named.`,
      {
        hint: `Your words and keys would go there. If you trust it, name the file with --config, or give --${key} ${spec} yourself.`,
      },
    );
  }
  const { listProviders } = await import('../../providers/registry.js');
  if (listProviders(kind).some((entry) => entry.name === spec.split(':')[0])) return;
  throw new DubError(
    'CONFIG_INVALID',
    `\`${key}\` in ${origin.name} names code to run (${spec}), and that file was only found, not named.`,
    {
      hint: `If you trust it, name the file with --config, or give --${key} ${spec} yourself.`,
    },
  );
}

/** An engine as a job holds it: its options without secrets, and the files of the user that it reads. */
export function toChosen<Kind extends ProviderKind>(
  engine: LoadedProvider<Kind>,
  config: Config,
  files: readonly string[] = [],
): Chosen<ProviderByKind[Kind]> {
  const { definition, label, provider } = engine;
  const secrets: readonly string[] = definition.secrets ?? [];
  const options = Object.entries(config.providers[`${definition.kind}:${definition.name}`] ?? {});
  return { label, provider, files, options: Object.fromEntries(options.filter(([name]) => !secrets.includes(name))) };
}

/** An engine that ships, and whether it can be used now. */
export interface ListedEngine {
  readonly entry: RegistryEntry;
  /** `tts:piper`. */
  readonly name: string;
  readonly ready: boolean;
  readonly detail: string;
  readonly hint: string | undefined;
}

/** Looks at every engine that ships, all at once. */
export async function listEngines(around: EngineSurroundings): Promise<ListedEngine[]> {
  const { listProviders } = await import('../../providers/registry.js');
  return Promise.all(listProviders().map((entry) => lookAt(entry, around)));
}

async function lookAt(entry: RegistryEntry, around: EngineSurroundings): Promise<ListedEngine> {
  const name = `${entry.kind}:${entry.name}`;
  // Words come with the call, so there is nothing to look for beforehand.
  if (entry.name === 'subtitles')
    return { entry, name, ready: true, detail: 'reads files you name', hint: entry.setup };
  try {
    const { loadProvider } = await import('../../providers/load.js');
    const options = around.loaded.config.providers[name] ?? {};
    const { provider } = await loadProvider(entry.kind, entry.name, options, around.tools, around.cwd);
    const { ready, detail, hint } = await provider.ready(around.signal);
    return { entry, name, ready, detail, hint };
  } catch (error) {
    if (!(error instanceof DubError) || error.code === 'INTERRUPTED') throw error;
    const isSetUp = Object.keys(around.loaded.config.providers[name] ?? {}).length > 0;
    const detail = isSetUp ? error.message : 'not set up';
    return { entry, name, ready: false, detail, hint: isSetUp ? error.hint : entry.setup };
  }
}
