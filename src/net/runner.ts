import type { Agents, Reach } from './agents.js';
import { type PreparedBody, prepareBody } from './body.js';
import type { Clock } from './clock.js';
import { exchange, type OpenReply } from './exchange.js';
import { factsOf } from './facts.js';
import { failure } from './failures.js';
import type { HttpRequest, HttpScope } from './http.js';
import type { Gate, Pass } from './limits/gate.js';
import type { Limiter, Turn } from './limits/limiter.js';
import { redactError, redactText } from './redact.js';
import { type Admission, defaultRetry, type Repeat, type RepeatPlan, repeat } from './retry.js';
import { startWatch, type TimeLimits, type Watch } from './watch.js';

/** A minute of silence, five minutes in all. */
const defaultLimits: TimeLimits = { idleMs: 60_000, totalMs: 300_000 };

/** What all scopes of a client have in common. */
export interface Shared {
  readonly agents: Agents;
  readonly limiter: Limiter;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly random: () => number;
  readonly userAgent: string;
  readonly connectMs: number;
  /** Ends every connection and gives back what is shared with other processes. */
  close(): Promise<void>;
}

/** One attempt of a request. */
export interface Attempt {
  readonly watch: Watch;
  /** To be given back when the answer has been read; `run` does so after an error. */
  readonly pass: Pass;
  readonly url: URL;
  /** The request as messages name it, without its query. */
  readonly what: string;
  /** Sends the request to this address and waits for the head of the answer. */
  send(url: URL, reach: Reach): Promise<OpenReply>;
}

/** Makes attempts under the limits, rates and retries of a request. */
export interface Runner {
  readonly shared: Shared;
  readonly scope: HttpScope;
  /** @throws what the last attempt threw, without secrets */
  run<T>(request: HttpRequest, signal: AbortSignal, attempt: (attempt: Attempt) => Promise<T>): Promise<T>;
  redacted(error: unknown): unknown;
}

/** A runner for one scope. */
export function createRunner(shared: Shared, scope: HttpScope): Runner {
  const secrets = scope.secrets ?? [];
  const redacted = (error: unknown) => redactError(error, secrets);
  return {
    shared,
    scope,
    redacted,
    async run(request, signal, attempt) {
      try {
        const url = parsed(request.url);
        const method = methodOf(request);
        const what = redactText(`${method} ${url.host}${url.pathname}`, secrets);
        const limits = { ...defaultLimits, ...defined(scope.limits), ...defined(request.limits) };
        const body = request.body === undefined ? undefined : await prepareBody(request.body);
        return await repeat(
          planOf({ request, method, what, signal }, shared, scope),
          signal,
          async (pass, remainingMs) => {
            const watch = startWatch(what, { ...limits, totalMs: Math.min(limits.totalMs, remainingMs) }, signal);
            try {
              return await attempt({
                watch,
                pass,
                url,
                what,
                send: sender({ request, method, what, body, shared, watch, turn: pass }),
              });
            } catch (error) {
              watch.stop();
              throw error;
            }
          },
        );
      } catch (error) {
        throw redacted(error);
      }
    },
  };
}

interface Sending {
  readonly request: HttpRequest;
  readonly method: string;
  readonly what: string;
  readonly body: PreparedBody | undefined;
  readonly shared: Shared;
  readonly watch: Watch;
  readonly turn: Turn;
}

function sender({ request, method, what, body, shared, watch, turn }: Sending): Attempt['send'] {
  const headers = { 'user-agent': shared.userAgent, ...lowerCase(request.headers ?? {}) };
  const { connectMs } = shared;
  function onSent(bytes: number): void {
    turn.sent();
    request.onSent?.(bytes);
  }
  return (url, reach) =>
    exchange({ method, url, headers, body, reach, what, connectMs, onSent }, shared.agents, watch).finally(turn.sent);
}

interface Asking {
  readonly request: HttpRequest;
  readonly method: string;
  readonly what: string;
  readonly signal: AbortSignal;
}

function planOf({ request, method, what, signal }: Asking, shared: Shared, scope: HttpScope): RepeatPlan {
  const { agents, limiter, gate, clock, random } = shared;
  const asked = request.limiter;
  const policy = { ...defaultRetry, ...defined(scope.retry), ...defined(request.retry) };
  return {
    kind: request.idempotent ?? usualKind(method),
    policy,
    clock,
    random,
    async admit() {
      if (asked === undefined) return freePass;
      // Loaded before the turn comes: what is let go in its moment must not arrive in another.
      await agents.get('configured');
      const pass = await gate.enter(asked.key, signal);
      try {
        const { sent } = await limiter.take(asked.key, { tokens: asked.tokens }, signal);
        return { leave: pass.leave, sent };
      } catch (error) {
        pass.leave('failed');
        throw error;
      }
    },
    onRetry(error, attempt, waitMs) {
      // A wait that the service asked for holds for everyone under the same key; when it asked for none, a short one.
      const told = error.retryAfterMs !== undefined;
      if (asked !== undefined && (told || factsOf(error)?.busy))
        limiter.pause(asked.key, told ? waitMs : Math.min(waitMs, policy.baseMs));
      const message = redactText(error.message, scope.secrets ?? []);
      scope.onRetry?.({ request: what, attempt, waitMs: Math.round(waitMs), code: error.code, message });
    },
  };
}

/** @throws `CONFIG_INVALID` when requests cannot be sent to it */
function parsed(url: string | URL): URL {
  const hint = 'Check the base URL: it must begin with https:// or http://, and have no user name in it.';
  const fine = URL.canParse(url instanceof URL ? url.href : url) ? new URL(url) : undefined;
  if (fine !== undefined && /^https?:$/.test(fine.protocol) && fine.username === '' && fine.password === '')
    return fine;
  const shown = fine === undefined || fine.host === '' ? String(url) : `${fine.protocol}//${fine.host}`;
  throw failure(
    'CONFIG_INVALID',
    `${shown} is not a URL that requests can be sent to.`,
    { retryable: false },
    { hint },
  );
}

/** GET without a body and POST with one, unless told. */
export function methodOf(request: HttpRequest): string {
  return request.method ?? (request.body === undefined ? 'GET' : 'POST');
}

function usualKind(method: string): Repeat {
  return method === 'GET' || method === 'HEAD' ? 'safe' : 'paid';
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Without keys that are there but undefined, which would hide a default. */
function defined<T extends object>(settings: Partial<T> | undefined): Partial<T> {
  return Object.fromEntries(Object.entries(settings ?? {}).filter(([, value]) => value !== undefined)) as Partial<T>;
}

const freePass: Admission = { leave: () => undefined, sent: () => undefined };
