import { nearestName } from '../../domain/nearest.js';
import { DubError } from '../../errors.js';
import type { Call } from '../call.js';
import { bashCompletion } from '../completion/bash.js';
import { fishCompletion } from '../completion/fish.js';
import { completionTable } from '../completion/table.js';
import { zshCompletion } from '../completion/zsh.js';

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;
const shellNames = Object.keys(shells) as (keyof typeof shells)[];

/** `dub completion bash|zsh|fish`: prints what the shell is to read. */
export async function completionCommand(call: Call): Promise<number> {
  const [word, ...more] = call.line.operands;
  const shell = shellNames.find((name) => name === word);
  if (shell === undefined || more.length > 0) throw refusal(word);
  call.print(shells[shell](completionTable()));
  return 0;
}

function refusal(word: string | undefined): DubError {
  const ways =
    'bash: eval "$(dub completion bash)"; zsh: source <(dub completion zsh); fish: dub completion fish | source';
  if (word === undefined) return new DubError('USAGE', 'No shell is named.', { hint: ways });
  const near = nearestName(word, shellNames);
  return new DubError('USAGE', `\`dub completion\` takes one of ${shellNames.join(', ')}.`, {
    hint: near === undefined ? ways : `Did you mean \`dub completion ${near}\`?`,
  });
}
