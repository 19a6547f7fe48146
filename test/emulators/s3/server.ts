/*
 * A store that speaks S3 by links signed with version 4, path-style, as MinIO and R2 do. The signature is worked out here
 * from the specification (Amazon S3 API reference, "Authenticating Requests: Using Query Parameters"), not by any client.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { listenOnLoopback } from '../loopback.js';

/** What can go wrong. */
export interface S3Fault {
  readonly kind: 'error' | 'reset' | 'reset-after' | 'hang' | 'html';
  readonly status?: number;
  readonly code?: string;
  readonly times?: number;
}

/** The emulator and what it holds. */
export interface S3Emulator {
  readonly url: string;
  readonly port: number;
  readonly objects: ReadonlyMap<string, { readonly bytes: Buffer; readonly mediaType: string }>;
  readonly violations: readonly string[];
  readonly open: number;
  requests(method: string): number;
  fail(method: string, fault: S3Fault): void;
  heal(): void;
  /** Sets the store's clock ahead. */
  advance(ms: number): void;
  close(): Promise<void>;
}

/** The account, its bucket, and the hosts it answers as. */
export interface S3Account {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly region: string;
  readonly bucket: string;
}

export const s3Account: S3Account = {
  ...{
    accessKeyId: 'AKEMULATEDKEY0001',
    secretAccessKey: 'emulated/secret+key=0001',
    region: 'us-east-1',
    bucket: 'talks',
  },
};

export async function startS3(account: S3Account = s3Account): Promise<S3Emulator> {
  const objects = new Map<string, { bytes: Buffer; mediaType: string }>();
  const violations: string[] = [];
  const counts = new Map<string, number>();
  const faults = new Map<string, { fault: S3Fault; left: number }>();
  let aheadMs = 0;

  async function answer(request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
    const method = request.method ?? '';
    counts.set(method, (counts.get(method) ?? 0) + 1);
    const fault = takeFault(method);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'reset') return void request.socket.resetAndDestroy();
    if (fault?.kind === 'html') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
    if (fault?.kind === 'error')
      return refuse(response, fault.status ?? 500, fault.code ?? 'InternalError', 'by the script');
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
    if (request.headers.authorization !== undefined) violations.push('both a signed link and an Authorization header');
    const wrong = checkSignature(method, url, String(request.headers.host));
    if (wrong) return refuse(response, 403, wrong, 'The request does not check out.');
    const [, bucket, ...rest] = url.pathname.split('/');
    if (bucket !== account.bucket) return refuse(response, 404, 'NoSuchBucket', 'The specified bucket does not exist.');
    const key = decodeURIComponent(rest.join('/'));
    if (method === 'PUT') return put(request, response, key, body, fault);
    if (method === 'DELETE') {
      objects.delete(key);
      return void response.writeHead(204).end();
    }
    const object = objects.get(key);
    if (!object) return refuse(response, 404, 'NoSuchKey', 'The specified key does not exist.');
    response.writeHead(200, { 'content-type': object.mediaType }).end(object.bytes);
  }

  function put(
    request: IncomingMessage,
    response: ServerResponse,
    key: string,
    bytes: Buffer,
    fault: S3Fault | undefined,
  ): void {
    const { 'content-length': length, 'content-md5': digest } = request.headers;
    if (length === undefined)
      return void refuse(response, 411, 'MissingContentLength', 'You must provide Content-Length.');
    const md5 = createHash('md5').update(bytes).digest('base64');
    if (digest !== undefined && digest !== md5)
      return void refuse(response, 400, 'BadDigest', 'The Content-MD5 did not match.');
    objects.set(key, { bytes, mediaType: request.headers['content-type'] ?? 'binary/octet-stream' });
    if (fault?.kind === 'reset-after') return void request.socket.resetAndDestroy();
    response.writeHead(200, { etag: `"${Buffer.from(md5, 'base64').toString('hex')}"` }).end();
  }

  /** @returns the code of what is wrong */
  function checkSignature(method: string, url: URL, host: string): string | undefined {
    const query = new Map(url.searchParams);
    const given = query.get('X-Amz-Signature');
    if (given === undefined) return 'AccessDenied';
    query.delete('X-Amz-Signature');
    const [keyId, date, region, service, end] = (query.get('X-Amz-Credential') ?? '').split('/');
    if (query.get('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256' || service !== 's3' || end !== 'aws4_request')
      return 'AuthorizationQueryParametersError';
    if (keyId !== account.accessKeyId) return 'InvalidAccessKeyId';
    if (region !== account.region) return 'AuthorizationQueryParametersError';
    if ((query.get('X-Amz-Security-Token') ?? undefined) !== account.sessionToken) return 'InvalidToken';
    const stamp = query.get('X-Amz-Date') ?? '';
    const seconds = Number(query.get('X-Amz-Expires'));
    if (!(seconds >= 1 && seconds <= 604_800)) return 'AuthorizationQueryParametersError';
    const at = Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
    if (Date.now() + aheadMs > at + seconds * 1000) return 'AccessDenied';
    const encode = (text: string) =>
      encodeURIComponent(text).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
    const canonicalQuery = [...query]
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&');
    const path = url.pathname
      .split('/')
      .map((part) => encode(decodeURIComponent(part)))
      .join('/');
    const canonical = [method, path, canonicalQuery, `host:${host}\n`, 'host', 'UNSIGNED-PAYLOAD'].join('\n');
    const scope = `${date}/${region}/s3/aws4_request`;
    const toSign = ['AWS4-HMAC-SHA256', stamp, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
    const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
    const signing = ['s3', 'aws4_request'].reduce(hmac, hmac(hmac(`AWS4${account.secretAccessKey}`, date!), region!));
    const wanted = createHmac('sha256', signing).update(toSign).digest('hex');
    const same = given.length === wanted.length && timingSafeEqual(Buffer.from(given), Buffer.from(wanted));
    return same ? undefined : 'SignatureDoesNotMatch';
  }

  function takeFault(method: string): S3Fault | undefined {
    const planned = faults.get(method);
    if (!planned || planned.left <= 0) return undefined;
    planned.left--;
    return planned.fault;
  }

  const server = await listenOnLoopback(answer);
  const { url, port } = server;
  return {
    ...{ url, port, objects, violations },
    get open() {
      return server.open;
    },
    requests: (method) => counts.get(method) ?? 0,
    fail: (method, fault) => void faults.set(method, { fault, left: fault.times ?? 1 }),
    heal: () => faults.clear(),
    advance(ms) {
      aheadMs += ms;
    },
    close: () => server.close(),
  };
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  response.writeHead(status, { 'content-type': 'application/xml' }).end(xml);
}
