import { DubError } from '../../../errors.js';
import type { Http } from '../../../net/http.js';
import type { ProviderTools } from '../../contract.js';
import { createClassify, type ErrorContext } from './errors.js';
import type { OssCredentials } from './options.js';

/** Headers of an answer, names in lower case. */
export type OssHeaders = Readonly<Record<string, string>>;

/** Told of bytes on their way; starts anew with every attempt. */
export interface SendContext {
  readonly onSent?: ((bytes: number) => void) | undefined;
}

interface Answered {
  readonly res: { readonly headers: OssHeaders };
}

/** What is used of ali-oss 6.23. Its own types lack `sldEnable`, `urllib`, `ctx` and `request`. */
export interface OssClient {
  put(
    key: string,
    bytes: Buffer,
    options: { mime: string; ctx: SendContext; headers: Record<string, string> },
  ): Promise<Answered>;
  initMultipartUpload(key: string, options: { mime: string }): Promise<{ uploadId: string | undefined }>;
  uploadPart(
    key: string,
    uploadId: string,
    number: number,
    bytes: Buffer,
    start: number,
    end: number,
    options: { headers: Record<string, string>; ctx: SendContext },
  ): Promise<Answered>;
  completeMultipartUpload(
    key: string,
    uploadId: string,
    parts: { number: number; etag: string }[],
    options: object,
  ): Promise<Answered>;
  abortMultipartUpload(key: string, uploadId: string): Promise<unknown>;
  head(key: string): Promise<Answered>;
  delete(key: string): Promise<unknown>;
  signatureUrlV4(method: 'GET', seconds: number, request: object, key: string): Promise<string>;
  request(call: {
    method: 'GET' | 'PUT';
    bucket: string;
    subres: string;
    content?: string;
    mime?: string;
    successStatuses: number[];
  }): Promise<{ data: Buffer }>;
}

/** What a client is made of. */
export interface OssConnection extends ErrorContext {
  readonly credentials: OssCredentials;
  readonly http: Http;
  /** To be told of what is sent once more because it arrived damaged or its upload is gone; `Http` tells of its own. */
  readonly onRetry?: ProviderTools['onRetry'];
}

/**
 * ali-oss with our HTTP underneath: it signs and spells the requests, and everything that goes over the wire (time
 * limits, retries, proxies, abort) is `Http`'s. Its own transport caps a whole upload by one time limit, retries
 * nothing that matters, prints warnings with URLs, and cannot be aborted. Made anew for every job: the signal is the
 * job's, and ali-oss keeps what it cancels by client.
 */
export async function openClient(connection: OssConnection, signal: AbortSignal): Promise<OssClient> {
  return construct(connection, connection.place.endpoint, createTransport(connection, signal));
}

/** A client that signs links and sends nothing. */
export async function openSigner(connection: OssConnection): Promise<OssClient> {
  return construct(connection, connection.place.linkEndpoint, {
    request: () => Promise.reject(new Error('a signer sends nothing')),
  });
}

async function construct(connection: OssConnection, endpoint: string, urllib: Transport): Promise<OssClient> {
  // ali-oss is a second's work to load and needed by few runs.
  const { default: Client } = (await import('ali-oss')) as unknown as { default: new (options: object) => OssClient };
  const { credentials, place, options } = connection;
  const token = credentials.securityToken;
  return new Client({
    accessKeyId: credentials.accessKeyId,
    accessKeySecret: credentials.accessKeySecret,
    // An interval without a function to refresh by does nothing but keep a warning off stderr.
    ...(token === undefined ? {} : { stsToken: token, refreshSTSTokenInterval: 300_000 }),
    region: `oss-${place.region}`,
    bucket: place.bucket,
    endpoint,
    cname: place.style === 'cname',
    sldEnable: place.style === 'path',
    secure: endpoint.startsWith('https:'),
    authorizationV4: true,
    timeout: options.timeoutMs,
    retryMax: 0,
    urllib,
  });
}

/** Runs calls of ali-oss, and throws what is behind the errors it makes. */
export async function unwrapped<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof DubError) throw error;
    // What the transport threw is put into `res` of an error that says nothing.
    const inner: unknown = error instanceof Error ? Reflect.get(error, 'res') : undefined;
    if (inner instanceof DubError) throw inner;
    // Its text may hold the whole answer, so only its name is told.
    const name = error instanceof Error ? error.name : 'unknown';
    throw new DubError('PROVIDER_BAD_REPLY', `The answer to ${what} of OSS cannot be read (${name}).`, {
      hint: 'Check OSS_ENDPOINT and the proxy: a gateway, not OSS, may have answered.',
      retryable: true,
    });
  }
}

/** What ali-oss calls instead of urllib. */
interface Transport {
  request(url: string, call: VendorCall): Promise<VendorReply>;
}

interface VendorCall {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly headers: Readonly<Record<string, unknown>>;
  readonly content?: Buffer | string | undefined;
  readonly stream?: AsyncIterable<Buffer> | undefined;
  readonly ctx?: SendContext | undefined;
}

interface VendorReply {
  readonly status: number;
  readonly headers: OssHeaders;
  readonly data: Buffer;
  readonly res: { readonly status: number; readonly headers: OssHeaders };
}

/** An upload that crawls at this rate still ends in time. */
const slowestBytesPerMs = 131;

function createTransport(connection: OssConnection, signal: AbortSignal): Transport {
  const { http, options } = connection;
  const classify = createClassify(connection);
  return {
    async request(url, call) {
      const bytes = call.stream === undefined ? bytesOf(call.content) : await collect(call.stream);
      const totalMs = Math.max(2 * options.timeoutMs, Math.ceil((bytes?.length ?? 0) / slowestBytesPerMs));
      const request = {
        url,
        method: call.method,
        headers: sendable(call.headers),
        ...(bytes === undefined ? {} : { body: { bytes } }),
        // Objects are named at random and parts by number: what is sent twice is there once. The signature holds for
        // fifteen minutes, longer than all attempts take together.
        idempotent: 'repeatable' as const,
        classify,
        limits: { idleMs: options.timeoutMs, totalMs },
        ...(call.ctx?.onSent === undefined ? {} : { onSent: call.ctx.onSent }),
      };
      const { status, headers, body } = await http.request(request, signal).catch((error: unknown) => {
        throw withPlace(error, connection);
      });
      return { status, headers, data: Buffer.from(body.bytes), res: { status, headers } };
    },
  };
}

function bytesOf(content: Buffer | string | undefined): Buffer | undefined {
  return typeof content === 'string' ? Buffer.from(content) : content;
}

/** A part is never more than memory can hold; whole in hand, it can be sent again. */
async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** Host and length are the connection's own; for an IP address ali-oss forges a host. */
function sendable(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name, value]) => name !== 'host' && name !== 'content-length' && value !== undefined && value !== null);
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

/** Names OSS's own settings where the host could not be found. */
function withPlace(error: unknown, { place }: OssConnection): unknown {
  if (!(error instanceof DubError) || error.code !== 'PROVIDER_UNREACHABLE' || !isUnknownName(error.cause))
    return error;
  return new DubError(error.code, error.message, {
    hint: `Check OSS_BUCKET (${place.bucket}), OSS_REGION (${place.region}) and OSS_ENDPOINT: a region without such a host does not exist. Check the network and HTTPS_PROXY.`,
    cause: error.cause,
    retryable: error.retryable,
  });
}

function isUnknownName(cause: unknown): boolean {
  return cause instanceof Error && Reflect.get(cause, 'code') === 'ENOTFOUND';
}
