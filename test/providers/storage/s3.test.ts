import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHttp } from '../../../src/net/client.js';
import type { Http } from '../../../src/net/http.js';
import { type Fault, runChecks } from '../../../src/providers/conformance.js';
import { storageConformance } from '../../../src/providers/storage/conformance.js';
import type { StorageProvider } from '../../../src/providers/storage/contract.js';
import { s3 } from '../../../src/providers/storage/s3/index.js';
import { type S3Emulator, s3Account, startS3 } from '../../emulators/s3/server.js';
import { instantClock } from '../../net/clocks.js';
import { calm, expectConformance, limitFor, temporaryFolder } from '../support.js';

let emulator: S3Emulator;
let http: Http;
const mp3 = { mediaType: 'audio/mpeg', forModel: 'any' };

beforeEach(async () => {
  emulator = await startS3();
  http = createHttp({ version: '1.2.3', clock: instantClock(Date.now()), random: () => 0.5 });
});

afterEach(async () => {
  await http.close();
  await emulator.close();
});

function make(options: Readonly<Record<string, unknown>> = {}): StorageProvider {
  const { accessKeyId, secretAccessKey, bucket } = s3Account;
  const usual = { endpoint: emulator.url, accessKeyId, secretAccessKey, bucket, ...options };
  const tools = { scratch: '', http: async (scope: Parameters<Http['scope']>[0]) => http.scope(scope) };
  return s3.create(s3.options.parse(usual), tools);
}

async function file(name: string, size: number) {
  const path = join(await temporaryFolder(), name);
  const bytes = Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * 31) % 251));
  await writeFile(path, bytes);
  return { path, bytes };
}

async function fetched(url: string): Promise<Uint8Array | undefined> {
  const response = await fetch(url);
  return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
}

/** A port that nobody listens on. */
async function deafPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('passes the suite of stores', async () => {
  const { path, bytes } = await file('talk.mp3', 250_000);
  const results = await runChecks(storageConformance, {
    ...{ provider: make(), path, bytes, fetch: fetched },
    secrets: [s3Account.accessKeyId, s3Account.secretAccessKey, 'another secret'],
    async failing(fault: Fault) {
      emulator.heal();
      const times = Number.POSITIVE_INFINITY;
      if (fault === 'hang' || fault === 'stall') emulator.fail('PUT', { kind: 'hang', times });
      if (fault === 'crash') emulator.fail('PUT', { kind: 'reset', times });
      if (fault === 'refuse') emulator.fail('PUT', { kind: 'error', status: 403, code: 'AccessDenied', times });
      const options = {
        missing: { endpoint: `http://127.0.0.1:${await deafPort()}` },
        auth: { secretAccessKey: 'another secret' },
      }[fault as 'missing' | 'auth'];
      return { provider: make({ timeoutMs: limitFor(fault), ...options }), open: async () => emulator.open };
    },
  });
  expectConformance(results, { 'refuses to put a file when it stores nothing, and names the flag': 'it stores' });
  expect(emulator.violations).toEqual([]);
});

describe('s3', () => {
  test('gives a link that works as long as it says, with the ending and the type that recognisers go by', async () => {
    const { path, bytes } = await file('talk with spaces.mp3', 5000);
    const stored = await make({ linkHours: 6, prefix: 'night shift/ü/' }).put(path, mp3, calm);
    expect(decodeURIComponent(new URL(stored.url).pathname)).toMatch(/^\/talks\/night shift\/ü\/[0-9a-f]{32}\.mp3$/);
    expect(Buffer.from((await fetched(stored.url))!).equals(bytes)).toBe(true);
    expect([...emulator.objects.values()][0]!.mediaType).toBe('audio/mpeg');
    expect(Math.abs(stored.expiresAtMs! - Date.now() - 6 * 3_600_000)).toBeLessThan(10_000);
    emulator.advance(6 * 3_600_000 + 2000);
    expect(await fetched(stored.url)).toBeUndefined();
  });

  test('signs links for the public address, and warns of one that no service reaches', async () => {
    const { path } = await file('talk.mp3', 10);
    const local = await make().put(path, mp3, calm);
    expect(local.warnings).toEqual([expect.stringContaining('S3_PUBLIC_ENDPOINT')]);
    const open = await make({ publicEndpoint: 'https://files.example.org' }).put(path, mp3, calm);
    expect(new URL(open.url).origin).toBe('https://files.example.org');
    expect(open.warnings).toBeUndefined();
  });

  test('takes MinIO’s bare address, and a temporary key’s token', async () => {
    const account = { ...s3Account, sessionToken: 'token/with+signs=' };
    const own = await startS3(account);
    try {
      const { path } = await file('talk.mp3', 10);
      const store = make({ endpoint: `127.0.0.1:${own.port}`, useSsl: 'false', sessionToken: account.sessionToken });
      const stored = await store.put(path, mp3, calm);
      expect((await fetched(stored.url))?.length).toBe(10);
      await store.remove(stored.handle, calm);
      expect(own.objects.size).toBe(0);
    } finally {
      await own.close();
    }
  });

  test('sends again what was lost on the way, and waits when the store is busy', async () => {
    const { path } = await file('talk.mp3', 100_000);
    emulator.fail('PUT', { kind: 'reset-after' });
    await make().put(path, mp3, calm);
    emulator.fail('PUT', { kind: 'error', status: 503, code: 'SlowDown', times: 2 });
    await make().put(path, mp3, calm);
    expect(emulator.requests('PUT')).toBe(2 + 3);
  });

  test.each([
    [{ secretAccessKey: 'wrong' }, 'PROVIDER_AUTH', 'SignatureDoesNotMatch'],
    [{ region: 'auto' }, 'PROVIDER_REFUSED', 'AuthorizationQueryParametersError'],
    [{ bucket: 'nowhere' }, 'CONFIG_INVALID', 'There is no bucket nowhere'],
    [{ accessKeyId: undefined }, 'PROVIDER_AUTH', 'no key'],
    [{ endpoint: undefined }, 'CONFIG_INVALID', 'has no endpoint'],
    [{ endpoint: 'https://user:secret@host' }, 'CONFIG_INVALID', 'no address of a server'],
  ])('says what is wrong with %j, and asks once', async (options, code, message) => {
    const { path } = await file('talk.mp3', 10);
    const work = (async () => make(options).put(path, mp3, calm))();
    await expect(work).rejects.toMatchObject({ message: expect.stringContaining(message) });
    await expect(work).rejects.toMatchObject({
      code: code === 'PROVIDER_REFUSED' ? expect.stringMatching(/AUTH|REFUSED/) : code,
    });
    expect(emulator.requests('PUT')).toBeLessThanOrEqual(1);
  });

  test('deletes nothing in another bucket', async () => {
    await expect(make().remove('s3://other/key', calm)).rejects.toMatchObject({ code: 'PROVIDER_REFUSED' });
    expect(emulator.requests('DELETE')).toBe(0);
  });
});
