import { optionGroups } from '../../config/option.js';
import { type CommandName, commandNames, commandTable } from '../commands.js';
import { callOptions, shownFlag } from '../options.js';
import { settingsOf } from '../parse.js';
import type { Style } from './style.js';
import { padEnd, textWidth, wrap } from './text.js';

const lineWidth = 80;
const termWidth = 28;

interface Entry {
  readonly term: string;
  readonly text: string;
}

/** The help of a command, 80 columns wide; that of `run` also lists the commands. */
export function renderHelp(command: CommandName, style: Style): string {
  const spec = commandTable[command];
  const parts = [
    `${style.bold('dub')}${command === 'run' ? '' : style.bold(` ${command}`)}: ${spec.summary}\n`,
    renderUsage(command, style),
    ...(command === 'run' ? [section('Commands', commandEntries(), style)] : []),
    ...optionSections(command, style),
    section(
      'Examples',
      spec.examples.map(([line, text]) => ({ term: line, text })),
      style,
    ),
  ];
  if (command === 'run') parts.push(closing);
  return `${parts.join('\n')}`;
}

const closing = `Most options can also be set by a variable or in a .dubbingrc file: \`dub config\`
shows them all, with where each value comes from. stdout gets the path of the
finished file (under --json events, the last one \`summary\` or \`error\`), stderr
what people read. Exit: 0 done, 1 fault in dub, 2 usage or config, 3 input,
4 machine, 5 account, 6 later, 7 --strict, 8 done with gaps, 130 interrupted.
`;

function renderUsage(command: CommandName, style: Style): string {
  const name = command === 'run' ? 'dub' : `dub ${command}`;
  const lines = [`${name} ${commandTable[command].operands}`.trim()];
  if (command === 'run') lines.push('dub <command> [options]');
  else if (!lines[0]!.endsWith(']')) lines[0] += ' [options]';
  return `${style.bold('Usage:')} ${lines.join('\n       ')}\n`;
}

function commandEntries(): Entry[] {
  const named = commandNames.filter((name) => name !== 'run');
  return named.map((name) => ({
    term: `dub ${name} ${commandTable[name].operands}`.trim(),
    text: commandTable[name].summary,
  }));
}

function optionSections(command: CommandName, style: Style): string[] {
  const settings = settingsOf(command).filter(([, spec]) => spec.flag !== undefined);
  return optionGroups
    .map((group) => {
      const entries = settings.filter(([, spec]) => spec.group === group).map(([, spec]) => settingEntry(spec));
      const calls = group === 'This run' ? commandTable[command].calls.map((name) => callEntry(callOptions[name])) : [];
      return section(group, [...entries, ...calls], style);
    })
    .filter((text) => text !== '');
}

function settingEntry(spec: ReturnType<typeof settingsOf>[number][1]): Entry {
  const value = spec.value === undefined ? '' : spec.choices ? ` ${spec.value}` : ` <${spec.value}>`;
  const standard =
    spec.defaultText ?? (spec.value !== undefined && typeof spec.default !== 'object' ? spec.default : undefined);
  const text = standard === undefined ? spec.help : `${spec.help} (default: ${String(standard)})`;
  return { term: `${spec.short ? `${spec.short}, ` : ''}${shownFlag(spec)}${value}`, text };
}

function callEntry(option: {
  readonly flag: string;
  readonly short?: string;
  readonly value?: string;
  readonly help: string;
}): Entry {
  const value = option.value ? ` <${option.value}>` : '';
  return { term: `${option.short ? `${option.short}, ` : ''}${option.flag}${value}`, text: option.help };
}

/** Terms on the left, texts on the right; a term that is too long has its text below. */
function section(title: string, entries: readonly Entry[], style: Style): string {
  if (entries.length === 0) return '';
  const lines = entries.flatMap(({ term, text }) => {
    const [first = '', ...rest] = wrap(text, lineWidth - termWidth - 2);
    const further = rest.map((line) => ' '.repeat(termWidth + 2) + line);
    if (textWidth(term) <= termWidth - 2) return [`  ${padEnd(term, termWidth)}${first}`, ...further];
    return [`  ${term}`, `${' '.repeat(termWidth + 2)}${first}`, ...further];
  });
  return `${style.bold(`${title}:`)}\n${lines.join('\n')}\n`;
}
