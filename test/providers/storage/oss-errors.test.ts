import { describe, expect, it } from 'vitest';
import type { OssOptions } from '../../../src/providers/storage/oss/options.js';
import type { OssEmulatorOptions } from '../../emulators/oss/server.js';
import { ossKey } from '../../emulators/oss/server.js';
import { calm, deafPort, failure, flac, ossBench, regionHost } from './oss-bench.js';

async function refusal(options: Partial<OssOptions>, service: OssEmulatorOptions = {}) {
  const bench = await ossBench(service);
  const { path } = await bench.file('a.flac', 1000);
  return { bench, error: await failure(bench.store(options).put(path, flac, calm)) };
}

const notAllowed = { multipartFrom: 102_400 };

describe('a refusal by the service', () => {
  it.each<[string, Partial<OssOptions>, OssEmulatorOptions, { code: string; told: string; hint: string }]>([
    [
      'an unknown key',
      { accessKeyId: 'LTAIanother' },
      {},
      {
        code: 'PROVIDER_AUTH',
        told: '403 InvalidAccessKeyId, EC 0002-00000902, request ',
        hint: 'Check OSS_ACCESS_KEY_ID',
      },
    ],
    [
      'a temporary key without its token',
      { accessKeyId: 'STS.abc' },
      { keys: [{ ...ossKey, accessKeyId: 'STS.abc', securityToken: 't0ken' }] },
      {
        code: 'PROVIDER_AUTH',
        told: 'InvalidAccessKeyId',
        hint: 'set OSS_SECURITY_TOKEN to the token that came with it',
      },
    ],
    [
      'a wrong token',
      { accessKeyId: 'STS.abc', securityToken: 'another' },
      { keys: [{ ...ossKey, accessKeyId: 'STS.abc', securityToken: 't0ken' }] },
      { code: 'PROVIDER_AUTH', told: 'InvalidSecurityToken', hint: 'Get a new temporary key' },
    ],
    [
      'a token that has ended',
      { accessKeyId: 'STS.abc', securityToken: 't0ken' },
      { keys: [{ ...ossKey, accessKeyId: 'STS.abc', securityToken: 't0ken', tokenExpiresAtMs: 1 }] },
      { code: 'PROVIDER_AUTH', told: 'SecurityTokenExpired', hint: 'Get a new temporary key' },
    ],
    [
      'a wrong secret',
      { accessKeySecret: 'another' },
      {},
      {
        code: 'PROVIDER_AUTH',
        told: 'SignatureDoesNotMatch, EC 0002-00000040',
        hint: 'Check OSS_ACCESS_KEY_SECRET, and that dub-test is in cn-beijing',
      },
    ],
    [
      'a wrong region by a domain of its own',
      { cname: 'http://media.example.com', region: 'cn-shanghai' },
      { cnames: { 'media.example.com': 'dub-test' } },
      { code: 'PROVIDER_AUTH', told: 'SignatureDoesNotMatch', hint: 'is in cn-shanghai (OSS_REGION)' },
    ],
    [
      'a bucket of another region',
      {},
      { buckets: { 'dub-test': 'ap-southeast-1' } },
      {
        code: 'CONFIG_INVALID',
        told: '403 AccessDenied',
        hint: 'set OSS_REGION=ap-southeast-1, and OSS_ENDPOINT to https://oss-ap-southeast-1.aliyuncs.com',
      },
    ],
    [
      'no such bucket',
      { bucket: 'nobodys' },
      {},
      {
        code: 'CONFIG_INVALID',
        told: '404 NoSuchBucket',
        hint: 'Check OSS_BUCKET (nobodys) and OSS_REGION (cn-beijing)',
      },
    ],
    [
      'missing rights',
      {},
      { keys: [{ ...ossKey, denied: ['put'] }] },
      { code: 'PROVIDER_AUTH', told: 'EC 0003-00000001', hint: 'oss:PutObject, oss:GetObject, oss:DeleteObject' },
    ],
    [
      'an account in debt',
      {},
      { keys: [{ ...ossKey, disabled: true }] },
      { code: 'PROVIDER_QUOTA', told: 'UserDisable', hint: 'Settle the account' },
    ],
  ])('of %s', async (_, options, service, wanted) => {
    const bench = await ossBench(service);
    const { path } = await bench.file('a.flac', 1000);
    const cname =
      options.cname === undefined ? {} : { endpoint: undefined, cname: `${options.cname}:${bench.emulator.port}` };
    const error = await failure(bench.store({ ...options, ...cname }).put(path, flac, calm));
    expect(error.code).toBe(wanted.code);
    expect(error.message).toContain(wanted.told);
    expect(error.hint).toContain(wanted.hint);
    expect(error.retryable).toBe(false);
    expect(
      bench.emulator.requestsTo('put').length +
        bench.emulator.requests.filter(({ operation }) => operation === 'unknown').length,
    ).toBe(1);
  });

  it('that names another endpoint is understood as a redirect too', async () => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 1000);
    const message = 'The bucket you are attempting to access must be addressed using the specified endpoint.';
    const elements = { Endpoint: 'oss-cn-shanghai.aliyuncs.com' };
    bench.emulator.fail('put', { kind: 'error', status: 301, code: 'AccessDenied', message, elements });
    const error = await failure(bench.store().put(path, flac, calm));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.hint).toContain('set OSS_REGION=cn-shanghai');
  });

  it('that sends elsewhere is not followed: the key stays with its host', async () => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 1000);
    const headers = { location: `http://elsewhere.example.com:${bench.emulator.port}/dub-test/a` };
    bench.emulator.fail('put', { kind: 'error', status: 307, code: 'TemporaryRedirect', headers });
    const error = await failure(bench.store().put(path, flac, calm));
    expect(error.message).toContain('was redirected to http://elsewhere.example.com');
    expect(bench.emulator.requests.filter(({ host }) => host.startsWith('elsewhere'))).toEqual([]);
  });

  it('names the request for support', async () => {
    const { error } = await refusal({ accessKeySecret: 'another' });
    expect(error.message).toMatch(
      /^OSS refused bucket dub-test at dub-test\.oss-cn-beijing\.aliyuncs\.com:\d+ \(403 SignatureDoesNotMatch, EC 0002-00000040, request [0-9A-F]{24}\): The request signature/,
    );
  });

  it.each([
    ['fast', -20, '20 minutes fast'],
    ['slow', 20, '20 minutes slow'],
  ])('of a clock that is %s says by how much', async (_, minutes, told) => {
    const bench = await ossBench();
    bench.emulator.advance(minutes * 60_000);
    const { path } = await bench.file('a.flac', 1000);
    const error = await failure(bench.store().put(path, flac, calm));
    expect(error).toMatchObject({ code: 'PROVIDER_AUTH', retryable: false });
    expect(error.hint).toContain(told);
  });

  it.each([
    ['EntityTooLarge', 400, 'PROVIDER_UNSUPPORTED', 'multipartFrom'],
    ['InvalidBucketName', 400, 'CONFIG_INVALID', 'OSS_BUCKET'],
    ['CnameDenied', 403, 'CONFIG_INVALID', 'OSS_CNAME'],
    ['BucketNotBelongTo', 403, 'PROVIDER_AUTH', 'another account'],
    ['SecondLevelDomainForbidden', 403, 'CONFIG_INVALID', 'pathStyle'],
    ['NeverSeenBefore', 400, 'PROVIDER_REFUSED', 'troubleshoot'],
    ['NeverSeenBefore', 403, 'PROVIDER_AUTH', 'oss:PutObject'],
    ['RequestTimeTooSkewed', 403, 'PROVIDER_AUTH', "Set this machine's clock"],
  ])('%s with %i is %s and not repeated', async (code, status, wanted, hint) => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 1000);
    bench.emulator.fail('put', { kind: 'error', status, code, message: 'No.' });
    const error = await failure(bench.store().put(path, flac, calm));
    expect(error.code).toBe(wanted);
    expect(error.hint).toContain(hint);
    expect(bench.emulator.requestsTo('put')).toHaveLength(1);
  });

  it.each([
    ['Throttling', 429, 'PROVIDER_BUSY'],
    ['QpsLimitExceeded', 503, 'PROVIDER_BUSY'],
    ['InternalError', 500, 'PROVIDER_BAD_REPLY'],
    ['RequestTimeout', 400, 'PROVIDER_TIMEOUT'],
    ['NeverSeenBefore', 502, 'PROVIDER_BAD_REPLY'],
  ])('%s with %i is %s once it has been repeated', async (code, status, wanted) => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 1000);
    bench.emulator.fail('put', { kind: 'error', status, code, times: 3 });
    const error = await failure(bench.store({}, { retry: { attempts: 3, baseMs: 1 } }).put(path, flac, calm));
    expect(error).toMatchObject({ code: wanted, retryable: true });
    expect(error.message).toContain('(3 attempts)');
    expect(bench.emulator.requestsTo('put')).toHaveLength(3);
  });
});

