import { type FormContent, prepareForm } from './form.js';

/** What a request carries. */
export type RequestBody =
  | { readonly json: unknown }
  | { readonly bytes: Uint8Array | string; readonly mediaType?: string | undefined }
  | {
      /** Called once for every attempt. */
      readonly stream: () => AsyncIterable<Uint8Array>;
      /** Without it the body goes out chunked, which many services refuse. */
      readonly length?: number | undefined;
      readonly mediaType?: string | undefined;
    }
  | { readonly form: FormContent };

/** A body that is measured and can be sent as often as needed. */
export interface PreparedBody {
  readonly mediaType: string | undefined;
  readonly length: number | undefined;
  stream(): AsyncIterable<Uint8Array>;
}

/** Sent in slices of this size, so that a slow upload is seen to move. */
const sliceBytes = 65_536;

/** Measures a body. @throws `INPUT_UNREADABLE` when a file of a form cannot be read */
export async function prepareBody(body: RequestBody): Promise<PreparedBody> {
  if ('json' in body) return bytesBody(JSON.stringify(body.json), 'application/json');
  if ('bytes' in body) return bytesBody(body.bytes, body.mediaType);
  if ('form' in body) return prepareForm(body.form);
  return { mediaType: body.mediaType, length: body.length, stream: body.stream };
}

function bytesBody(content: Uint8Array | string, mediaType: string | undefined): PreparedBody {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return { mediaType, length: bytes.length, stream: () => slices(bytes) };
}

async function* slices(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += sliceBytes) yield bytes.subarray(start, start + sliceBytes);
}
