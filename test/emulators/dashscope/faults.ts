/**
 * What can go wrong at an endpoint.
 * `status`: an error answer (`status`, `code`, `message`). `code-in-200`: the same body under status 200.
 * `reset`: the connection is reset before the request is worked on. `reset-after`: the work is done, then the
 * connection is reset instead of an answer. `hang`: no answer ever, no work. `hang-after`: the work is done, no answer.
 * `cut`: the work is done and half of the answer comes, closed in good order. `html`: a gateway's page, status 200
 * unless told. `bad-json`: half of a JSON object, whole as HTTP. `empty`: no body, status 200 unless told.
 * `slow`: the answer comes after `delayMs`. `stream-error`: a stream breaks off with an error event after `pieces`
 * events. `stream-cut`: it ends after `pieces` events with the connection reset.
 */
export type FaultKind =
  | 'status'
  | 'code-in-200'
  | 'reset'
  | 'reset-after'
  | 'hang'
  | 'hang-after'
  | 'cut'
  | 'html'
  | 'bad-json'
  | 'empty'
  | 'slow'
  | 'stream-error'
  | 'stream-cut';

/** A scripted fault. */
export interface Fault {
  readonly kind?: FaultKind;
  /** How many requests meet it; 1 unless told, `Infinity` for good. */
  readonly times?: number;
  /** How many requests pass before. */
  readonly after?: number;
  readonly status?: number;
  readonly code?: string;
  readonly message?: string;
  /** The `type` of a compat error; by status unless told. */
  readonly type?: string;
  /** Seconds or a date, as it goes into the header. */
  readonly retryAfter?: number | string;
  readonly delayMs?: number;
  /** Events before a stream's fault; 1 unless told. */
  readonly pieces?: number;
}

/** Faults waiting at endpoints, first come first met. */
export interface FaultBook {
  add(endpoint: string, fault: Fault): void;
  /** The fault this request meets; undefined for none. */
  take(endpoint: string): Fault | undefined;
  /** Forgets the faults of an endpoint, or all. */
  clear(endpoint?: string): void;
}

interface Entry {
  readonly fault: Fault;
  skip: number;
  left: number;
}

/** A book without faults. */
export function createFaultBook(): FaultBook {
  const book = new Map<string, Entry[]>();
  return {
    add(endpoint, fault) {
      const entries = book.get(endpoint) ?? [];
      book.set(endpoint, entries);
      entries.push({ fault, skip: fault.after ?? 0, left: fault.times ?? 1 });
    },
    take(endpoint) {
      const entry = book.get(endpoint)?.find(({ left }) => left > 0);
      if (entry === undefined) return undefined;
      if (entry.skip > 0) {
        entry.skip--;
        return undefined;
      }
      entry.left--;
      return entry.fault;
    },
    clear(endpoint) {
      if (endpoint === undefined) book.clear();
      else book.delete(endpoint);
    },
  };
}
