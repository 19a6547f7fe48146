import { nearestName } from '../domain/nearest.js';
import { DubError } from '../errors.js';
import type { Origin } from './config.js';
import { type Found, type Layer, readKeys } from './layers.js';
import type { OptionTable } from './option.js';
import { shippedProfiles } from './profiles.js';
import type { RcFile } from './rc.js';
import { isMapping, orList } from './readers.js';

/** A profile: its layers, strongest first, and the one that it builds on. */
interface Profile {
  readonly layers: readonly Layer[];
  readonly base: { readonly name: string; readonly where: string } | undefined;
}

/**
 * The chosen profile's layers and those of what it extends, strongest first; the others are checked and left.
 * @throws USAGE, CONFIG_INVALID for a profile that is none, that is not there, or that extends itself
 */
export function readProfile(table: OptionTable, files: readonly RcFile[], named: Found | undefined): Layer[] {
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
