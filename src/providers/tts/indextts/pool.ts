import { DubError, throwIfAborted } from '../../../errors.js';
import { type Clock, untilAborted } from '../../../net/clock.js';
import { factsOf } from '../../../net/facts.js';

/** A server among several: what it has to do, and how it fares. */
export interface Member {
  /** Host with its port. */
  readonly host: string;
  /** It was put aside: whatever is remembered of it may no longer hold. */
  forget(): void;
}

/** How a pool is run. */
export interface PoolOptions {
  /** Lines side by side at each server. */
  readonly perServer: number;
  /** How long a line waits for servers that are down before it gives up, in milliseconds. */
  readonly patienceMs: number;
  readonly clock: Clock;
  /** Told when a server is put aside. */
  onAside(host: string, error: DubError): void;
  /** Told when a piece of work has failed and is given out again; `attempt` counts from 1. */
  onRetry?:
    | ((notice: { readonly attempt: number; readonly waitMs: number; readonly code: DubError['code'] }) => void)
    | undefined;
}

/** What an error says of the server: it is down, its answer was bad, it took too long, or nothing. */
type Trouble = 'down' | 'bad' | 'slow' | 'none';

interface State<M> {
  readonly member: M;
  running: number;
  /** Failures in a row. */
  failures: number;
  asideUntil: number;
  lastError: DubError | undefined;
}

const firstAsideMs = 500;
const longestAsideMs = 30_000;

/**
 * Several servers that do the same: the least busy one is taken; one that fails is put aside, longer each time, and
 * tried again. A line whose server goes down is given to another; what answers badly is asked once more, elsewhere
 * where there is an elsewhere.
 */
export class Pool<M extends Member> {
  private readonly states: readonly State<M>[];
  private readonly waiting = new Set<() => void>();

  constructor(
    members: readonly M[],
    private readonly options: PoolOptions,
  ) {
    this.states = members.map((member) => ({ member, running: 0, failures: 0, asideUntil: 0, lastError: undefined }));
  }

  /**
   * Gives one piece of work to a server that fits.
   * @param fits asked anew each time, since more is known of a server once it has been looked at
   * @throws the last error, when servers stay down for longer than the patience or answers stay bad
   */
  async run<T>(fits: (member: M) => boolean, work: (member: M) => Promise<T>, signal: AbortSignal): Promise<T> {
    const tried = new Set<State<M>>();
    let troubleSince: number | undefined;
    let failed: { readonly attempt: number; readonly error: DubError; readonly at: number } | undefined;
    for (let attempt = 1; ; attempt++) {
      throwIfAborted(signal);
      // A server may turn out not to fit once it has been looked at.
      if (failed !== undefined && !this.states.some(({ member }) => fits(member))) throw failed.error;
      const state = await this.enter(fits, tried, troubleSince, signal);
      if (failed !== undefined) {
        const waitMs = Math.round(this.options.clock.now() - failed.at);
        this.options.onRetry?.({ attempt: failed.attempt, waitMs, code: failed.error.code });
      }
      try {
        const result = await work(state.member);
        Object.assign(state, { failures: 0, asideUntil: 0, lastError: undefined });
        return result;
      } catch (error) {
        const trouble = troubleOf(error);
        if (trouble === 'none') throw error;
        failed = { attempt, error: error as DubError, at: this.options.clock.now() };
        this.putAside(state, failed.error, trouble);
        if (trouble === 'down') troubleSince ??= failed.at;
        else if (this.isHopeless(state, tried, trouble, fits)) throw error;
      } finally {
        state.running--;
        this.tell();
      }
    }
  }

  /** True when the line had its second chance, or one at every server. */
  private isHopeless(state: State<M>, tried: Set<State<M>>, trouble: Trouble, fits: (member: M) => boolean): boolean {
    const again = tried.has(state);
    tried.add(state);
    const others = this.states.filter((one) => one !== state && !tried.has(one) && fits(one.member));
    if (others.length > 0) return false;
    return again || tried.size > 1 || trouble === 'slow';
  }

