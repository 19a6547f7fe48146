import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** Text that is the same for equal JSON values whatever the order of their keys; `undefined` fields are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const fields = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => `${JSON.stringify(name)}:${canonicalJson(item)}`);
    return `{${fields.join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}

/** SHA-256 of a JSON value's canonical text, 40 hex digits. */
export function hashValue(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 40);
}

/** A file up to this size is read in one go, bytes: takes are, and a stream costs more than they do. */
const readAtOnce = 1 << 20;

/** SHA-256 of a file's bytes, 40 hex digits. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const { size } = await stat(path);
  if (size <= readAtOnce) hash.update(await readFile(path));
  else await pipeline(createReadStream(path, { highWaterMark: readAtOnce }), hash);
  return hash.digest('hex').slice(0, 40);
}
