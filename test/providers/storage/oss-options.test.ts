import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { DubError } from '../../../src/errors.js';
import { loadProvider } from '../../../src/providers/load.js';
import { Crc64 } from '../../../src/providers/storage/oss/crc64.js';
import { oss } from '../../../src/providers/storage/oss/index.js';
import { type OssOptions, ossOptions, readPlace } from '../../../src/providers/storage/oss/options.js';
import { plainCrc64 } from '../../emulators/oss/crc64.js';

const calm = new AbortController().signal;
const keys = { accessKeyId: 'LTAI', accessKeySecret: 'secret' };
const tools = { scratch: '/nowhere' };

function place(options: Partial<Record<keyof OssOptions, unknown>>) {
  return readPlace(ossOptions.parse({ bucket: 'my-bucket', ...options }));
}

function refused(options: Partial<Record<keyof OssOptions, unknown>>): DubError {
  try {
    place(options);
  } catch (error) {
    if (error instanceof DubError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('where the bucket is', () => {
  it.each<[object, object]>([
    [
      { region: 'cn-beijing' },
      {
        endpoint: 'https://oss-cn-beijing.aliyuncs.com',
        host: 'my-bucket.oss-cn-beijing.aliyuncs.com',
        style: 'virtual',
        isMainlandPublic: true,
      },
    ],
    [{ region: 'oss-cn-beijing' }, { region: 'cn-beijing', endpoint: 'https://oss-cn-beijing.aliyuncs.com' }],
    [
      { region: 'cn-beijing', internal: true },
      {
        endpoint: 'https://oss-cn-beijing-internal.aliyuncs.com',
        linkEndpoint: 'https://oss-cn-beijing.aliyuncs.com',
        isMainlandPublic: false,
      },
    ],
    [
      { endpoint: 'oss-ap-southeast-1.aliyuncs.com' },
      { region: 'ap-southeast-1', endpoint: 'https://oss-ap-southeast-1.aliyuncs.com', isMainlandPublic: false },
    ],
    [
      { endpoint: 'https://my-bucket.oss-cn-shanghai.aliyuncs.com/' },
      { region: 'cn-shanghai', endpoint: 'https://oss-cn-shanghai.aliyuncs.com' },
    ],
    [
      { endpoint: 'oss-accelerate.aliyuncs.com', region: 'cn-hangzhou' },
      { host: 'my-bucket.oss-accelerate.aliyuncs.com', isMainlandPublic: false },
    ],
    [
      { region: 'cn-beijing', cname: 'media.example.com' },
      { endpoint: 'https://media.example.com', host: 'media.example.com', style: 'cname', isMainlandPublic: false },
    ],
    [
      { region: 'cn-beijing', cname: true, endpoint: 'http://media.example.com:81' },
      { endpoint: 'http://media.example.com:81', style: 'cname' },
    ],
    [
      { region: 'cn-beijing', endpoint: 'http://127.0.0.1:9000' },
      { style: 'path', host: '127.0.0.1:9000' },
    ],
    [
      { region: 'cn-beijing', endpoint: 'http://oss.in-house:9000', pathStyle: true },
      { style: 'path', host: 'oss.in-house:9000' },
    ],
    [
      { region: 'cn-beijing', cname: 'TRUE', endpoint: 'media.example.com' },
      { host: 'media.example.com', style: 'cname' },
    ],
    [{ region: 'cn-beijing', cname: '0' }, { style: 'virtual' }],
    [{ region: 'cn-hongkong' }, { isMainlandPublic: false }],
  ])('%j', (options, wanted) => {
    expect(place(options)).toMatchObject(wanted);
  });

  it.each<[object, string, string]>([
    [{}, 'OSS has no region', 'OSS_REGION=cn-beijing'],
    [{ endpoint: 'https://oss-accelerate.aliyuncs.com' }, 'OSS has no region', 'OSS_REGION'],
    [{ cname: 'media.example.com' }, 'OSS has no region', 'OSS_REGION'],
    [{ cname: true, region: 'cn-beijing' }, 'OSS_CNAME says', 'OSS_ENDPOINT'],
    [
      { region: 'cn-beijing', endpoint: 'oss-cn-shanghai.aliyuncs.com' },
      'OSS_REGION is cn-beijing, but OSS_ENDPOINT is of cn-shanghai.',
      'Set both',
    ],
    [{ bucket: undefined, region: 'cn-beijing' }, 'OSS has no bucket.', '--store oss:BUCKET'],
    [{ region: 'cn-beijing', cdnKey: 'k' }, 'no CDN domain', 'cdnDomain'],
    [{ region: 'cn-beijing', cdnDomain: 'cdn.example.com', cdnAuth: 'type-a' }, 'need the key', 'cdnKey'],
    [{ region: 'cn-beijing', cdnDomain: 'cdn.example.com', cdnAuth: 'oss', cdnKey: 'k' }, 'of no use', 'one of them'],
    [{ region: 'cn-beijing', prefix: '', lifecycleDays: 1 }, 'would delete everything', '`prefix`'],
  ])('%j is refused', (options, message, hint) => {
    const error = refused(options);
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
  });

  it.each([
    [{ bucket: 'my.bucket' }, '`bucket`: must be 3 to 63 lower-case letters, digits and hyphens, without dots'],
    [{ prefix: '../up' }, '`prefix`: must be ASCII'],
    [{ prefix: '/abs' }, '`prefix`: must be ASCII'],
    [{ prefix: '配音/' }, '`prefix`: must be ASCII'],
    [{ linkHours: 200 }, '`linkHours`'],
    [{ partSize: 1000 }, '`partSize`'],
    [{ endpoint: 'https://host/path' }, '`endpoint`: must be a host name'],
    [{ accesKeyId: 'x' }, 'did you mean `accessKeyId`?'],
  ])('options %j are refused by name', async (options, told) => {
    const error = await loadProvider('storage', 'oss', options, tools).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect((error as DubError).message).toContain(told);
  });
});

describe('readiness', () => {
  const ready = (options: object) => oss.create(oss.options.parse(options), tools).ready(calm);

  it('needs no network and does not load what signs', async () => {
    const cache = Object.keys(createRequire(import.meta.url).cache);
    expect(await ready({ ...keys, bucket: 'my-bucket', region: 'ap-southeast-1' })).toEqual({
      ready: true,
      detail: 'bucket my-bucket (ap-southeast-1) at my-bucket.oss-ap-southeast-1.aliyuncs.com',
    });
    expect(cache.filter((path) => path.includes('/node_modules/ali-oss/'))).toEqual([]);
    expect(Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('/ali-oss/'))).toEqual([]);
  });

  it('tells of the rule for the mainland, of a CDN and of a lack of encryption', async () => {
    const { detail } = await ready({
      ...keys,
      bucket: 'my-bucket',
      region: 'cn-beijing',
      cdnDomain: 'cdn.example.com',
    });
    expect(detail).toContain('links on cdn.example.com');
    expect(detail).toContain('accounts that opened OSS after 2025-03-20 need a domain of their own there (OSS_CNAME)');
    const plain = await ready({
      ...keys,
      bucket: 'my-bucket',
      region: 'cn-beijing',
      cname: 'http://media.example.com',
    });
    expect(plain.detail).toBe('bucket my-bucket (cn-beijing) at media.example.com, without encryption');
  });

  it.each([
    [{}, 'OSS has no access key (OSS_ACCESS_KEY_ID).', 'OSS_ACCESS_KEY_SECRET'],
    [{ accessKeyId: 'LTAI' }, 'OSS has no access key secret (OSS_ACCESS_KEY_SECRET).', 'OSS_SECURITY_TOKEN'],
    [keys, 'OSS has no bucket.', 'OSS_BUCKET'],
    [{ ...keys, bucket: 'my-bucket' }, "OSS has no region, and signatures need the bucket's.", 'OSS_REGION'],
  ])('lacks something with %j', async (options, detail, hint) => {
    const found = await ready(options);
    expect(found).toMatchObject({ ready: false, detail });
    expect(found.hint).toContain(hint);
  });

  it('names the host that the file leaves for, and takes the bucket as a model', async () => {
    const { provider, label } = await loadProvider('storage', 'oss:my-bucket', { region: 'cn-beijing' }, tools);
    expect(provider.host).toBe('my-bucket.oss-cn-beijing.aliyuncs.com');
    expect(label).toBe('oss:my-bucket');
    expect(oss.secrets).toEqual(['accessKeyId', 'accessKeySecret', 'securityToken', 'cdnKey']);
    expect(oss.create(oss.options.parse({}), tools).host).toBeUndefined();
  });
});

describe('the CRC', () => {
  it('has the check value of CRC-64/XZ, and is that of the plain one at every length and cut', () => {
    expect(new Crc64().update(Buffer.from('123456789')).value()).toBe('11051210869376104954');
    expect(new Crc64().value()).toBe('0');
    const bytes = Buffer.from(Array.from({ length: 300 }, (_, at) => (at * 7919 + 13) & 255));
    for (let length = 0; length <= 40; length++) {
      expect(new Crc64().update(bytes.subarray(0, length)).value()).toBe(plainCrc64(bytes.subarray(0, length)));
    }
    for (const cut of [1, 7, 8, 9, 100, 299]) {
      expect(new Crc64().update(bytes.subarray(0, cut)).update(bytes.subarray(cut)).value()).toBe(plainCrc64(bytes));
    }
  });
});
