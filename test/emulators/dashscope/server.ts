/*
 * Model Studio on loopback: three real HTTP servers (API, upload host, result host) that follow the published
 * protocol and never our client. How a part (asr.ts, chat.ts, tts.ts) plugs in:
 *
 *   export function asr(settings): Part {
 *     return (emulator) => {
 *       emulator.route({
 *         endpoint: 'asr.submit',                       // the name that fail(), limit() and requestsTo() go by
 *         method: 'POST',
 *         path: '/api/v1/services/audio/asr/transcription',   // ':name' parts come in call.params
 *         model: (id) => asrModels.has(id),             // several parts may share a path: the model decides
 *         async: 'required',                            // X-DashScope-Async: required | refused (default) | either
 *         handle: async (call) => {
 *           call.only(call.json, ['model', 'input', 'parameters'], 'body');   // anything else is a violation
 *           const media = await emulator.uploads.fetchMedia(call, url);       // oss:, data: and http: URLs
 *           const task = emulator.tasks.create(call, { pendingMs, runningMs, finish: async () => ({ output, usage }) });
 *           return { json: { output: { task_id: task.id, task_status: 'PENDING' } } };
 *         },
 *       });
 *     };
 *   }
 *   const emulator = await startEmulator({ parts: [asr(), chat()] });
 *
 * Before `handle` runs the core has checked key, region, workspace, rate, JSON, model and async header, and has met
 * scripted faults. `handle` returns an Answer (`json`, `bytes` or `events`) or throws an ApiError, which is framed
 * natively, compatibly or as an event, as path and request ask. `request_id` is added to native JSON; in compat mode
 * use call.requestId for `chatcmpl-<id>`. Files for the client to fetch: `emulator.results.publish(bytes, …)` gives a
 * signed link on the result host. `emulator.violations` lists every breach of protocol: tests expect none.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import { type Account, accountOf, authenticate, type Credentials, defaultAccounts, type RegionId } from './accounts.js';
import { createEmulatorClock, type EmulatorClock } from './clock.js';
import { createFaultBook, type Fault } from './faults.js';
import { createRateCounter, type EndpointRates } from './rates.js';
import { createResults, type Results } from './results.js';
import { createTasks, type Tasks } from './tasks.js';
import { createUploads, type Uploads } from './uploads.js';
import { listen, type RawAnswer, type RawRequest, type Reaction } from './wire.js';

export { type Account, defaultKey, type RegionId } from './accounts.js';
export { ApiError } from './api-error.js';
export type { Fault } from './faults.js';

import { ApiError, frameError, framePiece } from './api-error.js';

/** Adds routes to an emulator. */
export type Part = (emulator: Emulator) => void;

/** How the emulator is set up. */
export interface EmulatorOptions {
  readonly parts?: readonly Part[];
  /** The region whose host this is; `cn-beijing` unless told. */
  readonly region?: RegionId;
  /** Set for a workspace host, which takes only that workspace's keys. */
  readonly workspace?: string;
  readonly accounts?: readonly Account[];
  /** Where the API listens; a free port unless told. The other two hosts take free ports. */
  readonly port?: number;
  /** Added to every answer of the API. */
  readonly latencyMs?: number;
  /** User agents whose unknown fields are ignored, as the live service ignores them; for vendors' own clients. */
  readonly lenient?: RegExp;
  /** Told of every request of the API when it is answered, and of one that never will be when it comes. */
  readonly onRequest?: (request: LoggedRequest) => void;
}

/** One route of the API. */
export interface Route {
  readonly endpoint: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** Which models it serves; without it the route takes any request on its path. */
  readonly model?: (model: string) => boolean;
  readonly async?: 'required' | 'refused' | 'either';
  /** True for the few POSTs that need no body. */
  readonly bodyless?: boolean;
  handle(call: Call): Answer | Promise<Answer>;
}

