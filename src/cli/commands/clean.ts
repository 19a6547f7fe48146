import { resolve } from 'node:path';
import { readSize } from '../../config/readers.js';
import { DubError } from '../../errors.js';
import { type CleanedCache, cleanCache } from '../../pipeline/resuming/clean.js';
import type { Call } from '../call.js';
import { refuseOperands } from '../operands.js';
import { count, formatBytes, visible } from '../render/text.js';

/** `dub clean`: gives up what is kept between runs, and says what that freed. Never what a running job uses. */
export async function cleanCommand(call: Call): Promise<number> {
  refuseOperands(call, 'A work folder is named with --job.');
  const { config } = await call.loadConfig();
  const { olderThan, maxSize, job } = call.line.calls;
  const folder = typeof job === 'string' ? resolve(call.io.cwd, job) : config.work;
  const cleaned = await cleanCache(config.cache, {
    olderThanMs: typeof olderThan === 'string' ? readAge(olderThan) : undefined,
    maxBytes:
      typeof maxSize === 'string' ? readSize(maxSize, { label: '--max-size', folder: '', code: 'USAGE' }) : undefined,
    work: folder,
    dryRun: config.dryRun,
  });
  if (call.json) call.printAnswer('clean', { cache: config.cache, dryRun: config.dryRun, ...cleaned });
  else call.print(render(cleaned, config.cache, config.dryRun));
  return 0;
}

const ages = { h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const;

function readAge(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([hdw])$/.exec(text.trim().toLowerCase());
  if (match === null) {
    throw new DubError('USAGE', `--older-than must be an age, not \`${text}\`.`, {
      hint: 'Write it as 12h, 30d or 8w.',
    });
  }
  return Number(match[1]) * ages[match[2] as keyof typeof ages];
}

function render(cleaned: CleanedCache, cache: string, dryRun: boolean): string {
  const { entries, bytes, freedEntries, freedFiles, freedBytes, inUse } = cleaned;
  const verb = dryRun ? 'would free' : 'freed';
  const rest = { entries: entries - freedEntries, bytes: Math.max(0, bytes - freedBytes) };
  const lines = [
    `${verb} ${formatBytes(freedBytes)}: ${count(freedEntries, 'kept answer')}, ${count(freedFiles, 'other file')}`,
    `${dryRun ? 'would leave' : 'left'} ${count(rest.entries, 'kept answer')}, ${formatBytes(rest.bytes)}, in ${visible(cache)}`,
    ...(inUse > 0 ? [`${count(inUse, 'kept answer')} in use by a running job and left alone`] : []),
  ];
  return `${lines.join('\n')}\n`;
}
