import type { CompletedCommand, FlagValue } from './table.js';

/** The completion of bash, 3.2 or newer, with nothing else installed. */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const named = commands.filter(({ name }) => name !== 'run').map(({ name }) => name);
  return `# bash completion of dub: eval "$(dub completion bash)"
_dub() {
  local IFS=$' \\n' cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=run
  # bash takes --flag=value apart.
  if [[ $cur == '=' ]]; then cur=
  elif [[ $prev == '=' ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  if (( COMP_CWORD > 1 )); then
    case \${COMP_WORDS[1]} in ${named.join('|')}) command=\${COMP_WORDS[1]} ;; esac
  fi
  COMPREPLY=()
  case $prev in
${valueCases(commands).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case $command in
${commands.map(flagCase).join('\n')}
    esac
    return
  fi
  if (( COMP_CWORD == 1 )); then COMPREPLY=($(compgen -W '${named.join(' ')}' -- "$cur")); fi
  _dub_files
}
_dub_files() {
  local IFS=$'\\n'
  COMPREPLY+=($(compgen -f -- "$cur"))
  compopt -o filenames 2>/dev/null
}
complete -F _dub dub
`;
}

/** Flags by what follows them; one that means several things in several commands takes the words of all. */
function valueCases(commands: readonly CompletedCommand[]): string[] {
  const values = new Map<string, FlagValue>();
  for (const { flag, short, value } of commands.flatMap(({ flags }) => flags)) {
    for (const name of [flag, short]) if (name !== undefined && value !== 'none') values.set(name, value);
  }
  const named = (wanted: FlagValue) => [...values].filter(([, value]) => value === wanted).map(([name]) => name);
  const words = [...values].flatMap(([name, value]) =>
    typeof value === 'string'
      ? []
      : [`    ${name}) COMPREPLY=($(compgen -W '${value.join(' ')}' -- "$cur")); return ;;`],
  );
  return [
    ...words,
    `    ${named('path').join('|')}) _dub_files; return ;;`,
    `    ${named('text').join('|')}) return ;;`,
  ];
}

function flagCase({ name, flags }: CompletedCommand): string {
  const words = flags.map(({ flag }) => flag).join(' ');
  return `      ${name}) COMPREPLY=($(compgen -W '${words}' -- "$cur")) ;;`;
}
