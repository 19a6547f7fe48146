import { DubError, throwIfAborted } from '../../../errors.js';
import type { Readiness } from '../../contract.js';
import { missingUrl } from './options.js';
import type { IndexServer } from './server.js';

/** Looks at every server at once; one that is ready is enough. */
export async function readinessOf(servers: readonly IndexServer[], signal: AbortSignal): Promise<Readiness> {
  if (servers.length === 0)
    return { ready: false, detail: 'no server is named', hint: missingUrl, code: 'CONFIG_INVALID' };
  const found = await Promise.all(servers.map((server) => lookAt(server, signal)));
  throwIfAborted(signal);
  const detail = found.map((one) => one.detail).join('; ');
  if (found.some(({ state }) => state === 'ready')) return { ready: true, detail };
  const first = found.find(({ state }) => state === 'loading') ?? found[0]!;
  return { ready: false, detail, loading: first.state === 'loading', hint: first.hint, code: first.code };
}

interface Found {
  readonly state: 'ready' | 'loading' | 'unfit' | 'away';
  readonly detail: string;
  readonly hint?: string | undefined;
  readonly code?: Readiness['code'];
}

const waits = 'Wait for it with --wait-ready 15m, or look at the server.';
const away =
  'Check INDEXTTS_URL, and that the server is started there; --wait-ready 15m waits for it. The same command resumes.';

async function lookAt(server: IndexServer, signal: AbortSignal): Promise<Found> {
  const { host } = server;
  try {
    const { state, detail, hint = waits } = await server.look(signal);
    const code = state === 'loading' ? 'PROVIDER_BUSY' : 'PROVIDER_UNSUPPORTED';
    return { state, detail: `${host}: ${detail}`, hint, code };
  } catch (error) {
    if (!(error instanceof DubError) || error.code === 'INTERRUPTED') throw error;
    const loading = error.code === 'PROVIDER_BUSY';
    const detail = error.message.replace(/\.$/, '');
    const hint = error.code === 'PROVIDER_UNREACHABLE' ? away : (error.hint ?? waits);
    return { state: loading ? 'loading' : 'away', detail, hint, code: error.code };
  }
}
