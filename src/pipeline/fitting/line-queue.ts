/** Hands items from one stage to the next while both run: what is put in comes out in order, once. */
export class LineQueue<T> implements AsyncIterable<T> {
  private readonly items: T[] = [];
  private wake: (() => void) | undefined;
  private ended = false;

  /** Adds an item; it is never refused: a script's lines are bounded and small. */
  put(item: T): void {
    this.items.push(item);
    this.wake?.();
  }

  /** No more items come, be it that all are there or that what feeds the queue has failed. */
  end(): void {
    this.ended = true;
    this.wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (;;) {
      const item = this.items.shift();
      if (item !== undefined) {
        yield item;
        continue;
      }
      if (this.ended) return;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
