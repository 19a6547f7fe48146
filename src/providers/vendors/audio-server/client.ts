import { DubError } from '../../../errors.js';
import type { RequestBody } from '../../../net/body.js';
import type { Download, Http, HttpRequest, HttpScope } from '../../../net/http.js';
import type { HttpReply } from '../../../net/judge.js';
import type { RetryPolicy } from '../../../net/retry.js';
import type { ServerAddress } from './address.js';
import { createClassifier } from './errors.js';

/** How a server is reached. */
export interface AudioServerOptions {
  readonly address: ServerAddress;
  readonly apiKey?: string | undefined;
  /** Headers that carry the key, by name; they go to this host alone. */
  readonly keyHeaders: (key: string) => Readonly<Record<string, string>>;
  readonly keyHint: string;
  /** Longest wait for an answer, in milliseconds: it comes only when all of it is made. */
  readonly timeoutMs: number;
  /** Requests side by side at this server. */
  readonly concurrency: number;
  readonly retry?: Partial<RetryPolicy> | undefined;
}

/** How one request is made. */
export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly maxBytes?: number | undefined;
  /** Undefined for the server's own limit. */
  readonly timeoutMs?: number | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
}

/** One server of the user's, or a service that is shaped like one. */
export interface AudioServer {
  readonly address: ServerAddress;
  /** An answer of any status, but for those of a key, of trouble that passes, of a fault, and for pages. */
  look(path: string, signal: AbortSignal, options?: AskOptions): Promise<HttpReply>;
  /** Sends work; every error is thrown. */
  send(path: string, body: RequestBody, signal: AbortSignal, options?: AskOptions): Promise<HttpReply>;
  /** Deletes what is there; what is not there counts as deleted. */
  remove(path: string, signal: AbortSignal): Promise<void>;
  /** A GET whose every error is thrown. */
  fetch(path: string, signal: AbortSignal, options?: AskOptions): Promise<HttpReply>;
  /** Server-sent events of a GET. */
  events(path: string, signal: AbortSignal): ReturnType<Http['events']>;
  /** What a link in an answer leads to, without the key. */
  download(link: string, signal: AbortSignal): Promise<Download>;
}

/** Health and lists answer at once or not at all. */
const lookMs = 8000;
const lookRetry = { attempts: 2, baseMs: 300 } as const;
const largestSpeech = 256 * 1_048_576;

/** A client of one server; connects to nothing yet. */
export function audioServer(
  options: AudioServerOptions,
  tools: { readonly http?: ((scope: HttpScope) => Promise<Http>) | undefined },
): AudioServer {
  const { address, apiKey, timeoutMs } = options;
  const key = `audio-server ${address.host}`;
  let opened: Promise<Http> | undefined;

  function open(): Promise<Http> {
    opened ??= openHttp();
    return opened;
  }

  async function openHttp(): Promise<Http> {
    if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
      throw new DubError(
        'CONFIG_INVALID',
        `The key for ${address.host} has a space or a character outside ASCII in it.`,
        {
          hint: options.keyHint,
        },
      );
    }
    if (tools.http === undefined) {
      throw new DubError('CONFIG_INVALID', `${address.host} is a server, and no HTTP client was given to reach it.`, {
        hint: 'Leave --offline out, or choose engines that run on this machine.',
      });
    }
    const secrets = apiKey === undefined ? [] : [apiKey];
    const http = await tools.http({ allowPrivateFor: [address.base], secrets, retry: options.retry });
    http.limit(key, { concurrency: options.concurrency });
    return http;
  }

  function request(path: string, { headers, maxBytes, retry, timeoutMs: limit = timeoutMs }: AskOptions): HttpRequest {
    const credentials = apiKey === undefined ? {} : options.keyHeaders(apiKey);
    return {
      url: `${address.base}${path}`,
      headers: { ...headers, ...credentials },
      classify: createClassifier({ host: address.host, keyHint: options.keyHint }),
      limits: { idleMs: limit, totalMs: limit },
      maxBytes,
      retry,
    };
  }

  return {
    address,
    async look(path, signal, asked = {}) {
      const { classify, ...plain } = request(path, { timeoutMs: lookMs, retry: lookRetry, ...asked });
      const passing = (status: number) =>
        status < 300 || status >= 500 || status === 401 || status === 403 || status === 429 || status === 408;
      return (await open()).request(
        {
          ...plain,
          classify: (status, headers, body) => (passing(status) ? classify?.(status, headers, body) : undefined),
          expect: 'any',
        },
        signal,
      );
    },
    async fetch(path, signal, asked = {}) {
      return (await open()).request(request(path, { timeoutMs: lookMs, ...asked }), signal);
    },
    async send(path, body, signal, asked = {}) {
      const made = request(path, { maxBytes: largestSpeech, ...asked });
      // Speech that is made twice costs moments of the user's own machine; speech that is lost costs the run.
      return (await open()).request(
        { ...made, method: 'POST', body, idempotent: 'repeatable', limiter: { key } },
        signal,
      );
    },
    async remove(path, signal) {
      const { classify, ...plain } = request(path, { timeoutMs: lookMs, retry: lookRetry });
      const given: HttpRequest['classify'] = (status, headers, body) =>
        status === 404 ? undefined : classify?.(status, headers, body);
      await (await open()).request(
        { ...plain, method: 'DELETE', classify: given, expect: 'any', idempotent: 'repeatable' },
        signal,
      );
    },
    async events(path, signal) {
      return (await open()).events(request(path, {}), signal);
    },
    async download(link, signal) {
      const limits = { idleMs: timeoutMs, totalMs: timeoutMs };
      return (await open()).download(link, { signal, maxBytes: largestSpeech, limits, retry: { attempts: 3 } });
    },
  };
}
