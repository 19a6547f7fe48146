import { dirname } from 'node:path';
import { nearestName } from '../domain/nearest.js';
import { DubError } from '../errors.js';
import type { Config, LoadedConfig, Origin, ProviderOptions, RememberedSetting } from './config.js';
import type { OptionSpec, OptionTable, Place, Surroundings } from './option.js';
import { shippedProfiles } from './profiles.js';
import { findRcFiles, type RcFile } from './rc.js';
import { isMapping, orList } from './readers.js';

/** What a command line brings: raw values by key (text, lists of text, or true/false), and the file after --config. */
export interface Given {
  readonly flags: Readonly<Partial<Record<keyof Config, unknown>>>;
  readonly file?: string | undefined;
  /** Settings of an earlier run, under the flags and over everything else. */
  readonly earlier?: EarlierSettings | undefined;
}

/** What an earlier run was asked for, as its record has it. A record may have come with somebody else's files. */
export interface EarlierSettings {
  /** Path of the record. */
  readonly path: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

interface Found {
  readonly value: unknown;
  readonly origin: Origin;
  /** As it was given, and the folder that relative paths in it start from. */
  readonly given: RememberedSetting;
}

type Layer = ReadonlyMap<string, Found>;

/**
 * The settings in force: flag, else environment, else the chosen profile, else the top of a config file (project before
 * user), else the default. Every value of every file is checked, in force or not.
 * @throws USAGE for a bad flag, CONFIG_INVALID for a bad variable or file; an unknown key names the nearest
 */
export async function loadConfig(table: OptionTable, given: Given, around: Surroundings): Promise<LoadedConfig> {
  const flags = readFlags(table, given, around);
  const variables = readVariables(table, around);
  const earlier = given.earlier === undefined ? [] : [readEarlier(table, given.earlier)];
  const files = await findRcFiles(around, given.file ?? (around.env.DUBBING_CONFIG || undefined));
  const tops = files.map((file) => readKeys(table, topKeys(file.values), file, undefined));
  const named = [flags, ...earlier, variables, ...tops]
    .map((layer) => layer.get('profile'))
    .find((found) => found !== undefined);
  const profiles = readProfile(table, files, named);
  return settle(table, [flags, ...earlier, variables, ...profiles, ...tops], files, around);
}

/** The settings when there is no flag, no variable and no file. */
export function defaultConfig(table: OptionTable, around: Surroundings): LoadedConfig {
  return settle(table, [], [], around);
}

function readFlags(table: OptionTable, given: Given, around: Surroundings): Layer {
  const layer = new Map<string, Found>();
  for (const [key, spec] of entriesOf(table)) {
    const raw = given.flags[key as keyof Config];
    if (raw === undefined || spec.flag === undefined) continue;
    const place: Place = { label: spec.flag, folder: around.cwd, code: 'USAGE' };
    const origin: Origin = {
      from: 'flag',
      name: raw === false ? spec.flag.replace('--', '--no-') : spec.flag,
      trusted: true,
    };
    layer.set(key, { value: spec.read(raw, place), origin, given: { raw, folder: around.cwd } });
  }
  return layer;
}

/** @throws CONFIG_INVALID for a record that names a program, a host or a secret: no run writes one */
function readEarlier(table: OptionTable, { path, settings }: EarlierSettings): Layer {
  const layer = new Map<string, Found>();
  const origin: Origin = { from: 'file', name: path, trusted: false };
  for (const [key, spec] of entriesOf(table)) {
    const given = Object.hasOwn(settings, key) ? settings[key] : undefined;
    if (given === undefined) continue;
    const place: Place = { label: `\`${key}\` in ${path}`, folder: '', code: 'CONFIG_INVALID' };
    if (!isMapping(given) || typeof given.folder !== 'string' || !isRemembered(key, spec)) throw notOurs(key, path);
    const { raw, folder } = given;
    const value = spec.read(raw, { ...place, folder });
    if (key === 'providers') refuseCode(key, spec, value, { path, trusted: false, values: {} });
    layer.set(key, { value, origin, given: { raw, folder } });
  }
  return layer;
}

function notOurs(key: string, path: string): DubError {
  return new DubError('CONFIG_INVALID', `\`${key}\` in ${path} is nothing that a run of dub writes there.`, {
    hint: 'Run the whole command again instead; what is paid for is kept.',
  });
}

function readVariables(table: OptionTable, around: Surroundings): Layer {
  const layer = new Map<string, Found>();
  for (const [key, spec] of entriesOf(table)) {
    const name = spec.env?.find((variable) => (around.env[variable] ?? '').trim() !== '');
    if (name === undefined) continue;
    const place: Place = { label: name, folder: around.cwd, code: 'CONFIG_INVALID' };
    const origin: Origin = { from: 'environment', name, trusted: true };
    const raw = around.env[name];
    layer.set(key, { value: spec.read(raw, place), origin, given: { raw, folder: around.cwd } });
  }
  return layer;
}

function topKeys(values: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(values).filter(([key]) => key !== 'profiles' && key !== '$schema');
}

function readKeys(
  table: OptionTable,
  keys: readonly [string, unknown][],
  file: RcFile,
  profile: string | undefined,
): Layer {
  const layer = new Map<string, Found>();
  const where = profile === undefined ? file.path : `profile ${profile} of ${file.path}`;
  for (const [key, raw] of keys) {
    const spec = specOf(table, key, where, profile !== undefined);
    const place: Place = { label: `\`${key}\` in ${where}`, folder: dirname(file.path), code: 'CONFIG_INVALID' };
    const value = spec.read(raw, place);
    if (!file.trusted) refuseCode(key, spec, value, file);
    const origin: Origin = { from: profile === undefined ? 'file' : 'profile', name: where, trusted: file.trusted };
    layer.set(key, { value, origin, given: { raw, folder: dirname(file.path) } });
  }
  return layer;
}

function specOf(table: OptionTable, key: string, where: string, inProfile: boolean): OptionSpec<unknown> {
  const spec = Object.hasOwn(table, key) ? (table[key as keyof Config] as OptionSpec<unknown>) : undefined;
  if (spec?.rc && !(inProfile && key === 'profile')) return spec;
  if (spec) {
    const why = spec.feeds
      ? `set ${spec.feeds.map(({ option, provider }) => `\`${option}\` of "${provider}"`).join(', ')} under \`providers\``
      : `use ${spec.flag ?? 'a flag'}`;
    throw new DubError('CONFIG_INVALID', `\`${key}\` cannot be set in a config file (${where}).`, {
      hint: `Instead ${why}.`,
    });
  }
  const keys = entriesOf(table)
    .filter(([, known]) => known.rc)
    .map(([name]) => name);
  const near = nearestName(key, [...keys, ...(inProfile ? [] : ['profiles'])]);
  throw new DubError('CONFIG_INVALID', `\`${key}\` is not a setting (${where}).`, {
    hint: near === undefined ? '`dub config` lists the settings.' : `Did you mean \`${near}\`?`,
  });
}

