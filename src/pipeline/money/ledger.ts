import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { appendLine } from '../../workspace/append.js';

const ledgerEntry = z.object({
  v: z.literal(1),
  time: z.string(),
  run: z.string(),
  job: z.string(),
  stage: z.string(),
  language: z.string().optional(),
  provider: z.string(),
  model: z.string().optional(),
  units: z.array(z.object({ unit: z.string(), count: z.number() })),
  money: z.record(z.string(), z.number()),
  priced: z.boolean(),
  /** True when the call failed after it may have been billed: `money` is the most it may be. */
  uncertain: z.boolean().optional(),
  utteranceIds: z.array(z.string()),
  requestIds: z.array(z.string()),
});

/** One paid call, as it stands in the ledger: a line of JSON. */
export type LedgerEntry = z.infer<typeof ledgerEntry>;

/** Every entry of some months, and how many lines could not be read. */
export interface Ledger {
  readonly months: readonly { readonly month: string; readonly entries: readonly LedgerEntry[] }[];
  readonly damagedLines: number;
}

/** Folder of the ledger under the cache folder: one file a month, in UTC. */
export function ledgerFolder(cache: string): string {
  return join(cache, 'ledger');
}

/** Adds a paid call to its month's file; it resolves when the line is safely on the disk. */
export async function addToLedger(cache: string, entry: LedgerEntry): Promise<void> {
  await appendLine(join(ledgerFolder(cache), `${entry.time.slice(0, 7)}.ndjson`), JSON.stringify(entry));
}

/**
 * Reads the ledger, oldest month first. A line that was cut short by a kill or damaged is counted and left out.
 * @param month `2026-11`; all months when undefined
 */
export async function readLedger(cache: string, month?: string): Promise<Ledger> {
  const names = await readdir(ledgerFolder(cache)).catch(() => []);
  const wanted = names.filter(
    (name) => /^\d{4}-\d{2}\.ndjson$/.test(name) && (month === undefined || name.startsWith(month)),
  );
  const files = await Promise.all(wanted.sort().map((name) => readMonth(ledgerFolder(cache), name)));
  return {
    months: files.map(({ entries }, index) => ({ month: wanted[index]!.slice(0, 7), entries })),
    damagedLines: files.reduce((sum, { damaged }) => sum + damaged, 0),
  };
}

async function readMonth(folder: string, name: string) {
  const lines = (await readFile(join(folder, name), 'utf8')).split('\n').filter((line) => line !== '');
  const entries = lines.map(parseLine).filter((entry) => entry !== undefined);
  return { entries, damaged: lines.length - entries.length };
}

function parseLine(line: string): LedgerEntry | undefined {
  try {
    return ledgerEntry.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
