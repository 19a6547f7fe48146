import { access, constants, stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import type { Config } from '../config/config.js';
import { nearestName } from '../domain/nearest.js';
import { DubError } from '../errors.js';
import { type CommandName, commandNames } from './commands.js';

/**
 * The inputs of a run as absolute paths, and everything that can be said against them and the files handed in without
 * opening them.
 * @throws USAGE, INPUT_UNREADABLE
 */
export async function settleInputs(
  operands: readonly string[],
  config: Config,
  cwd: string,
): Promise<readonly string[]> {
  if (operands.length === 0) {
    throw new DubError('USAGE', 'No input file is given.', {
      hint: 'For example: dub talk.mp4 --to es --offline. `dub --help` shows everything.',
    });
  }
  const inputs = operands.map((operand) => resolve(cwd, operand));
  for (const [index, input] of inputs.entries()) await refuseAbsent(input, operands[index]!, operands);
  if (config.to.length === 0) {
    throw new DubError('USAGE', 'No target language is given.', {
      hint: 'Add --to and a language, for example --to es.',
    });
  }
  if (inputs.length > 1) refuseSingle(inputs, config);
  for (const path of [config.script, ...config.translation.map((file) => file.path)]) {
    if (path !== undefined) await refuseUnreadable(path);
  }
  return inputs;
}

async function refuseAbsent(path: string, operand: string, operands: readonly string[]): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (!(found instanceof Error)) return;
  const first = operands[0] === operand;
  const isWord = /^[a-z]+$/.test(operand);
  if (first && commandNames.includes(operand as CommandName)) {
    throw new DubError('USAGE', `The command comes first: dub ${operand}, then its options.`, {
      hint: `\`dub ${operand} --help\` shows them.`,
    });
  }
  const near = first && isWord ? nearestName(operand, commandNames) : undefined;
  if (near !== undefined) {
    throw new DubError('USAGE', `\`${operand}\` is neither a file nor a command.`, {
      hint: `Did you mean \`dub ${near}\`?`,
    });
  }
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(operand)) {
    throw new DubError('INPUT_UNREADABLE', `${operand} is an address, not a file.`, {
      hint: 'Fetch it first; dub reads files on this machine.',
    });
  }
  throw absent(path, found);
}

function absent(path: string, error: NodeJS.ErrnoException): DubError {
  const missing = error.code === 'ENOENT' || error.code === 'ENOTDIR';
  return new DubError(
    'INPUT_UNREADABLE',
    missing ? `There is no file ${path}.` : `${path} cannot be read (${error.code}).`,
    {
      hint: missing ? 'Check the spelling and the folder.' : 'Check its permissions, and those of its folder.',
      cause: error,
    },
  );
}

async function refuseUnreadable(path: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw absent(path, error);
  });
  if (found.isDirectory())
    throw new DubError('INPUT_UNREADABLE', `${path} is a folder, not a subtitle file.`, {
      hint: 'Name an SRT or VTT file.',
    });
  await access(path, constants.R_OK).catch((error: NodeJS.ErrnoException) => {
    throw absent(path, error);
  });
}

/** Settings that mean one file only. */
function refuseSingle(inputs: readonly string[], config: Config): void {
  const given = [
    config.script === undefined ? undefined : '--script',
    config.translation.length === 0 ? undefined : '--translation',
    config.work === undefined ? undefined : '--work',
  ].find((flag) => flag !== undefined);
  if (given !== undefined) {
    throw new DubError('USAGE', `${given} belongs to one input, but ${inputs.length} are given.`, {
      hint: 'Call dub once for each of them.',
    });
  }
  const stems = inputs.map((input) => basename(input, extname(input)));
  const hasName = config.output.includes('{name}');
  const hasFolder = config.output.includes('{dir}');
  if (hasName && (hasFolder || new Set(stems).size === stems.length)) return;
  throw new DubError(
    'USAGE',
    `With ${inputs.length} inputs, --output ${config.output} would name the same file twice.`,
    {
      hint: 'Put {name} into it, and {dir} if the names repeat: {dir}/{name}.{lang}{ext}.',
    },
  );
}
