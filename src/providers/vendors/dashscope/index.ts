import { createHash } from 'node:crypto';
import { DubError } from '../../../errors.js';
import { type Clock, systemClock } from '../../../net/clock.js';
import type { FetchDefaults, Http, HttpRequest, HttpScope, Schema } from '../../../net/http.js';
import type { CallOptions, DashscopeClient, DashscopeReply, SubmitOptions } from './client.js';
import { readEventError, requestIdOf } from './envelope.js';
import { createClassifier, judgeError } from './errors.js';
import { prefixes, resolveHost } from './hosts.js';
import type { DashscopeOptions } from './options.js';
import { pollTask, submitReply, taskReply } from './tasks.js';
import { createUpload, policyReply } from './uploads.js';

export type { DashscopeClient } from './client.js';
export { prefixes } from './hosts.js';
export { type DashscopeOptions, dashscopeFields, dashscopeSecrets } from './options.js';
export { type FinishedTask, type SubmittedTask, taskDeadlineMs } from './tasks.js';

/** What a client may not reach for by itself; `ProviderTools` is one. */
export interface DashscopeTools {
  readonly http?: ((scope: HttpScope) => Promise<Http>) | undefined;
  /** The machine's clock unless told. */
  readonly clock?: Clock | undefined;
  /** From 0 to below 1; `Math.random` unless told. */
  readonly random?: (() => number) | undefined;
}

/** Six attempts with waits drawn from 0 to 1, 2, 4, 8 and 16 s: limits are counted by the minute. */
const retry = { attempts: 6, baseMs: 1000, maxWaitMs: 16_000 } as const;

/**
 * Longest silence of paid work, in milliseconds: models are given 300 s before the service says RequestTimeOut, and to
 * give up earlier would be to pay and get nothing.
 */
const workLimits = { idleMs: 310_000 } as const;

/** Questions for a task's state are paced by the poller, not by the client underneath. */
const askOnce = { attempts: 1 } as const;

/** 15 a second, five at once, for the 20 a second that an account has for all its programs. */
const taskRates = { requestsPerMinute: 900, burstMs: 333 } as const;

const sdkLimitMs = 24 * 3_600_000;

/**
 * A client of Model Studio for one key and one host.
 * @throws `CONFIG_INVALID` for an unknown region, a base URL that is none, or a region that needs a workspace
 */
