import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import { DubError } from '../../../src/errors.js';
import { createHttp } from '../../../src/net/client.js';
import type { HttpOptions } from '../../../src/net/http.js';
import type { StorageProvider } from '../../../src/providers/storage/contract.js';
import { oss } from '../../../src/providers/storage/oss/index.js';
import type { OssOptions } from '../../../src/providers/storage/oss/options.js';
import { type OssEmulator, type OssEmulatorOptions, ossKey, startOssEmulator } from '../../emulators/oss/server.js';
import { temporaryFolder } from '../support.js';

/** A store, the service behind it, and a folder to work in. */
export interface OssBench {
  readonly emulator: OssEmulator;
  readonly folder: string;
  /** Another store on the same service: the options of the first with these on top. */
  store(options?: Partial<OssOptions>, http?: Partial<HttpOptions>): StorageProvider;
  readonly notices: readonly string[];
  /** Attempts that failed of what the store itself sent once more. */
  readonly repeats: readonly number[];
  /** A file of random bytes. */
  file(name: string, size: number): Promise<{ readonly path: string; readonly bytes: Buffer }>;
  /** Fetches a link as a recogniser would: no credentials, by whatever name it has. */
  fetch(url: string): Promise<{ readonly status: number; readonly bytes: Buffer; readonly mediaType: string }>;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** The host of the bucket with the emulator's port. */
export const regionHost = 'oss-cn-beijing.aliyuncs.com';

/** Starts a service and makes stores on it; closed after the test. */
export async function ossBench(
  given: OssEmulatorOptions & { readonly violations?: readonly string[] } = {},
): Promise<OssBench> {
  const emulator = await startOssEmulator(given);
  const folder = await temporaryFolder();
  const notices: string[] = [];
  const repeats: number[] = [];
  closers.push(async () => {
    await emulator.close();
    expect(emulator.violations).toEqual([]);
  });
  return {
    emulator,
    folder,
    notices,
    repeats,
    store(options = {}, http = {}) {
      const client = createHttp({
        version: '1.2.3',
        lookup: emulator.lookup,
        retry: { baseMs: 1, maxRetryAfterMs: 20 },
        onRetry: ({ message }) => notices.push(message),
        ...http,
      });
      closers.unshift(() => client.close());
      const { accessKeyId, accessKeySecret } = ossKey;
      const own = { accessKeyId, accessKeySecret, bucket: 'dub-test', region: 'cn-beijing' };
      const endpoint = `http://${regionHost}:${emulator.port}`;
      const parsed = oss.options.parse({ ...own, endpoint, ...options });
      const told = { onRetry: ({ attempt }: { attempt: number }) => void repeats.push(attempt) };
      return oss.create(parsed, {
        scratch: join(folder, 'scratch'),
        http: async (scope) => client.scope(scope),
        ...told,
      });
    },
    async file(name, size) {
      const path = join(folder, name);
      const bytes = randomBytes(size);
      await mkdir(folder, { recursive: true });
      await writeFile(path, bytes);
      return { path, bytes };
    },
    fetch: (url) => fetchPlainly(url, emulator),
  };
}

function fetchPlainly(url: string, emulator: OssEmulator) {
  return new Promise<{ status: number; bytes: Buffer; mediaType: string }>((resolve, reject) => {
    const { hostname, pathname, search, host } = new URL(url);
    const asked = {
      host: '127.0.0.1',
      port: emulator.port,
      path: `${pathname}${search}`,
      headers: { host: host || hostname },
    };
    get({ ...asked, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const mediaType = answer.headers['content-type'] ?? '';
        resolve({ status: answer.statusCode ?? 0, bytes: Buffer.concat(chunks), mediaType });
      });
    }).on('error', reject);
  });
}

/** A port on loopback where nobody listens. */
export async function deafPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The `DubError` that the work ends with. */
export async function failure(work: Promise<unknown>): Promise<DubError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof DubError) return error;
  throw new Error(`no DubError but ${error instanceof Error ? error.stack : String(error)}`);
}

/** How a flac file is put. */
export const flac = { mediaType: 'audio/flac', forModel: 'any' };
/** A signal that is never aborted. */
export const calm = new AbortController().signal;
