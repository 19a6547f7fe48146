import type { LookupFunction } from 'node:net';
import type { DubError } from '../errors.js';
import type { RequestBody } from './body.js';
import type { Clock } from './clock.js';
import type { Classify, HttpReply } from './judge.js';
import type { Gate } from './limits/gate.js';
import type { Limiter, Rates } from './limits/limiter.js';
import type { SharedLimitsOptions } from './limits/shared-limits.js';
import type { ProxySettings } from './proxy.js';
import type { ReplyHeaders } from './reply.js';
import type { Repeat, RetryPolicy } from './retry.js';
import type { EventOptions, ServerEvent } from './sse.js';
import type { TimeLimits } from './watch.js';

/** One request to a service the user configured; credentials go in `headers`. */
export interface HttpRequest {
  /** GET without a body, POST with one, unless told. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | undefined;
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: RequestBody | undefined;
  /** `safe` for GET and HEAD, else `paid`, unless told. */
  readonly idempotent?: Repeat | undefined;
  /** Which rate and which places it counts against (`Http.limit`), and how many tokens it takes of the rate. */
  readonly limiter?: { readonly key: string; readonly tokens?: number | undefined } | undefined;
  readonly classify?: Classify | undefined;
  /** `any` returns an answer of 400 and more that the classifier passed over, unless repeating it may help. */
  readonly expect?: 'ok' | 'any' | undefined;
  readonly limits?: Partial<TimeLimits> | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Largest answer, uncompressed; 32 MiB unless told. */
  readonly maxBytes?: number | undefined;
  /** Bytes of the body on their way so far; starts anew with every attempt. */
  readonly onSent?: ((bytes: number) => void) | undefined;
}

/** A conversation by WebSocket; `ws` and `wss` as well as `http` and `https`. */
export interface TalkRequest extends Pick<HttpRequest, 'url' | 'idempotent' | 'limiter' | 'limits' | 'retry'> {
  readonly protocols?: readonly string[] | undefined;
  /** False takes any certificate: for servers of the user's own that have made theirs themselves. */
  readonly verified?: boolean | undefined;
}

/** A conversation while it goes on. */
export interface Socket {
  /** Resolves when there is room for more. @throws when the server is gone */
  send(message: string | Uint8Array): Promise<void>;
  /** The next text message. @throws `PROVIDER_BAD_REPLY` when the server ends first */
  next(): Promise<string>;
}

/** Settings of a `fetch`; the request itself comes from the SDK. */
export type FetchDefaults = Omit<HttpRequest, 'url' | 'method' | 'headers' | 'body' | 'onSent'>;

/** What validates parsed JSON; every zod schema is one. */
export interface Schema<T> {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: { readonly issues: readonly SchemaIssue[] } };
}

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A validated answer. */
export interface JsonReply<T> {
  readonly value: T;
  readonly status: number;
  readonly headers: ReplyHeaders;
}

/** An answer that goes on; `events` is to be read once, and ends in an error when the connection breaks. */
export interface EventReply {
  readonly status: number;
  readonly headers: ReplyHeaders;
  readonly events: AsyncIterable<ServerEvent>;
}

/** How a link found in an answer is fetched. */
export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** 1 GiB to a file, 256 MiB to memory, unless told. */
  readonly maxBytes?: number | undefined;
  readonly classify?: Classify | undefined;
  readonly limiter?: HttpRequest['limiter'];
  readonly limits?: Partial<TimeLimits> | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
}

/** What was fetched into memory. */
export interface Download {
  readonly bytes: Uint8Array;
  /** Lower case, without parameters; `application/octet-stream` when the server did not say. */
  readonly mediaType: string;
}

/** What was fetched into a file. */
export interface DownloadedFile {
  readonly path: string;
  readonly size: number;
  readonly mediaType: string;
}

/** A request that failed and will be made again. */
export interface RetryNotice {
  /** The request without its query, e.g. `POST api.example.com/v1/tasks`. */
  readonly request: string;
  /** Which attempt failed, from 1. */
  readonly attempt: number;
  readonly waitMs: number;
  readonly code: DubError['code'];
  readonly message: string;
}

