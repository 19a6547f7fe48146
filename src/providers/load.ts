import { nearestName } from '../domain/nearest.js';
import { DubError } from '../errors.js';
import type { ProviderKind, ProviderTools } from './contract.js';
import type { AnyDefinition, ProviderByKind } from './define.js';
import { importDefinition, isPath, resolveModule } from './module.js';
import { findProvider, lookUpProvider, providerFlags } from './registry.js';

/** A provider made ready for use, and what is known about it. */
export interface LoadedProvider<Kind extends ProviderKind> {
  /** `name[:model]`, for artefacts and messages. */
  readonly label: string;
  readonly provider: ProviderByKind[Kind];
  readonly definition: AnyDefinition<Kind>;
  /** Good enough for rehearsals and tests only. */
  readonly rough: boolean;
  /** True when it needs no network; undefined for a module that does not ship here. */
  readonly offline: boolean | undefined;
}

/**
 * Makes the provider that `spec` names: `name`, `name:model`, a module's path (`./my-tts.js`, `/abs/x.js`) or a package
 * name, the last two resolved against `baseFolder`.
 * @param options its options by name, as configured; `:model` in the spec goes before the one among them
 * @throws USAGE for an unknown name; CONFIG_INVALID for options its schema refuses and for a module that is no provider
 */
export async function loadProvider<Kind extends ProviderKind>(
  kind: Kind,
  spec: string,
  options: Readonly<Record<string, unknown>>,
  tools: ProviderTools,
  baseFolder: string = process.cwd(),
): Promise<LoadedProvider<Kind>> {
  const { definition, model, name } = await loadDefinition(kind, spec, baseFolder);
  const parsed = parseOptions(definition, withModel(definition, model, options));
  const provider = createProvider(definition, parsed, tools);
  const entry = lookUpProvider(kind, name);
  const label = model === undefined ? definition.name : `${definition.name}:${model}`;
  return { label, provider, definition, rough: entry?.rough ?? false, offline: provider.local || entry?.offline };
}

/** A definition, and the model that the spec names. */
export interface NamedDefinition<Kind extends ProviderKind> {
  readonly definition: AnyDefinition<Kind>;
  /** As written: a provider's name, a path or a package. */
  readonly name: string;
  readonly model: string | undefined;
}

/** Finds the definition that `spec` names, as `loadProvider` does, without making the provider. */
export async function loadDefinition<Kind extends ProviderKind>(
  kind: Kind,
  spec: string,
  baseFolder: string = process.cwd(),
): Promise<NamedDefinition<Kind>> {
  const { name, model } = splitSpec(spec);
  const entry = lookUpProvider(kind, name);
  if (entry) return { definition: await entry.load(), name, model };
  const path = await resolveModule(name, baseFolder);
  // Neither a path, nor installed, nor known: most likely a name with a typing error.
  if (path === undefined) findProvider(kind, name);
  return { definition: await importDefinition(kind, path!), name, model };
}

/** The model follows the first colon of a name, or the one behind a module's ending: `./x.js:model`, `C:\x.js:model`. */
function splitSpec(spec: string): { name: string; model: string | undefined } {
  const pattern = isPath(spec) ? /^(.*?\.[cm]?[jt]s)(?::(.+))?$/s : /^([^:]+)(?::(.+))?$/s;
  const [, name, model] = pattern.exec(spec) ?? [];
  return { name: name ?? spec, model };
}

function withModel<Kind extends ProviderKind>(
  definition: AnyDefinition<Kind>,
  model: string | undefined,
  options: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (model === undefined) return options;
  if (definition.modelOption !== undefined) return { ...options, [definition.modelOption]: model };
  const flag = providerFlags[definition.kind];
  throw new DubError('USAGE', `${definition.name} has no model to choose, so \`:${model}\` means nothing to it.`, {
    hint: `Write ${flag} ${definition.name}.`,
  });
}

/**
 * A provider's options as its schema reads them. Values never appear in the error: one of them may be a key.
 * @throws CONFIG_INVALID with every fault; for an unknown name, the nearest known one
 */
export function parseOptions<Kind extends ProviderKind>(
  definition: AnyDefinition<Kind>,
  options: Readonly<Record<string, unknown>>,
): unknown {
  const result = definition.options.safeParse(options);
  if (result.success) return result.data;
  const known = optionNames(definition);
  const faults = result.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownOption(key, known));
    const name = issue.path.map(String).join('.');
    const missing = issue.code === 'invalid_type' && valueAt(options, issue.path) === undefined;
    if (missing) return [`\`${name}\` is missing`];
    const secret = (definition.secrets ?? []).includes(String(issue.path[0]));
    return [secret ? `\`${name}\` is not valid` : `\`${name}\`: ${lowerFirst(issue.message)}`];
  });
  throw new DubError(
    'CONFIG_INVALID',
    `The options of ${definition.kind}:${definition.name} are not right: ${faults.join('; ')}.`,
    {
      hint: hintFor(definition, known),
    },
  );
}

/** Names of a provider's options; empty when its schema is not an object. */
export function optionNames<Kind extends ProviderKind>(definition: AnyDefinition<Kind>): string[] {
  const schema: object = definition.options;
  const shape = 'shape' in schema ? schema.shape : undefined;
  return typeof shape === 'object' && shape !== null ? Object.keys(shape) : [];
}

function hintFor<Kind extends ProviderKind>(definition: AnyDefinition<Kind>, known: readonly string[]): string {
  const { modelOption, kind, name } = definition;
  const model =
    modelOption === undefined ? '' : ` \`${modelOption}\` may also be given as ${providerFlags[kind]} ${name}:VALUE.`;
  return known.length === 0 ? `${name} takes no options.` : `${name} takes ${known.join(', ')}.${model}`;
}

function unknownOption(key: string, known: readonly string[]): string {
  const nearest = nearestName(key, known);
  return `there is no option \`${key}\`${nearest === undefined ? '' : ` (did you mean \`${nearest}\`?)`}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** What a provider of each kind must have; a module written in plain JavaScript may lack it. */
const requiredMembers = {
  asr: ['limits', 'ready', 'transcribe'],
  translation: ['limits', 'ready', 'supports', 'translate'],
  tts: ['limits', 'ready', 'voices', 'fingerprint', 'synthesize'],
  storage: ['stores', 'ready', 'put', 'remove'],
} as const satisfies Record<ProviderKind, readonly string[]>;

function createProvider<Kind extends ProviderKind>(
  definition: AnyDefinition<Kind>,
  options: unknown,
  tools: ProviderTools,
): ProviderByKind[Kind] {
  const provider = definition.create(options, tools);
  const made: unknown = provider;
  const has = (member: string) => typeof made === 'object' && made !== null && member in made;
  const lacking = requiredMembers[definition.kind].filter((member) => !has(member));
  if (lacking.length === 0) return provider;
  throw new DubError(
    'CONFIG_INVALID',
    `The ${definition.kind} provider ${definition.name} lacks ${lacking.join(', ')}.`,
    {
      hint: `\`create\` must return an object with ${requiredMembers[definition.kind].join(', ')}.`,
    },
  );
}
