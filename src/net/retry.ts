import { DubError, throwIfAborted } from '../errors.js';
import type { Clock } from './clock.js';
import { copyFacts, factsOf } from './facts.js';
import type { Pass } from './limits/gate.js';
import type { Turn } from './limits/limiter.js';

/**
 * What may be done twice: `safe` changes nothing (a poll), `repeatable` changes something but twice is as good as once
 * (an upload by key), `paid` costs money and goes again only if the service surely did not take it on.
 */
export type Repeat = 'safe' | 'repeatable' | 'paid';

/** How often and how long a request is tried. */
export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  /** The first wait is drawn from 0 to this; the range doubles each time (exponential back-off with full jitter). */
  readonly baseMs: number;
  /** No drawn wait is longer. */
  readonly maxWaitMs: number;
  /** A longer `Retry-After` is cut to this. */
  readonly maxRetryAfterMs: number;
  /** From the first attempt to the end of the last; waiting for a limiter or a place does not count. */
  readonly deadlineMs: number;
}

/** Five attempts within ten minutes, waits of up to 0.5, 1, 2, 4 s; `Retry-After` up to a minute. */
export const defaultRetry: RetryPolicy = {
  attempts: 5,
  baseMs: 500,
  maxWaitMs: 20_000,
  maxRetryAfterMs: 60_000,
  deadlineMs: 600_000,
};

/** A place, and the rate's leave to send. */
export interface Admission extends Pass, Turn {}

/** What `repeat` needs besides the attempt itself. */
export interface RepeatPlan {
  readonly kind: Repeat;
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Waits for a place and for the rate. */
  admit(): Promise<Admission>;
  /** Called before every wait; `attempt` counts from 1 and has just failed. */
  onRetry(error: DubError, attempt: number, waitMs: number): void;
}

/**
 * Makes attempts until one succeeds, fails for good, or nothing is left to try. The attempt gives its pass back itself
 * when it succeeds, because a stream may go on long after.
 */
export async function repeat<T>(
  plan: RepeatPlan,
  signal: AbortSignal,
  attempt: (pass: Admission, remainingMs: number) => Promise<T>,
): Promise<T> {
  let end = plan.clock.now() + plan.policy.deadlineMs;
  for (let made = 1; ; made++) {
    throwIfAborted(signal);
    const queuedAt = plan.clock.now();
    const pass = await plan.admit();
    end += plan.clock.now() - queuedAt;
    try {
      return await attempt(pass, end - plan.clock.now());
    } catch (error) {
      pass.leave(factsOf(error)?.busy ? 'busy' : 'failed');
      if (!(error instanceof DubError)) throw error;
      const waitMs = mayRepeat(error, plan.kind) ? nextWait(error, made, plan) : undefined;
      if (waitMs === undefined || made >= plan.policy.attempts || plan.clock.now() + waitMs >= end)
        throw told(error, made);
      plan.onRetry(error, made, waitMs);
      await plan.clock.sleep(waitMs, signal);
    }
  }
}

/**
 * The wait a reply asks for, in milliseconds; undefined when it names none. `Retry-After` is seconds or an HTTP date
 * (RFC 9110, 10.2.3); a date is read against the reply's own `Date`, so that a wrong clock here does no harm.
 */
export function retryAfter(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const text = headers['retry-after']?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  const until = Date.parse(text);
  if (Number.isNaN(until)) return undefined;
  const sent = Date.parse(headers.date ?? '');
  return Math.max(0, Math.round(until - (Number.isNaN(sent) ? now : sent)));
}

function mayRepeat(error: DubError, kind: Repeat): boolean {
  const facts = factsOf(error);
  if (facts === undefined || !facts.retryable) return false;
  return kind !== 'paid' || facts.unsent === true || facts.notAccepted === true;
}

function nextWait(error: DubError, made: number, { policy, random }: RepeatPlan): number {
  if (error.retryAfterMs === undefined) return random() * Math.min(policy.maxWaitMs, policy.baseMs * 2 ** (made - 1));
  const toldMs = Math.min(error.retryAfterMs, policy.maxRetryAfterMs);
  // Never less than told, and a little more: everyone who was told the same would come back at once.
  return toldMs + random() * Math.min(1000, toldMs / 10);
}

/** The error with the number of attempts, when there were several. */
function told(error: DubError, made: number): DubError {
  if (made === 1) return error;
  const copy = new DubError(error.code, `${error.message.replace(/\.$/, '')} (${made} attempts).`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.cause === undefined ? {} : { cause: error.cause }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    retryable: error.retryable,
  });
  return copyFacts(error, copy);
}
