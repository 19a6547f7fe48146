import type { StageContext } from '../context.js';

type Task<T> = (ctx: StageContext) => Promise<T>;

/** Runs both at once; when one fails the other is stopped, and gone before this rejects. */
export async function together<A, B>(ctx: StageContext, [first, second]: readonly [Task<A>, Task<B>]): Promise<[A, B]> {
  const own = new AbortController();
  const inner = { ...ctx, signal: AbortSignal.any([ctx.signal, own.signal]) };
  const guarded = async <T>(task: Task<T>) => {
    try {
      return await task(inner);
    } catch (error) {
      if (!own.signal.aborted) own.abort(error);
      throw own.signal.reason;
    }
  };
  const results = await Promise.allSettled([guarded(first), guarded(second)]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  const [a, b] = results;
  return [(a as PromiseFulfilledResult<A>).value, (b as PromiseFulfilledResult<B>).value];
}
