import { describe, expect, it } from 'vitest';
import type { Fault } from '../../../src/providers/conformance.js';
import { runChecks } from '../../../src/providers/conformance.js';
import { storageConformance } from '../../../src/providers/storage/conformance.js';
import type { OssOptions } from '../../../src/providers/storage/oss/options.js';
import type { OssOperation } from '../../emulators/oss/server.js';
import { ossKey } from '../../emulators/oss/server.js';
import { expectConformance } from '../support.js';
import { calm, deafPort, failure, flac, type OssBench, ossBench, regionHost } from './oss-bench.js';

const part = 102_400;
const inParts = { multipartFrom: part, partSize: part, parallel: 2 };

async function faultyStore(bench: OssBench, fault: Fault, options: Partial<OssOptions>) {
  const { emulator } = bench;
  const everywhere: OssOperation[] = ['put', 'initiate', 'part', 'complete', 'get', 'head', 'delete', 'abort'];
  const fail = (how: Parameters<typeof emulator.fail>[1]) => {
    for (const operation of everywhere) emulator.fail(operation, { times: Number.POSITIVE_INFINITY, ...how });
  };
  emulator.heal();
  const own = { ...options, timeoutMs: fault === 'hang' ? 300 : 60_000 };
  if (fault === 'missing') own.endpoint = `http://${regionHost}:${await deafPort()}`;
  else if (fault === 'hang' || fault === 'stall') fail({ kind: 'hang' });
  else if (fault === 'crash') fail({ kind: 'reset', bytes: 10 });
  else if (fault === 'cut') fail({ kind: 'cut' });
  else if (fault === 'empty') fail({ kind: 'empty' });
  else if (fault === 'garbage') fail({ kind: 'html' });
  else if (fault === 'refuse') fail({ kind: 'error', status: 403, code: 'AccessDenied', message: 'no' });
  else if (fault === 'auth') own.accessKeySecret = 'another secret';
  else if (fault === 'rate-limit')
    emulator.fail('put', { kind: 'error', status: 429, code: 'Throttling', headers: { 'retry-after': '1' } });
  else return undefined;
  const before = emulator.requests.length;
  return {
    provider: bench.store(own),
    requests: async () => emulator.requests.length - before,
    open: async () => emulator.open,
  };
}

describe('conformance', () => {
  it.each([
    ['at once', {}],
    ['in parts', inParts],
  ])('holds for files that go up %s', async (_, options) => {
    const bench = await ossBench();
    const { path, bytes } = await bench.file('talk.flac', 250_000);
    const results = await runChecks(storageConformance, {
      provider: bench.store(options),
      path,
      bytes,
      secrets: [ossKey.accessKeyId, ossKey.accessKeySecret, 'another secret'],
      fetch: async (url) => {
        const answer = await bench.fetch(url);
        return answer.status === 200 ? answer.bytes : undefined;
      },
      failing: (fault) => faultyStore(bench, fault, options),
    });
    expectConformance(results, {
      'refuses to put a file when it stores nothing, and names the flag': 'it stores',
    });
  });
});

