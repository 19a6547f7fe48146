import { randomBytes } from 'node:crypto';
import { extname, join, resolve } from 'node:path';
import { DubError, throwIfAborted } from '../../../errors.js';
import type { Http } from '../../../net/http.js';
import type { ProviderTools } from '../../contract.js';
import { defineProvider } from '../../define.js';
import { readinessOf } from '../../vendors/local/readiness.js';
import type { PutOptions, StorageProvider, StoredFile } from '../contract.js';
import { type Checkpoint, checkpointName, openCheckpoint } from './checkpoint.js';
import { type OssConnection, openClient, unwrapped } from './client.js';
import { ensureLifecycle } from './lifecycle.js';
import { makeLink } from './link.js';
import { folderOf, type OssOptions, type OssPlace, ossOptions, readCredentials, readPlace } from './options.js';
import { uploadFile } from './upload.js';

/** Aliyun OSS: files in a bucket of the user's own, reached by signed links. */
export const oss = defineProvider({
  kind: 'storage',
  name: 'oss',
  summary: 'Aliyun OSS: a bucket of your own, links signed for some hours',
  options: ossOptions,
  secrets: ['accessKeyId', 'accessKeySecret', 'securityToken', 'cdnKey'],
  modelOption: 'bucket',
  create: (options, tools): StorageProvider => new OssStore(options, tools),
});

class OssStore implements StorageProvider {
  readonly stores = true;
  readonly host: string | undefined;
  private lifecycle: Promise<string | undefined> | undefined;
  private http: Promise<Http> | undefined;
  /** Notes in use: of two uploads of one file at once, only one may write its own. */
  private readonly uploading = new Set<string>();

  constructor(
    private readonly options: OssOptions,
    private readonly tools: ProviderTools,
  ) {
    this.host = findPlace(options)?.host;
  }

  ready() {
    return readinessOf(async () => {
      readCredentials(this.options);
      return describe(readPlace(this.options), this.options);
    });
  }

  async put(path: string, { mediaType, onProgress }: PutOptions, signal: AbortSignal): Promise<StoredFile> {
    throwIfAborted(signal);
    const connection = await this.connect();
    const prefix = folderOf(this.options.prefix);
    const name = checkpointName(path, connection.place, prefix);
    const checkpoint = this.uploading.has(name) ? undefined : this.checkpointFor(path, connection.place, prefix);
    if (checkpoint !== undefined) this.uploading.add(name);
    // Alongside the upload, once a run; what came of it is told with every file.
    const lifecycle = this.ensureLifecycle(connection, signal);
    try {
      const upload = { path, key: `${prefix}${randomName(path)}`, mediaType, checkpoint, onProgress };
      const key = await uploadFile(connection, upload, signal);
      const warning = await lifecycle;
      const link = await makeLink(connection, key);
      const handle = `oss://${connection.place.bucket}/${key}`;
      return { ...link, handle, ...(warning === undefined ? {} : { warnings: [warning] }) };
    } finally {
      if (checkpoint !== undefined) this.uploading.delete(name);
    }
  }

  async remove(handle: string, signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    const connection = await this.connect();
    const key = keyOf(handle, connection.place);
    const client = await openClient(connection, signal);
    await unwrapped('deleting an object', () => client.delete(key)).catch((error: unknown) => {
      throw notRemoved(handle, error);
    });
  }

  private checkpointFor(path: string, place: OssPlace, prefix: string): Checkpoint {
    const folder = this.options.checkpointFolder ?? join(this.tools.scratch, 'uploads');
    return openCheckpoint(resolve(folder), path, place, prefix);
  }

  /** Undefined when all is well, and when it was interrupted: the next file tries again. */
  private ensureLifecycle(connection: OssConnection, signal: AbortSignal): Promise<string | undefined> {
    this.lifecycle ??= ensureLifecycle(connection, signal).catch((error: unknown) => {
      this.lifecycle = undefined;
      return signal.aborted ? undefined : `The lifecycle rule was not set (${String(error)}).`;
    });
    return this.lifecycle;
  }

  private async connect(): Promise<OssConnection> {
    const { options } = this;
    const credentials = readCredentials(options);
    const place = readPlace(options);
    this.http ??= openHttp(options, this.tools);
    return { place, options, credentials, http: await this.http, onRetry: this.tools.onRetry };
  }
}

/** The run's client; one of its own, without proxies, where the tools bring none. */
async function openHttp(options: OssOptions, tools: ProviderTools): Promise<Http> {
  const { accessKeyId, accessKeySecret, securityToken, cdnKey } = options;
  const secrets = [accessKeyId, accessKeySecret, securityToken, cdnKey].filter((secret) => secret !== undefined);
  if (tools.http !== undefined) return tools.http({ secrets });
  const { createHttp } = await import('../../../net/client.js');
  return createHttp({ version: '0', secrets });
}

function findPlace(options: OssOptions): OssPlace | undefined {
  try {
    return readPlace(options);
  } catch {
    // `ready` and every call say what is wrong.
    return undefined;
  }
}

function describe(place: OssPlace, options: OssOptions): string {
  const scheme = place.endpoint.startsWith('https:') ? '' : ', without encryption';
  const demand = place.isMainlandPublic
    ? '; accounts that opened OSS after 2025-03-20 need a domain of their own there (OSS_CNAME)'
    : '';
  const link = options.cdnDomain === undefined ? '' : `, links on ${options.cdnDomain}`;
  return `bucket ${place.bucket} (${place.region}) at ${place.host}${scheme}${link}${demand}`;
}

/** 128 random bits, so that nobody finds an object by its name, and the ending that recognisers go by. */
function randomName(path: string): string {
  const ending = /^\.[a-z0-9]{1,8}$/i.exec(extname(path))?.[0] ?? '';
  return `${randomBytes(16).toString('hex')}${ending.toLowerCase()}`;
}

function keyOf(handle: string, place: OssPlace): string {
  const [, bucket, key] = /^oss:\/\/([^/]+)\/(.+)$/.exec(handle) ?? [];
  if (key !== undefined && bucket === place.bucket) return key;
  throw new DubError('PROVIDER_REFUSED', `${handle} is not in bucket ${place.bucket}, so it was not deleted.`, {
    hint: 'Set OSS_BUCKET to the bucket it is in, or delete it in the console.',
  });
}

function notRemoved(handle: string, error: unknown): unknown {
  if (!(error instanceof DubError) || error.code === 'INTERRUPTED') return error;
  return new DubError(error.code, `${handle} was not deleted. ${error.message}`, {
    hint: `${error.hint ?? ''} Delete it in the console when it is not needed any more.`.trim(),
    cause: error,
    retryable: error.retryable,
  });
}
