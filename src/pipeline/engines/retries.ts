/** A request of a provider that failed and is made again. */
export interface ProviderRetry {
  readonly stage: string;
  /** `name[:model]`. */
  readonly provider: string;
  /** The attempt that comes, from 2. */
  readonly attempt: number;
  readonly waitMs: number;
  readonly code: string;
}

/** Carries what providers tell of their requests to the run they are made for, which begins after them. */
export interface RetryRelay {
  tell(retry: ProviderRetry): void;
  /** @returns what ends the listening */
  listen(listener: (retry: ProviderRetry) => void): () => void;
}

/** A relay that nobody listens to yet; what is told before is dropped. */
export function createRetryRelay(): RetryRelay {
  const listeners = new Set<(retry: ProviderRetry) => void>();
  return {
    tell(retry) {
      for (const listener of listeners) listener(retry);
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
