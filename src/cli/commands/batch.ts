import { resolve } from 'node:path';
import type { Config, LoadedConfig } from '../../config/config.js';
import { DubError, throwIfAborted } from '../../errors.js';
import type { RunEvent } from '../../pipeline/events.js';
import { Ceiling } from '../../pipeline/money/ceiling.js';
import { withAfter } from '../after.js';
import { type ChildEnd, runChild } from '../batch/child.js';
import { type BatchFile, settleFiles } from '../batch/files.js';
import type { BatchServices } from '../batch/link.js';
import { readList } from '../batch/list.js';
import { type FileOutcome, notStarted, outcomeOf, summarise } from '../batch/outcome.js';
import { createPlanner } from '../batch/plan.js';
import { openSummaryFile, type SummaryFile } from '../batch/summary-file.js';
import { describeBatch, describeOutcome } from '../batch/tell.js';
import { createWatcher, type Watcher } from '../batch/watcher.js';
import type { Call } from '../call.js';
import { refuseAbsent, refuseForOne, settleTargets } from '../inputs.js';
import { count, visible } from '../render/text.js';

/** `dub batch …`, and `dub` with several inputs: each file in a process of its own, --jobs of them at a time. */
export async function batchCommand(call: Call): Promise<number> {
  return runBatch(call, await call.loadConfig());
}

/** A file that fails does not stop the others; what is finished is not done again. @returns the gravest exit number */
export async function runBatch(call: Call, given: LoadedConfig, plans?: true): Promise<number> {
  const loaded = plans ? { ...given, config: { ...given.config, dryRun: true } } : given;
  const { config } = loaded;
  const { command, operands, flags } = call.line;
  // Typed by hand, a name that leads nowhere is a slip; in a night's list it is one file of many.
  if (command !== 'batch') for (const operand of operands) await refuseAbsent(resolve(call.io.cwd, operand), operand);
  settleTargets(config);
  const named = [...operands, ...(await readList(config, call.io))];
  if (named.length === 0) throw nothingGiven(config);
  if (named.length > 1) refuseForOne(flags, named.length);
  const { files, leftOut } = await settleFiles(named, config, call.io.cwd);
  const summaryFile = await openSummaryFile(config.summary, config.force);
  if (!config.quiet) call.say(describeStart(files, leftOut, config));
  const watcher = await createWatcher(call, config);
  return withAfter(call, config, (servers) => {
    const services = {
      reserve: shareCeiling(config, call.signal),
      servers: (hosts: readonly string[]) => {
        for (const host of hosts) servers.add(host);
      },
    };
    return new Batch(call, loaded, files, summaryFile, watcher, services).run();
  });
}

/** The loop: takes the next file whenever a process has ended. */
class Batch {
  private readonly startedAt = performance.now();
  private readonly outcomes: (FileOutcome | undefined)[];
  private readonly planner = createPlanner();
  private next = 0;

  constructor(
    private readonly call: Call,
    private readonly loaded: LoadedConfig,
    private readonly files: readonly BatchFile[],
    private readonly summaryFile: SummaryFile,
    private readonly watcher: Watcher,
    private readonly services: BatchServices,
  ) {
    this.outcomes = files.map(() => undefined);
  }

  async run(): Promise<number> {
    const { call, loaded, files, watcher } = this;
    const { jobs, quiet, dryRun } = loaded.config;
    await this.write(true);
    try {
      await Promise.all(Array.from({ length: Math.min(jobs, files.length) }, () => this.work()));
    } finally {
      watcher.end();
    }
    const summary = await this.write(false);
    if (dryRun && !call.json) call.print(this.planner.total(call.outStyle));
    if (!quiet && !dryRun) call.say(describeBatch(summary, performance.now() - this.startedAt));
    throwIfAborted(call.signal);
    return summary.exit;
  }

