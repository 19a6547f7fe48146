/** The operations a fault can be put on. */
export type OssOperation =
  | 'put'
  | 'get'
  | 'head'
  | 'delete'
  | 'delete-many'
  | 'list'
  | 'initiate'
  | 'part'
  | 'complete'
  | 'abort'
  | 'parts'
  | 'lifecycle-get'
  | 'lifecycle-put'
  | 'lifecycle-delete';

/**
 * What can go wrong.
 * `error`: an XML error instead of the work. `reset`: the connection is reset after `bytes` of the body, no work.
 * `reset-after` and `hang-after`: the work is done, then a reset or no answer. `hang`: neither work nor answer.
 * `cut`: the work is done, half of the answer comes. `html`: a gateway's page with `status`, no work. `empty`: an empty
 * answer without any of the service's headers. `slow`: the body is read in steps of `delayMs`. `no-crc`: the answer
 * lacks the CRC. `no-sums`: it lacks the CRC, and its ETag is no MD5. `damaged`: other bytes are stored than were sent.
 * `body`: `message` is the body of an answer that is otherwise good.
 */
export interface OssFault {
  readonly kind:
    | 'error'
    | 'reset'
    | 'reset-after'
    | 'hang'
    | 'hang-after'
    | 'cut'
    | 'html'
    | 'empty'
    | 'slow'
    | 'no-crc'
    | 'no-sums'
    | 'damaged'
    | 'body';
  /** How many requests meet it; 1 unless told. */
  readonly times?: number;
  /** How many requests pass before. */
  readonly after?: number;
  readonly status?: number;
  readonly code?: string;
  readonly message?: string;
  /** More elements of the XML. */
  readonly elements?: Readonly<Record<string, string>>;
  readonly ec?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytes?: number;
  readonly delayMs?: number;
}

/** Faults waiting, first come first met. */
export class FaultList {
  private readonly waiting: {
    readonly operation: OssOperation;
    readonly fault: OssFault;
    skip: number;
    left: number;
  }[] = [];

  add(operation: OssOperation, fault: OssFault): void {
    this.waiting.push({ operation, fault, skip: fault.after ?? 0, left: fault.times ?? 1 });
  }

  /** The fault that this request meets. */
  take(operation: OssOperation): OssFault | undefined {
    const entry = this.waiting.find((one) => one.operation === operation && one.left > 0);
    if (entry === undefined) return undefined;
    if (entry.skip > 0) {
      entry.skip--;
      return undefined;
    }
    entry.left--;
    return entry.fault;
  }

  clear(): void {
    this.waiting.length = 0;
  }
}
