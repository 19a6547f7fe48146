import { createHmac, randomUUID } from 'node:crypto';
import type { Emulator } from './server.js';
import { listen, type RawAnswer, type RawRequest } from './wire.js';
import { scriptedRefusal, xmlError } from './xml.js';

/** The host of signed result links: another origin, which takes no credentials but the signature. */
export interface Results {
  readonly url: string;
  /** A signed link (`http:`, as the docs show) that works for 24 hours unless told. */
  publish(bytes: Uint8Array | string, options: PublishOptions): string;
  close(): Promise<void>;
}

/** What is published and how. */
export interface PublishOptions {
  readonly mediaType: string;
  /** Without a dot: `json`, `wav`. */
  readonly extension: string;
  readonly lifeMs?: number;
}

interface Published {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

const secret = 'result-host-secret';
const accessKeyId = 'LTAI5tResultHost';

/** Starts the result host. Its endpoint is called `result.get`. */
export async function createResults(emulator: Emulator): Promise<Results> {
  const files = new Map<string, Published>();

  function answer(request: RawRequest): RawAnswer {
    const { pathname, searchParams } = request.url;
    for (const name of ['authorization', 'cookie', 'x-api-key', ...dashscopeHeaders(request)]) {
      if (request.headers[name] === undefined) continue;
      emulator.violation(`result.get: the header ${name} was sent to the result host`);
      return xmlError(
        400,
        'InvalidArgument',
        'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
      );
    }
    const expires = Number(searchParams.get('Expires'));
    if (emulator.clock.now() / 1000 > expires) return xmlError(403, 'AccessDenied', 'Request has expired.');
    if (searchParams.get('Signature') !== sign(pathname, expires)) {
      return xmlError(
        403,
        'SignatureDoesNotMatch',
        'The request signature we calculated does not match the signature you provided.',
      );
    }
    const file = files.get(pathname);
    if (file === undefined) return xmlError(404, 'NoSuchKey', 'The specified key does not exist.');
    return { status: 200, headers: { 'content-type': file.mediaType, server: 'AliyunOSS' }, body: file.bytes };
  }

  const server = await listen(async (request) => {
    const logged = emulator.log('result.get', request);
    const fault = emulator.takeFault('result.get');
    return {
      fault,
      answer: async () => {
        const given = scriptedRefusal(fault) ?? answer(request);
        logged.status = given.status;
        return given;
      },
    };
  });

  return {
    url: server.url,
    publish(bytes, { mediaType, extension, lifeMs = 24 * 3_600_000 }) {
      const path = `/pre/${randomUUID()}.${extension}`;
      files.set(path, { bytes: Buffer.from(bytes as Uint8Array), mediaType });
      const expires = Math.floor((emulator.clock.now() + lifeMs) / 1000);
      const query = new URLSearchParams({
        Expires: String(expires),
        OSSAccessKeyId: accessKeyId,
        Signature: sign(path, expires),
      });
      return `${server.url}${path}?${query}`;
    },
    close: () => server.close(),
  };
}

function dashscopeHeaders(request: RawRequest): string[] {
  return Object.keys(request.headers).filter((name) => name.startsWith('x-dashscope-'));
}

/** OSS V1 (`oss.md` section 8): HMAC-SHA1 over verb, expiry and resource. */
function sign(path: string, expires: number): string {
  return createHmac('sha1', secret).update(`GET\n\n\n${expires}\n${path}`).digest('base64');
}
