import type { Attempt, Runner } from './runner.js';

/**
 * What is read of an answer after the call has returned: its place is given back when it ends, is left, or runs out of
 * time because nobody reads it, and its errors come without secrets.
 */
export function streaming<T>(
  items: AsyncIterable<T>,
  attempt: Attempt,
  runner: Runner,
): AsyncGenerator<T, void, undefined> {
  // Set up here and not inside the generator, which runs only once it is read.
  attempt.watch.signal.addEventListener('abort', () => attempt.pass.leave('failed'), { once: true });
  return passOn(items, attempt, runner);
}

async function* passOn<T>(
  items: AsyncIterable<T>,
  { pass, watch }: Attempt,
  runner: Runner,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* items;
    pass.leave('ok');
  } catch (error) {
    throw runner.redacted(error);
  } finally {
    watch.stop();
    pass.leave('failed');
  }
}