/** A checked request. */
export interface Call {
  readonly endpoint: string;
  readonly method: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: RawRequest['headers'];
  readonly body: Buffer;
  /** The parsed body; undefined for none. */
  readonly json: unknown;
  /** The body's `model`; empty for none. */
  readonly model: string;
  readonly credentials: Credentials;
  readonly account: Account;
  readonly requestId: string;
  /** True under /compatible-mode/v1. */
  readonly compat: boolean;
  /** True when the client asked for events: X-DashScope-SSE natively, `stream: true` in compat mode. */
  readonly wantsStream: boolean;
  /** True when the client is one whose unknown fields are ignored. */
  readonly lenient: boolean;
  violation(what: string): void;
  /** Records a violation for every key of `value` that is not allowed. */
  only(value: unknown, allowed: readonly string[], where: string): void;
}

/** What a route answers: one of `json`, `bytes` and `events`. */
export interface Answer {
  readonly status?: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly json?: object;
  readonly bytes?: Uint8Array;
  readonly mediaType?: string;
  /** Server-sent events, framed by the core; an ApiError thrown in between becomes an error event. */
  readonly events?: Iterable<StreamPiece> | AsyncIterable<StreamPiece>;
}

/** One event of a stream. */
export interface StreamPiece {
  readonly data: object | string;
  /** Milliseconds before it is sent. */
  readonly waitMs?: number;
}

/** A request as the log keeps it. */
export interface LoggedRequest {
  readonly endpoint: string;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: RawRequest['headers'];
  readonly body: Buffer;
  /** The parsed body; undefined when it is no JSON. */
  readonly json: unknown;
  readonly atMs: number;
  /** The fault it met. */
  readonly fault: Fault | undefined;
  /** Undefined until it is answered, and for ever when it never was. */
  status: number | undefined;
  requestId: string;
}

/** The running service. */
export interface Emulator {
  /** Base URL of the API, without a path. */
  readonly url: string;
  readonly region: RegionId;
  readonly accounts: readonly Account[];
  readonly clock: EmulatorClock;
  readonly uploads: Uploads;
  readonly tasks: Tasks;
  readonly results: Results;
  /** Every request to any of the three servers, in order. */
  readonly requests: readonly LoggedRequest[];
  requestsTo(endpoint: string): readonly LoggedRequest[];
  /** Requests of the API that have no answer yet. */
  readonly open: number;
  readonly violations: readonly string[];
  violation(what: string): void;
  route(route: Route): void;
  fail(endpoint: string, fault: Fault): void;
  /** Forgets the faults of an endpoint, or all. */
  heal(endpoint?: string): void;
  limit(endpoint: string, rates: EndpointRates): void;
  setLatency(ms: number): void;
  /** Puts a request in the log; for the other two servers. */
  log(endpoint: string, request: RawRequest): LoggedRequest;
  /** The fault that a request to this endpoint meets. */
  takeFault(endpoint: string): Fault | undefined;
  close(): Promise<void>;
}

