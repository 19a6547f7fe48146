import type { FetchDefaults, Http, HttpRequest, Schema } from '../../../net/http.js';
import type { CallOptions, DashscopeClient, DashscopeReply } from './client.js';
import { parseEvent, readEventError, requestIdOf, withRequestId } from './envelope.js';
import { createClassifier, judgeError } from './errors.js';
import { type DashscopeHost, prefixes } from './hosts.js';

/**
 * Longest silence of paid work, in milliseconds: models are given 300 s before the service says RequestTimeOut, and to
 * give up earlier would be to pay and get nothing.
 */
const workLimits = { idleMs: 310_000 } as const;

/** How one key speaks to one host. */
export interface Calls extends Pick<DashscopeClient, 'stream'> {
  /** What every request carries beside the key. */
  readonly workspace: Readonly<Record<string, string>>;
  /** @param works true for work that is paid: it is waited for as long as the service may take */
  settings(options: CallOptions, works: boolean): FetchDefaults;
  request(path: string, body: object | undefined, extra: Record<string, string>, options: CallOptions): HttpRequest;
  /** Makes a request and validates its answer. */
  ask<T>(schema: Schema<T>, made: HttpRequest, signal: AbortSignal): Promise<DashscopeReply<T>>;
}

/**
 * Requests and answers of Model Studio's form.
 * @param keyOf the name that a model's requests are counted under
 */
export function createCalls(
  { host, apiKey }: { readonly host: DashscopeHost; readonly apiKey: string },
  keyOf: (model: string) => string,
  open: () => Promise<Http>,
): Calls {
  const situation = { host, apiKey };
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

  return { workspace, settings, request, ask, stream };
}

function modelOf(body: object | undefined): string | undefined {
  const model: unknown = body === undefined ? undefined : Reflect.get(body, 'model');
  return typeof model === 'string' ? model : undefined;
}

/** Whether a body names a file in temporary storage, which the service looks up only when asked to. */
function namesStoredFile(body: object): boolean {
  return JSON.stringify(body).includes('"oss://');
}
