import { canonicalJson, hashValue } from './hash.js';

/** The file that belongs to an entry. */
export interface KeptFile {
  /** With the dot. */
  readonly extension: string;
  readonly bytes: number;
  /** SHA-256 of its bytes, 40 hex digits. */
  readonly sum: string;
}

/** What an entry's record holds. */
export interface EntryRecord {
  readonly about: { readonly stage?: string | undefined; readonly provider?: string | undefined };
  readonly value: unknown;
  readonly file?: KeptFile | undefined;
}

/** The record as text, sealed by a sum over all of it. */
export function sealRecord(record: EntryRecord): string {
  const body = JSON.parse(canonicalJson(record)) as EntryRecord;
  return `${JSON.stringify({ v: 1, sum: hashValue(body), ...body })}\n`;
}

/** @returns undefined when the text is not exactly what `sealRecord` wrote */
export function parseRecord(text: string): EntryRecord | undefined {
  try {
    return readRecord(JSON.parse(text));
  } catch {
    // Not JSON, or nested so deeply that no sum can be taken of it.
    return undefined;
  }
}

function readRecord(found: unknown): EntryRecord | undefined {
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return undefined;
  const { v, sum, ...body } = found as Record<string, unknown>;
  if (v !== 1 || sum !== hashValue(body) || typeof body.about !== 'object' || body.about === null) return undefined;
  if (body.file !== undefined && !isKeptFile(body.file)) return undefined;
  return body as unknown as EntryRecord;
}

/** The extension becomes part of a path, so it may be nothing else. */
function isKeptFile(file: unknown): file is KeptFile {
  if (typeof file !== 'object' || file === null) return false;
  const { extension, bytes, sum } = file as Record<string, unknown>;
  return (
    typeof extension === 'string' &&
    /^\.[a-z0-9]{1,8}$/.test(extension) &&
    typeof bytes === 'number' &&
    typeof sum === 'string'
  );
}
