import { createHash, randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { DubError, throwIfAborted } from '../../../errors.js';
import { hostKind } from '../../../net/addresses.js';
import { fileChunks, unreadableFile } from '../../../net/file-chunks.js';
import type { Http, HttpRequest } from '../../../net/http.js';
import type { ProviderTools } from '../../contract.js';
import { defineProvider } from '../../define.js';
import { readinessOf } from '../../vendors/local/readiness.js';
import type { PutOptions, StorageProvider, StoredFile } from '../contract.js';
import { createClassifier } from './errors.js';
import { readCredentials, readPlace, type S3Options, type S3Place, s3Options, s3Secrets } from './options.js';

/** Stores that speak S3, a bucket of the user's own, reached by links that are signed (version 4) for some hours. */
export const s3 = defineProvider({
  kind: 'storage',
  name: 's3',
  summary: 'S3: MinIO, Cloudflare R2 and others, a bucket of your own, links signed for some hours',
  options: s3Options,
  secrets: s3Secrets,
  modelOption: 'bucket',
  create: (options, tools): StorageProvider => new S3Store(options, tools),
});

/** Life of the links that this program itself puts and deletes by, seconds. */
const ownSeconds = 900;

class S3Store implements StorageProvider {
  readonly stores = true;
  readonly host: string | undefined;
  private http: Promise<Http> | undefined;

  constructor(
    private readonly options: S3Options,
    private readonly tools: ProviderTools,
  ) {
    const { endpoint, bucket } = options;
    // `ready` and every call say what is wrong.
    this.host = endpoint === undefined || bucket === undefined ? undefined : readPlace(options).host;
  }

  ready() {
    return readinessOf(async () => {
      readCredentials(this.options);
      const place = readPlace(this.options);
      const links = place.publicEndpoint === place.endpoint ? '' : `, links on ${new URL(place.publicEndpoint).host}`;
      return `bucket ${place.bucket} at ${place.host}${links}`;
    });
  }

  async put(path: string, { mediaType, onProgress }: PutOptions, signal: AbortSignal): Promise<StoredFile> {
    throwIfAborted(signal);
    const place = readPlace(this.options);
    const { size, md5 } = await measure(path);
    const key = `${this.options.prefix}${randomName(path)}`;
    await this.send(
      {
        method: 'PUT',
        url: await this.sign(place.endpoint, place, key, 'PUT', ownSeconds),
        // The store compares what arrived: a file cut short is refused by it, not found out by the recogniser.
        headers: { 'Content-MD5': md5 },
        body: { stream: () => fileChunks(path, size), length: size, mediaType },
        onSent: (bytes) => onProgress?.(bytes, size),
      },
      place,
      signal,
    );
    const seconds = Math.max(1, Math.round(this.options.linkHours * 3600));
    const signedAtMs = Date.now();
    const url = await this.sign(place.publicEndpoint, place, key, 'GET', seconds);
    const warning = warningOf(place);
    return {
      ...{ url, expiresAtMs: signedAtMs + seconds * 1000, handle: `s3://${place.bucket}/${key}` },
      ...(warning === undefined ? {} : { warnings: [warning] }),
    };
  }

  async remove(handle: string, signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    const place = readPlace(this.options);
    const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(handle) ?? [];
    if (key === undefined || bucket !== place.bucket) {
      throw new DubError('PROVIDER_REFUSED', `${handle} is not in bucket ${place.bucket}, so it was not deleted.`, {
        hint: 'Name the bucket it is in with --store s3:BUCKET, or delete it by hand.',
      });
    }
    // What is not there is as good as deleted: S3 answers 204 for both.
    const url = await this.sign(place.endpoint, place, key, 'DELETE', ownSeconds);
    await this.send({ method: 'DELETE', url }, place, signal);
  }

  private async send(request: HttpRequest, { bucket }: S3Place, signal: AbortSignal): Promise<void> {
    this.http ??= this.open();
    const limits =
      this.options.timeoutMs === undefined
        ? {}
        : { limits: { idleMs: this.options.timeoutMs, totalMs: this.options.timeoutMs } };
    await (await this.http).request(
      { ...request, ...limits, idempotent: 'repeatable', classify: createClassifier(bucket) },
      signal,
    );
  }

  private async open(): Promise<Http> {
    const secrets = Object.values(readCredentials(this.options));
    if (this.tools.http) return this.tools.http({ secrets });
    throw new DubError('CONFIG_INVALID', 'S3 is a service, and no HTTP client was given to reach it.', {
      hint: 'Leave --offline out.',
    });
  }

  /** A link signed by version 4 for one method; path-style, which all of these stores understand. */
  private async sign(
    endpoint: string,
    { bucket }: S3Place,
    key: string,
    method: string,
    seconds: number,
  ): Promise<string> {
    const credentials = readCredentials(this.options);
    const { AwsV4Signer } = await import('aws4fetch');
    const url = new URL(`${endpoint}/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`);
    url.searchParams.set('X-Amz-Expires', String(seconds));
    const { region } = this.options;
    const signed = await new AwsV4Signer({
      ...credentials,
      method,
      url: url.href,
      service: 's3',
      region,
      signQuery: true,
    }).sign();
    return signed.url.href;
  }
}

async function measure(path: string): Promise<{ readonly size: number; readonly md5: string }> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw unreadableFile(path, cause);
  });
  const hash = createHash('md5');
  for await (const chunk of fileChunks(path, size)) hash.update(chunk);
  return { size, md5: hash.digest('base64') };
}

/** A link holds the host it was signed for: one that only this machine knows is of no use to a service. */
function warningOf({ publicEndpoint }: S3Place): string | undefined {
  const { hostname, host } = new URL(publicEndpoint);
  const kind = hostKind(hostname);
  if (kind === 'public' || (kind === 'name' && hostname.includes('.'))) return undefined;
  return `Links to the S3 store lead to ${host}, which a service on the internet does not reach; name the public address as S3_PUBLIC_ENDPOINT.`;
}

/** 128 random bits, so that nobody finds an object by its name, and the ending that recognisers go by. */
function randomName(path: string): string {
  const ending = /^\.[a-z0-9]{1,8}$/i.exec(extname(path))?.[0] ?? '';
  return `${randomBytes(16).toString('hex')}${ending.toLowerCase()}`;
}
