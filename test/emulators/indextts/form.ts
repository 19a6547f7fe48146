import type { RawRequest } from '../dashscope/wire.js';

/** Parts of a multipart form: text fields, and files with their names. */
export interface Form {
  readonly fields: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, { readonly filename: string; readonly bytes: Buffer }>>;
}

/** Reads multipart/form-data with the platform's own reader; undefined when it is none. */
export async function readForm({ headers, body }: RawRequest): Promise<Form | undefined> {
  const type = headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data')) return undefined;
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  const fields: Record<string, string> = {};
  const files: Record<string, { filename: string; bytes: Buffer }> = {};
  for (const [name, value] of form.entries()) {
    if (typeof value === 'string') fields[name] = name in fields ? `${fields[name]}\n${value}` : value;
    else files[name] = { filename: value.name, bytes: Buffer.from(await value.arrayBuffer()) };
  }
  return { fields, files };
}
