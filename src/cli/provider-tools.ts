import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProviderTools } from '../providers/contract.js';

/** Runs `work` with what providers need: an empty folder for temporary files, which is gone afterwards. */
export async function withProviderTools<T>(work: (tools: ProviderTools) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'dub-'));
  try {
    return await work({ scratch });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
