import { DubError } from '../errors.js';
import { interruption, onAbort } from './clock.js';
import { withFacts } from './facts.js';

/** How long one attempt may take, in milliseconds. */
export interface TimeLimits {
  /** Silence: nothing sent and nothing received, the wait for the answer included. */
  readonly idleMs: number;
  /** The whole attempt, from connecting to the last byte. */
  readonly totalMs: number;
}

/** Ends one attempt when the caller aborts or a time limit passes. */
export interface Watch {
  /** Aborted with the `DubError` to throw. */
  readonly signal: AbortSignal;
  /** Something moved: the idle limit starts anew. */
  touch(): void;
  /** The idle limit waits: it is the reader's turn, not the network's. */
  pause(): void;
  /** The attempt is over. */
  stop(): void;
}

/** Timers beyond 2^31 - 1 ms fire at once. */
const longestTimer = 2_147_483_647;

/** @param what the request as messages name it, e.g. `POST api.example.com/v1/tasks` */
export function startWatch(what: string, limits: TimeLimits, caller: AbortSignal): Watch {
  const controller = new AbortController();
  const { signal } = controller;
  const total = setTimeout(() => end(tooLong(what, limits.totalMs)), Math.min(limits.totalMs, longestTimer));
  let idle = armIdle();
  let forget: (() => void) | undefined;

  function armIdle(): NodeJS.Timeout {
    return setTimeout(() => end(silent(what, limits.idleMs)), Math.min(limits.idleMs, longestTimer));
  }
  function stop(): void {
    clearTimeout(total);
    clearTimeout(idle);
    forget?.();
  }
  function end(reason: DubError): void {
    stop();
    controller.abort(reason);
  }

  forget = onAbort(caller, () => end(interruption(caller)));
  return {
    signal,
    touch() {
      if (signal.aborted) return;
      clearTimeout(idle);
      idle = armIdle();
    },
    pause: () => clearTimeout(idle),
    stop,
  };
}

function silent(what: string, idleMs: number): DubError {
  return timeLimit(`${what} was silent for ${seconds(idleMs)} (idle limit).`);
}

function tooLong(what: string, totalMs: number): DubError {
  return timeLimit(`${what} took longer than ${seconds(totalMs)} in all (total limit).`);
}

function timeLimit(message: string): DubError {
  const hint = 'The service or the network is slow; the same command resumes.';
  return withFacts(new DubError('PROVIDER_TIMEOUT', message, { hint, retryable: true }), { retryable: true });
}

/** Milliseconds as messages name them: `0.2 s`, `60 s`. */
export function seconds(ms: number): string {
  return `${Number((ms / 1000).toPrecision(3))} s`;
}
