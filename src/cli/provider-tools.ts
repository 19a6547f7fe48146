import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Http, HttpScope } from '../net/http.js';
import type { ProviderTools } from '../providers/contract.js';
import type { Io } from './io.js';
import { readPackage } from './version.js';

/**
 * Runs `work` with what providers need: an empty folder for temporary files, which is gone afterwards, and the HTTP
 * client of the process, which is loaded at its first use and closed at the end.
 */
export async function withProviderTools<T>(io: Io, work: (tools: ProviderTools) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'dub-'));
  let opened: Promise<Http> | undefined;
  const http = async (scope: HttpScope) => {
    opened ??= openHttp(io);
    return (await opened).scope(scope);
  };
  try {
    return await work({ scratch, http });
  } finally {
    await (await opened)?.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function openHttp({ env }: Io): Promise<Http> {
  const { createHttp } = await import('../net/client.js');
  return createHttp({ version: readPackage().version, env });
}
