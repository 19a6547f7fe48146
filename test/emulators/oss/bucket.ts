import { createHash, randomBytes } from 'node:crypto';
import { plainCrc64 } from './crc64.js';
import { document, OssError } from './errors.js';

/** A stored object. */
export interface StoredObject {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly etag: string;
  readonly crc64: string;
  readonly type: 'Normal' | 'Multipart';
}

/** An upload in parts that is not complete. */
export interface PartedUpload {
  readonly key: string;
  readonly mediaType: string;
  readonly parts: Map<number, { readonly bytes: Buffer; readonly etag: string }>;
}

/** A bucket with what lies in it. */
export class Bucket {
  readonly objects = new Map<string, StoredObject>();
  readonly uploads = new Map<string, PartedUpload>();
  /** The lifecycle configuration as it was put. */
  lifecycle: string | undefined;

  constructor(
    readonly name: string,
    /** As signatures have it: `cn-beijing`. */
    readonly region: string,
    /** Least size of every part but the last; 100 KiB with the real service. */
    private readonly leastPart: number,
  ) {}

  put(key: string, bytes: Buffer, mediaType: string): StoredObject {
    const stored: StoredObject = { bytes, mediaType, etag: md5(bytes), crc64: plainCrc64(bytes), type: 'Normal' };
    this.objects.set(key, stored);
    return stored;
  }

  /** @throws OssError NoSuchKey */
  get(key: string): StoredObject {
    const stored = this.objects.get(key);
    if (stored === undefined)
      throw new OssError(404, 'NoSuchKey', 'The specified key does not exist.', { Key: key }, '0026-00000001');
    return stored;
  }

  initiate(key: string, mediaType: string): string {
    const id = randomBytes(16).toString('hex').toUpperCase();
    this.uploads.set(id, { key, mediaType, parts: new Map() });
    return document('InitiateMultipartUploadResult', { Bucket: this.name, Key: key, UploadId: id });
  }

  putPart(key: string, id: string, number: number, bytes: Buffer, etag = md5(bytes)): { etag: string; crc64: string } {
    const upload = this.upload(key, id);
    if (!Number.isInteger(number) || number < 1 || number > 10_000) {
      throw new OssError(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive.');
    }
    const part = { bytes, etag };
    upload.parts.set(number, part);
    return { etag: part.etag, crc64: plainCrc64(bytes) };
  }

  complete(key: string, id: string, xml: string): StoredObject {
    const upload = this.upload(key, id);
    const listed = [...xml.matchAll(/<Part>\s*<PartNumber>(\d+)<\/PartNumber>\s*<ETag>([^<]*)<\/ETag>\s*<\/Part>/g)];
    if (listed.length === 0) throw new OssError(400, 'MalformedXML', 'The XML you provided was not well-formed.');
    const numbers = listed.map(([, number]) => Number(number));
    if (numbers.some((number, at) => at > 0 && number <= numbers[at - 1]!)) {
      throw new OssError(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.');
    }
    const chosen = listed.map(([, number, etag]) => {
      const part = upload.parts.get(Number(number));
      const told = etag!.replaceAll('&quot;', '').replaceAll('"', '');
      if (part?.etag === told) return part;
      throw new OssError(400, 'InvalidPart', 'One or more of the specified parts could not be found.', {
        PartNumber: number!,
      });
    });
    if (chosen.slice(0, -1).some(({ bytes }) => bytes.length < this.leastPart)) {
      throw new OssError(400, 'EntityTooSmall', 'Your proposed upload smaller than the minimum allowed size.');
    }
    const bytes = Buffer.concat(chosen.map((part) => part.bytes));
    const etag = `${md5(Buffer.from(chosen.map((part) => part.etag).join('')))}-${chosen.length}`;
    const stored: StoredObject = {
      bytes,
      mediaType: upload.mediaType,
      etag,
      crc64: plainCrc64(bytes),
      type: 'Multipart',
    };
    this.objects.set(key, stored);
    this.uploads.delete(id);
    return stored;
  }

  abort(key: string, id: string): void {
    this.upload(key, id);
    this.uploads.delete(id);
  }

  listParts(key: string, id: string): string {
    const parts = [...this.upload(key, id).parts].sort(([a], [b]) => a - b);
    const rows = parts.map(
      ([number, { bytes, etag }]) =>
        `  <Part><PartNumber>${number}</PartNumber><ETag>"${etag}"</ETag><Size>${bytes.length}</Size></Part>`,
    );
    const head = ['<?xml version="1.0" encoding="UTF-8"?>', '<ListPartsResult>', `  <Bucket>${this.name}</Bucket>`];
    return [...head, `  <Key>${key}</Key>`, `  <UploadId>${id}</UploadId>`, ...rows, '</ListPartsResult>'].join('\n');
  }

  private upload(key: string, id: string): PartedUpload {
    const upload = this.uploads.get(id);
    if (upload?.key === key) return upload;
    const message =
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.';
    throw new OssError(404, 'NoSuchUpload', message, { UploadId: id });
  }
}

/** Checks a lifecycle configuration as far as clients get it wrong. @throws OssError */
export function checkLifecycle(xml: string): void {
  const malformed = new OssError(400, 'MalformedXML', 'The XML you provided was not well-formed.');
  const body = /^\s*(?:<\?xml[^>]*\?>)?\s*<LifecycleConfiguration>([\s\S]*)<\/LifecycleConfiguration>\s*$/.exec(
    xml,
  )?.[1];
  if (body === undefined) throw malformed;
  const rules = [...body.matchAll(/<Rule>([\s\S]*?)<\/Rule>/g)].map(([, rule]) => rule!);
  if (rules.length === 0 || body.replace(/<Rule>[\s\S]*?<\/Rule>/g, '').trim() !== '') throw malformed;
  for (const rule of rules) {
    const has = (pattern: RegExp) => pattern.test(rule);
    const action = has(/<(Expiration|AbortMultipartUpload|Transition|NoncurrentVersionExpiration)>/);
    if (!has(/<Prefix>[^<]*<\/Prefix>|<Prefix\/>/) || !has(/<Status>(Enabled|Disabled)<\/Status>/) || !action) {
      throw malformed;
    }
  }
  const ids = rules.map((rule) => /<ID>([^<]*)<\/ID>/.exec(rule)?.[1]).filter((id) => id !== undefined);
  if (new Set(ids).size < ids.length) throw new OssError(400, 'InvalidArgument', 'Rule ID must be unique.');
}

/** MD5 in upper-case hex, as in ETags. */
export function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex').toUpperCase();
}
