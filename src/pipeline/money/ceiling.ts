import { DubError, throwIfAborted } from '../../errors.js';
import { formatAmount, tidyAmount } from '../../pricing/money.js';

/** Money put aside for one call; exactly one of the three is called, once. */
export interface Hold {
  /** The call came to this much. */
  settle(amount: number): void;
  /** The call may have been billed: what was put aside counts as spent. */
  keep(): void;
  /** The call was surely not billed. */
  release(): void;
}

/**
 * The most that one call of the command may cost, shared by everything it does. What calls in flight may come to is put
 * aside, so that no number of them side by side exceeds it.
 */
export class Ceiling {
  #spent = 0;
  #held = 0;
  #inFlight = 0;
  #closed = false;
  readonly #waiting: (() => void)[] = [];
  readonly #watched = new WeakSet<AbortSignal>();

  constructor(
    readonly max: number,
    readonly currency: string,
  ) {}

  get spent(): number {
    return tidyAmount(this.#spent);
  }

  /**
   * Puts `amount` aside. A call that fits only once others turn out cheaper than feared waits for them; when none of them
   * is left it is refused, and so is everything after it. Calls in flight are let finish first: they are paid for.
   * @param call the call in words, for the refusal
   * @throws COST_LIMIT
   */
  async reserve(amount: number, call: string, signal: AbortSignal): Promise<Hold> {
    for (;;) {
      throwIfAborted(signal);
      if (!this.#closed && fits(this.#spent + this.#held + amount, this.max)) return this.#hold(amount);
      if (this.#closed || !fits(this.#spent + amount, this.max)) this.#closed = true;
      if (this.#inFlight === 0) {
        this.#closed = true;
        throw this.#refusal(amount, call);
      }
      await this.#change(signal);
    }
  }

  #hold(amount: number): Hold {
    this.#held += amount;
    this.#inFlight += 1;
    const end = (spent: number) => {
      this.#held -= amount;
      this.#inFlight -= 1;
      this.#spent += spent;
      this.#wakeAll();
    };
    return { settle: end, keep: () => end(amount), release: () => end(0) };
  }

  /** Resolves when a call in flight has ended or the run is stopped. */
  #change(signal: AbortSignal): Promise<void> {
    // One listener for all that wait: there may be as many as there are lines.
    if (!this.#watched.has(signal)) signal.addEventListener('abort', () => this.#wakeAll(), { once: true });
    this.#watched.add(signal);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #refusal(amount: number, call: string): DubError {
    const { currency, max } = this;
    const told = (money: number) => formatAmount(money, currency);
    return new DubError(
      'COST_LIMIT',
      `Stopped at the ceiling: ${told(this.spent)} of --max-cost ${told(max)} is spent, and the next call (${call}) may cost up to ${told(amount)}.`,
      {
        hint: `What is paid for is kept. The same command with a higher --max-cost, counted anew, goes on from here; \`dub plan\` tells what is left to pay.`,
      },
    );
  }
}

/** Sums of many small amounts are off by their last digits. */
function fits(sum: number, max: number): boolean {
  return sum <= max + 1e-9;
}
