import type { CompletedCommand, CompletedFlag } from './table.js';

/** The completion of zsh: to be sourced, or kept as `_dub` in a folder of `fpath`. */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const named = commands.filter(({ name }) => name !== 'run');
  return `#compdef dub
# zsh completion of dub: source <(dub completion zsh)
_dub() {
  local command=run
  local -a commands options
  commands=(
${named.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n')}
  )
  if (( CURRENT > 2 )) && (( \${commands[(I)\${words[2]}:*]} )); then command=\${words[2]}; fi
  case $command in
${commands.map(optionCase).join('\n')}
  esac
  if (( CURRENT == 2 )) && [[ \${words[2]} != -* ]]; then _describe -t commands command commands; fi
  _arguments -s : $options '*:file:_files'
}
if [[ $funcstack[1] == _dub ]]; then _dub "$@"; else compdef _dub dub; fi
`;
}

function optionCase({ name, flags }: CompletedCommand): string {
  const specs = flags.map((flag) => `      ${quoted(specOf(flag))}`);
  return `    ${name}) options=(\n${specs.join('\n')}\n    ) ;;`;
}

/** `--bed=[help]:value:(duck keep mute)`; the `=` lets a value follow in the same word or in the next. */
function specOf({ flag, help, value }: CompletedFlag): string {
  const text = help.replace(/[[\]:\\]/g, '\\$&');
  if (value === 'none') return `${flag}[${text}]`;
  const action = value === 'path' ? '_files' : value === 'text' ? ' ' : `(${value.join(' ')})`;
  return `*${flag}=[${text}]:value:${action}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