export function dashscope(options: DashscopeOptions, tools: DashscopeTools): DashscopeClient {
  const host = resolveHost(options);
  const apiKey = options.apiKey ?? '';
  const account = createHash('sha256').update(apiKey).digest('hex').slice(0, 12);
  const clock = tools.clock ?? systemClock;
  const random = tools.random ?? Math.random;
  const situation = { host, apiKey };
  const keyOf = (name: string) => `dashscope ${host.host} ${account} ${name}`;
  let opened: Promise<Http> | undefined;

  function open(): Promise<Http> {
    opened ??= openHttp();
    return opened;
  }

  async function openHttp(): Promise<Http> {
    if (apiKey === '') throw new DubError('PROVIDER_AUTH', 'There is no API key for DashScope.', { hint: missingKey });
    if (!/^[\x21-\x7e]+$/.test(apiKey)) {
      throw new DubError('CONFIG_INVALID', 'DASHSCOPE_API_KEY has a space or a character outside ASCII in it.', {
        hint: 'Copy the key anew from https://bailian.console.aliyun.com; nothing but the key belongs in the variable.',
      });
    }
    if (tools.http === undefined) {
      throw new DubError('CONFIG_INVALID', 'DashScope is a service, and no HTTP client was given to reach it.', {
        hint: 'Leave --offline out, or choose providers that run on this machine.',
      });
    }
    const http = await tools.http({
      allowPrivateFor: [host.baseUrl],
      secrets: [apiKey],
      limits: { totalMs: host.timeoutMs },
      retry,
    });
    http.limit(keyOf('tasks'), taskRates);
    return http;
  }

  const workspace = host.workspaceHeader === undefined ? {} : { 'X-DashScope-WorkSpace': host.workspaceHeader };

  function headers(extra: Readonly<Record<string, string>>): Record<string, string> {
    return { Authorization: `Bearer ${apiKey}`, ...workspace, ...extra };
  }

  function settings({ model, tokens, limits, ...rest }: CallOptions, works: boolean): FetchDefaults {
    return {
      ...rest,
      classify: createClassifier(situation),
      ...(model === undefined ? {} : { limiter: { key: keyOf(model), tokens } }),
      limits: works ? { ...workLimits, ...limits } : limits,
    };
  }

  function request(
    path: string,
    body: object | undefined,
    extra: Record<string, string>,
    options: CallOptions,
  ): HttpRequest {
    const resolves = body !== undefined && namesStoredFile(body) ? { 'X-DashScope-OssResourceResolve': 'enable' } : {};
    const model = options.model ?? modelOf(body);
    return {
      ...settings({ ...options, model }, body !== undefined),
      url: `${host.baseUrl}${path}`,
      headers: headers({ ...resolves, ...extra }),
      ...(body === undefined ? {} : { body: { json: body } }),
    };
  }

  async function ask<T>(schema: Schema<T>, made: HttpRequest, signal: AbortSignal): Promise<DashscopeReply<T>> {
    const http = await open();
    let requestId: string | undefined;
    const reply = await http.json(
      withRequestId(schema, (id) => (requestId = id)),
      made,
      signal,
    );
    const id = requestId ?? requestIdOf(reply.headers);
    return { value: reply.value, requestIds: id === undefined ? [] : [id] };
  }

  async function* stream<T>(
    path: string,
    body: object,
    schema: Schema<T>,
    signal: AbortSignal,
    options: CallOptions = {},
  ): AsyncGenerator<DashscopeReply<T>, void, undefined> {
    const http = await open();
    const asking = path.startsWith(prefixes.compat) ? {} : { 'X-DashScope-SSE': 'enable' };
    const reply = await http.events(request(path, body, asking, options), signal, { comments: true });
    const headerId = requestIdOf(reply.headers);
    for await (const event of reply.events) {
      if (event.data === '[DONE]') return;
      const failed = readEventError(event);
      if (failed) throw judgeError({ ...failed, requestId: failed.requestId ?? headerId }, situation).error;
      let id: string | undefined;
      const value = parseEvent(
        withRequestId(schema, (found) => (id = found)),
        event.data,
        headerId,
      );
      const requestId = id ?? headerId;
      yield { value, requestIds: requestId === undefined ? [] : [requestId] };
    }
  }

  async function submit(path: string, body: object, signal: AbortSignal, { onSubmitted, ...options }: SubmitOptions) {
    const made = request(path, body, { 'X-DashScope-Async': 'enable' }, options);
    const { value, requestIds } = await ask(submitReply, made, signal);
    const task = { taskId: value.output.task_id, requestId: requestIds[0] ?? '' };
    await onSubmitted(task);
    return task;
  }

  const taskError: DashscopeClient['taskError'] = (code, message, requestId) =>
    judgeError(
      { status: 0, code: code ?? '', message: message === code ? '' : (message ?? ''), requestId, enveloped: true },
      situation,
    ).error;

  const client: DashscopeClient = {
    host: host.host,
    region: host.region?.name,
    account,
    warnings: host.warnings,
    ready() {
      if (apiKey === '') return { ready: false, detail: 'no API key', hint: missingKey };
      const place = host.region === undefined ? '' : ` (${host.region.place})`;
      return { ready: true, detail: [`key set, ${host.host}${place}`, ...host.warnings].join('; ') };
    },
    async limit(model, rates) {
      (await open()).limit(keyOf(model), rates);
    },
    get: (path, schema, signal, options = {}) => ask(schema, request(path, undefined, {}, options), signal),
    post: (path, body, schema, signal, options = {}) => ask(schema, request(path, body, {}, options), signal),
    stream,
    submit,
    poll(taskId, schema, signal, pollOptions) {
      const made = {
        ...request(
          `${prefixes.native}/tasks/${encodeURIComponent(taskId)}`,
          undefined,
          {},
          { model: 'tasks', retry: askOnce },
        ),
      };
      const polling = {
        ...{ clock, random, firstWaitMs: options.pollMs, failed: taskError },
        ask: async () => {
          const { value, requestIds } = await ask(
            taskReply,
            { ...made, classify: createClassifier(situation) },
            signal,
          );
          return { json: value, requestIds };
        },
      };
      return pollTask(taskId, schema, polling, pollOptions, signal);
    },
    taskError,
    upload: createUpload({
      ...{ ...situation, account, clock, open },
      askPolicy(model, signal) {
        const query = new URLSearchParams({ action: 'getPolicy', model });
        // Documented as required, though there is no body.
        const type = { 'Content-Type': 'application/json' };
        return ask(policyReply, request(`${prefixes.native}/uploads?${query}`, undefined, type, {}), signal);
      },
    }),
    download: (async (url, options) => (await open()).download(overHttps(url), options)) as DashscopeClient['download'],
    async sdk({ onError, ...sdkOptions }) {
      const http = await open();
      return {
        baseURL: `${host.baseUrl}${prefixes.compat}`,
        apiKey,
        defaultHeaders: workspace,
        // Made anew for every request, since a classifier counts the tries of one.
        fetch: (input, init) => http.fetch(settings(sdkOptions, true), onError)(input, init),
        maxRetries: 0,
        timeout: sdkLimitMs,
      };
    },
  };
  return client;
}

const missingKey =
  'Set DASHSCOPE_API_KEY to a key of Model Studio (https://bailian.console.aliyun.com, API keys), of the region that --dashscope-region names.';

function modelOf(body: object | undefined): string | undefined {
  const model: unknown = body === undefined ? undefined : Reflect.get(body, 'model');
  return typeof model === 'string' ? model : undefined;
}

/** Whether a body names a file in temporary storage, which the service looks up only when asked to. */
function namesStoredFile(body: object): boolean {
  return JSON.stringify(body).includes('"oss://');
}

/** The schema, telling the answer's own request id on the way. */
function withRequestId<T>(schema: Schema<T>, tell: (id: string) => void): Schema<T> {
  return {
    safeParse(value) {
      const id: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'request_id') : undefined;
      if (typeof id === 'string' && id !== '') tell(id);
      return schema.safeParse(value);
    },
  };
}

function parseEvent<T>(schema: Schema<T>, data: string, requestId: string | undefined): T {
  const request = requestId === undefined ? '' : ` (request ${requestId})`;
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch (cause) {
    throw new DubError('PROVIDER_BAD_REPLY', `An event of DashScope is not JSON${request}.`, {
      hint: 'The same command resumes.',
      cause,
      retryable: true,
    });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const wrong = result.error.issues.slice(0, 3).map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
  throw new DubError(
    'PROVIDER_BAD_REPLY',
    `An event of DashScope is not as documented: ${wrong.join('; ')}${request}.`,
    {
      hint: 'A newer version of dub may know this form; if not, report it with the request id.',
    },
  );
}

/** Result links come as http:, signed for either: Aliyun's own are fetched over https. */
function overHttps(link: string): string {
  const url = URL.canParse(link) ? new URL(link) : undefined;
  if (url === undefined || url.protocol !== 'http:' || !url.hostname.endsWith('.aliyuncs.com')) return link;
  // The text is kept: a URL parsed and written anew may spell its signature differently.
  return link.replace(/^http:/i, 'https:');
}
