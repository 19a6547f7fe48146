/**
 * Runs two jobs side by side. When one fails the other is stopped and waited for, so that nothing goes on behind the
 * caller's back, and the failure is passed on.
 * @param signal stops both
 */
export async function together<A, B>(
  signal: AbortSignal,
  first: (signal: AbortSignal) => Promise<A>,
  second: (signal: AbortSignal) => Promise<B>,
): Promise<[A, B]> {
  const own = new AbortController();
  const shared = AbortSignal.any([signal, own.signal]);
  const stopOther = (cause: unknown) => {
    own.abort(cause);
    throw cause;
  };
  const [a, b] = await Promise.allSettled([first(shared).catch(stopOther), second(shared).catch(stopOther)]);
  if (a.status === 'fulfilled' && b.status === 'fulfilled') return [a.value, b.value];
  throw own.signal.reason;
}