/** Names of provider options that start a program or send data and keys somewhere. */
const reaching = /^(binary|program|command|args|.*url|.*host|endpoint|cname|.*domain)$/i;

function refuseCode(key: string, spec: OptionSpec<unknown>, value: unknown, file: RcFile): void {
  const options = key === 'providers' ? Object.entries(value as ProviderOptions) : [];
  const reached = options.flatMap(([name, set]) =>
    Object.keys(set)
      .filter((option) => reaching.test(option))
      .map((option) => `${name} ${option}`),
  );
  const subject = spec.runs ? key : reached[0];
  if (subject === undefined) return;
  throw new DubError(
    'CONFIG_INVALID',
    `\`${subject}\` in ${file.path} names a program or a host, and that file was only found, not named.`,
    {
      hint: `If you trust the file, name it: --config ${file.path}. Or set it in your own ~/.dubbingrc.`,
    },
  );
}

/** A profile: its layers, strongest first, and the one that it builds on. */
interface Profile {
  readonly layers: readonly Layer[];
  readonly base: { readonly name: string; readonly where: string } | undefined;
}

/** The chosen profile's layers and those of what it extends, strongest first; the others are checked and left. */
function readProfile(table: OptionTable, files: readonly RcFile[], named: Found | undefined): Layer[] {
  const profiles = gatherProfiles(table, files);
  if (named === undefined) return [];
  const chosen: Layer[] = [];
  const seen: string[] = [];
  for (let name: string | undefined = named.value as string; name !== undefined; ) {
    if (seen.includes(name)) throw circle([...seen, name]);
    const profile = profiles.get(name);
    if (profile === undefined) throw unknownProfile(name, [...profiles.keys()], named.origin, files, seen.at(-1));
    seen.push(name);
    chosen.push(...profile.layers);
    name = profile.base?.name;
  }
  return chosen;
}

/** Those of the files, and beneath those of the same name the ones that ship. */
function gatherProfiles(table: OptionTable, files: readonly RcFile[]): Map<string, Profile> {
  const profiles = new Map<string, Profile>();
  for (const file of files) {
    for (const [name, { extends: base, ...values }] of Object.entries(profilesOf(file))) {
      const before = profiles.get(name);
      const layer = readKeys(table, Object.entries(values), file, name);
      const where = `profile ${name} of ${file.path}`;
      const found = base === undefined ? undefined : { name: readBase(base, where), where };
      profiles.set(name, { layers: [...(before?.layers ?? []), layer], base: before?.base ?? found });
    }
  }
  for (const [name, values] of Object.entries(shippedProfiles)) {
    const own = profiles.get(name);
    // One that builds on another stands on that, not on the one that ships under its name.
    if (own?.base !== undefined && own.base.name !== name) continue;
    const origin: Origin = { from: 'profile', name: `built-in profile ${name}`, trusted: true };
    const found = (value: unknown): Found => ({ value, origin, given: { raw: value, folder: '' } });
    const layer = new Map(Object.entries(values).map(([key, value]) => [key, found(value)]));
    profiles.set(name, { layers: [...(own?.layers ?? []), layer], base: undefined });
  }
  return profiles;
}

