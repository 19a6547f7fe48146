import { DubError, throwIfAborted } from '../../../errors.js';
import type { UploadNote } from './checkpoint.js';
import { type OssClient, type OssConnection, openClient, unwrapped } from './client.js';
import { Crc64 } from './crc64.js';
import { ossCodeOf } from './errors.js';
import { cleanUpMs, isStoredWhole, removeQuietly } from './stored.js';
import { arrivedWhole, damaged, type Sums, sumsOf } from './sums.js';
import type { Upload } from './upload.js';

/** The bytes to send. */
export interface PartSource {
  readonly size: number;
  read(position: number, length: number): Promise<Buffer>;
}

/** The service's limit. */
const mostParts = 10_000;

/**
 * Uploads in parts, going on with an earlier attempt where its parts hold the same bytes as the file. An earlier
 * attempt that the service no longer knows is forgotten, and one whose result is damaged is made anew, once.
 */
export async function uploadInParts(
  connection: OssConnection,
  upload: Upload,
  source: PartSource,
  signal: AbortSignal,
): Promise<string> {
  const partSize = Math.max(connection.options.partSize, Math.ceil(source.size / mostParts));
  const earlier = await upload.checkpoint?.read();
  const fits = earlier?.size === source.size && earlier.partSize === partSize;
  if (earlier !== undefined && !fits) await endUpload(connection, upload, earlier);
  for (let attempt = 1; ; attempt++) {
    const goesOn = attempt === 1 && fits;
    const note = goesOn ? earlier : await begin(connection, upload, source.size, partSize, signal);
    try {
      return await new PartedUpload(connection, upload, source, note).run(signal);
    } catch (error) {
      await leave(connection, upload, note, error);
      const again = goesOn
        ? ossCodeOf(error) === 'NoSuchUpload' || error instanceof DamagedError
        : error instanceof DamagedError;
      if (attempt > 1 || !again) throw error instanceof DamagedError ? damaged(upload.path) : error;
      connection.onRetry?.({ attempt, waitMs: 0, code: error instanceof DubError ? error.code : 'PROVIDER_BAD_REPLY' });
    }
  }
}

async function begin(
  connection: OssConnection,
  upload: Upload,
  size: number,
  partSize: number,
  signal: AbortSignal,
): Promise<UploadNote> {
  const client = await openClient(connection, signal);
  const { uploadId } = await unwrapped('the start of an upload in parts', () =>
    client.initMultipartUpload(upload.key, { mime: upload.mediaType }),
  );
  if (uploadId === undefined) {
    throw new DubError('PROVIDER_BAD_REPLY', 'OSS started an upload in parts and did not name it.', {
      hint: 'Check OSS_ENDPOINT and the proxy: a gateway, not OSS, may have answered.',
      retryable: true,
    });
  }
  const note: UploadNote = { version: 1, key: upload.key, uploadId, partSize, size, parts: {} };
  await upload.checkpoint?.write(note);
  return note;
}

/**
 * After a failure: what a later run can go on with stays when its note does, too; everything else is ended, because
 * parts lie in the bucket and cost money until they are.
 */
async function leave(connection: OssConnection, upload: Upload, note: UploadNote, error: unknown): Promise<void> {
  const passes = error instanceof DubError && (error.retryable || error.code === 'INTERRUPTED');
  if (passes && connection.options.checkpointFolder !== undefined) return;
  const ending = endUpload(connection, upload, note);
  // An interruption is answered at once; the ending goes on as long as the process does.
  if (!(error instanceof DubError) || error.code !== 'INTERRUPTED') await ending;
}

async function endUpload(connection: OssConnection, upload: Upload, note: UploadNote): Promise<void> {
  try {
    await upload.checkpoint?.remove();
    const client = await openClient(connection, AbortSignal.timeout(cleanUpMs));
    await unwrapped('the end of an upload', () => client.abortMultipartUpload(note.key, note.uploadId));
  } catch {
    // The failure before this one is what the caller is told; a lifecycle rule takes what is left.
  }
}

/** The bytes arrived otherwise than they left. */
class DamagedError extends Error {
  override readonly name = 'DamagedError';
}

