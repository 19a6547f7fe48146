import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { md5 } from './bucket.js';
import { plainCrc64 } from './crc64.js';
import { type OssEmulator, ossKey, startOssEmulator } from './server.js';
import { canonicalRequest, signatureOf, stringToSign, verify } from './signature.js';

/** What these tests call of the vendor's client; its own types lack `sldEnable` and what errors hold. */
interface VendorClient {
  put(name: string, file: string | Buffer, options?: object): Promise<{ res: { headers: Record<string, string> } }>;
  get(name: string): Promise<{ content: Buffer }>;
  head(name: string): Promise<{ status: number; res: { headers: Record<string, string> } }>;
  delete(name: string): Promise<unknown>;
  deleteMulti(names: string[], options?: object): Promise<unknown>;
  list(query: object, options: object): Promise<{ objects: { name: string }[] }>;
  multipartUpload(name: string, file: string, options: object): Promise<{ res: { headers: Record<string, string> } }>;
  abortMultipartUpload(name: string, uploadId: string): Promise<unknown>;
  listParts(name: string, uploadId: string): Promise<{ parts: unknown }>;
  initMultipartUpload(name: string): Promise<{ uploadId: string }>;
  uploadPart(name: string, id: string, no: number, file: Buffer, start: number, end: number): Promise<unknown>;
  getBucketLifecycle(bucket: string): Promise<{ rules: { id: string; prefix: string }[] }>;
  putBucketLifecycle(bucket: string, rules: object[]): Promise<unknown>;
  deleteBucketLifecycle(bucket: string): Promise<unknown>;
  signatureUrlV4(method: string, expires: number, request: object, name: string): Promise<string>;
}

/** Vectors of the vendor's Python SDK (alibabacloud-oss-python-sdk-v2, tests/unit/signer/test_v4.py). */
const vectorQuery = [
  ['param1', 'value1'],
  ['+param1', 'value3'],
  ['|param1', 'value4'],
  ['+param2', ''],
  ['|param2', ''],
  ['param2', ''],
] as const;
const vectorTarget = { method: 'PUT', bucket: 'bucket', key: '1234+-/123/1.txt' };
const plainHeaders = { 'x-oss-head1': 'value', abc: 'value', zabc: 'value', xyz: 'value' };

describe('the signature', () => {
  it.each([
    ['20231216T162057Z', {}, [], 'e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe'],
    [
      '20231217T034736Z',
      { 'x-oss-security-token': 'token' },
      [],
      'b94a3f999cf85bcdc00d332fbd3734ba03e48382c36fa4d5af5df817395bd9ea',
    ],
    ['20231216T172512Z', {}, ['abc', 'zabc'], '4a4183c187c07c8947db7620deb0a6b38d9fbdd34187b6dbaccb316fa251212f'],
  ])('in the header is that of the vendor for %s', (date, more, additional, wanted) => {
    const own = { 'content-type': 'text/plain', 'x-oss-content-sha256': 'UNSIGNED-PAYLOAD', 'x-oss-date': date };
    const request = { ...vectorTarget, query: vectorQuery, headers: { ...plainHeaders, ...own, ...more } };
    const text = stringToSign(date, 'cn-hangzhou', canonicalRequest(request, additional));
    expect(signatureOf('sk', date.slice(0, 8), 'cn-hangzhou', text)).toBe(wanted);
  });

  it.each([
    ['20231217T025437Z', [], 'a39966c61718be0d5b14e668088b3fa07601033f6518ac7b523100014269c0fe'],
    [
      '20231217T035628Z',
      [['x-oss-security-token', 'token']],
      '3817ac9d206cd6dfc90f1c09c00be45005602e55898f26f5ddb06d7892e1f8b5',
    ],
    [
      '20231217T033009Z',
      [['x-oss-additional-headers', 'abc;zabc']],
      '6bd984bfe531afb6db1f7550983a741b103a8c58e5e14f83ea474c2322dfa2b7',
    ],
  ] as const)('in the query is that of the vendor for %s', (date, more, wanted) => {
    const query = [
      ...vectorQuery,
      ...more,
      ['x-oss-credential', `ak/${date.slice(0, 8)}/cn-hangzhou/oss/aliyun_v4_request`],
      ['x-oss-date', date],
      ['x-oss-expires', '599'],
      ['x-oss-signature-version', 'OSS4-HMAC-SHA256'],
      ['x-oss-signature', wanted],
    ] as const;
    const headers = { ...plainHeaders, 'content-type': 'application/octet-stream' };
    const token = more.some(([name]) => name === 'x-oss-security-token') ? { securityToken: 'token' } : {};
    const nowMs = Date.UTC(2023, 11, 17, 2, 54, 37) + 61 * 60_000;
    const context = {
      keys: [{ accessKeyId: 'ak', accessKeySecret: 'sk', ...token }],
      region: 'cn-hangzhou',
      nowMs: Math.min(nowMs, parse(date) + 598_000),
    };
    expect(verify({ ...vectorTarget, query, headers }, context).accessKeyId).toBe('ak');
    const late = { ...context, nowMs: parse(date) + 600_000 };
    expect(() => verify({ ...vectorTarget, query, headers }, late)).toThrow('Request has expired.');
    const other = { ...vectorTarget, key: 'other.txt' };
    expect(() => verify({ ...other, query, headers }, context)).toThrow('does not match');
  });
});

