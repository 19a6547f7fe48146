import { createHash } from 'node:crypto';
import { DubError } from '../../../errors.js';
import type { OssHeaders } from './client.js';
import { Crc64 } from './crc64.js';

/** What bytes must come out as on the other side. */
export interface Sums {
  readonly size: number;
  /** Decimal, as the service writes it. */
  readonly crc64: string;
  readonly md5: Buffer;
}

/** The sums of bytes in memory. */
export function sumsOf(bytes: Uint8Array): Sums {
  const md5 = createHash('md5').update(bytes).digest();
  return { size: bytes.length, crc64: new Crc64().update(bytes).value(), md5 };
}

/**
 * Whether an answer proves that the bytes arrived whole: by their CRC, else by the MD5 in the ETag. Undefined when it
 * says neither, or says so of bytes that were encrypted.
 */
export function arrivedWhole(
  headers: OssHeaders,
  sums: { crc64: string; md5?: Buffer | undefined },
): boolean | undefined {
  const crc = headers['x-oss-hash-crc64ecma'];
  if (crc !== undefined) return crc.trim() === sums.crc64;
  const etag = etagOf(headers);
  // The ETag of an upload in parts ends in their number, and that of an encrypted object need not be its MD5.
  if (sums.md5 === undefined || !/^[0-9A-F]{32}$/.test(etag) || headers['x-oss-server-side-encryption'] !== undefined) {
    return undefined;
  }
  return etag === sums.md5.toString('hex').toUpperCase();
}

/** The ETag in upper case without quotes; empty when there is none. */
function etagOf(headers: OssHeaders): string {
  return (headers.etag ?? '').replaceAll('"', '').toUpperCase();
}

/** The error of bytes that arrived otherwise than they were sent. */
export function damaged(what: string): DubError {
  return new DubError('PROVIDER_BAD_REPLY', `OSS holds other bytes of ${what} than were sent.`, {
    hint: 'The same command uploads it again; if it happens again, check the proxy and the memory of this machine.',
    retryable: true,
  });
}
