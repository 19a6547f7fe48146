import { randomUUID } from 'node:crypto';
import type { LoadedConfig } from '../config/config.js';
import { defaultConfig, type EarlierSettings, loadConfig } from '../config/load.js';
import type { Surroundings } from '../config/option.js';
import type { AnswerType } from './answers.js';
import type { Io } from './io.js';
import { optionTable } from './options.js';
import type { ParsedLine } from './parse.js';
import { describeFailure, printFailure } from './render/failure.js';
import { type Style, styleFor } from './render/style.js';

/** One call of a command: what was asked, and how it answers. */
export interface Call {
  readonly io: Io;
  readonly line: ParsedLine;
  /** Aborted by Ctrl-C and by SIGTERM. */
  readonly signal: AbortSignal;
  /** True under --json: stdout gets JSON Lines. */
  readonly json: boolean;
  /** Colours of stdout and of stderr; each is asked by itself whether it is a terminal. */
  readonly outStyle: Style;
  readonly errStyle: Style;
  /** @param earlier settings of an earlier run, under the flags and over everything else */
  loadConfig(earlier?: EarlierSettings): Promise<LoadedConfig>;
  /** The settings when nobody says anything. */
  defaults(): LoadedConfig;
  /** Data: to stdout, as it is. */
  print(text: string): void;
  /** One JSON line to stdout. */
  printJson(value: object): void;
  /** The answer of a command under --json: one line, with the version, the time and an id like every other. */
  printAnswer(type: AnswerType, body: object): void;
  /** For people: to stderr. */
  say(text: string): void;
  /** Tells of an error on stderr, and under --json as the last line of stdout; returns the exit number. */
  fail(error: unknown, about?: { readonly run?: string | undefined; readonly work?: string | undefined }): number;
}

/** Puts a call together. */
export function startCall(line: ParsedLine, args: readonly string[], io: Io, signal: AbortSignal): Call {
  const around: Surroundings = { env: io.env, home: io.home, cwd: io.cwd, platform: io.platform };
  const given = { flags: line.flags, file: line.calls.config as string | undefined };
  const json = line.flags.json === true;
  const print = (text: string) => void io.stdout.write(text);
  const printJson = (value: object) => print(`${JSON.stringify(value)}\n`);
  return {
    io,
    line,
    signal,
    json,
    outStyle: styleFor(io.stdout, io.env),
    errStyle: styleFor(io.stderr, io.env),
    loadConfig: (earlier) => loadConfig(optionTable, { ...given, earlier }, around),
    defaults: () => defaultConfig(optionTable, around),
    print,
    printJson,
    printAnswer: (type, body) => printJson({ v: 1, type, time: new Date().toISOString(), run: randomUUID(), ...body }),
    say: (text) => void io.stderr.write(text),
    fail(error, about = {}) {
      const failure = describeFailure(error, signal);
      printFailure(failure, io, { args, json, verbose: line.flags.verbose === true, ...about });
      return failure.exit;
    },
  };
}
