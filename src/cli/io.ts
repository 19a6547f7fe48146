import { homedir } from 'node:os';

/** A stream that text is written to; a terminal says so and knows its width. */
export interface TextStream {
  write(text: string): boolean;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Everything the command reaches outside itself, so that it can also run inside a test. */
export interface Io {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly platform: NodeJS.Platform;
  /** Where SIGINT, SIGTERM and SIGHUP come from. */
  readonly signals: {
    on(name: NodeJS.Signals, listener: () => void): unknown;
    off(name: NodeJS.Signals, listener: () => void): unknown;
  };
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
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    platform: process.platform,
    signals: process,
    exitNow: (exitNumber) => process.exit(exitNumber),
  };
}
