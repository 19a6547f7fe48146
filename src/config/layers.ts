import { dirname } from 'node:path';
import { nearestName } from '../domain/nearest.js';
import { DubError } from '../errors.js';
import type { Config, Origin, ProviderOptions, RememberedSetting } from './config.js';
import type { OptionSpec, OptionTable, Place } from './option.js';
import type { RcFile } from './rc.js';

/** A value that was found somewhere. */
export interface Found {
  readonly value: unknown;
  readonly origin: Origin;
  /** As it was given, and the folder that relative paths in it start from. */
  readonly given: RememberedSetting;
}

/** What one place says, by key. */
export type Layer = ReadonlyMap<string, Found>;

/** The settings of a file that stand outside its profiles. */
export function topKeys(values: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(values).filter(([key]) => key !== 'profiles' && key !== '$schema');
}

/**
 * Settings of a file, or of a profile in it.
 * @throws CONFIG_INVALID for an unknown key, a bad value, and in a file that was only found for what runs or reaches out
 */
export function readKeys(
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
export const reaching = /^(binary|program|command|args|.*url|.*host|endpoint|cname|.*domain)$/i;

/**
 * Refuses what runs a program or sends something somewhere, in a file that nobody named.
 * @throws CONFIG_INVALID
 */
export function refuseCode(key: string, spec: OptionSpec<unknown>, value: unknown, file: RcFile): void {
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

/** Every key with what is known of it. */
export function entriesOf(table: OptionTable): [string, OptionSpec<unknown>][] {
  return Object.entries(table) as [string, OptionSpec<unknown>][];
}