  /** Waits for a place at the best server there is. */
  private async enter(
    fits: (member: M) => boolean,
    tried: ReadonlySet<State<M>>,
    troubleSince: number | undefined,
    signal: AbortSignal,
  ): Promise<State<M>> {
    const { clock, patienceMs, perServer } = this.options;
    const startedAt = clock.now();
    for (;;) {
      const now = clock.now();
      const fitting = this.states.filter(({ member }) => fits(member));
      if (fitting.length === 0) throw new Error('no server of the pool fits, which is to be refused before');
      const up = fitting.filter(({ asideUntil }) => asideUntil <= now);
      const fresh = up.filter((state) => !tried.has(state));
      const wanted = fresh.length > 0 ? fresh : up;
      const best = wanted.filter(({ running }) => running < perServer).sort(byLoad)[0];
      if (best !== undefined) {
        best.running++;
        return best;
      }
      const allAside = up.length === 0;
      const since = troubleSince ?? startedAt;
      if (allAside && now - since >= patienceMs) throw this.givenUp(fitting, patienceMs);
      const back = Math.min(...fitting.map(({ asideUntil }) => asideUntil).filter((at) => at > now));
      const untilMs = allAside ? Math.min(back, since + patienceMs) - now : back - now;
      await this.waitForChange(Number.isFinite(untilMs) ? Math.max(1, untilMs) : undefined, signal);
    }
  }

  private putAside(state: State<M>, error: DubError, trouble: Trouble): void {
    const { clock, onAside } = this.options;
    state.failures++;
    state.lastError = error;
    // A lone server that answered badly is asked again at once; there is nothing to spare it for.
    if (trouble !== 'down' && this.states.length === 1) return;
    const backOff = Math.min(longestAsideMs, firstAsideMs * 2 ** (state.failures - 1));
    state.asideUntil = clock.now() + Math.max(backOff, error.retryAfterMs ?? 0);
    if (trouble === 'down') state.member.forget();
    if (state.failures === 1) onAside(state.member.host, error);
  }

  private givenUp(states: readonly State<M>[], patienceMs: number): DubError {
    const first = states[0]!.lastError!;
    if (states.length === 1) return repeated(first, patienceMs);
    const told = states.map(({ lastError }) => lastError?.message).filter((message) => message !== undefined);
    return new DubError('PROVIDER_UNREACHABLE', `None of the ${states.length} servers serves now. ${told.join(' ')}`, {
      hint: first.hint ?? 'The same command resumes.',
      cause: first,
      retryable: true,
    });
  }

  /** Wakes everyone who waits for a place. */
  private tell(): void {
    for (const wake of this.waiting) wake();
  }

  /** Until a place is given back, or for `ms`. */
  private async waitForChange(ms: number | undefined, signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    let wake = () => {};
    const changed = new Promise<void>((resolve) => {
      wake = resolve;
      this.waiting.add(wake);
    });
    try {
      if (ms === undefined) return await untilAborted(changed, signal);
      const slept = this.options.clock.sleep(ms, stop.signal).catch(() => undefined);
      await untilAborted(Promise.race([slept, changed]), signal);
    } finally {
      this.waiting.delete(wake);
      stop.abort();
    }
  }
}

function byLoad<M>(a: State<M>, b: State<M>): number {
  return a.running - b.running || a.failures - b.failures;
}

function troubleOf(error: unknown): Trouble {
  if (!(error instanceof DubError)) return 'none';
  switch (error.code) {
    case 'PROVIDER_UNREACHABLE':
    case 'PROVIDER_BUSY':
      // A certificate that is not trusted stays so.
      return error.retryable ? 'down' : 'none';
    case 'PROVIDER_TIMEOUT':
      return factsOf(error)?.unsent === true ? 'down' : 'slow';
    case 'PROVIDER_BAD_REPLY':
      return 'bad';
    default:
      return 'none';
  }
}

function repeated(error: DubError, patienceMs: number): DubError {
  const seconds = Math.round(patienceMs / 1000);
  const message = `${error.message.replace(/\.$/, '')} (tried again for ${seconds} s).`;
  return new DubError(error.code, message, {
    hint: error.hint ?? 'The same command resumes.',
    retryable: true,
    cause: error,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  });
}
