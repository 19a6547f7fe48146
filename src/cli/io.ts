import { homedir, userInfo } from 'node:os';
import { isAbsolute, parse } from 'node:path';
import type { Hold } from '../pipeline/money/ceiling.js';
import { linkToBatch } from './batch/link.js';

/** A stream that text is written to; a terminal says so and knows its width. */
export interface TextStream {
  write(text: string): boolean;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** The batch that started this process for one of its files. */
export interface BatchLink {
  /** Asks it to put money aside of the ceiling that all its files share. @throws COST_LIMIT when it is reached */
  reserve(
    ask: { readonly amount: number; readonly call: string; readonly currency: string },
    signal: AbortSignal,
  ): Promise<Hold>;
  /** Tells it of servers of the user's own that are left running. */
  tellServers(hosts: readonly string[]): void;
}

/** Everything the command reaches outside itself, so that it can also run inside a test. */
export interface Io {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  /** Undefined where there is nothing to read from. */
  readonly stdin?: AsyncIterable<Uint8Array | string> | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly platform: NodeJS.Platform;
  /** Where SIGINT, SIGTERM, SIGHUP and, in the process of one file of a batch, `disconnect` come from. */
  readonly signals: {
    on(name: string, listener: () => void): unknown;
    off(name: string, listener: () => void): unknown;
  };
  /** Undefined when nobody but the user started this process. */
  readonly batch?: BatchLink | undefined;
  /** Ends the process at once; used for the second Ctrl-C only. */
  exitNow(exitNumber: number): void;
}

/** The process's own streams and surroundings. A reader of stdout or stderr that goes away is no error. */
export function processIo(): Io {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    // Opened only when it is read.
    get stdin() {
      return process.stdin;
    },
    env: process.env,
    cwd: process.cwd(),
    home: homeFolder(),
    platform: process.platform,
    signals: process,
    batch: process.env.DUBBING_BATCH && process.send ? linkToBatch(process) : undefined,
    exitNow: (exitNumber) => process.exit(exitNumber),
  };
}

/**
 * The user's home folder. A HOME that is set but empty or relative would make the working folder the home, and trust
 * config files that came with somebody's film; then the account's own home is taken, and without one the root folder.
 */
function homeFolder(): string {
  for (const find of [homedir, () => userInfo().homedir]) {
    try {
      const folder = find();
      if (isAbsolute(folder)) return folder;
    } catch {
      // An account without an entry of its own, as in some containers: the next way is tried.
    }
  }
  return parse(process.cwd()).root;
}
