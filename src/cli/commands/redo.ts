import { stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { DubError } from '../../errors.js';
import { type EarlierRecord, readRecord } from '../../pipeline/resuming/journal.js';
import { fitName } from '../../workspace/files.js';
import type { Call } from '../call.js';
import { settleInput } from '../inputs.js';
import { visible } from '../render/text.js';
import { dubInput } from './run.js';

/**
 * `dub redo <work|input>`: the last run again, as it was asked for. Shows the lines that have changed since and what they
 * cost, and buys only those. Its own output is replaced.
 */
export async function redoCommand(call: Call): Promise<number> {
  const [operand, ...more] = call.line.operands;
  if (operand === undefined || more.length > 0) {
    throw new DubError('USAGE', 'One work folder or one input is redone at a time.', {
      hint: 'For example: dub redo talk.dub, after an edit of talk.dub/es/translation.srt.',
    });
  }
  const path = resolve(call.io.cwd, operand);
  const { work, record } = await findRecord(path, call);
  if (record.settings === undefined) {
    throw new DubError(
      'USAGE',
      `The run in ${work} was not made by the command, so how it was asked for is not known.`,
      {
        hint: 'Run the whole command again; what is paid for is kept.',
      },
    );
  }
  const loaded = await call.loadConfig({ path: join(work, 'run.json'), settings: record.settings });
  const config = { ...loaded.config, work, force: true };
  const input = await settleInput(record.input, config, call.io.cwd);
  await refuseChangedOutputs(record);
  if (!config.quiet) call.say(`${visible(basename(record.input))}: as in ${visible(join(work, 'run.json'))}\n`);
  return dubInput(call, { ...loaded, config }, input, { plans: false, shows: config.dryRun });
}

/** The record in a work folder, or in the one that belongs to an input. */
async function findRecord(
  path: string,
  call: Call,
): Promise<{ readonly work: string; readonly record: EarlierRecord }> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    throw new DubError('INPUT_UNREADABLE', `There is no ${path}.`, { hint: 'Name a work folder or an input.' });
  }
  const given = call.line.flags.work as string | undefined;
  const usual = join(dirname(path), fitName(basename(path, extname(path)), '.dub'));
  const work = found.isDirectory() ? path : given === undefined ? usual : resolve(call.io.cwd, given);
  const record = await readRecord(work);
  if (record !== undefined) return { work, record };
  throw new DubError('USAGE', `No run has left its record in ${work}.`, {
    hint: 'Name the work folder of the run ({name}.dub beside the output unless --work said otherwise).',
  });
}

/** An output of the run is its to replace, unless somebody has put another file in its place since. */
async function refuseChangedOutputs({ outputs = [], updatedAt }: EarlierRecord): Promise<void> {
  for (const { path } of outputs) {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || found.mtimeMs <= Date.parse(updatedAt) + 1000) continue;
    throw new DubError('OUTPUT_EXISTS', `${path} was changed after the run that made it.`, {
      hint: 'Move it away, or run the whole command again with --force.',
    });
  }
}
