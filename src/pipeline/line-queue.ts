/** Hands items from one stage to the next while both run: what is put in comes out in order, once. */
export class LineQueue<T> implements AsyncIterable<T> {
  private readonly items: T[] = [];
  private wake: (() => void) | undefined;
  private ended = false;
  private failure: { readonly error: unknown } | undefined;

  /** Adds an item; it is never refused: a script's lines are bounded and small. */
  put(item: T): void {
    this.items.push(item);
    this.wake?.();
  }

  /** No more items come. */
  end(): void {
    this.ended = true;
    this.wake?.();
  }

  /** The feeding stage failed: the reader gets the error after the items already put. */
  fail(error: unknown): void {
    this.failure = { error };
    this.wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (;;) {
      const item = this.items.shift();
      if (item !== undefined) {
        yield item;
        continue;
      }
      if (this.failure) throw this.failure.error;
      if (this.ended) return;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
