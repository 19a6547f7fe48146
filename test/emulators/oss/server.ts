/*
 * Object storage on loopback: a real HTTP server that follows the published protocol (signature version 4, multipart
 * uploads, XML errors, lifecycle) and never our client. Every name leads to it (`lookup`), so that bucket hosts, custom
 * domains and CDN domains are tried as they are: the Host header decides. By address (127.0.0.1, localhost) it takes
 * the bucket in the path.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, LookupFunction, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Bucket, checkLifecycle, type StoredObject } from './bucket.js';
import { errorXml, OssError, plainText } from './errors.js';
import { FaultList, type OssFault, type OssOperation } from './faults.js';
import { type OssKey, verify } from './signature.js';

export type { OssFault, OssOperation } from './faults.js';
export type { OssKey } from './signature.js';

/** How the emulator is set up. */
export interface OssEmulatorOptions {
  /** Buckets and their regions; `dub-test` in cn-beijing unless told. */
  readonly buckets?: Readonly<Record<string, string>>;
  readonly keys?: readonly OssKey[];
  /** Custom domains and the buckets they stand for. */
  readonly cnames?: Readonly<Record<string, string>>;
  /** Domains of a CDN with access to the bucket of its own, and the key of its links (type A); no key: open to all. */
  readonly cdns?: Readonly<
    Record<string, { readonly bucket: string; readonly key?: string; readonly ttlSeconds?: number }>
  >;
  /** The account may not use the public domain of a region of mainland China; the message of the refusal. */
  readonly customDomainDemand?: string;
  /** Least size of a part; 100 KiB unless told. */
  readonly leastPart?: number;
  /** Errors of HEAD say why in a header, as the service does; `false` for those that say nothing. */
  readonly headErrors?: boolean;
}

/** A request as the log keeps it. */
export interface OssRequest {
  readonly operation: OssOperation | 'unknown';
  readonly method: string;
  readonly host: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Undefined as long as it has no answer. */
  status?: number;
}

/** The key that requests are signed with unless told. */
export const ossKey: OssKey = { accessKeyId: 'LTAI5tEmulatedKey0001', accessKeySecret: 'emulatedSecret/abc+123=xyz' };

/** The running service. */
export interface OssEmulator {
  readonly port: number;
  /** `http://127.0.0.1:port`: the bucket goes into the path. */
  readonly url: string;
  readonly requests: readonly OssRequest[];
  requestsTo(operation: OssOperation): readonly OssRequest[];
  /** Breaches of protocol that a real service might let pass. */
  readonly violations: readonly string[];
  /** Requests without an answer whose connection is still there. */
  readonly open: number;
  readonly connections: number;
  bucket(name?: string): Bucket;
  fail(operation: OssOperation, fault: OssFault): void;
  heal(): void;
  /** Moves the service's clock on. */
  advance(ms: number): void;
  /** Leads every name to the emulator. */
  readonly lookup: LookupFunction;
  close(): Promise<void>;
}

