import { createAgents } from './agents.js';
import { events, json, whole } from './calls.js';
import { systemClock } from './clock.js';
import { createDownload } from './download.js';
import { createFetch } from './fetch.js';
import type { Http, HttpOptions, HttpScope } from './http.js';
import { createGate } from './limits/gate.js';
import { createLimiter } from './limits/limiter.js';
import { createSharedLimits } from './limits/shared-limits.js';
import { redactText } from './redact.js';
import { createRunner, type Shared } from './runner.js';
import { talk } from './talk.js';

/** The HTTP client of the process. Opens nothing and loads nothing until the first request. */
export function createHttp(options: HttpOptions): Http {
  const clock = options.clock ?? systemClock;
  const connectMs = options.connectMs ?? 10_000;
  const own = { limiter: createLimiter(clock), gate: createGate() };
  const { sharedLimits } = options;
  const joint = sharedLimits && createSharedLimits(own, { ...sharedLimits, clock });
  const { limiter, gate } = joint ?? own;
  const agents = createAgents({ connectMs, env: options.env ?? {}, lookup: options.lookup });
  const shared: Shared = {
    ...{ agents, limiter, gate },
    close: () => Promise.all([agents.close(), joint?.close()]).then(() => undefined),
    clock,
    random: options.random ?? Math.random,
    userAgent: `dub/${options.version}`,
    connectMs,
  };
  return scoped(shared, options);
}

function scoped(shared: Shared, scope: HttpScope): Http {
  const runner = createRunner(shared, scope);
  const { limiter, gate } = shared;
  return {
    request: (request, signal) => whole(runner, request, signal, (reply) => reply),
    json: (schema, request, signal) => json(runner, schema, request, signal),
    events: (request, signal, options) => events(runner, request, signal, options ?? {}),
    talk: (request, signal, converse) => talk(runner, request, signal, converse),
    download: createDownload(runner),
    fetch: (defaults, onError) => createFetch(runner, defaults, onError),
    limit(key, rates) {
      limiter.configure(key, rates);
      if (rates.concurrency !== undefined) gate.configure(key, rates.concurrency);
    },
    limiter,
    gate,
    scope: (inner) => scoped(shared, narrowed(scope, inner)),
    redact: (text) => redactText(text, scope.secrets ?? []),
    close: shared.close,
  };
}

function narrowed(outer: HttpScope, inner: HttpScope): HttpScope {
  return {
    onRetry: inner.onRetry ?? outer.onRetry,
    limits: { ...outer.limits, ...inner.limits },
    retry: { ...outer.retry, ...inner.retry },
    secrets: [...(outer.secrets ?? []), ...(inner.secrets ?? [])],
    allowPrivateFor: [...(outer.allowPrivateFor ?? []), ...(inner.allowPrivateFor ?? [])],
  };
}
