import type { Cost, Rates } from './limiter.js';
import type { ProcessName } from './machine.js';

/** A process that has requests of a key under way or waits to have one. */
export interface Holder extends ProcessName {
  /** When it counts as gone unless it has shown itself again, by the machine's clock. */
  readonly until: number;
  /** Requests under way. */
  readonly running: number;
  /** Its place in the line; undefined while it does not wait. The smallest is first. */
  readonly ticket?: number | undefined;
}

/** What the processes of a machine know together of one key. Times are milliseconds of the machine's clock. */
export interface SharedState {
  /** When requests were let go last, the newest at the end; a time ahead belongs to a process that waits for it. */
  readonly slots: readonly number[];
  /** When all tokens taken so far are earned. */
  readonly earnedAt: number;
  readonly notBefore: number;
  /** Requests that may run side by side while the service is busy; undefined for as many as configured. */
  readonly places?: number | undefined;
  /** Raised at every shrinking: requests that began before it do not shrink it again. */
  readonly epoch: number;
  /** The last ticket that was drawn. */
  readonly ticket: number;
  readonly holders: Readonly<Record<string, Holder>>;
}

/** Nothing taken, nobody there. */
const fresh: SharedState = { slots: [], earnedAt: 0, notBefore: 0, epoch: 0, ticket: 0, holders: {} };

/** Longer than any wait that is meant: a time so far ahead was written before the machine started anew. */
const farthestMs = 3_600_000;

/** Times of slots that are kept: a window never holds more. */
const keptSlots = 32;

/**
 * How much slower than allowed requests are let go. A service counts when they arrive: one that is 30 ms late and a
 * next one that is not would otherwise share a second with one too many. What leaves this machine late is told to all
 * (`withLate`), so this is for the way to the service alone.
 */
const margin = 1.04;

/** The state as it was read; what is damaged, or of an earlier start of the machine, counts as nothing. */
export function parseState(json: unknown, now: number): SharedState {
  if (!isRecord(json)) return fresh;
  const { slots, earnedAt, notBefore, places, epoch, ticket, holders } = json;
  const isTime = (value: unknown) => isCount(value) && value < now + farthestMs;
  return {
    slots: Array.isArray(slots) && slots.every(isTime) ? (slots as number[]) : [],
    earnedAt: isTime(earnedAt) ? (earnedAt as number) : 0,
    notBefore: isTime(notBefore) ? (notBefore as number) : 0,
    places: isCount(places) && places >= 1 ? places : undefined,
    epoch: isCount(epoch) ? epoch : 0,
    ticket: isCount(ticket) ? ticket : 0,
    holders: isRecord(holders)
      ? Object.fromEntries(
          Object.entries(holders).filter((entry): entry is [string, Holder] => isHolder(entry[1], now)),
        )
      : {},
  };
}

/**
 * The earliest moment a request may go, and the state in which it has it for itself, when there are rates. Never more than a second's share
 * within a second (or a burst's within `burstMs`), nobody before whoever asked earlier.
 */
export function reserve(
  state: SharedState,
  rates: Rates,
  cost: Cost,
  now: number,
): { readonly slot: number; readonly next?: SharedState | undefined } {
  const { requestsPerMinute, tokensPerMinute, burstMs = 1000 } = rates;
  const slots = [...state.slots];
  const tokenMs = tokensPerMinute === undefined ? 0 : ((cost.tokens ?? 0) * 60_000 * margin) / tokensPerMinute;
  let slot = Math.max(now, state.notBefore, slots.at(-1) ?? 0);
  if (tokenMs > 0) slot = Math.max(slot, state.earnedAt - burstMs + Math.min(tokenMs, burstMs));
  if (requestsPerMinute !== undefined) {
    const { share, windowMs } = shareOf(requestsPerMinute, burstMs);
    const slowMs = windowMs * margin;
    for (let request = 0; request < (cost.requests ?? 1); request++) {
      const before = slots.at(-share) ?? -Infinity;
      slot = Math.max(slot, before + slowMs);
      // A share at once is for who begins. In a long run they go evenly: a service that gets three together counts the
      // last of them late, and may hold it against the next second.
      if (before > slot - 2 * slowMs) slot = Math.max(slot, slots.at(-1)! + slowMs / share);
      slots.push(slot);
    }
  }
  if (requestsPerMinute === undefined && tokenMs === 0) return { slot };
  const earnedAt = tokenMs > 0 ? Math.max(state.earnedAt, slot) + tokenMs : state.earnedAt;
  return { slot, next: { ...state, slots: slots.slice(-keptSlots), earnedAt } };
}

