import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { DubError, throwIfAborted } from '../../errors.js';
import type { Places } from './places.js';

/** How much of what it says is kept for an error. */
const keptBytes = 2000;

/**
 * Runs the user's separator, without a shell, in a process group of its own that goes with the run.
 * @returns its name, for messages
 * @throws ENGINE_MISSING, PROVIDER_BAD_REPLY when it fails, INTERRUPTED
 */
export async function runSeparator(command: readonly string[], places: Places, signal: AbortSignal): Promise<string> {
  throwIfAborted(signal);
  await mkdir(places.out, { recursive: true });
  const [program = '', ...args] = command.map((word) => fill(word, places));
  const name = basename(program);
  const child = spawn(program, args, { cwd: places.out, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-keptBytes);
    });
  }
  const stop = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const ending = await new Promise<NodeJS.ErrnoException | string | undefined>((resolve) => {
      child.once('error', resolve);
      child.once('close', (code, by) =>
        resolve(code === 0 ? undefined : code === null ? `was ended by ${by}` : `ended with ${code}`),
      );
    });
    throwIfAborted(signal);
    if (ending === undefined) return name;
    throw typeof ending === 'string' ? failed(name, ending, said) : missing(program, ending);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function fill(word: string, places: Places): string {
  return word.replaceAll(/\{(in|out|background|vocals)\}/g, (_, name: keyof Places) => places[name]);
}

function failed(name: string, ending: string, said: string): DubError {
  const last = said
    .replaceAll(/[^\x20-\x7e\n]/g, ' ')
    .trim()
    .split('\n')
    .slice(-3)
    .join('\n');
  return new DubError('PROVIDER_BAD_REPLY', `The separator ${name} ${ending}.${last === '' ? '' : `\n${last}`}`, {
    hint: 'Try its command by hand, or let the bed be lowered instead: --separator-fallback duck.',
  });
}

function missing(program: string, cause: NodeJS.ErrnoException): DubError {
  return new DubError(
    'ENGINE_MISSING',
    `The separator ${program} could not be started (${cause.code ?? cause.message}).`,
    {
      hint: 'Install it (demucs: pipx install demucs), or name it by its path in --separator.',
      cause,
    },
  );
}
