import { DubError } from '../../../errors.js';
import { replyStatus } from '../../../net/facts.js';

/**
 * Asks a second time when an answer was lost on the way: it can be had in no other way and costs a fraction of a cent.
 * What was surely not taken on is asked again by the HTTP client underneath.
 */
export async function askAgainIfLost<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!wasLost(error)) throw withHint(error);
  }
  try {
    return await ask();
  } catch (error) {
    throw withHint(error);
  }
}

/** An answer that broke off says nothing of what to do. */
function withHint(error: unknown): unknown {
  if (!(error instanceof DubError) || error.hint !== undefined || error.code === 'INTERRUPTED') return error;
  return new DubError(error.code, error.message, {
    hint: 'Check the network and the proxy; the same command resumes.',
    cause: error,
    retryable: error.retryable,
  });
}

/** True when the work may have been done but its answer did not arrive whole. */
function wasLost(error: unknown): boolean {
  if (!(error instanceof DubError) || !error.retryable) return false;
  const status = replyStatus(error);
  if (error.code === 'PROVIDER_UNREACHABLE') return status === undefined;
  return error.code === 'PROVIDER_BAD_REPLY' && (status === undefined || status < 300);
}
