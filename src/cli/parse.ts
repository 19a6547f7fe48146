import type { Command } from 'commander';
import type { Config } from '../config/config.js';
import type { OptionSpec } from '../config/option.js';
import { nearestName } from '../domain/nearest.js';
import { DubError } from '../errors.js';
import { type CommandName, commandTable } from './commands.js';
import { type CallOptionName, callOptions, optionTable } from './options.js';

/** A command line taken apart; values are still raw text. */
export interface ParsedLine {
  readonly command: CommandName;
  readonly operands: readonly string[];
  readonly flags: Readonly<Partial<Record<keyof Config, unknown>>>;
  readonly calls: Readonly<Partial<Record<CallOptionName, string | boolean>>>;
}

/** The settings of a command, with their keys. */
export function settingsOf(command: CommandName): [keyof Config, OptionSpec<unknown>][] {
  const wanted = commandTable[command].settings;
  const all = Object.entries(optionTable) as [keyof Config, OptionSpec<unknown>][];
  return all.filter(([key]) => wanted === 'all' || wanted.includes(key));
}

/**
 * Takes a command's arguments apart with commander.
 * @throws USAGE for an unknown option, naming the nearest, and for a missing or an unwanted value
 */
export async function parseLine(command: CommandName, args: readonly string[]): Promise<ParsedLine> {
  const { Command: CommanderCommand, CommanderError } = await import('commander');
  const parser = addOptions(new CommanderCommand(command), command);
  try {
    const { operands, unknown } = parser.parseOptions(spelledOut(command, args));
    if (unknown.length > 0) throw unknownOption(command, unknown[0]!);
    const values = parser.opts();
    refuseSwallowed(command, values, args);
    const callNames = Object.keys(callOptions) as CallOptionName[];
    return {
      command,
      operands,
      flags: Object.fromEntries(Object.entries(values).filter(([key]) => key in optionTable)),
      calls: Object.fromEntries(callNames.filter((name) => name in values).map((name) => [name, values[name]])),
    };
  } catch (error) {
    if (error instanceof CommanderError) throw toUsage(command, error.message);
    throw error;
  }
}

/** A flag that may stand without a value gets the one it stands for: it never takes the word behind it. */
function spelledOut(command: CommandName, args: readonly string[]): string[] {
  const bare = new Map(settingsOf(command).flatMap(([, { flag, bare: word }]) => (flag && word ? [[flag, word]] : [])));
  const end = args.indexOf('--');
  return args.map((arg, at) => (bare.has(arg) && (end < 0 || at < end) ? `${arg}=${bare.get(arg)}` : arg));
}

function addOptions(parser: Command, command: CommandName): Command {
  parser
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  const gather = (value: string, before: unknown) => [...(Array.isArray(before) ? (before as string[]) : []), value];
  for (const [, spec] of settingsOf(command)) {
    if (!spec.flag) continue;
    const names = spec.short ? `${spec.short}, ${spec.flag}` : spec.flag;
    if (spec.value === undefined) parser.option(names).option(spec.flag.replace('--', '--no-'));
    else if (spec.repeat) parser.option(`${names} <value>`, '', gather);
    else parser.option(`${names} <value>`);
    // `--no-x` makes commander set a default of true; only what was typed counts here.
    if (spec.value === undefined)
      parser.setOptionValue(
        spec.flag.slice(2).replace(/-(\w)/g, (_, c: string) => c.toUpperCase()),
        undefined,
      );
  }
  for (const name of commandTable[command].calls) {
    const { flag, short, value }: { flag: string; short?: string; value?: string } = callOptions[name];
    parser.option(`${short ? `${short}, ` : ''}${flag}${value ? ' <value>' : ''}`);
  }
  return parser;
}

/** `--voice --offline` would make the second flag the first one's value, which nobody means. */
function refuseSwallowed(
  command: CommandName,
  values: Readonly<Record<string, unknown>>,
  args: readonly string[],
): void {
  const known = flagsOf(command);
  for (const [key, value] of Object.entries(values)) {
    const swallowed = [value].flat().find((text) => typeof text === 'string' && known.includes(text.split('=')[0]!));
    const flag = optionTable[key as keyof Config]?.flag ?? `--${key}`;
    if (swallowed === undefined || args.includes(`${flag}=${String(swallowed)}`)) continue;
    throw new DubError('USAGE', `\`${flag}\` needs a value, but \`${String(swallowed)}\` follows it.`, {
      hint: `If that is the value, write it as ${flag}=${String(swallowed)}.`,
    });
  }
}

/** Every flag a command takes, for finding the nearest one. */
export function flagsOf(command: CommandName): string[] {
  const settings = settingsOf(command).flatMap(([, spec]) => (spec.flag ? [spec.flag, ...negativeOf(spec)] : []));
  return [...settings, ...commandTable[command].calls.map((name) => callOptions[name].flag)];
}

function negativeOf(spec: OptionSpec<unknown>): string[] {
  return spec.value === undefined && spec.flag ? [spec.flag.replace('--', '--no-')] : [];
}

function unknownOption(command: CommandName, given: string): DubError {
  const flag = given.split('=')[0]!;
  // commander knows a switch with a value for no option at all.
  if (flag !== given && flagsOf(command).includes(flag)) {
    return new DubError('USAGE', `\`${flag}\` takes no value (\`${given}\`).`, { hint: `Write just ${flag}.` });
  }
  const where = command === 'run' ? 'dub' : `dub ${command}`;
  const near = nearestName(flag, flagsOf(command));
  const asFile = `A file of that name is given as ./${given} or after \`--\`.`;
  const hint = near ? `Did you mean \`${near}\`?` : `\`${where} --help\` lists the options. ${asFile}`;
  return new DubError('USAGE', `\`${flag}\` is not an option of \`${where}\`.`, { hint });
}

/** commander's messages, `error: option '--to <value>' argument missing`, in our words. */
function toUsage(command: CommandName, message: string): DubError {
  const flag = /option '(?:-\w, )?(--[\w-]+)/.exec(message)?.[1];
  const spec = settingsOf(command).find(([, known]) => known.flag === flag)?.[1];
  if (flag && message.includes('argument missing')) {
    return new DubError('USAGE', `\`${flag}\` needs a value.`, {
      hint: `Write it as ${flag} <${spec?.value ?? 'value'}>.`,
    });
  }
  return new DubError('USAGE', message.replace(/^error: /, ''), { hint: '`dub --help` shows how to call it.' });
}
