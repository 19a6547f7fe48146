import { access, constants, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Config } from '../config/config.js';
import { nearestName } from '../domain/nearest.js';
import { DubError } from '../errors.js';
import { type CommandName, commandNames } from './commands.js';
import type { ParsedLine } from './parse.js';

/**
 * The input of a run as an absolute path, and everything that can be said against it and the files handed in without
 * opening them.
 * @throws USAGE, INPUT_UNREADABLE
 */
export async function settleInput(operand: string | undefined, config: Config, cwd: string): Promise<string> {
  if (operand === undefined) {
    throw new DubError('USAGE', 'No input file is given.', {
      hint: 'For example: dub talk.mp4 --to es --offline. `dub --help` shows everything.',
    });
  }
  const input = resolve(cwd, operand);
  await refuseAbsent(input, operand);
  settleTargets(config);
  for (const path of [config.script, ...config.translation.map((file) => file.path)]) {
    if (path !== undefined) await refuseUnreadable(path);
  }
  return input;
}

/** @throws USAGE when no target language is given */
export function settleTargets(config: Config): void {
  if (config.to.length > 0) return;
  throw new DubError('USAGE', 'No target language is given.', {
    hint: 'Add --to and a language, for example --to es.',
  });
}

/** Says what is wrong with an operand that is no file. @throws USAGE, INPUT_UNREADABLE */
export async function refuseAbsent(path: string, operand: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (!(found instanceof Error)) return;
  const isWord = /^[a-z]+$/.test(operand);
  if (commandNames.includes(operand as CommandName)) {
    throw new DubError('USAGE', `The command comes first: dub ${operand}, then its options.`, {
      hint: `\`dub ${operand} --help\` shows them.`,
    });
  }
  const near = isWord ? nearestName(operand, commandNames) : undefined;
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

/**
 * Settings that mean one file only, unless they say which by its name.
 * @throws USAGE
 */
export function refuseForOne(flags: ParsedLine['flags'], count: number): void {
  for (const key of ['script', 'translation', 'work'] as const) {
    const raw = [flags[key]].flat().filter((value) => value !== undefined);
    if (raw.every((value) => String(value).includes('{name}'))) continue;
    throw new DubError('USAGE', `--${key} belongs to one input, but ${count} are given.`, {
      hint: 'Call dub once for each of them.',
    });
  }
}