describe('a link', () => {
  async function putOne(bench: OssBench, options: Partial<OssOptions> = {}) {
    const { path, bytes } = await bench.file('a.flac', 1000);
    const stored = await bench.store(options).put(path, flac, calm);
    return { ...stored, bytes, link: new URL(stored.url) };
  }

  it('works as long as it says, for whoever has it, and then no more', async () => {
    const bench = await ossBench();
    const { url, link, expiresAtMs, bytes } = await putOne(bench, { linkHours: 6 });
    expect(link.host).toBe(`dub-test.${regionHost}:${bench.emulator.port}`);
    expect(link.searchParams.get('x-oss-signature-version')).toBe('OSS4-HMAC-SHA256');
    expect(link.searchParams.get('x-oss-expires')).toBe('21600');
    expect(Math.abs(expiresAtMs! - Date.now() - 6 * 3_600_000)).toBeLessThan(10_000);
    const answer = await bench.fetch(url);
    expect(answer).toMatchObject({ status: 200, mediaType: 'audio/flac' });
    expect(answer.bytes.equals(bytes)).toBe(true);
    bench.emulator.advance(6 * 3_600_000 - 60_000);
    expect((await bench.fetch(url)).status).toBe(200);
    bench.emulator.advance(120_000);
    const late = await bench.fetch(url);
    expect(late.status).toBe(403);
    expect(late.bytes.toString()).toContain('Request has expired.');
  });

  it('of the longest life is one the service takes', async () => {
    const bench = await ossBench();
    const { url, link } = await putOne(bench, { linkHours: 168 });
    expect(link.searchParams.get('x-oss-expires')).toBe('604800');
    expect((await bench.fetch(url)).status).toBe(200);
  });

  it('of a temporary key carries its token, and so does every request', async () => {
    const key = { ...ossKey, accessKeyId: 'STS.NUemulated', securityToken: 'CAIS/token+with=signs' };
    const bench = await ossBench({ keys: [key] });
    const own = { accessKeyId: key.accessKeyId, securityToken: key.securityToken };
    const { url, link } = await putOne(bench, own);
    expect(link.searchParams.get('x-oss-security-token')).toBe(key.securityToken);
    expect((await bench.fetch(url)).status).toBe(200);
    expect(bench.emulator.requestsTo('put')[0]?.headers['x-oss-security-token']).toBe(key.securityToken);
  });

  it("and all else go by a domain of the bucket's own when there is one", async () => {
    const domain = 'media.example.com';
    const bench = await ossBench({ cnames: { [domain]: 'dub-test' }, customDomainDemand: 'whatever it says' });
    const endpoint = `http://${domain}:${bench.emulator.port}`;
    for (const options of [
      { endpoint, cname: true },
      { endpoint: undefined, cname: endpoint },
    ] as const) {
      const { url, link, handle } = await putOne(bench, options);
      expect(link.hostname).toBe(domain);
      expect((await bench.fetch(url)).status).toBe(200);
      await bench.store(options).remove(handle, calm);
      expect((await bench.fetch(url)).status).toBe(404);
    }
    expect(new Set(bench.emulator.requests.map(({ host }) => host))).toEqual(new Set([domain]));
  });

  it('by address has the bucket in its path', async () => {
    const bench = await ossBench();
    for (const host of ['127.0.0.1', 'localhost']) {
      const { url, link } = await putOne(bench, { endpoint: `http://${host}:${bench.emulator.port}` });
      expect(link.pathname).toMatch(/^\/dub-test\/dub\//);
      expect((await bench.fetch(url)).status).toBe(200);
    }
  });

  it('on a CDN is signed by type A, without a signature of OSS beside it', async () => {
    const cdn = { bucket: 'dub-test', key: 'cdnPrivateKey123', ttlSeconds: 60 };
    const bench = await ossBench({ cdns: { 'cdn.example.com': cdn } });
    const cdnDomain = `http://cdn.example.com:${bench.emulator.port}`;
    const { url, link, bytes } = await putOne(bench, { cdnDomain, cdnKey: cdn.key, linkHours: 1 });
    expect([...link.searchParams.keys()]).toEqual(['auth_key']);
    expect((await bench.fetch(url)).bytes.equals(bytes)).toBe(true);
    expect((await bench.fetch(url.replace('.flac', '.wav'))).status).toBe(403);
    bench.emulator.advance(3_590_000);
    expect((await bench.fetch(url)).status).toBe(200);
    bench.emulator.advance(80_000);
    expect((await bench.fetch(url)).status).toBe(403);
  });

  it("on a CDN without a key is OSS's own, which holds on any host", async () => {
    const bench = await ossBench({ cnames: { 'cdn.example.com': 'dub-test' } });
    const port = bench.emulator.port;
    const cdnDomain = `http://cdn.example.com:${port}`;
    const { url, link } = await putOne(bench, { cdnDomain });
    expect(link.hostname).toBe('cdn.example.com');
    expect((await bench.fetch(url)).status).toBe(200);
    const byAddress = await putOne(bench, { cdnDomain, endpoint: `http://127.0.0.1:${port}` });
    expect((await bench.fetch(byAddress.url)).status).toBe(200);
  });

  it('on an open CDN has nothing but its random name, and no end', async () => {
    const bench = await ossBench({ cdns: { 'cdn.example.com': { bucket: 'dub-test' } } });
    const cdnDomain = `http://cdn.example.com:${bench.emulator.port}`;
    const { url, link, expiresAtMs } = await putOne(bench, { cdnDomain, cdnAuth: 'none' });
    expect(link.search).toBe('');
    expect(expiresAtMs).toBeUndefined();
    expect((await bench.fetch(url)).status).toBe(200);
  });
});

describe('removing', () => {
  it('that is refused says what still lies where', async () => {
    const bench = await ossBench({ keys: [{ ...ossKey, denied: ['delete'] }] });
    const { path } = await bench.file('a.flac', 1000);
    const store = bench.store();
    const { handle } = await store.put(path, flac, calm);
    const error = await failure(store.remove(handle, calm));
    expect(error.code).toBe('PROVIDER_AUTH');
    expect(error.message).toContain(`${handle} was not deleted. OSS refused bucket dub-test`);
    expect(error.hint).toContain('oss:DeleteObject');
    expect(error.hint).toContain('Delete it in the console');
    expect(bench.emulator.requestsTo('delete')).toHaveLength(1);
  });

  it('is tried again where that helps', async () => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 1000);
    const store = bench.store();
    const { handle } = await store.put(path, flac, calm);
    bench.emulator.fail('delete', { kind: 'error', status: 503, code: 'ServiceUnavailable' });
    bench.emulator.fail('delete', { kind: 'reset-after' });
    await store.remove(handle, calm);
    expect(bench.emulator.requestsTo('delete')).toHaveLength(3);
    expect(bench.emulator.bucket().objects.size).toBe(0);
  });

  it.each(['oss://another/dub/a.flac', 'nonsense', 'oss://dub-test/'])(
    '%s, which is not ours, sends nothing',
    async (handle) => {
      const bench = await ossBench();
      const error = await failure(bench.store().remove(handle, calm));
      expect(error).toMatchObject({ code: 'PROVIDER_REFUSED' });
      expect(error.hint).toContain('OSS_BUCKET');
      expect(bench.emulator.requests).toEqual([]);
    },
  );

  it('is not begun after an interruption', async () => {
    const bench = await ossBench();
    const error = await failure(bench.store().remove('oss://dub-test/dub/a', AbortSignal.abort()));
    expect(error.code).toBe('INTERRUPTED');
    expect(bench.emulator.requests).toEqual([]);
  });
});