/** What differs from one service to the next. */
export interface HttpScope {
  /**
   * Base URLs the user configured. If one of them is itself on a private address, links in answers may lead to private
   * addresses; link-local ones, where metadata services are, stay closed.
   */
  readonly allowPrivateFor?: readonly string[] | undefined;
  /** Keys and passwords; they never appear in an error or a notice. */
  readonly secrets?: readonly string[] | undefined;
  readonly onRetry?: ((notice: RetryNotice) => void) | undefined;
  readonly limits?: Partial<TimeLimits> | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
}

/** How the client is made. */
export interface HttpOptions extends HttpScope {
  /** This package's version; the user agent is `dub/<version>`. */
  readonly version: string;
  /** Where HTTPS_PROXY, HTTP_PROXY and NO_PROXY are read; no proxy without it. */
  readonly env?: ProxySettings | undefined;
  /** Time for a connection, TLS included; 10,000 ms unless told. */
  readonly connectMs?: number | undefined;
  readonly clock?: Clock | undefined;
  /** From 0 to below 1; `Math.random` unless told. */
  readonly random?: (() => number) | undefined;
  /** Where limits are shared with other processes of the machine; kept in this process alone without it. */
  readonly sharedLimits?: Pick<SharedLimitsOptions, 'folder' | 'onLost'> | undefined;
  /** How names become addresses; the system's way unless told. */
  readonly lookup?: LookupFunction | undefined;
}

/** The rate and the places of a service or of one of its models. */
export interface ServiceRates extends Rates {
  /** Requests that may run side by side at most; fewer while the service is busy. */
  readonly concurrency?: number | undefined;
}

/**
 * The one HTTP client. Every call rejects with a `DubError`: `PROVIDER_UNREACHABLE`, `PROVIDER_TIMEOUT`,
 * `PROVIDER_BAD_REPLY`, `PROVIDER_BUSY`, the classifier's own, or `INTERRUPTED` at once when the signal is aborted.
 */
export interface Http {
  /** The answer in whole. */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpReply>;
  /** The answer as validated JSON. */
  json<T>(schema: Schema<T>, request: HttpRequest, signal: AbortSignal): Promise<JsonReply<T>>;
  /** The answer as server-sent events; repeated only until the first byte of the stream. */
  events(request: HttpRequest, signal: AbortSignal, options?: EventOptions): Promise<EventReply>;
  /** A conversation by WebSocket, which ends when `converse` does; one that fails is had again from its start. */
  talk<T>(request: TalkRequest, signal: AbortSignal, converse: (socket: Socket) => Promise<T>): Promise<T>;
  /**
   * What a link leads to, without credentials: http and https only, no user name in it, no private address, at most
   * three redirects, each checked anew. A file appears under its name only when it is whole.
   */
  download(url: string, options: DownloadOptions & { readonly toPath: string }): Promise<DownloadedFile>;
  download(url: string, options: DownloadOptions): Promise<Download>;
  /**
   * A `fetch` for SDK clients (their own retries off, their time limit above ours), with these settings for every request.
   * @param onError told of every error before the SDK sees it: the openai SDK drops the cause of what reads like a time-out
   */
  fetch(defaults: FetchDefaults, onError?: (error: unknown) => void): typeof globalThis.fetch;
  /** Sets the rate and the places of `limiter.key`. */
  limit(key: string, rates: ServiceRates): void;
  /** For SDK clients that do not go through `fetch`. */
  readonly limiter: Limiter;
  readonly gate: Gate;
  /** The same connections, rates and places, for one service: its base URLs and secrets come on top, the rest instead. */
  scope(scope: HttpScope): Http;
  /** Text without this client's secrets and without anything that looks like a credential. */
  redact(text: string): string;
  /** Ends every connection; of all scopes too. */
  close(): Promise<void>;
}
