import { z } from 'zod';
import { DubError, throwIfAborted } from '../../../errors.js';
import type { RequestBody } from '../../../net/body.js';
import { replyStatus } from '../../../net/facts.js';
import type { Http, HttpScope } from '../../../net/http.js';
import type { HttpReply } from '../../../net/judge.js';
import { isInTheClear, isOnThisMachine, readAddress } from './address.js';
import { type AskOptions, type AudioServer, audioServer } from './client.js';

/** The options of every provider on an OpenAI-compatible audio server; to be spread into its strict zod object. */
export const openAiFields = {
  /** A base URL with its path, `https://host/v1`; `MODEL@URL` in the model wins over it. */
  baseUrl: z.string().trim().min(1).default('https://api.openai.com/v1'),
  /** From OPENAI_API_KEY; sent to that host only. Many servers need none. */
  apiKey: z.string().trim().min(1).optional(),
  /** Requests side by side. */
  concurrency: z.number().int().min(1).max(64).default(4),
  /** For one request; the first of a run may have to wait for the model to load. */
  timeoutMs: z.number().int().positive().default(600_000),
} as const;

/** The options among them that are never printed. */
export const openAiSecrets = ['apiKey'] as const;

/** What the fields parse to. */
export interface OpenAiOptions {
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  readonly concurrency: number;
  readonly timeoutMs: number;
}

/** An OpenAI-compatible server, whatever prefix its routes have. */
export interface OpenAiServer {
  readonly server: AudioServer;
  /** Host with its port. */
  readonly host: string;
  /** True when it is on this machine. */
  readonly local: boolean;
  /** POST to a route behind the prefix, such as `/audio/speech`. */
  send(route: string, body: RequestBody, signal: AbortSignal, options?: AskOptions): Promise<HttpReply>;
  /** GET of a route behind the prefix, whatever its status. */
  look(route: string, signal: AbortSignal): Promise<HttpReply>;
  /** What is to be said of the address. */
  readonly warnings: readonly string[];
}

/**
 * Takes `MODEL@URL` apart; a URL in the model wins over the configured one.
 * @returns the model, empty when only a URL is given
 */
export function splitModel(model: string, baseUrl: string): { readonly model: string; readonly baseUrl: string } {
  const [, name = '', url] = /^(.*?)@([a-z][a-z0-9+.-]*:\/\/.*|[\w.-]+:\d+(?:\/.*)?)$/is.exec(model) ?? [];
  return url === undefined ? { model, baseUrl } : { model: name, baseUrl: url };
}

/** Five attempts as everywhere, but within minutes: what is slow here is the model, not the way to it. */
const retry = { attempts: 4, baseMs: 500, maxWaitMs: 8000 } as const;

/** @throws CONFIG_INVALID for what is no address */
export function openAiServer(
  options: OpenAiOptions,
  tools: { readonly http?: ((scope: HttpScope) => Promise<Http>) | undefined },
): OpenAiServer {
  const address = readAddress(options.baseUrl, 'The base URL');
  const server = audioServer(
    {
      address,
      apiKey: options.apiKey,
      keyHeaders: (key) => ({ authorization: `Bearer ${key}` }),
      keyHint: `Set OPENAI_API_KEY to a key of ${address.host}.`,
      timeoutMs: options.timeoutMs,
      concurrency: options.concurrency,
      retry,
    },
    tools,
  );
  /** Where only a host is given, most have `/v1` and some have nothing. */
  let prefixes: readonly string[] = address.bare ? ['/v1', ''] : [''];

  async function tryPrefixes<T>(ask: (prefix: string) => Promise<T>, fits: (reply: T) => boolean): Promise<T> {
    let first: { readonly reply?: T; readonly error?: unknown } | undefined;
    for (const prefix of prefixes) {
      try {
        const reply = await ask(prefix);
        if (fits(reply)) {
          prefixes = [prefix];
          return reply;
        }
        first ??= { reply };
      } catch (error) {
        if (![404, 405].includes(replyStatus(error) ?? 0)) throw error;
        first ??= { error };
      }
    }
    if (first?.reply !== undefined) return first.reply;
    throw first?.error;
  }

  return {
    server,
    host: address.host,
    local: isOnThisMachine(address),
    warnings:
      options.apiKey !== undefined && isInTheClear(address)
        ? [`The key goes to ${address.host} in the clear: its address begins with http.`]
        : [],
    send: (route, body, signal, asked) =>
      tryPrefixes(
        (prefix) => server.send(`${prefix}${route}`, body, signal, asked),
        () => true,
      ),
    look: (route, signal) =>
      tryPrefixes(
        (prefix) => server.look(`${prefix}${route}`, signal),
        ({ status }) => status === 200,
      ),
  };
}

/** Services that answer nobody without a key. */
const keyed = /(^|\.)(openai\.com|groq\.com)(:\d+)?$/;

/** What a server says of itself: whether it answers, whether it takes the key, and the ids of its models. */
export interface OpenAiState {
  readonly ready: boolean;
  readonly detail: string;
  readonly hint?: string | undefined;
  readonly code?: DubError['code'] | undefined;
  readonly loading?: boolean | undefined;
  /** Undefined when it does not tell. */
  readonly models?: readonly string[] | undefined;
}

/** Looks at a server by GET requests. */
export async function lookAtServer(
  client: OpenAiServer,
  apiKey: string | undefined,
  signal: AbortSignal,
): Promise<OpenAiState> {
  const { host, server, warnings } = client;
  if (apiKey === undefined && keyed.test(host)) {
    return {
      ready: false,
      detail: `no key for ${host}`,
      hint: `Set OPENAI_API_KEY to a key of ${host}.`,
      code: 'PROVIDER_AUTH',
    };
  }
  try {
    const { status, body } = await client.look('/models', signal);
    const models = status === 200 ? readModels(body.json) : undefined;
    if (models !== undefined) {
      const some = models.slice(0, 3).join(', ');
      const told =
        models.length === 0 ? 'no models listed' : `${models.length} models: ${some}${models.length > 3 ? ', …' : ''}`;
      return { ready: true, detail: [`${host}, ${told}`, ...warnings].join('; '), models };
    }
    for (const path of ['/health', '/openapi.json']) {
      if ((await server.look(path, signal)).status === 200)
        return { ready: true, detail: [`${host} answers`, ...warnings].join('; ') };
    }
    return { ready: true, detail: [`${host} answers, but lists no models (${status})`, ...warnings].join('; ') };
  } catch (error) {
    throwIfAborted(signal);
    if (!(error instanceof DubError)) throw error;
    const { code, hint = 'Check the address and the server.' } = error;
    return { ready: false, detail: error.message.replace(/\.$/, ''), hint, code, loading: code === 'PROVIDER_BUSY' };
  }
}

/** OpenAI's `{"data":[{"id"}]}`; openai-edge-tts has `models` instead, and some list plain names. */
function readModels(json: unknown): string[] | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const list: unknown = Array.isArray(json) ? json : (Reflect.get(json, 'data') ?? Reflect.get(json, 'models'));
  if (!Array.isArray(list)) return undefined;
  const idOf = (entry: unknown): unknown =>
    typeof entry === 'object' && entry !== null ? (Reflect.get(entry, 'id') ?? Reflect.get(entry, 'name')) : entry;
  return list.map(idOf).filter((id) => typeof id === 'string');
}