interface Target {
  readonly operation: OssOperation;
  readonly bucket: Bucket;
  readonly key: string;
  readonly query: readonly (readonly [string, string])[];
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/** An ETag that is no MD5, as of objects encrypted by keys of their owner. */
const opaque = 'opaque-to-you';

const mainlandPublic = /\.oss-cn-(?!hongkong)[a-z0-9-]*(?<!-internal)\.aliyuncs\.com$/;

export async function startOssEmulator(options: OssEmulatorOptions = {}): Promise<OssEmulator> {
  const least = options.leastPart ?? 102_400;
  const named = Object.entries(options.buckets ?? { 'dub-test': 'cn-beijing' });
  const buckets = new Map(named.map(([name, region]) => [name, new Bucket(name, region, least)]));
  const faults = new FaultList();
  const requests: OssRequest[] = [];
  const violations: string[] = [];
  const sockets = new Set<Socket>();
  let advanced = 0;
  let open = 0;
  const now = () => Date.now() + advanced;

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const requestId = randomBytes(12).toString('hex').toUpperCase();
    const host = (incoming.headers.host ?? '').replace(/:\d+$/, '');
    const standard = { server: 'AliyunOSS', 'x-oss-request-id': requestId, date: new Date(now()).toUTCString() };
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : (value ?? ''),
      ]),
    );
    // Node takes the socket from a request whose body is not read to its end.
    const { socket } = incoming;
    let entry: OssRequest | undefined;
    let fault: OssFault | undefined;
    try {
      const target = route(incoming, host, options, buckets);
      fault = faults.take(target.operation);
      const body = await readBody(incoming, fault);
      entry = { operation: target.operation, method: incoming.method!, host, target: incoming.url!, headers, body };
      requests.push(entry);
      if (fault?.kind === 'hang') return;
      if (fault?.kind === 'reset') return void socket.resetAndDestroy();
      if (fault?.kind === 'html') return page(outgoing, entry, fault.status ?? 200);
      if (fault?.kind === 'empty') return void outgoing.writeHead(fault.status ?? 200, { 'content-length': '0' }).end();
      if (fault?.kind === 'error') throw scripted(fault);
      const cdn = options.cdns?.[host];
      if (cdn !== undefined) checkCdn(cdn, incoming.url!, target, now());
      else admit(target, entry, headers);
      const done = work(target, entry, fault);
      if (fault?.kind === 'hang-after') return;
      if (fault?.kind === 'reset-after') return void socket.resetAndDestroy();
      if (fault?.kind === 'body') Object.assign(done, { body: fault.message });
      send(outgoing, entry, { ...done, headers: { ...standard, ...done.headers } }, fault);
    } catch (error) {
      if (!(error instanceof OssError)) {
        if (socket.destroyed) return;
        violations.push(`the emulator failed: ${error instanceof Error ? error.stack : String(error)}`);
      }
      const known = error instanceof OssError ? error : new OssError(500, 'InternalError', String(error));
      entry ??= {
        operation: 'unknown',
        method: incoming.method!,
        host,
        target: incoming.url!,
        headers,
        body: Buffer.alloc(0),
      };
      if (!requests.includes(entry)) requests.push(entry);
      const xml = errorXml(known, requestId, host);
      const more = { ...standard, ...(known.ec === '' ? {} : { 'x-oss-ec': known.ec }), ...known.headers };
      const told = options.headErrors === false ? {} : { 'x-oss-err': Buffer.from(xml).toString('base64') };
      if (incoming.method === 'HEAD')
        return send(outgoing, entry, { status: known.status, headers: { ...more, ...told } });
      send(outgoing, entry, {
        status: known.status,
        headers: { ...more, 'content-type': 'application/xml' },
        body: xml,
      });
    }
  }

  function admit(target: Target, entry: OssRequest, headers: Readonly<Record<string, string>>): void {
    const { host, method } = entry;
    if (options.customDomainDemand !== undefined && mainlandPublic.test(host)) {
      throw new OssError(403, 'AccessDenied', options.customDomainDemand);
    }
    if ((headers.authorization ?? '').startsWith('OSS ')) {
      violations.push(`${target.operation}: signed by version 1`);
      throw new OssError(400, 'InvalidArgument', 'Signature version 1 is not taken.');
    }
    const signed = { method, bucket: target.bucket.name, key: target.key, query: target.query, headers };
    const key = verify(signed, { keys: options.keys ?? [ossKey], region: target.bucket.region, nowMs: now() });
    if (key.denied?.includes(target.operation)) {
      throw new OssError(
        403,
        'AccessDenied',
        'You have no right to access this object because of bucket acl.',
        {},
        '0003-00000001',
      );
    }
    const md5 = headers['content-md5'];
    if (md5 !== undefined && md5 !== createHash('md5').update(entry.body).digest('base64')) {
      throw new OssError(400, 'InvalidDigest', 'The Content-MD5 you specified was invalid.');
    }
  }

  function work(
    { operation, bucket, key, query }: Target,
    { headers, body }: OssRequest,
    fault: OssFault | undefined,
  ): Answer {
    const parameter = (name: string) => query.find(([one]) => one === name)?.[1] ?? '';
    const type = headers['content-type'] ?? 'application/octet-stream';
    const bytes = fault?.kind === 'damaged' ? Buffer.concat([body.subarray(1), Buffer.from([body[0]! ^ 1])]) : body;
    const id = parameter('uploadId');
    switch (operation) {
      case 'put':
        return { status: 200, headers: sums(bucket.put(key, bytes, type), fault) };
      case 'get':
      case 'head':
        return ranged(bucket.get(key), headers.range, fault);
      case 'delete':
        bucket.objects.delete(key);
        return { status: 204 };
      case 'delete-many':
        for (const [, name] of body.toString().matchAll(/<Key>([^<]*)<\/Key>/g))
          bucket.objects.delete(plainText(name!));
        return { status: 200, body: '<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult></DeleteResult>' };
      case 'initiate':
        return { status: 200, body: bucket.initiate(key, type) };
      case 'part':
        return {
          status: 200,
          headers: sums(
            bucket.putPart(
              key,
              id,
              Number(parameter('partNumber')),
              bytes,
              ...(fault?.kind === 'no-sums' ? [opaque] : []),
            ),
            fault,
          ),
        };
      case 'complete': {
        const stored = bucket.complete(key, id, body.toString());
        const told = `<ETag>"${stored.etag}"</ETag><Bucket>${bucket.name}</Bucket><Key>${key}</Key>`;
        return {
          status: 200,
          headers: sums(stored, fault),
          body: `<CompleteMultipartUploadResult>${told}</CompleteMultipartUploadResult>`,
        };
      }
      case 'abort':
        bucket.abort(key, id);
        return { status: 204 };
      case 'parts':
        return { status: 200, body: bucket.listParts(key, id) };
      case 'lifecycle-get':
        if (bucket.lifecycle === undefined)
          throw new OssError(404, 'NoSuchLifecycle', 'No Row found in Lifecycle Table.');
        return { status: 200, body: bucket.lifecycle };
      case 'lifecycle-put':
        checkLifecycle(body.toString());
        bucket.lifecycle = body.toString();
        return { status: 200 };
      case 'lifecycle-delete':
        bucket.lifecycle = undefined;
        return { status: 204 };
      case 'list': {
        const prefix = parameter('prefix');
        const keys = [...bucket.objects.keys()].filter((name) => name.startsWith(prefix)).sort();
        const rows = keys.map(
          (name) => `<Contents><Key>${name}</Key><Owner><ID>1</ID><DisplayName>1</DisplayName></Owner></Contents>`,
        );
        return {
          status: 200,
          body: `<ListBucketResult><Name>${bucket.name}</Name>${rows.join('')}</ListBucketResult>`,
        };
      }
    }
  }

  const server = createServer((incoming, outgoing) => {
    open++;
    outgoing.once('close', () => open--);
    const { socket } = incoming;
    answer(incoming, outgoing).catch(() => socket.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    port,
    url: `http://127.0.0.1:${port}`,
    requests,
    violations,
    requestsTo: (operation) => requests.filter((request) => request.operation === operation),
    get open() {
      return open;
    },
    get connections() {
      return sockets.size;
    },
    bucket: (name = named[0]![0]) => buckets.get(name)!,
    fail: (operation, fault) => faults.add(operation, fault),
    heal: () => faults.clear(),
    advance(ms) {
      advanced += ms;
    },
    lookup(_hostname, lookupOptions, callback) {
      if (lookupOptions.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
      else callback(null, '127.0.0.1', 4);
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Finds bucket, key and operation. @throws OssError */
function route(
  incoming: IncomingMessage,
  host: string,
  options: OssEmulatorOptions,
  buckets: ReadonlyMap<string, Bucket>,
): Target {
  const [path = '', search = ''] = (incoming.url ?? '').split('?', 2);
  const query = search
    .split('&')
    .filter(Boolean)
    .map((pair) => {
      const at = pair.includes('=') ? pair.indexOf('=') : pair.length;
      return [decode(pair.slice(0, at)), decode(pair.slice(at + 1))] as const;
    });
  const byAddress = host === '127.0.0.1' || host === 'localhost';
  const inPath = path.slice(1).split('/');
  const name =
    options.cnames?.[host] ??
    options.cdns?.[host]?.bucket ??
    (byAddress ? decode(inPath[0] ?? '') : bucketOfHost(host));
  const key = decode(byAddress ? inPath.slice(1).join('/') : path.slice(1));
  if (!/^[a-z0-9_][a-z0-9_-]{1,61}[a-z0-9_]$/.test(name)) {
    throw new OssError(
      400,
      'InvalidBucketName',
      'The specified bucket is not valid.',
      { BucketName: name },
      '0015-00000001',
    );
  }
  const bucket = buckets.get(name);
  if (bucket === undefined) {
    throw new OssError(
      404,
      'NoSuchBucket',
      'The specified bucket does not exist.',
      { BucketName: name },
      '0015-00000101',
    );
  }
  const told = /\.oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com$/.exec(host)?.[1];
  if (told !== undefined && told !== bucket.region && told !== 'accelerate') {
    const message =
      'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.';
    throw new OssError(403, 'AccessDenied', message, { Bucket: name, Endpoint: `oss-${bucket.region}.aliyuncs.com` });
  }
  return { operation: operationOf(incoming.method ?? '', key, new Set(query.map(([one]) => one))), bucket, key, query };
}

function bucketOfHost(host: string): string {
  const [, name] = /^(.+)\.oss-[a-z0-9-]+\.aliyuncs\.com$/.exec(host) ?? [];
  if (name !== undefined) return name;
  if (/^oss-[a-z0-9-]+\.aliyuncs\.com$/.test(host)) {
    const message = 'Please use virtual hosted style to access.';
    throw new OssError(403, 'SecondLevelDomainForbidden', message);
  }
  throw new OssError(
    404,
    'NoSuchBucket',
    'The specified bucket does not exist.',
    { BucketName: host },
    '0015-00000101',
  );
}

function operationOf(method: string, key: string, query: ReadonlySet<string>): OssOperation {
  if (key === '') {
    if (query.has('lifecycle')) {
      const byMethod = { GET: 'lifecycle-get', PUT: 'lifecycle-put', DELETE: 'lifecycle-delete' } as const;
      if (method in byMethod) return byMethod[method as keyof typeof byMethod];
    }
    if (method === 'POST' && query.has('delete')) return 'delete-many';
    if (method === 'GET') return 'list';
  } else if (query.has('uploads')) {
    if (method === 'POST') return 'initiate';
  } else if (query.has('uploadId')) {
    const byMethod = { PUT: 'part', POST: 'complete', DELETE: 'abort', GET: 'parts' } as const;
    if (method in byMethod) return byMethod[method as keyof typeof byMethod];
  } else {
    const byMethod = { PUT: 'put', GET: 'get', HEAD: 'head', DELETE: 'delete' } as const;
    if (method in byMethod) return byMethod[method as keyof typeof byMethod];
  }
  throw new OssError(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
}

async function readBody(incoming: IncomingMessage, fault: OssFault | undefined): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (fault?.kind === 'slow') await wait(fault.delayMs ?? 10);
    if (fault?.kind === 'reset' && size >= (fault.bytes ?? 0)) break;
    // It stops reading for good: what is sent piles up.
    if (fault?.kind === 'hang' && fault.bytes !== undefined && size >= fault.bytes) await new Promise(() => undefined);
  }
  return Buffer.concat(chunks);
}

function ranged(stored: StoredObject, range: string | undefined, fault: OssFault | undefined): Answer {
  const headers = {
    ...sums(stored, fault),
    'content-type': stored.mediaType,
    'x-oss-object-type': stored.type,
    'accept-ranges': 'bytes',
  };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (from === undefined) return { status: 200, headers, body: stored.bytes };
  const last = to === '' || to === undefined ? stored.bytes.length - 1 : Math.min(Number(to), stored.bytes.length - 1);
  const told = { 'content-range': `bytes ${from}-${last}/${stored.bytes.length}` };
  return { status: 206, headers: { ...headers, ...told }, body: stored.bytes.subarray(Number(from), last + 1) };
}

function sums({ etag, crc64 }: { etag: string; crc64: string }, fault: OssFault | undefined): Record<string, string> {
  if (fault?.kind === 'no-sums') return { etag: `"${opaque}"` };
  return fault?.kind === 'no-crc' ? { etag: `"${etag}"` } : { etag: `"${etag}"`, 'x-oss-hash-crc64ecma': crc64 };
}

/** Links of type A: `auth_key=timestamp-rand-uid-md5hash`. @throws OssError 403 */
function checkCdn(
  cdn: { readonly key?: string; readonly ttlSeconds?: number },
  url: string,
  target: Target,
  nowMs: number,
): void {
  const [path] = url.split('?', 1);
  const denied = (message: string) => new OssError(403, 'AccessDenied', message);
  if (target.operation !== 'get') throw denied('a CDN only reads');
  if (target.query.some(([name]) => name.startsWith('x-oss-')))
    throw new OssError(400, 'InvalidArgument', 'Only one auth mechanism allowed');
  if (cdn.key === undefined) return;
  const [stamp = '', rand = '', uid = '', hash = '', ...rest] = (
    target.query.find(([name]) => name === 'auth_key')?.[1] ?? ''
  ).split('-');
  const wanted = createHash('md5').update(`${path}-${stamp}-${rand}-${uid}-${cdn.key}`).digest('hex');
  if (rest.length > 0 || !/^\d{10}$/.test(stamp) || uid !== '0' || hash !== wanted) throw denied('denied by url auth');
  if (nowMs / 1000 > Number(stamp) + (cdn.ttlSeconds ?? 1800)) throw denied('expired timestamp');
}

function scripted(fault: OssFault): OssError {
  const { status = 500, code = 'InternalError', message = 'Scripted fault.', elements, ec, headers } = fault;
  return new OssError(status, code, message, elements, ec, headers);
}

function page(outgoing: ServerResponse, entry: OssRequest, status: number): void {
  entry.status = status;
  outgoing.writeHead(status, { 'content-type': 'text/html', server: 'nginx' });
  outgoing.end(
    '<html><head><title>502 Bad Gateway</title></head><body><center><h1>502</h1></center><hr></body></html>',
  );
}

function send(outgoing: ServerResponse, entry: OssRequest, answer: Answer, fault?: OssFault): void {
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : (answer.body ?? Buffer.alloc(0));
  entry.status = answer.status;
  const length = answer.status === 204 ? {} : { 'content-length': String(body.length) };
  outgoing.writeHead(answer.status, { ...length, ...answer.headers });
  if (fault?.kind === 'cut') {
    outgoing.write(body.subarray(0, Math.floor(body.length / 2)), () => outgoing.socket?.end());
  } else outgoing.end(entry.method === 'HEAD' ? undefined : body);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new OssError(400, 'InvalidURI', "Couldn't parse the specified URI.");
  }
}
