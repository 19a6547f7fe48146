import { DubError } from '../errors.js';
import type { Config, LoadedConfig, Origin, ProviderOptions, RememberedSetting } from './config.js';
import { entriesOf, type Found, type Layer, reaching, readKeys, refuseCode, topKeys } from './layers.js';
import type { OptionSpec, OptionTable, Place, Surroundings } from './option.js';
import { findRcFiles, type RcFile } from './rc.js';
import { readProfile } from './read-profile.js';
import { isMapping } from './readers.js';

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

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
