import { randomUUID } from 'node:crypto';
import { DubError, exitNumbers } from '../../errors.js';
import type { Io } from '../io.js';
import { readPackage } from '../version.js';
import { styleFor } from './style.js';
import { visible, visibleLines } from './text.js';

/** An error as the command tells it. */
export interface Failure {
  readonly exit: number;
  /** A code of `DubError`, or `BUG`. */
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly stack: string | undefined;
}

/** How and about what a failure is told. */
export interface FailureContext {
  /** The command line: control characters of its words are shown, not obeyed. */
  readonly args: readonly string[];
  readonly json: boolean;
  readonly verbose: boolean;
  /** Id of the run it ended, when one had begun. */
  readonly run?: string | undefined;
  /** Work folder of that run. */
  readonly work?: string | undefined;
}

/** Turns anything thrown into what is told of it; after an abort everything thrown counts as the interruption. */
export function describeFailure(thrown: unknown, signal: AbortSignal | undefined): Failure {
  const interrupted = signal?.aborted === true && signal.reason instanceof DubError;
  const error = interrupted ? signal.reason : thrown;
  const stack = thrown instanceof Error ? stackWithCauses(thrown) : undefined;
  if (error instanceof DubError) {
    return { exit: exitNumbers[error.code], code: error.code, message: error.message, hint: error.hint, stack };
  }
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { exit: 1, code: 'BUG', message: `This is a fault in dub itself: ${said}`, hint: reportHint(), stack };
}

/** Prints a failure: for people on stderr, and under --json as one `error` event on stdout. */
export function printFailure(failure: Failure, io: Io, context: FailureContext): void {
  const style = styleFor(io.stderr, io.env);
  const tell = (text: string) => visibleLines(showWords(text, context.args), '  ');
  io.stderr.write(`${style.red('dub:')} ${tell(failure.message)}\n`);
  if (failure.hint !== undefined) io.stderr.write(`  ${tell(failure.hint)}\n`);
  if (failure.code === 'BUG' && context.work !== undefined) {
    io.stderr.write(`  What happened before is in ${visible(context.work)}/events.ndjson.\n`);
  }
  if (context.verbose && failure.stack !== undefined)
    io.stderr.write(`${style.dim(visibleLines(failure.stack, ''))}\n`);
  if (context.json) io.stdout.write(`${JSON.stringify(toEvent(failure, context))}\n`);
}

function toEvent(failure: Failure, context: FailureContext): object {
  return {
    v: 1,
    type: 'error',
    time: new Date().toISOString(),
    run: context.run ?? randomUUID(),
    exit: failure.exit,
    code: failure.code,
    message: failure.message,
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
  };
}

/** Parts of paths from the command line that would break a line or move the cursor are replaced by their visible form. */
function showWords(text: string, args: readonly string[]): string {
  const parts = args.flatMap((arg) => arg.split(/[/\\]/)).filter((part) => part !== visible(part));
  return parts.sort((a, b) => b.length - a.length).reduce((told, part) => told.replaceAll(part, visible(part)), text);
}

function reportHint(): string {
  const url = readPackage().bugs?.url;
  const where = url ? ` at ${url}` : '';
  return `Please report it${where} with what the same command prints under --verbose, and with \`dub doctor\`.`;
}

function stackWithCauses(error: Error): string {
  const cause =
    error.cause === undefined
      ? ''
      : `\nCaused by: ${error.cause instanceof Error ? stackWithCauses(error.cause) : String(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
