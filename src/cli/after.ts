import { spawn } from 'node:child_process';
import type { Config } from '../config/config.js';
import type { Call } from './call.js';
import { visible } from './render/text.js';

/** Longest time the command of --after is given. */
const limitMs = 300_000;

/** Servers of the user's own that a run has used. */
export type ServersInUse = Set<string>;

/**
 * Does a run's work and, however it ends, the command of `--after`; servers that are left running are named. The exit
 * number is the run's. A batch does so once for all its files: the process of one file only tells it of the servers.
 * @param work is given a set to put servers into
 */
export async function withAfter(
  call: Call,
  { after, dryRun, quiet }: Config,
  work: (servers: ServersInUse) => Promise<number>,
): Promise<number> {
  const servers: ServersInUse = new Set();
  // A fault in dub ends here too: a GPU that is paid by the hour must not wait for somebody to read about it.
  let exit = 1;
  try {
    exit = await work(servers);
    return exit;
  } finally {
    if (call.io.batch) call.io.batch.tellServers([...servers]);
    else await endWith(call, { after, dryRun, quiet }, servers, exit);
  }
}

async function endWith(
  call: Call,
  { after, dryRun, quiet }: Pick<Config, 'after' | 'dryRun' | 'quiet'>,
  servers: ServersInUse,
  exit: number,
): Promise<void> {
  const stopped = after !== undefined && !dryRun && (await runAfter(call, after, exit));
  if (!stopped && !dryRun && !quiet && servers.size > 0) call.say(stillRunning([...servers], call));
}

function stillRunning(hosts: readonly string[], { errStyle }: Call): string {
  const one = hosts.length === 1;
  const names = hosts.map(visible).join(', ');
  const what = one ? `The server ${names} is still running` : `The servers ${names} are still running`;
  return `${errStyle.yellow(`${what}.`)} Stop ${one ? 'it' : 'them'} when nobody needs ${one ? 'it' : 'them'}; --after COMMAND can do that.\n`;
}

/** Runs the command without a shell, its output on stderr. @returns whether it ended well */
async function runAfter(call: Call, [program = '', ...args]: readonly string[], exit: number): Promise<boolean> {
  const { cwd, env } = call.io;
  const child = spawn(program, args, {
    cwd,
    env: { ...env, DUB_EXIT: String(exit) },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => call.say(chunk.toString()));
  const ending = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? 'there is no such program' : error.message),
    );
    child.once('close', (code, signal) =>
      resolve(code === 0 ? undefined : code === null ? `it was stopped by ${signal}` : `it ended with ${code}`),
    );
  });
  if (ending === undefined) return true;
  call.say(`${call.errStyle.yellow('warning:')} --after ${visible([program, ...args].join(' '))}: ${ending}.\n`);
  return false;
}
