import { setMaxListeners } from 'node:events';
import { type DubError, throwIfAborted } from '../errors.js';

/** Time as the client sees it, so that tests need not wait. */
export interface Clock {
  /** Milliseconds since 1970; never goes back. */
  now(): number;
  /** Resolves after `ms`; rejects at once with `INTERRUPTED` when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  sleep(ms, signal) {
    let timer: NodeJS.Timeout | undefined;
    const slept = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    return (signal === undefined ? slept : untilAborted(slept, signal)).finally(() => clearTimeout(timer));
  },
};

/** The promise, or `INTERRUPTED` the moment the signal is aborted; the promise's own end is then ignored. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = () => reject(interruption(signal));
    const forget = onAbort(signal, stop);
    promise.then(resolve, reject).finally(forget);
  });
}

/** Calls `stop` when the signal is aborted, now if it is already. @returns what takes the call back */
export function onAbort(signal: AbortSignal, stop: () => void): () => void {
  // One signal serves a whole run, hundreds of requests at once: more than ten listeners are no leak.
  setMaxListeners(0, signal);
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return () => signal.removeEventListener('abort', stop);
}

/** The error of an aborted signal: its reason when that is a `DubError`, else `INTERRUPTED`. */
export function interruption(signal: AbortSignal): DubError {
  try {
    throwIfAborted(signal);
  } catch (error) {
    return error as DubError;
  }
  throw new Error('The signal was not aborted.');
}