describe("the demand for a domain of one's own", () => {
  it.each([
    'Please access the bucket by a custom domain name (CNAME).',
    'The public endpoint of the bucket is not available to this account.',
    'You have no right to access this object because of bucket acl.',
  ])('is recognised when it says "%s"', async (demand) => {
    const bench = await ossBench({ customDomainDemand: demand });
    const { path } = await bench.file('a.flac', 1000);
    const error = await failure(
      bench.store({ endpoint: `http://${regionHost}:${bench.emulator.port}` }).put(path, flac, calm),
    );
    expect(error.message).toContain(demand);
    expect(error.hint).toContain('Accounts that opened OSS after 2025-03-20');
    expect(error.hint).toContain('OSS_CNAME');
    expect(bench.emulator.requests).toHaveLength(1);
  });

  it('does not hold for regions outside the mainland and internal hosts', async () => {
    for (const [region, host] of [
      ['ap-southeast-1', 'oss-ap-southeast-1.aliyuncs.com'],
      ['cn-hongkong', 'oss-cn-hongkong.aliyuncs.com'],
      ['cn-beijing', 'oss-cn-beijing-internal.aliyuncs.com'],
    ] as const) {
      const bench = await ossBench({ buckets: { 'dub-test': region }, customDomainDemand: 'a domain' });
      const { path } = await bench.file('a.flac', 1000);
      const store = bench.store({ region, endpoint: `http://${host}:${bench.emulator.port}` });
      const { url } = await store.put(path, flac, calm);
      expect(new URL(url).hostname).toBe(`dub-test.${host.replace('-internal', '')}`);
    }
  });
});

