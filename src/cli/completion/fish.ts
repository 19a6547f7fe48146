import type { CompletedCommand, CompletedFlag } from './table.js';

/** The completion of fish: to be sourced, or kept as `dub.fish` among its completions. */
export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const named = commands.filter(({ name }) => name !== 'run');
  const names = named.map(({ name }) => name).join(' ');
  const lines = [
    '# fish completion of dub: dub completion fish | source',
    'function __dub_command',
    '    set -l words (commandline -opc)',
    `    if test (count $words) -gt 1; and contains -- $words[2] ${names}`,
    '        test $words[2] = $argv[1]',
    '    else',
    '        test run = $argv[1]',
    '    end',
    'end',
    ...named.map(
      ({ name, summary }) =>
        `complete -c dub -n 'test (count (commandline -opc)) -eq 1' -a ${name} -d ${quoted(summary)}`,
    ),
    ...commands.flatMap(({ name, flags }) => flags.map((flag) => lineOf(name, flag))),
  ];
  return `${lines.join('\n')}\n`;
}

function lineOf(command: string, { flag, short, help, value }: CompletedFlag): string {
  const names = `${short === undefined ? '' : `-s ${short.slice(1)} `}-l ${flag.slice(2)}`;
  const takes = value === 'none' ? '' : value === 'path' ? ' -r' : ' -x';
  const words = typeof value === 'string' ? '' : ` -a ${quoted(value.join(' '))}`;
  return `complete -c dub -n '__dub_command ${command}' ${names}${takes}${words} -d ${quoted(help)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