/** One attempt. */
class PartedUpload {
  private readonly failed = new AbortController();
  private readonly running = new Set<Promise<void>>();
  private readonly whole = new Crc64();
  private doneBytes = 0;
  private readonly sentBytes = new Map<number, number>();
  private failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly connection: OssConnection,
    private readonly upload: Upload,
    private readonly source: PartSource,
    private readonly note: UploadNote,
  ) {}

  async run(signal: AbortSignal): Promise<string> {
    const count = Math.ceil(this.source.size / this.note.partSize);
    const client = await openClient(this.connection, AbortSignal.any([signal, this.failed.signal]));
    // Read in order, for the sake of the CRC over the whole; sent as places become free.
    for (let number = 1; number <= count && this.failure === undefined; number++) {
      throwIfAborted(signal);
      const bytes = await this.readPart(number).catch((error: unknown) => this.fail(error));
      if (bytes === undefined) break;
      this.send(client, number, bytes);
      if (this.running.size >= this.connection.options.parallel) await Promise.race(this.running);
    }
    await Promise.all(this.running);
    throwIfAborted(signal);
    if (this.failure !== undefined) throw this.failure.error;
    await this.complete(client, count, signal);
    await this.upload.checkpoint?.remove();
    return this.note.key;
  }

  private async readPart(number: number): Promise<Buffer> {
    const { partSize, size } = this.note;
    const position = (number - 1) * partSize;
    return this.source.read(position, Math.min(partSize, size - position));
  }

  private send(client: OssClient, number: number, bytes: Buffer): void {
    this.whole.update(bytes);
    const sums = sumsOf(bytes);
    if (this.note.parts[number]?.md5 === sums.md5.toString('hex')) {
      this.doneBytes += bytes.length;
      this.report();
      return;
    }
    const sending: Promise<void> = this.sendPart(client, number, bytes, sums)
      .catch((error: unknown) => this.fail(error))
      .finally(() => this.running.delete(sending));
    this.running.add(sending);
  }

  private async sendPart(client: OssClient, number: number, bytes: Buffer, sums: Sums): Promise<void> {
    const ctx = { onSent: (sent: number) => this.report(number, sent) };
    const headers = { 'Content-MD5': sums.md5.toString('base64') };
    const { key, uploadId } = this.note;
    const { res } = await unwrapped('a part', () =>
      client.uploadPart(key, uploadId, number, bytes, 0, bytes.length, { headers, ctx }),
    );
    if (arrivedWhole(res.headers, sums) === false) throw new DamagedError(`part ${number}`);
    this.sentBytes.delete(number);
    this.doneBytes += bytes.length;
    this.note.parts[number] = { md5: sums.md5.toString('hex'), etag: res.headers.etag ?? '' };
    await this.upload.checkpoint?.write(this.note);
    this.report();
  }

  private async complete(client: OssClient, count: number, signal: AbortSignal): Promise<void> {
    const { key, uploadId, parts } = this.note;
    const list = Array.from({ length: count }, (_, at) => ({ number: at + 1, etag: parts[at + 1]!.etag }));
    const sums = { crc64: this.whole.value(), size: this.source.size };
    try {
      const { res } = await unwrapped('the end of an upload in parts', () =>
        client.completeMultipartUpload(key, uploadId, list, {}),
      );
      if (arrivedWhole(res.headers, sums) ?? (await isStoredWhole(this.connection, key, sums, signal))) return;
    } catch (error) {
      // Its answer may have been lost: then the upload is gone because the object is there.
      if (ossCodeOf(error) !== 'NoSuchUpload' || !(await this.isThere(sums, signal))) throw error;
      return;
    }
    await removeQuietly(this.connection, key, signal);
    throw new DamagedError('the whole');
  }

  private async isThere(
    sums: { readonly crc64: string; readonly size: number },
    signal: AbortSignal,
  ): Promise<boolean> {
    return isStoredWhole(this.connection, this.note.key, sums, signal).catch((error: unknown) => {
      if (ossCodeOf(error) === 'NoSuchKey') return false;
      throw error;
    });
  }

  private fail(error: unknown): undefined {
    this.failure ??= { error };
    this.failed.abort();
  }

  private report(number?: number, sent?: number): void {
    if (number !== undefined) this.sentBytes.set(number, sent ?? 0);
    const under = [...this.sentBytes.values()].reduce((sum, bytes) => sum + bytes, 0);
    this.upload.onProgress?.(Math.min(this.doneBytes + under, this.source.size), this.source.size);
  }
}
