import type { Clock } from '../clock.js';
import { createLine, type Line } from './line.js';

/** What a service allows. Undefined means no limit. */
export interface Rates {
  readonly requestsPerMinute?: number | undefined;
  readonly tokensPerMinute?: number | undefined;
  /**
   * How much may go at once, as milliseconds of the rate; at least one request. 1000 unless told, because services
   * enforce a limit per minute by the second (60 a minute behaves as one a second).
   */
  readonly burstMs?: number | undefined;
}

/** What one request takes. */
export interface Cost {
  /** 1 unless told. */
  readonly requests?: number | undefined;
  /** 0 unless told. */
  readonly tokens?: number | undefined;
}

/** Leave to send one request now. */
export interface Turn {
  /** Told when the request is on its way, which may be later than now; only the first call counts. */
  sent(): void;
}

/** Token buckets by key (a service and model): requests wait in the order they came. */
export interface Limiter {
  /** Sets or changes the rates of a key; a key without rates is not limited. */
  configure(key: string, rates: Rates): void;
  /** Resolves when the key has enough left; rejects at once with `INTERRUPTED` on abort, letting the next one on. */
  take(key: string, cost: Cost, signal: AbortSignal): Promise<Turn>;
  /** Lets nothing through for `ms`, as a service asked by `Retry-After`. */
  pause(key: string, ms: number): void;
}

/** What fills at a steady rate up to a capacity. More than the capacity may be taken once it is full: it goes below zero. */
interface Tank {
  perMs: number;
  capacity: number;
  level: number;
}

interface Bucket {
  requests: Tank | undefined;
  tokens: Tank | undefined;
  /** When the tanks were filled last. */
  filledAt: number;
  notBefore: number;
  readonly line: Line;
}

/** A limiter with nothing configured. */
export function createLimiter(clock: Clock): Limiter {
  const buckets = new Map<string, Bucket>();

  function bucketOf(key: string): Bucket {
    const found = buckets.get(key);
    if (found !== undefined) return found;
    const bucket = {
      requests: undefined,
      tokens: undefined,
      filledAt: clock.now(),
      notBefore: 0,
      line: createLine(),
    };
    buckets.set(key, bucket);
    return bucket;
  }

  async function waitForEnough(
    bucket: Bucket,
    cost: { readonly requests: number; readonly tokens: number },
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      const now = clock.now();
      fill(bucket, now);
      const waitMs = Math.max(
        bucket.notBefore - now,
        shortage(bucket.requests, cost.requests),
        shortage(bucket.tokens, cost.tokens),
      );
      if (waitMs <= 0) break;
      await clock.sleep(waitMs, signal);
    }
    if (bucket.requests) bucket.requests.level -= cost.requests;
    if (bucket.tokens) bucket.tokens.level -= cost.tokens;
  }

  return {
    configure(key, rates) {
      const bucket = bucketOf(key);
      fill(bucket, clock.now());
      bucket.requests = tank(rates.requestsPerMinute, rates.burstMs, bucket.requests);
      bucket.tokens = tank(rates.tokensPerMinute, rates.burstMs, bucket.tokens);
    },
    take(key, cost, signal) {
      const bucket = bucketOf(key);
      const { requests = 1, tokens = 0 } = cost;
      return bucket.line.run(signal, async () => {
        await waitForEnough(bucket, { requests, tokens }, signal);
        return { sent: () => undefined };
      });
    },
    pause(key, ms) {
      const bucket = bucketOf(key);
      bucket.notBefore = Math.max(bucket.notBefore, clock.now() + ms);
    },
  };
}

function tank(perMinute: number | undefined, burstMs = 1000, before: Tank | undefined): Tank | undefined {
  if (perMinute === undefined) return undefined;
  const perMs = perMinute / 60_000;
  const capacity = Math.max(1, perMs * burstMs);
  return { perMs, capacity, level: Math.min(capacity, before?.level ?? capacity) };
}

function fill(bucket: Bucket, now: number): void {
  const passedMs = Math.max(0, now - bucket.filledAt);
  bucket.filledAt = now;
  for (const one of [bucket.requests, bucket.tokens]) {
    if (one) one.level = Math.min(one.capacity, one.level + passedMs * one.perMs);
  }
}

/** Milliseconds until `amount` may be taken. */
function shortage(one: Tank | undefined, amount: number): number {
  if (one === undefined || amount === 0) return 0;
  const missing = Math.min(amount, one.capacity) - one.level;
  // A remainder below a thousandth is floating-point dust, not a reason to wait once more.
  return missing <= 0.001 ? 0 : missing / one.perMs;
}