  private async work(): Promise<void> {
    const { call, files } = this;
    // Under a ceiling that is reached every file would only find that out for itself.
    while (this.next < files.length && !call.signal.aborted && !this.isAtCeiling()) {
      const index = this.next++;
      const outcome = await this.dub(files[index]!);
      this.outcomes[index] = outcome;
      this.tell(files[index]!, outcome);
      // A summary that cannot be written now may be at the end; the films go on.
      await this.write(true).catch(() => undefined);
    }
  }

  private isAtCeiling(): boolean {
    return this.outcomes.some((outcome) => outcome?.code === 'COST_LIMIT');
  }

  private async dub(file: BatchFile): Promise<FileOutcome> {
    const { call, loaded, planner, watcher, services } = this;
    const startedAt = performance.now();
    const ended: { event?: RunEvent } = {};
    const onEvent = (event: RunEvent) => {
      if (event.type === 'summary' || event.type === 'error') ended.event = event;
      if (event.type === 'plan') planner.add(event);
      if (call.json) call.printJson(event);
      else if (event.type === 'plan') watcher.print(planner.describe(event, call.outStyle));
      watcher.event(file, event);
    };
    const onText = (text: string) => watcher.text(file, text);
    const end: ChildEnd = await runChild(file, { ...call, loaded, services, onEvent, onText });
    return outcomeOf(file.path, ended.event, end, Math.round(performance.now() - startedAt));
  }

  private tell(file: BatchFile, outcome: FileOutcome): void {
    const { call, loaded, watcher } = this;
    const { dryRun, quiet } = loaded.config;
    watcher.finish(file);
    if (!call.json) for (const { path } of outcome.outputs) watcher.print(`${path}\n`);
    if (call.json && outcome.code === 'PROCESS_ENDED') call.printJson(errorOf(outcome));
    const isBad = outcome.state === 'failed';
    if (isBad || !(quiet || dryRun)) watcher.line(describeOutcome(file.label, outcome, call.errStyle));
    if (isBad && outcome.hint !== undefined) watcher.line(`  ${visible(outcome.hint)}`);
  }

  private async write(running: boolean) {
    const summary = summarise(
      this.files.map(({ path }, index) => this.outcomes[index] ?? notStarted(path)),
      running,
    );
    if (!this.loaded.config.dryRun) await this.summaryFile.write(summary);
    return summary;
  }
}

/** One ceiling for all files, however many processes spend under it; its currency is that of the first to ask. */
function shareCeiling({ maxCost = 0 }: Config, signal: AbortSignal): BatchServices['reserve'] {
  let ceiling: Ceiling | undefined;
  return (amount, call, currency) => {
    ceiling ??= new Ceiling(maxCost, currency);
    return ceiling.reserve(amount, call, signal);
  };
}

/** A process that ended without a word still ends in an `error` event. */
function errorOf({ file, exit, code, message, hint }: FileOutcome): object {
  const time = new Date().toISOString();
  return { v: 1, type: 'error', time, run: crypto.randomUUID(), file, exit, code, message, hint };
}

function nothingGiven({ files }: Config): DubError {
  if (files === undefined) {
    return new DubError('USAGE', 'No input file is given.', {
      hint: 'For example: dub batch *.mp4 --to es, or dub batch --files list.txt --to es.',
    });
  }
  const list = files === '-' ? 'The list on stdin' : `The list ${files}`;
  return new DubError('USAGE', `${list} names no file.`, { hint: 'It holds one path a line.' });
}

function describeStart(
  files: readonly BatchFile[],
  leftOut: readonly { readonly path: string; readonly why: string }[],
  { to, jobs, shard }: Config,
): string {
  const side = jobs > 1 ? `, ${Math.min(jobs, files.length)} at a time` : '';
  const part = shard === undefined ? '' : ` (part ${shard.index} of ${shard.count})`;
  const left = leftOut.map(({ path, why }) => `Left out: ${visible(path)} ${visible(why)}.\n`);

  return `${left.join('')}${count(files.length, 'file')}${part} to ${to.join(', ')}${side}\n`;
}
