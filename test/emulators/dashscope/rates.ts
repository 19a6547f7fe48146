import type { EmulatorClock } from './clock.js';

/** What an endpoint allows, per account; undefined means no limit. */
export interface EndpointRates {
  readonly perSecond?: number;
  readonly perMinute?: number;
}

/** Counts requests in sliding windows, as a service does that says 429. */
export interface RateCounter {
  set(endpoint: string, rates: EndpointRates): void;
  /** Counts one request; false when it is one too many, which is then not counted. */
  admit(endpoint: string, account: string): boolean;
}

/** A counter without limits. */
export function createRateCounter(clock: EmulatorClock): RateCounter {
  const rates = new Map<string, EndpointRates>();
  const seen = new Map<string, number[]>();
  return {
    set: (endpoint, limit) => void rates.set(endpoint, limit),
    admit(endpoint, account) {
      const limit = rates.get(endpoint);
      if (limit === undefined) return true;
      const now = clock.now();
      const key = `${endpoint} ${account}`;
      const recent = (seen.get(key) ?? []).filter((at) => at > now - 60_000);
      seen.set(key, recent);
      const lastSecond = recent.filter((at) => at > now - 1000).length;
      if (lastSecond >= (limit.perSecond ?? Infinity) || recent.length >= (limit.perMinute ?? Infinity)) return false;
      recent.push(now);
      return true;
    },
  };
}
