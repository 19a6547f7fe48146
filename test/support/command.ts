import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import type { Io, TextStream } from '../../src/cli/io.js';
import { main } from '../../src/cli/main.js';

/** What a call of the command left behind. */
export interface CallResult {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a call differs from a plain one in an empty environment. */
export interface CallOptions {
  readonly cwd: string;
  readonly home?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdout?: Partial<TextStream>;
  readonly stderr?: Partial<TextStream>;
  readonly platform?: NodeJS.Platform;
  readonly stdin?: string;
  /** Emit `SIGINT` on it to interrupt. */
  readonly signals?: EventEmitter;
  /** Gets the exit number of a second interruption. */
  readonly exitNow?: (exitNumber: number) => void;
}

/** Calls `dub` inside this process, its streams caught. */
export async function callDub(args: readonly string[], options: CallOptions): Promise<CallResult> {
  const caught = { stdout: '', stderr: '' };
  const catcher = (name: 'stdout' | 'stderr'): TextStream => ({
    isTTY: false,
    write: (text) => {
      caught[name] += text;
      return true;
    },
    ...options[name],
  });
  const io: Io = {
    stdout: catcher('stdout'),
    stderr: catcher('stderr'),
    stdin: Readable.from([Buffer.from(options.stdin ?? '')]),
    env: { PATH: process.env.PATH, ...options.env },
    cwd: options.cwd,
    home: options.home ?? options.cwd,
    platform: options.platform ?? 'linux',
    signals: options.signals ?? new EventEmitter(),
    exitNow: options.exitNow ?? (() => undefined),
  };
  const exit = await main(args, io);
  return { exit, ...caught };
}

/** The JSON Lines of a caught stdout. */
export function jsonLines(stdout: string): Record<string, unknown>[] {
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