describe('the lifecycle rule', () => {
  const own = (days: number) =>
    `<Rule><ID>dub:dub/</ID><Prefix>dub/</Prefix><Status>Enabled</Status><Expiration><Days>${days}</Days></Expiration><AbortMultipartUpload><Days>${days}</Days></AbortMultipartUpload></Rule>`;
  // Spelled as nobody else would: it must come back to the letter.
  const theirs =
    '<Rule>\n    <ID>logs $1 &amp; $&amp;</ID><Prefix>logs/</Prefix><Status>Enabled</Status>\n<Transition><Days>30</Days><StorageClass>IA</StorageClass></Transition><Transition><Days>60</Days><StorageClass>Archive</StorageClass></Transition><Filter><Not><Prefix>logs/keep</Prefix></Not></Filter></Rule>';
  const around = (...rules: string[]) =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<LifecycleConfiguration>\n  ${rules.join('')}\n</LifecycleConfiguration>`;

  async function put(bench: OssBench, options: Partial<OssOptions>, times = 1) {
    const { path } = await bench.file('a.flac', 1000);
    const store = bench.store(options);
    const warnings: (readonly string[] | undefined)[] = [];
    for (let time = 0; time < times; time++) warnings.push((await store.put(path, flac, calm)).warnings);
    return warnings;
  }

  it('is not touched unless asked for', async () => {
    const bench = await ossBench();
    expect(await put(bench, {})).toEqual([undefined]);
    expect(bench.emulator.requestsTo('lifecycle-get')).toEqual([]);
  });

  it('is added to a bucket without rules, once a run', async () => {
    const bench = await ossBench();
    expect(await put(bench, { lifecycleDays: 2 }, 2)).toEqual([undefined, undefined]);
    expect(bench.emulator.bucket().lifecycle).toContain(own(2));
    expect(bench.emulator.requestsTo('lifecycle-get')).toHaveLength(1);
    expect(bench.emulator.requestsTo('lifecycle-put')).toHaveLength(1);
    await put(bench, { lifecycleDays: 2 });
    expect(bench.emulator.requestsTo('lifecycle-put')).toHaveLength(1);
  });

  it('is added beside others and changed without touching them', async () => {
    const bench = await ossBench();
    bench.emulator.bucket().lifecycle = around(theirs);
    await put(bench, { lifecycleDays: 2 });
    expect(bench.emulator.bucket().lifecycle).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>\n<LifecycleConfiguration>\n  ${theirs}\n${own(2)}</LifecycleConfiguration>`,
    );
    bench.emulator.bucket().lifecycle = around(own(2), theirs);
    await put(bench, { lifecycleDays: 3 });
    expect(bench.emulator.bucket().lifecycle).toBe(around(own(3), theirs));
  });

  it('leaves a rule of others for the same prefix, and says so', async () => {
    const bench = await ossBench();
    const other = own(9).replace('dub:dub/', 'by hand');
    bench.emulator.bucket().lifecycle = around(other);
    const [warnings] = await put(bench, { lifecycleDays: 2 });
    expect(warnings).toEqual([
      'The bucket has a lifecycle rule of its own for dub/ (by hand, 9 days, Enabled); it was left as it is.',
    ]);
    expect(bench.emulator.bucket().lifecycle).toBe(around(other));
  });

  it.each(['lifecycle-get', 'lifecycle-put'])(
    'that may not be set (%s) is a warning, and the file is stored',
    async (denied) => {
      const bench = await ossBench({ keys: [{ ...ossKey, denied: [denied] }] });
      const [warnings] = await put(bench, { lifecycleDays: 2 });
      expect(warnings?.[0]).toContain(
        'The lifecycle rule was not set; it needs oss:GetBucketLifecycle and oss:PutBucketLifecycle.',
      );
      expect(bench.emulator.bucket().objects.size).toBe(1);
    },
  );

  it('is a warning when the configuration is none', async () => {
    const bench = await ossBench();
    bench.emulator.bucket().lifecycle = '<SomethingElse/>';
    const [warnings] = await put(bench, { lifecycleDays: 2 });
    expect(warnings?.[0]).toContain('not in a form that can be added to');
    expect(bench.emulator.bucket().lifecycle).toBe('<SomethingElse/>');
  });

  it('fills a configuration without rules', async () => {
    const bench = await ossBench();
    bench.emulator.bucket().lifecycle = '<?xml version="1.0" encoding="UTF-8"?><LifecycleConfiguration/>';
    expect(await put(bench, { lifecycleDays: 2 })).toEqual([undefined]);
    expect(bench.emulator.bucket().lifecycle).toContain(own(2));
  });
});
