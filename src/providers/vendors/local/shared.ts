import { throwIfAborted } from '../../../errors.js';
import { interruption } from './interruption.js';

/**
 * An answer that is asked for once and shared by all who want it at the same time or later. A failure is not kept.
 * One caller's abort ends only that caller's waiting; when the last one has gone, the asking is aborted too.
 */
export class SharedAnswer<Value> {
  private answer: Promise<Value> | undefined;
  private waiting = 0;
  private asking = new AbortController();

  constructor(private readonly ask: (signal: AbortSignal) => Promise<Value>) {}

  async get(signal: AbortSignal): Promise<Value> {
    throwIfAborted(signal);
    this.answer ??= this.begin();
    this.waiting++;
    try {
      return await unlessAborted(this.answer, signal);
    } finally {
      this.waiting--;
      if (this.waiting === 0 && signal.aborted) this.asking.abort(signal.reason);
    }
  }

  private begin(): Promise<Value> {
    this.asking = new AbortController();
    const answer = this.ask(this.asking.signal);
    answer.catch(() => {
      if (this.answer === answer) this.answer = undefined;
    });
    return answer;
  }
}

function unlessAborted<Value>(value: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(interruption(signal));
    signal.addEventListener('abort', abort, { once: true });
    value.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
