import { createHash } from 'node:crypto';
import { systemClock } from '../../../net/clock.js';
import type { Http } from '../../../net/http.js';
import { createCalls } from './calls.js';
import type { DashscopeClient, SubmitOptions } from './client.js';
import { createClassifier, judgeError } from './errors.js';
import { prefixes, resolveHost } from './hosts.js';
import { type DashscopeTools, missingKey, openHttp } from './opening.js';
import type { DashscopeOptions } from './options.js';
import { pollTask, submitReply, taskReply } from './tasks.js';
import { createUpload, policyReply } from './uploads.js';

export type { DashscopeClient } from './client.js';
export { prefixes } from './hosts.js';
export type { DashscopeTools } from './opening.js';
export { type DashscopeOptions, dashscopeFields, dashscopeSecrets } from './options.js';
export { type FinishedTask, type SubmittedTask, taskDeadlineMs } from './tasks.js';

/** Questions for a task's state are paced by the poller, not by the client underneath. */
const askOnce = { attempts: 1 } as const;

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
    opened ??= openHttp(apiKey, host, keyOf('tasks'), tools);
    return opened;
  }

  const { workspace, settings, request, ask, stream } = createCalls(situation, keyOf, open);

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
        ...{ clock, random, firstWaitMs: options.pollMs, failed: taskError, onRetry: tools.onRetry },
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
      ...{ ...situation, account, clock, open, onRetry: tools.onRetry },
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

/** Result links come as http:, signed for either: Aliyun's own are fetched over https. */
function overHttps(link: string): string {
  const url = URL.canParse(link) ? new URL(link) : undefined;
  if (url === undefined || url.protocol !== 'http:' || !url.hostname.endsWith('.aliyuncs.com')) return link;
  // The text is kept: a URL parsed and written anew may spell its signature differently.
  return link.replace(/^http:/i, 'https:');
}
