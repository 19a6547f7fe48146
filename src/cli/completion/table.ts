import { listProviders } from '../../providers/registry.js';
import { settingOfKind } from '../choosing/engines.js';
import { type CommandName, commandNames, commandTable } from '../commands.js';
import { type CallOption, callOptions } from '../options.js';
import { settingsOf } from '../parse.js';

/** What follows a flag: nothing, one of some words, a path, or text that nobody can guess. */
export type FlagValue = 'none' | 'path' | 'text' | readonly string[];

/** A flag as a shell completes it. */
export interface CompletedFlag {
  readonly flag: string;
  readonly short: string | undefined;
  readonly help: string;
  readonly value: FlagValue;
}

/** A command with its flags. */
export interface CompletedCommand {
  readonly name: CommandName;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
}

/** Every command with everything that can follow it, from the table of options. */
export function completionTable(): readonly CompletedCommand[] {
  return commandNames.map((name) => ({ name, summary: commandTable[name].summary, flags: flagsOfCommand(name) }));
}

function flagsOfCommand(command: CommandName): CompletedFlag[] {
  const settings = settingsOf(command).flatMap(([key, spec]) => {
    if (spec.flag === undefined) return [];
    const value = spec.value === undefined ? 'none' : (spec.choices ?? providersFor(key) ?? kindOf(spec.value));
    const one = { flag: spec.flag, short: spec.short, help: spec.help, value };
    return spec.negative ? [{ ...one, flag: spec.flag.replace('--', '--no-') }] : [one];
  });
  const calls = commandTable[command].calls.map((name): CompletedFlag => {
    const { flag, short, value, help }: CallOption = callOptions[name];
    return { flag, short, help, value: value === undefined ? 'none' : kindOf(value) };
  });
  return [...settings, ...calls];
}

/** The names that ship, for the settings that name an engine. */
function providersFor(key: string): readonly string[] | undefined {
  const kinds = Object.entries(settingOfKind) as [keyof typeof settingOfKind, string][];
  const kind = kinds.find(([, setting]) => setting === key)?.[0];
  return kind === undefined ? undefined : listProviders(kind).map(({ name }) => name);
}

function kindOf(value: string): FlagValue {
  return /\b(file|path|folder|program|list)\b/.test(value) ? 'path' : 'text';
}