/** Starts the three servers. Uploads, tasks and results are always there; the rest comes in parts. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const clock = createEmulatorClock();
  const faults = createFaultBook();
  const rates = createRateCounter(clock);
  const routes: Route[] = [];
  const requests: LoggedRequest[] = [];
  const violations: string[] = [];
  const accounts = options.accounts ?? defaultAccounts;
  const region = options.region ?? 'cn-beijing';
  let latencyMs = options.latencyMs ?? 0;

  const core = {
    region,
    accounts,
    clock,
    requests,
    violations,
    requestsTo: (endpoint: string) => requests.filter((request) => request.endpoint === endpoint),
    violation: (what: string) => void violations.push(what),
    route: (route: Route) => void routes.push(route),
    fail: (endpoint: string, fault: Fault) => faults.add(endpoint, fault),
    heal: (endpoint?: string) => faults.clear(endpoint),
    limit: (endpoint: string, limit: EndpointRates) => rates.set(endpoint, limit),
    setLatency(ms: number) {
      latencyMs = ms;
    },
    takeFault: (endpoint: string) => faults.take(endpoint),
    log(endpoint: string, request: RawRequest): LoggedRequest {
      const { method, url, headers, body } = request;
      const logged: LoggedRequest = {
        ...{ endpoint, method, path: url.pathname, query: url.searchParams, headers, body },
        json: parseJson(body),
        atMs: clock.now(),
        fault: undefined,
        status: undefined,
        requestId: randomUUID(),
      };
      requests.push(logged);
      return logged;
    },
  };

  async function react(request: RawRequest): Promise<Reaction> {
    const path = request.url.pathname;
    const compat = path.startsWith('/compatible-mode/');
    const json = parseJson(request.body);
    const model = modelOf(json) || (request.url.searchParams.get('model') ?? '');
    const onPath = routes
      .map((route) => ({ route, params: match(route.path, path) }))
      .filter(({ route, params }) => params !== undefined && route.method === request.method);
    const found = onPath.find(({ route }) => route.model === undefined || route.model(model));
    const endpoint = (found ?? onPath[0])?.route.endpoint ?? 'unknown';
    const logged = core.log(endpoint, request);
    const fault = faults.take(endpoint);
    Object.assign(logged, { fault });
    if (fault !== undefined && /^(reset|hang)/.test(fault.kind ?? '')) options.onRequest?.(logged);
    const wantsStream = compat ? fieldOf(json, 'stream') === true : request.headers['x-dashscope-sse'] === 'enable';
    const lenient = options.lenient?.test(request.headers['user-agent'] ?? '') ?? false;
    const framing = { compat, wantsStream, requestId: logged.requestId };

    async function answer(): Promise<RawAnswer> {
      if (latencyMs > 0) await clock.sleep(latencyMs);
      try {
        if (fault?.kind === 'status' || (fault !== undefined && fault.kind === undefined)) throw scripted(fault);
        if (fault?.kind === 'code-in-200') throw scripted(fault, 200);
        const credentials = authenticate(request.headers, { accounts, region, workspace: options.workspace });
        const account = accountOf(credentials, accounts);
        if (!rates.admit(endpoint, account.id)) {
          throw new ApiError(429, 'Throttling.RateQuota', 'Requests rate limit exceeded, please try again later.');
        }
        if (found === undefined) throw unknownRoute(model, onPath.length > 0, compat);
        if (!found.route.bodyless) checkJson(request, json);
        checkAsync(found.route, request.headers);
        const call: Call = {
          ...{ endpoint, method: request.method, path, params: found.params ?? {}, query: request.url.searchParams },
          ...{ headers: request.headers, body: request.body, json, model, credentials, account, lenient },
          ...framing,
          violation: (what) => core.violation(`${endpoint}: ${what}`),
          only(value, allowed, where) {
            if (lenient || typeof value !== 'object' || value === null) return;
            for (const key of Object.keys(value)) {
              if (!allowed.includes(key)) core.violation(`${endpoint}: unknown field ${where}.${key}`);
            }
          },
        };
        const given = await found.route.handle(call);
        logged.status = given.status ?? 200;
        return rawAnswer(given, framing, fault);
      } catch (error) {
        if (!(error instanceof ApiError)) {
          core.violation(`${endpoint}: the emulator failed: ${error instanceof Error ? error.stack : String(error)}`);
        }
        const known = error instanceof ApiError ? error : new ApiError(500, 'InternalError', String(error));
        logged.status = known.status;
        return frameError(known, framing, standardHeaders(logged.requestId));
      } finally {
        if (!/^(reset|hang)/.test(fault?.kind ?? '')) options.onRequest?.(logged);
      }
    }
    return { fault, answer };
  }

  const api = await listen(react, options.port);
  const emulator = Object.assign(core, { url: api.url }) as unknown as Emulator;
  Object.defineProperty(emulator, 'open', { get: () => api.open });
  const [uploads, results] = [await createUploads(emulator), await createResults(emulator)];
  Object.assign(emulator, { uploads, results, tasks: createTasks(emulator) });
  Object.assign(emulator, {
    async close() {
      await Promise.all([api.close(), uploads.close(), results.close()]);
    },
  });
  for (const part of options.parts ?? []) part(emulator);
  return emulator;
}

interface Framing {
  readonly compat: boolean;
  readonly wantsStream: boolean;
  readonly requestId: string;
}

function rawAnswer(answer: Answer, framing: Framing, fault: Fault | undefined): RawAnswer {
  const headers = { ...standardHeaders(framing.requestId), ...answer.headers };
  const status = answer.status ?? 200;
  if (answer.events !== undefined) {
    const type = { 'content-type': 'text/event-stream;charset=UTF-8' };
    return { status, headers: { ...headers, ...type }, body: framed(answer.events, framing, fault) };
  }
  if (answer.bytes !== undefined) {
    const type = { 'content-type': answer.mediaType ?? 'application/octet-stream' };
    return { status, headers: { ...headers, ...type }, body: answer.bytes };
  }
  const json = framing.compat ? answer.json : { request_id: framing.requestId, ...answer.json };
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(json)),
  };
}

async function* framed(
  events: NonNullable<Answer['events']>,
  framing: Framing,
  fault: Fault | undefined,
): AsyncGenerator<string> {
  let id = 0;
  try {
    for await (const { data, waitMs } of events) {
      if (fault?.kind === 'stream-error' && id >= (fault.pieces ?? 1)) throw scripted(fault, fault.status ?? 500);
      if (waitMs !== undefined) await new Promise((resolve) => setTimeout(resolve, waitMs));
      yield framePiece(data, ++id, framing.compat, framing.requestId);
    }
    if (framing.compat) yield 'data: [DONE]\n\n';
  } catch (error) {
    const known = error instanceof ApiError ? error : new ApiError(500, 'InternalError', String(error));
    yield framePiece(known, ++id, framing.compat, framing.requestId);
  }
}

/** The headers seen on live answers; no rate-limit headers exist. */
function standardHeaders(requestId: string): OutgoingHttpHeaders {
  return {
    'x-request-id': requestId,
    'x-dashscope-call-gateway': 'true',
    'req-cost-time': '12',
    'x-envoy-upstream-service-time': '10',
    server: 'istio-envoy',
    vary: 'Origin,Access-Control-Request-Method,Access-Control-Request-Headers, Accept-Encoding',
    'set-cookie': `acw_tc=${createHash('md5').update(requestId).digest('hex')};path=/;HttpOnly;Max-Age=1800`,
  };
}

