import type { Config, LoadedConfig, Origin } from '../../config/config.js';
import type { OptionSpec } from '../../config/option.js';
import type { Call } from '../call.js';
import { refuseOperands } from '../operands.js';
import { optionTable } from '../options.js';
import { renderTable } from '../render/table.js';
import { visible } from '../render/text.js';

const masked = '••••';

/** `dub config`: every setting, its value and where it came from; secrets are masked. */
export async function configCommand(call: Call): Promise<number> {
  refuseOperands(call, 'It shows every setting; to change one, give its flag or edit .dubbingrc.');
  const loaded = await call.loadConfig();
  if (call.json) call.printAnswer('config', toJson(loaded));
  else call.print(renderConfig(loaded, call));
  return 0;
}

function toJson({ config, origins, files }: LoadedConfig): object {
  const keys = Object.keys(optionTable) as (keyof Config)[];
  const settings = keys.map((key) => [
    key,
    { value: shownValue(key, config) ?? null, from: origins[key].from, name: origins[key].name },
  ]);
  return { files, settings: Object.fromEntries(settings) };
}

function renderConfig({ config, origins, files }: LoadedConfig, call: Call): string {
  const keys = Object.keys(optionTable) as (keyof Config)[];
  const rows = keys.map((key) => [key, visible(formatValue(key, config)), describeOrigin(origins[key], call)]);
  const head = ['setting', 'value', 'from'].map(call.outStyle.bold);
  const read = files.length === 0 ? 'No config file was found.' : `Read: ${files.map(visible).join(', ')}`;
  return `${renderTable([head, ...rows])}\n${read}\n`;
}

function describeOrigin(origin: Origin, call: Call): string {
  return origin.from === 'default' ? call.outStyle.dim('default') : visible(origin.name);
}

function formatValue(key: keyof Config, config: Config): string {
  const spec: OptionSpec<unknown> = optionTable[key] as OptionSpec<unknown>;
  const value = shownValue(key, config);
  if (value === undefined || (Array.isArray(value) && value.length === 0))
    return spec.defaultText ? `(${spec.defaultText})` : '–';
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function shownValue(key: keyof Config, config: Config): unknown {
  const spec: OptionSpec<unknown> = optionTable[key] as OptionSpec<unknown>;
  if (spec.secret) return config[key] === undefined ? undefined : masked;
  return key === 'providers' ? maskSecrets(config.providers) : config[key];
}

/** Names of provider options whose values are never shown; a provider's own code is not loaded for this. */
const secretName = /key(id)?$|secret|token$|password|credential/i;

function maskSecrets(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([name, inner]) => [
    name,
    secretName.test(name) && typeof inner !== 'object' ? masked : maskSecrets(inner),
  ]);
  return Object.fromEntries(entries);
}
