import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Http, HttpScope, RetryNotice } from '../../net/http.js';
import type { ProviderRetry, RetryRelay } from '../../pipeline/engines/retries.js';
import type { ProviderTools } from '../../providers/contract.js';
import type { Io } from '../io.js';
import { readPackage } from '../version.js';

/** Where services' limits are shared with other processes, and how it is told that they are not. */
export interface LimitSharing {
  /** The folder that all runs of this machine keep things in. */
  readonly cache: string;
  /** Told once. */
  warn(message: string): void;
}

/**
 * Runs `work` with what providers need: an empty folder for temporary files, which is gone afterwards, and the HTTP
 * client of the process, which is loaded at its first use and closed at the end.
 * @param sharing without it this process keeps to services' limits by itself
 */
export async function withProviderTools<T>(
  io: Io,
  work: (tools: ProviderTools) => Promise<T>,
  sharing?: LimitSharing,
): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'dub-'));
  let opened: Promise<Http> | undefined;
  const http = async (scope: HttpScope) => {
    opened ??= openHttp(io, sharing);
    return (await opened).scope(scope);
  };
  try {
    return await work({ scratch, http });
  } finally {
    await (await opened)?.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The tools, with an HTTP client that tells of the retries of one engine. */
export function withRetriesTold(
  { tools, retries }: { readonly tools: ProviderTools; readonly retries?: Pick<RetryRelay, 'tell'> | undefined },
  engine: Pick<ProviderRetry, 'stage' | 'provider'>,
): ProviderTools {
  const { http } = tools;
  if (http === undefined || retries === undefined) return tools;
  const onRetry = ({ attempt, waitMs, code }: Pick<RetryNotice, 'attempt' | 'waitMs' | 'code'>) =>
    retries.tell({ ...engine, attempt: attempt + 1, waitMs, code });
  return { ...tools, onRetry, http: (scope) => http({ onRetry, ...scope }) };
}

async function openHttp({ env }: Io, sharing: LimitSharing | undefined): Promise<Http> {
  const { createHttp } = await import('../../net/client.js');
  return createHttp({ version: readPackage().version, env, sharedLimits: sharing && sharedLimits(sharing) });
}

function sharedLimits({ cache, warn }: LimitSharing) {
  const folder = join(cache, 'limits');
  return {
    folder,
    onLost(error: unknown) {
      const why = (error as NodeJS.ErrnoException).code ?? String(error);
      warn(
        `The limits of services are not shared with other dub processes: ${folder} cannot be used (${why}). Another --cache folder would do; until then run one dub at a time.`,
      );
    },
  };
}
