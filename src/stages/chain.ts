import { DubError, type DubErrorCode } from '../errors.js';

/**
 * Failures that another engine may not have. A bad input, a full disk, an interruption or a ceiling is the same for every
 * engine, so they end the run as they are.
 */
const mendable: ReadonlySet<string> = new Set<DubErrorCode>([
  ...(['PROVIDER_AUTH', 'PROVIDER_QUOTA', 'PROVIDER_REFUSED', 'PROVIDER_UNSUPPORTED', 'ENGINE_MISSING'] as const),
  ...(['PROVIDER_BUSY', 'PROVIDER_UNREACHABLE', 'PROVIDER_TIMEOUT', 'PROVIDER_BAD_REPLY'] as const),
]);

/** Failures that say nothing of the engine, only of what it was asked. */
const ofTheRequest: ReadonlySet<DubErrorCode> = new Set(['PROVIDER_REFUSED', 'PROVIDER_UNSUPPORTED']);

/** Failures that will not pass by themselves. */
const ofTheAccount: ReadonlySet<DubErrorCode> = new Set(['PROVIDER_AUTH', 'PROVIDER_QUOTA', 'ENGINE_MISSING']);

/** True when another engine may do what this one could not. */
export function isMendable(error: unknown): error is DubError {
  return error instanceof DubError && mendable.has(error.code);
}

/** The same of a failed line's code. */
export function mayBeMended(code: string): boolean {
  return mendable.has(code);
}

/** A change of engine as events tell it. */
export function fallbackOf(from: string, to: string, { code, message }: DubError) {
  return { from, to, code, message };
}

/** When an engine is left alone, and for how long. */
export interface BreakerTimes {
  /** Failures in a row after which it is left alone. */
  readonly failures: number;
  /** How long, milliseconds, before one request tries it again. */
  readonly restMs: number;
}

const usualTimes: BreakerTimes = { failures: 3, restMs: 30_000 };

interface State {
  failures: number;
  /** Until when it is left alone; 0 while it works. */
  openUntil: number;
  isProbing: boolean;
}

/**
 * Leaves an engine alone that failed several times in a row, or whose account is refused, so that hundreds of lines need
 * not find out one by one. After a rest one request tries it; when that succeeds it is used again.
 */
export class Breaker {
  readonly #states = new Map<string, State>();

  /** @param now milliseconds on a clock that never goes back */
  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly times: BreakerTimes = usualTimes,
  ) {}

  /** Whether the engine may be asked; a probe counts as asked until `succeeded` or `failed` is told. */
  allows(label: string): boolean {
    const state = this.#states.get(label);
    if (state === undefined || state.openUntil === 0) return true;
    if (state.isProbing || this.now() < state.openUntil) return false;
    state.isProbing = true;
    return true;
  }

  succeeded(label: string): void {
    this.#states.delete(label);
  }

  /** Notes a failure; one of the request alone shows that the engine works. */
  failed(label: string, error: unknown): void {
    const code = error instanceof DubError ? error.code : undefined;
    if (code !== undefined && ofTheRequest.has(code)) {
      this.succeeded(label);
      return;
    }
    const state = this.#states.get(label) ?? { failures: 0, openUntil: 0, isProbing: false };
    const failures = state.failures + 1;
    const opens = failures >= this.times.failures || (code !== undefined && ofTheAccount.has(code)) || state.isProbing;
    const openUntil = opens ? this.now() + this.times.restMs : 0;
    this.#states.set(label, { failures, openUntil, isProbing: false });
  }

  /** A request that was neither: cut short by an interruption, or by what is no engine's fault. */
  abandoned(label: string): void {
    const state = this.#states.get(label);
    if (state !== undefined) state.isProbing = false;
  }
}

/** One engine of a chain. */
export interface Link {
  /** `name[:model]`. */
  readonly label: string;
}

/** Told when an engine's work goes to the next one. */
export type OnFallback<L extends Link> = (from: L, to: L, error: DubError) => void;

/**
 * Asks one engine after the other until one does it, in their order; those that the breaker leaves alone are passed over
 * while there is another.
 * @throws the last engine's error; at once an error that no other engine can mend
 */
export async function askInTurn<L extends Link, T>(
  links: readonly L[],
  breaker: Breaker,
  ask: (link: L) => Promise<T>,
  onFallback: OnFallback<L>,
): Promise<{ readonly value: T; readonly by: L }> {
  let failed: { readonly link: L; readonly error: DubError } | undefined;
  for (const [index, link] of links.entries()) {
    const isLast = index === links.length - 1;
    if (!breaker.allows(link.label) && !isLast) continue;
    if (failed !== undefined) onFallback(failed.link, link, failed.error);
    try {
      const value = await ask(link);
      breaker.succeeded(link.label);
      return { value, by: link };
    } catch (error) {
      if (!isMendable(error)) {
        breaker.abandoned(link.label);
        throw error;
      }
      breaker.failed(link.label, error);
      if (isLast) throw error;
      failed = { link, error };
    }
  }
  throw failed?.error ?? new Error('a chain needs an engine');
}