function scripted(fault: Fault, status = fault.status ?? 500): ApiError {
  const details = {
    ...(fault.type === undefined ? {} : { type: fault.type }),
    ...(fault.retryAfter === undefined ? {} : { headers: { 'retry-after': String(fault.retryAfter) } }),
  };
  return new ApiError(status, fault.code ?? 'InternalError', fault.message ?? 'Scripted fault.', details);
}

function unknownRoute(model: string, pathIsKnown: boolean, compat: boolean): ApiError {
  if (!pathIsKnown) return new ApiError(404, 'NotFound', 'Not found!');
  if (model === '') return new ApiError(400, 'InvalidParameter', 'you must provide a model parameter.');
  if (!compat) return new ApiError(400, 'InvalidParameter', 'Model not exist.');
  return new ApiError(404, 'ModelNotFound', `The model \`${model}\` does not exist or you do not have access to it.`);
}

function checkJson({ method, headers }: RawRequest, json: unknown): void {
  if (method !== 'POST') return;
  if (!/^application\/json\b/.test(headers['content-type'] ?? '') || json === undefined) {
    throw new ApiError(400, 'InvalidParameter', 'Required body invalid, please check the request body format.');
  }
}

function checkAsync(route: Route, headers: RawRequest['headers']): void {
  const asked = headers['x-dashscope-async'] === 'enable';
  if (route.async === 'required' && !asked) {
    throw new ApiError(403, 'AccessDenied', 'current user api does not support synchronous calls.');
  }
  if ((route.async ?? 'refused') === 'refused' && asked) {
    throw new ApiError(403, 'AccessDenied', 'Current user api does not support asynchronous calls.');
  }
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index]!;
    if (part.startsWith(':') && value !== '') params[part.slice(1)] = decodeURIComponent(value);
    else if (part !== value) return undefined;
  }
  return params;
}

function parseJson(body: Buffer): unknown {
  try {
    return body.length === 0 ? undefined : (JSON.parse(body.toString()) as unknown);
  } catch {
    return undefined;
  }
}

function modelOf(json: unknown): string {
  const model = fieldOf(json, 'model');
  return typeof model === 'string' ? model : '';
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
