import { spawn } from 'node:child_process';
import { basename, dirname, extname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Config, LoadedConfig } from '../../config/config.js';
import type { RunEvent } from '../../pipeline/events.js';
import type { Io } from '../io.js';
import { optionTable } from '../options.js';
import type { ParsedLine } from '../parse.js';
import type { BatchFile } from './files.js';
import { type BatchServices, serve } from './link.js';

/** How a `dub` of one file is started. */
export interface ChildCall {
  readonly line: ParsedLine;
  readonly loaded: LoadedConfig;
  readonly io: Pick<Io, 'env' | 'home' | 'cwd'>;
  readonly signal: AbortSignal;
  readonly services: BatchServices;
  /** Every event as it comes. */
  onEvent(event: RunEvent): void;
  /** What it tells people, line by line. */
  onText(line: string): void;
}

/** How it ended: an exit number, or the signal that ended it. */
export interface ChildEnd {
  readonly exit: number | undefined;
  readonly signal: string | undefined;
  /** The last it told people. */
  readonly text: string;
}

const program = fileURLToPath(new URL('../../../bin/dub.js', import.meta.url));

/** Keys of what concerns the batch and not one file. */
const ofBatch: readonly string[] =
  'files null jobs shard summary json quiet verbose cache after dryRun skipFinished'.split(' ');

/**
 * Dubs one file in a process of its own, which speaks JSON Lines to this one. An abort stops it as Ctrl-C would; it also
 * stops when this process is gone.
 */
export function runChild(file: BatchFile, call: ChildCall): Promise<ChildEnd> {
  const { io, signal } = call;
  const child = spawn(process.execPath, [program, ...childArguments(file, call.line, call.loaded.config)], {
    cwd: io.cwd,
    env: { ...io.env, HOME: io.home, DUBBING_BATCH: '1' },
    // The fourth is a channel that ends with this process. In a group of its own, a Ctrl-C meets it once: from here.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  serve(child, call.services);
  let text = '';
  createInterface({ input: child.stderr! }).on('line', (line) => {
    text = `${text}${line}\n`.slice(-2000);
    call.onText(line);
  });
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const event = parseEvent(line);
    if (event !== undefined) call.onEvent({ ...event, file: file.path });
  });
  const stop = () => void child.kill('SIGTERM');
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  return new Promise((resolve) => {
    // It could not be started: no more processes, no memory.
    child.on('error', (error) => resolve({ exit: undefined, signal: undefined, text: error.message }));
    child.on('close', (code, killedBy) => {
      signal.removeEventListener('abort', stop);
      resolve({ exit: code ?? undefined, signal: killedBy ?? undefined, text });
    });
  });
}

/** The command line of one file: what was typed for all, without what concerns the batch. */
export function childArguments(file: BatchFile, line: ParsedLine, config: Config): string[] {
  const given = Object.entries(line.flags).filter(([key, raw]) => raw !== undefined && !ofBatch.includes(key));
  const args = given.flatMap(([key, raw]) => {
    const flag = optionTable[key as keyof Config].flag!;
    if (typeof raw === 'boolean') return [raw ? flag : flag.replace('--', '--no-')];
    return [raw].flat().map((value) => `${flag}=${forFile(key, String(value), file)}`);
  });
  if (file.work !== undefined && config.work === undefined) args.push(`--work=${file.work}`);
  if (line.calls.config !== undefined) args.push(`--config=${String(line.calls.config)}`);
  if (config.dryRun) args.push('--dry-run');
  if (!config.force) args.push('--skip-finished');
  args.push(
    '--json',
    '--no-quiet',
    config.verbose ? '--verbose' : '--no-verbose',
    '--jobs=1',
    `--cache=${config.cache}`,
    '--',
    file.path,
  );
  return args;
}

/** Files that belong to one film may be named by it: `--script '{dir}/{name}.en.srt'`. */
function forFile(key: string, value: string, { path }: BatchFile): string {
  if (!['script', 'translation', 'work'].includes(key)) return value;
  const name = basename(path, extname(path));
  return value.replaceAll('{dir}', () => dirname(path)).replaceAll('{name}', () => name);
}

function parseEvent(line: string): RunEvent | undefined {
  try {
    const event = JSON.parse(line) as Partial<RunEvent>;
    return typeof event.type === 'string' ? (event as RunEvent) : undefined;
  } catch {
    return undefined;
  }
}