function parse(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)/, '$1-$2-$3T$4:$5:'));
}

describe('the CRC', () => {
  it('has the check value of CRC-64/XZ', () => {
    expect(plainCrc64(Buffer.from('123456789'))).toBe('11051210869376104954');
    expect(plainCrc64(Buffer.alloc(0))).toBe('0');
  });
});

describe("the vendor's client, unchanged", () => {
  let emulator: OssEmulator;
  let folder: string | undefined;
  afterEach(() => emulator.close());
  afterAll(() => (folder === undefined ? undefined : rm(folder, { recursive: true, force: true })));

  async function connect(options: object = {}): Promise<VendorClient> {
    const { default: Client } = (await import('ali-oss')) as unknown as {
      default: new (options: object) => VendorClient;
    };
    const endpoint = `http://localhost:${emulator.port}`;
    const { accessKeyId, accessKeySecret } = ossKey;
    const account = { accessKeyId, accessKeySecret, region: 'oss-cn-beijing', bucket: 'dub-test' };
    return new Client({ ...account, endpoint, sldEnable: true, authorizationV4: true, ...options });
  }

  it('puts, reads, looks at, lists and deletes', async () => {
    emulator = await startOssEmulator();
    const client = await connect();
    const bytes = Buffer.from('some sound');
    const { res } = await client.put("dir/a b+中!'()*.txt", bytes, { mime: 'text/plain' });
    expect(res.headers.etag).toBe(`"${md5(bytes)}"`);
    expect(res.headers['x-oss-hash-crc64ecma']).toBe(plainCrc64(bytes));
    expect((await client.get("dir/a b+中!'()*.txt")).content).toEqual(bytes);
    expect((await client.head("dir/a b+中!'()*.txt")).res.headers['content-length']).toBe('10');
    expect((await client.list({ prefix: 'dir/' }, {})).objects?.map(({ name }) => name)).toHaveLength(1);
    await client.deleteMulti(["dir/a b+中!'()*.txt"], { quiet: true });
    await expect(client.head("dir/a b+中!'()*.txt")).rejects.toMatchObject({ status: 404, code: 'NoSuchKey' });
    await client.delete('never there');
    expect(emulator.violations).toEqual([]);
  });

  it('uploads in parts, lists and aborts them', async () => {
    emulator = await startOssEmulator();
    const client = await connect();
    folder = await mkdtemp(join(tmpdir(), 'dub-oss-'));
    const bytes = Buffer.alloc(350_000, 'sound ');
    await writeFile(join(folder, 'a.flac'), bytes);
    const { res } = await client.multipartUpload('dub/a.flac', join(folder, 'a.flac'), {
      partSize: 102_400,
      parallel: 2,
    });
    expect(res.headers.etag).toMatch(/^"[0-9A-F]{32}-4"$/);
    expect(res.headers['x-oss-hash-crc64ecma']).toBe(plainCrc64(bytes));
    expect(emulator.bucket().get('dub/a.flac').bytes.equals(bytes)).toBe(true);
    const { uploadId } = await client.initMultipartUpload('dub/b.flac');
    await client.uploadPart('dub/b.flac', uploadId, 1, bytes, 0, 102_400);
    expect((await client.listParts('dub/b.flac', uploadId)).parts).toMatchObject({ PartNumber: '1', Size: '102400' });
    await client.abortMultipartUpload('dub/b.flac', uploadId);
    await expect(client.listParts('dub/b.flac', uploadId)).rejects.toMatchObject({ code: 'NoSuchUpload' });
    expect(emulator.violations).toEqual([]);
  });

  it('sets, reads and deletes lifecycle rules', async () => {
    emulator = await startOssEmulator();
    const client = await connect();
    await expect(client.getBucketLifecycle('dub-test')).rejects.toMatchObject({ code: 'NoSuchLifecycle' });
    const rule = {
      id: 'dub',
      prefix: 'dub/',
      status: 'Enabled',
      expiration: { days: 1 },
      abortMultipartUpload: { days: 1 },
    };
    await client.putBucketLifecycle('dub-test', [rule]);
    expect((await client.getBucketLifecycle('dub-test')).rules).toMatchObject([{ id: 'dub', prefix: 'dub/' }]);
    await client.deleteBucketLifecycle('dub-test');
    expect(emulator.bucket().lifecycle).toBeUndefined();
  });

  it('signs links that hold for their time, and its token is part of what is signed', async () => {
    const key = { ...ossKey, accessKeyId: 'STS.emulated', securityToken: 'token/with+signs=' };
    emulator = await startOssEmulator({ keys: [key] });
    const client = await connect({
      accessKeyId: key.accessKeyId,
      stsToken: key.securityToken,
      refreshSTSTokenInterval: 1,
    });
    await client.put('a.txt', Buffer.from('a'));
    const url = await client.signatureUrlV4('GET', 60, {}, 'a.txt');
    expect((await fetch(url)).status).toBe(200);
    const bare = new URL(url);
    bare.searchParams.delete('x-oss-security-token');
    expect(await (await fetch(bare)).text()).toContain('<Code>InvalidAccessKeyId</Code>');
    emulator.advance(61_000);
    const late = await fetch(url);
    expect(late.status).toBe(403);
    expect(await late.text()).toContain('<EC>0002-00000069</EC>');
  });

  it('is refused with a wrong secret, a wrong region, a wrong clock and an unknown key', async () => {
    emulator = await startOssEmulator();
    const put = async (options: object) => (await connect(options)).put('a', Buffer.from('a'));
    await expect(put({ accessKeySecret: 'no' })).rejects.toMatchObject({ code: 'SignatureDoesNotMatch', status: 403 });
    await expect(put({ region: 'oss-cn-hangzhou' })).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' });
    await expect(put({ accessKeyId: 'no' })).rejects.toMatchObject({
      code: 'InvalidAccessKeyId',
      ecCode: '0002-00000902',
    });
    await expect(put({ amendTimeSkewed: 16 * 60_000 })).rejects.toMatchObject({ code: 'RequestTimeTooSkewed' });
    await expect(put({ bucket: 'another' })).rejects.toMatchObject({ code: 'NoSuchBucket', status: 404 });
    await expect(put({ authorizationV4: false })).rejects.toMatchObject({ code: 'InvalidArgument' });
    expect(emulator.violations).toEqual(['put: signed by version 1']);
  });
});
