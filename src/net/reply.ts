import { pipeline, Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { DubError } from '../errors.js';
import { cutBody, tooLarge } from './failures.js';

/** Headers of a reply, names in lower case, several values joined by `, `. */
export type ReplyHeaders = Readonly<Record<string, string>>;

/** The body of a reply, read in whole. */
export interface ReplyBody {
  readonly bytes: Uint8Array;
  /** As UTF-8. */
  readonly text: string;
  /** Parsed; undefined when it is not JSON. */
  readonly json: unknown;
}

/** A body whose text and JSON are made when first looked at. */
export function replyBody(bytes: Uint8Array): ReplyBody {
  let parsed: { readonly value: unknown } | undefined;
  return {
    bytes,
    get text() {
      return new TextDecoder().decode(bytes);
    },
    get json() {
      parsed ??= { value: parseJson(this.text) };
      return parsed.value;
    },
  };
}

/** The media type of a reply in lower case without parameters; empty when there is none. */
export function mediaTypeOf(headers: ReplyHeaders): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

/** Chunks as they are meant: uncompressed when the server compressed them, asked or not. */
export function decoded(
  chunks: AsyncIterable<Uint8Array>,
  headers: ReplyHeaders,
  what: string,
): AsyncIterable<Uint8Array> {
  const encoding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  if (encoding === 'gzip' || encoding === 'x-gzip') return inflated(chunks, createGunzip(), what);
  if (encoding === 'deflate') return inflated(chunks, createInflate(), what);
  return encoding === 'br' ? inflated(chunks, createBrotliDecompress(), what) : chunks;
}

/** Everything up to `maxBytes`. @throws `PROVIDER_BAD_REPLY` when there is more */
export async function collect(chunks: AsyncIterable<Uint8Array>, maxBytes: number, what: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of bounded(chunks, maxBytes, what)) parts.push(chunk);
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/** The same chunks, ending in an error when they are more than `maxBytes`. */
export async function* bounded(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  what: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(what, maxBytes);
    yield chunk;
  }
}

async function* inflated(
  chunks: AsyncIterable<Uint8Array>,
  transform: ReturnType<typeof createGunzip>,
  what: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let packed = 0;
  let size = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      packed += chunk.length;
      yield chunk;
    }
  }
  try {
    // Errors come out of the iteration; the callback only keeps pipeline from throwing them a second time.
    for await (const chunk of pipeline(Readable.from(counted()), transform, () => undefined)) {
      size += chunk.length;
      yield chunk;
    }
  } catch (error) {
    if (error instanceof DubError) throw error;
    // An answer without a body (to HEAD, 204) may name an encoding all the same.
    if (packed > 0) throw cutBody(what, size, undefined, error);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
