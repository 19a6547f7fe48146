import { createHash } from 'node:crypto';
import { DubError } from '../../../errors.js';
import { hostKind } from '../../../net/addresses.js';
import type { Http, HttpRequest, HttpScope, ServiceRates } from '../../../net/http.js';
import type { ChatAnswer, ChatBody, ChatCall } from './chat.js';
import { createClassifier } from './errors.js';
import { askAgainIfLost } from './lost.js';
import { readCompletion } from './reply.js';

/** An OpenAI-compatible chat service. */
export interface CompletionsOptions {
  /** As people call it: `DeepSeek`. */
  readonly name: string;
  /** With its path: `https://api.deepseek.com/v1`. */
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  /** The variable that holds the key. */
  readonly keyVariable: string;
}

/** Calls to it. */
export interface CompletionsClient {
  /** Undefined when it is on this machine. */
  readonly host: string | undefined;
  readonly warnings: readonly string[];
  ready(): { readonly ready: boolean; readonly detail: string; readonly hint?: string | undefined };
  limit(model: string, rates: ServiceRates): Promise<void>;
  ask(body: ChatBody, signal: AbortSignal, call: ChatCall): Promise<ChatAnswer>;
}

/** Six attempts: limits count requests that are under way, and those end within a minute. */
const retry = { attempts: 6, baseMs: 1000, maxWaitMs: 16_000 } as const;

/** @throws CONFIG_INVALID for a base URL that is none */
export function completionsClient(
  options: CompletionsOptions,
  tools: { readonly http?: ((scope: HttpScope) => Promise<Http>) | undefined },
): CompletionsClient {
  const { name, apiKey = '', keyVariable } = options;
  const base = readBase(options);
  const local = hostKind(base.hostname) === 'private' || base.hostname === 'localhost';
  const keyHint = `Set ${keyVariable} to a key of ${name}.`;
  const account = createHash('sha256').update(apiKey).digest('hex').slice(0, 12);
  const limiterOf = (model: string) => `${name} ${base.host} ${account} ${model}`;
  let opened: Promise<Http> | undefined;

  function open(): Promise<Http> {
    opened ??= openHttp();
    return opened;
  }

  async function openHttp(): Promise<Http> {
    if (apiKey === '' && !local) throw new DubError('PROVIDER_AUTH', `There is no key for ${name}.`, { hint: keyHint });
    if (!/^[\x21-\x7e]*$/.test(apiKey)) {
      throw new DubError('CONFIG_INVALID', `${keyVariable} has a space or a character outside ASCII in it.`, {
        hint: 'Copy the key anew; nothing but the key belongs in the variable.',
      });
    }
    if (!tools.http) {
      throw new DubError('CONFIG_INVALID', `${name} is a service, and no HTTP client was given to reach it.`, {
        hint: 'Leave --offline out.',
      });
    }
    return tools.http({ allowPrivateFor: [base.href], secrets: apiKey === '' ? [] : [apiKey], retry });
  }

  async function askOnce(body: ChatBody, signal: AbortSignal, { tokens, timeoutMs }: ChatCall): Promise<ChatAnswer> {
    const limits = timeoutMs === undefined ? {} : { limits: { totalMs: timeoutMs, idleMs: timeoutMs } };
    const request: HttpRequest = {
      url: `${base.href.replace(/\/+$/, '')}/chat/completions`,
      headers: apiKey === '' ? {} : { Authorization: `Bearer ${apiKey}` },
      body: { json: body },
      classify: createClassifier({ name, keyHint }),
      limiter: { key: limiterOf(body.model), tokens },
      ...limits,
    };
    const reply = await (await open()).request(request, signal);
    if (reply.body.json === undefined) throw unreadable(name);
    return readCompletion(reply.body.json, reply.headers['x-request-id'] ?? null, name);
  }

  return {
    host: local ? undefined : base.host,
    warnings: [],
    ready() {
      if (apiKey === '' && !local) return { ready: false, detail: 'no API key', hint: keyHint };
      return { ready: true, detail: local ? `at ${base.host}` : `key set, ${base.host}` };
    },
    limit: async (model, rates) => (await open()).limit(limiterOf(model), rates),
    ask: (body, signal, call) => askAgainIfLost(() => askOnce(body, signal, call)),
  };
}

function readBase({ baseUrl, name }: CompletionsOptions): URL {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  const fine = url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.search === '';
  if (fine) return url;
  throw new DubError('CONFIG_INVALID', `The base URL of ${name} is no address of a server.`, {
    hint: 'Write it as https://host/v1, without user name or query.',
  });
}

function unreadable(name: string): DubError {
  return new DubError('PROVIDER_BAD_REPLY', `The answer of ${name} could not be read: it is not JSON.`, {
    hint: 'Check the base URL and the proxy: a gateway, not the service, may have answered. The same command resumes.',
    retryable: true,
  });
}
