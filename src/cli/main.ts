import { nearestName } from '../domain/nearest.js';
import { DubError } from '../errors.js';
import type { Call } from './call.js';
import type { CommandName } from './commands.js';
import type { Io } from './io.js';
import { readPackage } from './version.js';

/**
 * The command line: everything after `dub`, answered on `io`.
 * @returns the exit number; nothing else ends the process but a second Ctrl-C
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  if (argv[0] === '--version' || argv[0] === '-V') return printVersion(io);
  const watch = watchSignals(io);
  try {
    return await answer(argv, io, watch.signal);
  } catch (error) {
    const { describeFailure, printFailure } = await import('./render/failure.js');
    const failure = describeFailure(error, watch.signal);
    const options = beforeDashes(argv);
    printFailure(failure, io, { args: argv, json: options.includes('--json'), verbose: options.includes('--verbose') });
    return failure.exit;
  } finally {
    watch.stop();
  }
}

async function answer(argv: readonly string[], io: Io, signal: AbortSignal): Promise<number> {
  const { commandNames } = await import('./commands.js');
  const asksHelp = argv[0] === 'help';
  const words = asksHelp ? argv.slice(1) : argv;
  const named = commandNames.find((name) => name === words[0]);
  const command = named ?? 'run';
  const args = named === undefined ? words : words.slice(1);
  if (asksHelp || beforeDashes(args).some((arg) => arg === '--help' || arg === '-h'))
    return printHelp(command, words, io, asksHelp);
  const { parseLine } = await import('./parse.js');
  const line = await parseLine(command, args);
  if (line.calls.version) return printVersion(io);
  const { startCall } = await import('./call.js');
  return await load(command).then((run) => run(startCall(line, argv, io, signal)));
}

async function load(command: CommandName): Promise<(call: Call) => Promise<number>> {
  switch (command) {
    case 'run':
      return (await import('./commands/run.js')).runCommand;
    case 'clean':
      return (await import('./commands/clean.js')).cleanCommand;
    case 'redo':
      return (await import('./commands/redo.js')).redoCommand;
    case 'plan':
      return (await import('./commands/run.js')).planCommand;
    case 'costs':
      return (await import('./commands/costs.js')).costsCommand;
    case 'batch':
      return (await import('./commands/batch.js')).batchCommand;
    case 'check':
      return (await import('./commands/check.js')).checkCommand;
    case 'doctor':
      return (await import('./commands/doctor.js')).doctorCommand;
    case 'voices':
      return (await import('./commands/voices.js')).voicesCommand;
    case 'cast':
      return (await import('./commands/cast.js')).castCommand;
    case 'providers':
      return (await import('./commands/providers.js')).providersCommand;
    case 'completion':
      return (await import('./commands/completion.js')).completionCommand;
    case 'config':
      return (await import('./commands/config.js')).configCommand;
  }
}

function printVersion(io: Io): number {
  io.stdout.write(`${readPackage().version}\n`);
  return 0;
}

async function printHelp(command: CommandName, words: readonly string[], io: Io, asked: boolean): Promise<number> {
  const { commandNames } = await import('./commands.js');
  const word = words[0];
  if (asked && word !== undefined && !word.startsWith('-') && command !== word) {
    const near = nearestName(word, commandNames);
    throw new DubError('USAGE', `\`${word}\` is not a command.`, {
      hint: near === undefined ? `The commands are ${commandNames.join(', ')}.` : `Did you mean \`dub help ${near}\`?`,
    });
  }
  const [{ renderHelp }, { styleFor }] = await Promise.all([import('./render/help.js'), import('./render/style.js')]);
  io.stdout.write(renderHelp(command, styleFor(io.stdout, io.env)));
  return 0;
}

/** What may be options: everything before a `--`. */
function beforeDashes(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--');
  return end < 0 ? args : args.slice(0, end);
}

/** `disconnect`: the batch that started this process is gone. */
const watchedSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const;

/** The first signal aborts and lets children end; the second one ends the process at once. */
function watchSignals(io: Io): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const stopNow = () => {
    if (controller.signal.aborted) return stopAtOnce(io);
    if (io.stderr.isTTY) io.stderr.write('\nStopping; Ctrl-C again stops at once.\n');
    controller.abort(
      new DubError('INTERRUPTED', 'The run was interrupted; finished work is kept.', {
        hint: 'Run the same command again to go on from here.',
      }),
    );
  };
  for (const name of watchedSignals) io.signals.on(name, stopNow);
  return {
    signal: controller.signal,
    stop: () => {
      for (const name of watchedSignals) io.signals.off(name, stopNow);
    },
  };
}

/** Bars may have hidden the cursor and turned off wrapping; nothing else would give them back. */
function stopAtOnce(io: Io): void {
  if (io.stderr.isTTY) io.stderr.write('\x1b[?25h\x1b[?7h');
  io.exitNow(130);
}