describe('a failure of the network', () => {
  it('by an unknown name names the settings that made it', async () => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 1000);
    const lookup = (
      _host: string,
      _options: object,
      done: (error: NodeJS.ErrnoException, address: string, family: number) => void,
    ) => done(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), '', 0);
    const store = bench.store({ region: 'cn-beijin', endpoint: undefined }, { lookup, retry: { attempts: 1 } });
    const error = await failure(store.put(path, flac, calm));
    expect(error.code).toBe('PROVIDER_UNREACHABLE');
    expect(error.hint).toContain('OSS_REGION (cn-beijin)');
  });

  it('by a closed port is told after some attempts', async () => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 1000);
    const endpoint = `http://${regionHost}:${await deafPort()}`;
    const error = await failure(bench.store({ endpoint }, { retry: { attempts: 2, baseMs: 1 } }).put(path, flac, calm));
    expect(error).toMatchObject({ code: 'PROVIDER_UNREACHABLE', retryable: true });
    expect(error.message).toContain('(2 attempts)');
  });

  it('by silence ends at the time limit', async () => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 1000);
    bench.emulator.fail('put', { kind: 'hang', times: 2 });
    const error = await failure(
      bench.store({ timeoutMs: 150 }, { retry: { attempts: 2, baseMs: 1 } }).put(path, flac, calm),
    );
    expect(error).toMatchObject({ code: 'PROVIDER_TIMEOUT', retryable: true });
    expect(bench.emulator.requestsTo('put')).toHaveLength(2);
    await expect.poll(() => bench.emulator.open).toBe(0);
  });
});

describe('an answer that cannot be read', () => {
  it.each([
    ['an upload without a name', 'initiate', '<InitiateMultipartUploadResult></InitiateMultipartUploadResult>'],
    ['XML that breaks off', 'initiate', '<InitiateMultipartUploadResult><UploadId>secret'],
  ] as const)('%s is an error without the answer in it', async (_, operation, body) => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 200_000);
    bench.emulator.fail(operation, { kind: 'body', message: body });
    const error = await failure(bench.store(notAllowed).put(path, flac, calm));
    expect(error).toMatchObject({ code: 'PROVIDER_BAD_REPLY', retryable: true });
    expect(`${error.message}${error.stack}`).not.toContain('secret');
  });

  it.each([true, false])('of HEAD says why where it can (%s)', async (headErrors) => {
    const bench = await ossBench({ headErrors, keys: [{ ...ossKey, denied: ['head'] }] });
    const { path } = await bench.file('a.flac', 1000);
    bench.emulator.fail('put', { kind: 'no-sums' });
    const error = await failure(bench.store().put(path, flac, calm));
    expect(error.code).toBe('PROVIDER_AUTH');
    expect(error.message).toContain(headErrors ? '403 AccessDenied, EC 0003-00000001' : '403');
    expect(bench.emulator.bucket().objects.size).toBe(0);
  });
});

describe('secrets', () => {
  it('are in no error and no notice, and neither is anything signed', async () => {
    const key = { ...ossKey, accessKeyId: 'STS.secretKeyId', securityToken: 'CAISsecretToken+/=' };
    const bench = await ossBench({ keys: [key] });
    const { path } = await bench.file('a.flac', 1000);
    const own = {
      accessKeyId: key.accessKeyId,
      securityToken: key.securityToken,
      cdnDomain: 'cdn.example.com',
      cdnKey: 'secretCdnKey',
    };
    const message = `${key.accessKeySecret} ${key.accessKeyId} ${key.securityToken} secretCdnKey https://b/k?x-oss-signature=abcdef&Signature=xyz1`;
    bench.emulator.fail('put', { kind: 'error', status: 503, code: 'ServiceUnavailable', message, times: 2 });
    const error = await failure(bench.store(own, { retry: { attempts: 2, baseMs: 1 } }).put(path, flac, calm));
    const told = [
      error.message,
      error.hint,
      error.stack,
      String(error.cause),
      (error.cause as Error).stack,
      ...bench.notices,
    ].join('\n');
    for (const secret of [key.accessKeySecret, key.accessKeyId, key.securityToken, 'secretCdnKey', 'abcdef', 'xyz1']) {
      expect(told).not.toContain(secret);
    }
    expect(bench.notices).toHaveLength(1);
  });
});