/** How many requests may go within how long. */
function shareOf(requestsPerMinute: number, burstMs: number): { readonly share: number; readonly windowMs: number } {
  const share = Math.min(keptSlots, Math.max(1, Math.floor((requestsPerMinute * burstMs) / 60_000)));
  return { share, windowMs: (share * 60_000) / requestsPerMinute };
}

/** Whether a slot may be used now: not when its moment has passed and others had theirs meanwhile, or went late. */
export function isFree(state: SharedState, rates: Rates, slot: number, now: number): boolean {
  if (state.notBefore > now) return false;
  if (rates.requestsPerMinute === undefined) return true;
  const { share, windowMs } = shareOf(rates.requestsPerMinute, rates.burstMs ?? 1000);
  const before = giveBack(state, slot).slots.filter((one) => one <= now);
  return before.length < share || before.at(-share)! + windowMs <= now;
}

/** The state without a slot that was not used. */
export function giveBack(state: SharedState, slot: number): SharedState {
  const at = state.slots.lastIndexOf(slot);
  return at < 0 ? state : { ...state, slots: state.slots.toSpliced(at, 1) };
}

/** The state with the moment at which a request truly went in place of its slot. */
export function withLate(state: SharedState, slot: number, now: number): SharedState {
  const { slots } = giveBack(state, slot);
  return { ...state, slots: [...slots, now].sort((a, b) => a - b).slice(-keptSlots) };
}

/** The state with a process's entry as it should be; none when it neither runs nor waits for anything. */
export function withHolder(state: SharedState, name: string, holder: Holder): SharedState {
  const { [name]: _, ...others } = state.holders;
  const isIdle = holder.running === 0 && holder.ticket === undefined;
  return { ...state, holders: isIdle ? others : { ...others, [name]: holder } };
}

/** The state without the processes that `gone` tells. */
export function withoutHolders(state: SharedState, gone: (holder: Holder) => boolean): SharedState {
  const all = Object.entries(state.holders);
  const left = all.filter(([, holder]) => !gone(holder));
  return left.length === all.length ? state : { ...state, holders: Object.fromEntries(left) };
}

/** Whether there is a place for a process, beside one for everyone who waits ahead of it. */
export function hasPlace(state: SharedState, name: string, most: number): boolean {
  const places = Math.floor(Math.min(most, state.places ?? most));
  const own = state.holders[name]?.ticket ?? Infinity;
  const others = Object.entries(state.holders).filter(([other]) => other !== name);
  const ahead = others.filter(([, { ticket }]) => ticket !== undefined && ticket < own).length;
  return runningIn(state) + ahead < places;
}

/** The state after a request has ended: places halved when the service was busy, one more after as many successes as places. */
export function afterEnd(state: SharedState, end: 'ok' | 'busy' | 'failed', epoch: number, most: number): SharedState {
  if (end === 'busy' && epoch === state.epoch) {
    const running = Math.min(state.places ?? most, runningIn(state));
    return { ...state, places: Math.max(1, Math.floor(running / 2)), epoch: epoch + 1 };
  }
  if (end !== 'ok' || state.places === undefined) return state;
  const places = state.places + 1 / state.places;
  return { ...state, places: places >= most ? undefined : places };
}

function runningIn({ holders }: SharedState): number {
  return Object.values(holders).reduce((sum, { running }) => sum + running, 0);
}

function isHolder(value: unknown, now: number): value is Holder {
  if (!isRecord(value)) return false;
  const { pid, started, space, until, running, ticket } = value;
  const texts = [started, space].every((text) => text === undefined || typeof text === 'string');
  return isCount(pid) && texts && isCount(until) && until < now + farthestMs && isCount(running) && isOptional(ticket);
}

function isOptional(value: unknown): boolean {
  return value === undefined || isCount(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