function readBase(raw: unknown, where: string): string {
  if (typeof raw === 'string' && raw.trim() !== '') return raw.trim();
  throw new DubError('CONFIG_INVALID', `\`extends\` in ${where} must be the name of a profile.`, {
    hint: 'Write it as {"extends": "aliyun", "tts": "indextts"}.',
  });
}

function circle(names: readonly string[]): DubError {
  return new DubError('CONFIG_INVALID', `Profiles extend each other in a circle: ${names.join(' → ')}.`, {
    hint: 'Take one `extends` out.',
  });
}

function profilesOf(file: RcFile): Readonly<Record<string, Record<string, unknown>>> {
  const raw = Object.hasOwn(file.values, 'profiles') ? file.values.profiles : {};
  const shape = 'Write it as {"profiles": {"night": {"tts": "piper"}}}.';
  if (!isMapping(raw)) {
    throw new DubError('CONFIG_INVALID', `\`profiles\` in ${file.path} must be a mapping.`, { hint: shape });
  }
  for (const [name, values] of Object.entries(raw)) {
    if (isMapping(values)) continue;
    throw new DubError('CONFIG_INVALID', `The profile ${name} in ${file.path} must be a mapping.`, { hint: shape });
  }
  return raw as Record<string, Record<string, unknown>>;
}

function unknownProfile(
  name: string,
  known: readonly string[],
  origin: Origin,
  files: readonly RcFile[],
  extendedBy: string | undefined,
): DubError {
  const near = nearestName(name, known);
  const read = files.length === 0 ? 'No config file was found.' : `Read: ${files.map((file) => file.path).join(', ')}.`;
  return new DubError(
    origin.from === 'flag' && extendedBy === undefined ? 'USAGE' : 'CONFIG_INVALID',
    `There is no profile \`${name}\` (asked for by ${extendedBy === undefined ? origin.name : `the profile ${extendedBy}`}).`,
    { hint: `${near ? `Did you mean \`${near}\`? ` : ''}Known: ${orList(known).replace(' or ', ' and ')}. ${read}` },
  );
}

function settle(
  table: OptionTable,
  layers: readonly Layer[],
  files: readonly RcFile[],
  around: Surroundings,
): LoadedConfig {
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  const remembered: Record<string, RememberedSetting> = {};
  for (const [key, spec] of entriesOf(table)) {
    const found = layers.map((layer) => layer.get(key)).find((one) => one !== undefined);
    values[key] = found ? found.value : typeof spec.default === 'function' ? spec.default(around) : spec.default;
    if (found && isRemembered(key, spec)) remembered[key] = found.given;
    origins[key] = found?.origin ?? { from: 'default', name: '', trusted: true };
  }
  values.providers = mergeProviders(table, layers, values);
  if (remembered.providers) remembered.providers = { ...remembered.providers, raw: harmless(remembered.providers.raw) };
  // The two assertions rest on the table's type: it has an entry for every key.
  return deepFreeze({
    config: values as unknown as Config,
    origins: origins as Record<keyof Config, Origin>,
    remembered,
    files: files.map((file) => file.path),
  });
}

/** Settings of the call rather than of the job: a later run has its own. */
const ofTheCall: ReadonlySet<string> = new Set([
  ...['force', 'dryRun', 'json', 'quiet', 'verbose', 'fromStage', 'profile', 'ffmpeg', 'ffprobe'],
]);

/** Names of provider options that hold keys. */
const secretive = /key|secret|token|password/i;

/** Nothing that is secret, starts a program or sends keys to a host is written into a record or taken from one. */
function isRemembered(key: string, spec: OptionSpec<unknown>): boolean {
  const reaches = spec.feeds?.some(({ option }) => reaching.test(option)) ?? false;
  return !ofTheCall.has(key) && !spec.secret && !spec.runs && !reaches;
}

function harmless(providers: unknown): unknown {
  if (!isMapping(providers)) return {};
  const kept = (options: unknown) =>
    isMapping(options)
      ? Object.fromEntries(Object.entries(options).filter(([name]) => !reaching.test(name) && !secretive.test(name)))
      : {};
  return Object.fromEntries(Object.entries(providers).map(([name, options]) => [name, kept(options)]));
}

/** Provider options of all files, option by option, under the shorthands from flags and variables. */
function mergeProviders(
  table: OptionTable,
  layers: readonly Layer[],
  values: Readonly<Record<string, unknown>>,
): ProviderOptions {
  const merged: Record<string, Record<string, unknown>> = {};
  const sets = layers.map((layer) => layer.get('providers')?.value as ProviderOptions | undefined);
  for (const set of sets.reverse()) {
    for (const [name, options] of Object.entries(set ?? {})) merged[name] = { ...merged[name], ...options };
  }
  for (const [key, spec] of entriesOf(table)) {
    if (values[key] === undefined || !layers.some((layer) => layer.has(key))) continue;
    for (const { provider, option } of spec.feeds ?? []) {
      merged[provider] = { ...merged[provider], [option]: values[key] };
    }
  }
  return merged;
}

function entriesOf(table: OptionTable): [string, OptionSpec<unknown>][] {
  return Object.entries(table) as [string, OptionSpec<unknown>][];
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
