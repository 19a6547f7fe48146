import { readFile } from 'node:fs/promises';
import { DubError } from '../../errors.js';
import { writeWhole } from '../../workspace/files.js';
import type { BatchSummary } from './outcome.js';

/** The file after --summary, which is whole at any moment. */
export interface SummaryFile {
  write(summary: BatchSummary): Promise<void>;
}

/**
 * Looks whether the file may be written.
 * @param force a file that is no summary of a batch may be replaced
 * @throws OUTPUT_EXISTS, OUTPUT_UNWRITABLE
 */
export async function openSummaryFile(path: string | undefined, force: boolean): Promise<SummaryFile> {
  if (path === undefined) return { write: async () => undefined };
  if (!force) await refuseForeign(path);
  let writing: Promise<void> = Promise.resolve();
  return {
    write(summary) {
      writing = writing.catch(() => undefined).then(() => writeWhole(path, `${JSON.stringify(summary, null, 2)}\n`));
      return writing;
    },
  };
}

/** Only what an earlier batch wrote is replaced: the path may be a slip of the fingers. */
async function refuseForeign(path: string): Promise<void> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    throw new DubError('OUTPUT_UNWRITABLE', `The summary ${path} cannot be written (${code}).`, {
      hint: 'Give --summary the name of a file in a folder you may write to.',
      cause,
    });
  }
  if (isSummary(text)) return;
  throw new DubError('OUTPUT_EXISTS', `${path} exists already and is no summary of a batch.`, {
    hint: 'Give --summary another name, or --force to replace it.',
  });
}

function isSummary(text: string): boolean {
  try {
    return (JSON.parse(text) as Partial<BatchSummary> | null)?.type === 'batch';
  } catch {
    return false;
  }
}
