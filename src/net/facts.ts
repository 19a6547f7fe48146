import type { DubError } from '../errors.js';

/** What is known of a failed request besides its error: whether it may be repeated, and why. */
export interface FailureFacts {
  /** HTTP status, when an answer came. */
  readonly status?: number | undefined;
  /** True when the same request may succeed later. */
  readonly retryable: boolean;
  /** True when not one byte of the request left: refused, not found, no connection in time. */
  readonly unsent?: boolean | undefined;
  /** True when the service answered that it did not take the request on. */
  readonly notAccepted?: boolean | undefined;
  /** True when the service is overloaded or rate-limited, so that fewer requests should run side by side. */
  readonly busy?: boolean | undefined;
}

const known = new WeakMap<DubError, FailureFacts>();

/** Notes what is known of a failure and returns the error. */
export function withFacts(error: DubError, facts: FailureFacts): DubError {
  known.set(error, facts);
  return error;
}

/** What is known of an error; undefined for errors that did not come from a request. */
export function factsOf(error: unknown): FailureFacts | undefined {
  return known.get(error as DubError);
}

/** Carries the facts of one error over to its copy and returns the copy. */
export function copyFacts(from: DubError, to: DubError): DubError {
  const facts = known.get(from);
  return facts === undefined ? to : withFacts(to, facts);
}

/** The HTTP status behind an error thrown by `Http`; undefined when no answer came. */
export function replyStatus(error: unknown): number | undefined {
  return factsOf(error)?.status;
}
