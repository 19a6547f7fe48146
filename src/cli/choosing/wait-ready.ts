import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfAborted } from '../../errors.js';
import type { ProviderBase, Readiness } from '../../providers/contract.js';

/** How long and how loudly a server is waited for. */
export interface Waiting {
  /** Undefined for not at all. */
  readonly waitMs: number | undefined;
  readonly signal: AbortSignal;
  /** Told at the start and every half minute. */
  readonly say?: ((message: string) => void) | undefined;
}

const pollMs = { first: 1000, most: 10_000 };
const tellMs = 30_000;

/** Whether waiting helps: the server is starting, loading, or not to be reached for the moment. */
export function mayBecomeReady({ ready, loading, code }: Readiness): boolean {
  return !ready && (loading === true || code === 'PROVIDER_BUSY' || code === 'PROVIDER_UNREACHABLE');
}

/** What a provider says of itself, once it is ready or the time is up. */
export async function whenReady(provider: ProviderBase, name: string, waiting: Waiting): Promise<Readiness> {
  const { waitMs = 0, signal, say } = waiting;
  const startedAt = performance.now();
  let toldAt: number | undefined;
  for (let pause = pollMs.first; ; pause = Math.min(pollMs.most, pause * 1.5)) {
    const readiness = await provider.ready(signal);
    const passed = performance.now() - startedAt;
    if (!mayBecomeReady(readiness) || passed >= waitMs) return readiness;
    if (toldAt === undefined || passed - toldAt >= tellMs) {
      toldAt = passed;
      say?.(`Waiting for ${name}: ${readiness.detail} (${spell(passed)} of ${spell(waitMs)})`);
    }
    await sleep(Math.min(pause, waitMs - passed), undefined, { signal }).catch(() => throwIfAborted(signal));
  }
}

function spell(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes} min${seconds % 60 === 0 ? '' : ` ${seconds % 60} s`}`;
}
