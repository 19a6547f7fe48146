import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DubError } from '../../../src/errors.js';
import { resolveHost } from '../../../src/providers/vendors/dashscope/hosts.js';
import { createUpload, policyReply } from '../../../src/providers/vendors/dashscope/uploads.js';
import { defaultAccounts } from '../../emulators/dashscope/accounts.js';
import { readForm } from '../../emulators/dashscope/form.js';
import type { Emulator, Part } from '../../emulators/dashscope/server.js';
import { instantClock } from '../../net/clocks.js';
import { bench } from './dashscope.support.js';

const calm = new AbortController().signal;
const request = { model: 'qwen3-asr-flash-filetrans', mediaType: 'audio/flac' };
const bytes = randomBytes(200_000);
let folder = '';
let path = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dub-uploads-'));
  path = join(folder, 'mein Gespräch “1”.FLAC');
  await writeFile(path, bytes);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Answers what it was sent by URL. */
const reader: Part = (emulator) => {
  for (const at of ['/api/v1/read', '/compatible-mode/v1/read']) {
    emulator.route({
      endpoint: 'read',
      method: 'POST',
      path: at,
      handle: async (call) => {
        const { url } = call.json as { url: string };
        return { bytes: (await emulator.uploads.fetchMedia(call, url)).bytes };
      },
    });
  }
};

const read = { safeParse: (value: unknown) => ({ success: true as const, data: value }) };

async function failure(promise: Promise<unknown>): Promise<DubError> {
  const error = await promise.catch((thrown: unknown) => thrown);
  if (error instanceof DubError) return error;
  throw new Error(`No DubError: ${String(error)}`);
}

function posts(emulator: Emulator) {
  return emulator.requestsTo('upload.post');
}

describe('an upload', () => {
  it('goes by policy and form to the upload host, without credentials and with its length', async () => {
    const { emulator, client, clock } = await bench();
    const file = await client.upload(path, request, calm);
    const [policy] = emulator.requestsTo('upload.policy');
    expect(policy?.query.get('model')).toBe('qwen3-asr-flash-filetrans');
    const [post] = posts(emulator);
    expect(post?.headers.authorization).toBe(undefined);
    expect(Number(post?.headers['content-length'])).toBe(post?.body.length);
    expect(readForm(post!)?.map(({ name }) => name)).toEqual([
      'OSSAccessKeyId',
      'Signature',
      'policy',
      'key',
      'x-oss-object-acl',
      'x-oss-forbid-overwrite',
      'success_action_status',
      'x-oss-content-type',
      'file',
    ]);
    const [object] = emulator.uploads.objects;
    expect(object?.bytes.equals(bytes)).toBe(true);
    expect(object).toMatchObject({ model: 'qwen3-asr-flash-filetrans', account: 'main', mediaType: 'audio/flac' });
    expect(file).toMatchObject({ url: `oss://${object?.key}`, model: request.model, account: client.account });
    expect(file.expiresAtMs - file.uploadedAtMs).toBe(48 * 3_600_000);
    expect(file.uploadedAtMs).toBe(Math.round(clock.now()));
    expect(file.requestIds[0]).toBe(policy?.requestId);
    expect(file.requestIds[1]).toMatch(/^[0-9A-F]{24}$/);
    expect(emulator.violations).toEqual([]);
  });

  it('has a name of its own, in ASCII, that tells nothing of the file', async () => {
    const { client } = await bench();
    const urls = [(await client.upload(path, request, calm)).url, (await client.upload(path, request, calm)).url];
    for (const url of urls)
      expect(url).toMatch(
        /^oss:\/\/dashscope-instant\/[0-9a-f]{32}\/\d{4}-\d\d-\d\d\/[0-9a-f-]{36}\/[0-9a-f]{24}\.flac$/,
      );
    expect(urls[0]).not.toBe(urls[1]);
  });

  it('of several files uses one policy for as long as it lasts, one for each model', async () => {
    const { emulator, client, clock } = await bench();
    for (let files = 0; files < 3; files++) await client.upload(path, request, calm);
    expect(emulator.requestsTo('upload.policy').length).toBe(1);
    await client.upload(path, { ...request, model: 'fun-asr' }, calm);
    expect(emulator.requestsTo('upload.policy').length).toBe(2);
    // 300 s less the margin of 30 s and what the file takes.
    await clock.sleep(275_000);
    emulator.clock.advance(275_000);
    await client.upload(path, request, calm);
    expect(emulator.requestsTo('upload.policy').length).toBe(3);
    expect(posts(emulator).length).toBe(5);
  });

  it('side by side asks for one policy only', async () => {
    const { emulator, client, clock } = await bench();
    const together = () => Promise.all([1, 2, 3].map(() => client.upload(path, request, calm)));
    await together();
    expect(emulator.requestsTo('upload.policy').length).toBe(1);
    await clock.sleep(290_000);
    emulator.clock.advance(290_000);
    await together();
    expect(emulator.requestsTo('upload.policy').length).toBe(2);
    expect(emulator.uploads.objects.length).toBe(6);
  });

  it('whose policy ran out on the way is made once more with a fresh one', async () => {
    const { emulator, client } = await bench();
    await client.upload(path, request, calm);
    emulator.clock.advance(301_000);
    const file = await client.upload(path, request, calm);
    expect(posts(emulator).map(({ status }) => status)).toEqual([200, 403, 200]);
    expect(emulator.requestsTo('upload.policy').length).toBe(2);
    expect(emulator.uploads.objects.at(-1)?.key).toBe(file.url.slice(6));
    expect(emulator.violations).toEqual([]);
  });

  it('that is refused with a fresh policy too is an error', async () => {
    const { emulator, client } = await bench();
    emulator.fail('upload.post', {
      status: 403,
      code: 'AccessDenied',
      message: 'Invalid according to Policy: Policy expired.',
      times: 9,
    });
    const error = await failure(client.upload(path, request, calm));
    expect(error.code).toBe('PROVIDER_AUTH');
    expect(error.message).toMatch(/Policy expired\. \(403 AccessDenied, request [0-9A-F]{24}\)/);
    expect([emulator.requestsTo('upload.policy').length, posts(emulator).length]).toEqual([2, 2]);
  });

  it('whose answer was lost finds its name taken and takes another', async () => {
    const { emulator, client } = await bench();
    emulator.fail('upload.post', { kind: 'reset-after' });
    const file = await client.upload(path, request, calm);
    expect(posts(emulator).map(({ status }) => status)).toEqual([200, 409, 200]);
    expect(emulator.uploads.objects.map(({ key }) => `oss://${key}`)[1]).toBe(file.url);
  });

  it('outlives 500, 503, a page and a broken connection on both ways', async () => {
    const { emulator, client } = await bench();
    for (const endpoint of ['upload.policy', 'upload.post']) {
      emulator.fail(endpoint, { status: 503, code: 'ServiceUnavailable' });
      emulator.fail(endpoint, { status: 500, code: 'InternalError' });
      emulator.fail(endpoint, { kind: 'reset' });
      emulator.fail(endpoint, { kind: 'html', status: 502 });
    }
    emulator.fail('upload.policy', { kind: 'html' });
    await client.upload(path, request, calm);
    expect([emulator.requestsTo('upload.policy').length, posts(emulator).length]).toEqual([6, 5]);
    expect(emulator.uploads.objects.length).toBe(1);
  });

  it('outlives 429 at both ends, with a time told and without, and half a policy', async () => {
    const { emulator, client, clock } = await bench();
    for (const endpoint of ['upload.policy', 'upload.post']) {
      emulator.fail(endpoint, { status: 429, code: 'Throttling.RateQuota' });
      emulator.fail(endpoint, { status: 429, code: 'Throttling.RateQuota', retryAfter: 2 });
    }
    emulator.fail('upload.policy', { kind: 'cut' });
    emulator.fail('upload.policy', { kind: 'bad-json' });
    await client.upload(path, request, calm);
    expect([emulator.requestsTo('upload.policy').length, posts(emulator).length]).toEqual([5, 3]);
    expect(clock.sleeps.filter((ms) => ms >= 2000).length).toBeGreaterThanOrEqual(2);
    expect(emulator.uploads.objects.length).toBe(1);
  });

  it('waits as told when too many ask for policies', async () => {
    const { emulator, client, clock } = await bench();
    const message = 'Requests rate limit exceeded, please try again later.';
    emulator.fail('upload.policy', { times: 2, status: 429, code: 'Throttling.RateQuota', message, retryAfter: 3 });
    await client.upload(path, request, calm);
    expect(clock.sleeps.filter((ms) => ms >= 3000).length).toBe(2);
  });

  it('of a file above the limit of the model is refused before it is sent', async () => {
    const { emulator, client } = await bench();
    emulator.uploads.settings.maxFileSizeMb = 0.1;
    const error = await failure(client.upload(path, request, calm));
    expect(error).toMatchObject({ code: 'PROVIDER_UNSUPPORTED', hint: expect.stringContaining('--store oss') });
    expect(error.message).toContain('temporary storage takes 0.1 MB for qwen3-asr-flash-filetrans');
    expect(posts(emulator).length).toBe(0);
  });

  it('that storage finds too large is an error with its words', async () => {
    const { emulator, client } = await bench();
    emulator.fail('upload.post', {
      status: 400,
      code: 'EntityTooLarge',
      message: 'Your proposed upload exceeds the maximum allowed size',
    });
    const error = await failure(client.upload(path, request, calm));
    expect(error).toMatchObject({ code: 'PROVIDER_REFUSED', retryable: false });
    expect(error.message).toContain('exceeds the maximum allowed size (400 EntityTooLarge, request');
    expect(posts(emulator).length).toBe(1);
  });

  it('on a host that has no temporary storage names the way round it', async () => {
    const { emulator, client } = await bench();
    emulator.fail('upload.policy', { status: 404, code: 'NotFound', message: 'Not found!' });
    const error = await failure(client.upload(path, request, calm));
    expect(error).toMatchObject({ code: 'PROVIDER_UNSUPPORTED', hint: expect.stringContaining('--store oss') });
    expect(error.message).toMatch(/has no temporary storage for this model\. .*Not found!.*request [0-9a-f-]{36}/);
  });

  it('reads numbers that are strings, and does without those that are missing', async () => {
    const { emulator, client } = await bench();
    emulator.uploads.settings.numbersAsStrings = true;
    await client.upload(path, request, calm);
    const data = { policy: 'p', signature: 's', upload_dir: 'd', upload_host: 'https://h', oss_access_key_id: 'k' };
    expect(policyReply.parse({ data }).data).toMatchObject({
      expire_in_seconds: 300,
      x_oss_object_acl: 'private',
      x_oss_forbid_overwrite: 'true',
    });
    expect(policyReply.parse({ data: { ...data, x_oss_forbid_overwrite: true } }).data.x_oss_forbid_overwrite).toBe(
      'true',
    );
    expect(policyReply.safeParse({ data: { ...data, max_file_size_mb: 'much' } }).success).toBe(false);
  });

  it('of a file that is not there, or an interrupted one, sends nothing', async () => {
    const { emulator, client } = await bench();
    const gone = await failure(client.upload(join(folder, 'none.wav'), request, calm));
    expect(gone.code).toBe('INPUT_UNREADABLE');
    expect((await failure(client.upload(path, request, AbortSignal.abort()))).code).toBe('INTERRUPTED');
    expect(emulator.requests.length).toBe(0);
  });

  it('tells how far it is', async () => {
    const { client } = await bench();
    const seen: number[] = [];
    await client.upload(path, { ...request, onSent: (sent) => seen.push(sent) }, calm);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBeGreaterThan(bytes.length);
  });
});

describe('a host that a policy names', () => {
  const host = resolveHost({ region: 'cn' });
  const clock = instantClock();
  const data = { policy: 'p', signature: 's', upload_dir: 'd', oss_access_key_id: 'k' };
  const uploadTo = (upload_host: string, sent: string[] = []) =>
    createUpload({
      ...{ host, apiKey: 'sk-1', account: 'a', clock },
      askPolicy: async () => ({ value: policyReply.parse({ data: { ...data, upload_host } }), requestIds: [] }),
      open: async () =>
        ({
          request: async ({ url }: { url: string }) => {
            sent.push(url);
            return { status: 200, headers: {} };
          },
        }) as never,
    });

  it.each([
    'http://127.0.0.1:80',
    'http://169.254.169.254',
    'http://10.0.0.1',
    'file:///etc/passwd',
    'https://a:b@h',
    'nonsense',
  ])('is not followed to %s', async (upload_host) => {
    expect((await failure(uploadTo(upload_host)(path, request, calm))).code).toBe('PROVIDER_BAD_REPLY');
  });

  it('is reached over https when it is their own', async () => {
    const sent: string[] = [];
    await uploadTo('http://dashscope-file-xxx.oss-cn-beijing.aliyuncs.com', sent)(path, request, calm);
    expect(sent).toEqual(['https://dashscope-file-xxx.oss-cn-beijing.aliyuncs.com/']);
  });
});

describe('a file in temporary storage', () => {
  it.each(['/api/v1/read', '/compatible-mode/v1/read'])(
    'is resolved at %s: the header is there without asking',
    async (at) => {
      const { emulator, client } = await bench({ emulator: { parts: [reader] } });
      const { url } = await client.upload(path, request, calm);
      await client.post(at, { model: request.model, url }, read, calm).catch(() => undefined);
      expect(emulator.requestsTo('read').map(({ status }) => status)).toEqual([200]);
      expect(emulator.violations).toEqual([]);
    },
  );

  it('is of no use without the header, to another model, another account, or after two days', async () => {
    const { emulator, client } = await bench({ emulator: { parts: [reader] } });
    const { url } = await client.upload(path, request, calm);
    const ask = async (
      key: string,
      model: string,
      headers: object = { 'x-dashscope-ossresourceresolve': 'enable' },
    ) => {
      const answer = await fetch(`${emulator.url}/api/v1/read`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ model, url }),
      });
      return answer.status;
    };
    const [main, second] = defaultAccounts[0]!.keys.map(({ key }) => key);
    expect(await ask(main!, request.model)).toBe(200);
    expect(await ask(second!, request.model)).toBe(200);
    expect(await ask(main!, request.model, {})).toBe(400);
    expect(await ask(main!, 'fun-asr')).toBe(400);
    expect(await ask(defaultAccounts[1]!.keys[0]!.key, request.model)).toBe(400);
    expect(emulator.violations.length).toBe(2);
    emulator.clock.advance(48 * 3_600_000);
    expect(await ask(main!, request.model)).toBe(400);
  });

  it('a data URI and a public link are read as well', async () => {
    const { emulator } = await bench({ emulator: { parts: [reader] } });
    const link = emulator.results.publish('public', { mediaType: 'text/plain', extension: 'txt' });
    for (const [url, expected] of [
      [link, 'public'],
      ['data:text/plain;base64,aGk=', 'hi'],
    ] as const) {
      const answer = await fetch(`${emulator.url}/api/v1/read`, {
        method: 'POST',
        headers: { authorization: `Bearer ${defaultAccounts[0]!.keys[0]!.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'm', url }),
      });
      expect(await answer.text()).toBe(expected);
    }
  });
});

describe('the emulated upload host', () => {
  it('checks signature, key, folder, fields and their order, and takes a file without a status', async () => {
    const { emulator } = await bench();
    const policy = async () => {
      const headers = {
        authorization: `Bearer ${defaultAccounts[0]!.keys[0]!.key}`,
        'content-type': 'application/json',
      };
      const answer = await fetch(`${emulator.url}/api/v1/uploads?action=getPolicy&model=m`, { headers });
      return policyReply.parse(await answer.json()).data;
    };
    emulator.uploads.settings.maxFileSizeMb = 100_000 / 1_048_576;
    const data = await policy();
    const post = async (changes: Record<string, string> = {}, fileFirst = false, size = 10) => {
      const form = new FormData();
      const fields = {
        ...{ OSSAccessKeyId: data.oss_access_key_id, Signature: data.signature, policy: data.policy },
        ...{
          key: `${data.upload_dir}/${randomBytes(4).toString('hex')}`,
          'x-oss-object-acl': 'private',
          'x-oss-forbid-overwrite': 'true',
        },
        ...changes,
      };
      if (fileFirst) form.append('file', new Blob(['x']), 'x');
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      if (!fileFirst) form.append('file', new Blob([new Uint8Array(size)]), 'x');
      // Fully buffered, so that it has a length.
      const encoded = new Response(form);
      const type = encoded.headers.get('content-type')!;
      const answer = await fetch(data.upload_host, {
        method: 'POST',
        headers: { 'content-type': type },
        body: await encoded.arrayBuffer(),
      });
      return [answer.status, /<Code>(\w+)/.exec(await answer.text())?.[1]];
    };
    expect(await post()).toEqual([204, undefined]);
    expect(await post({ success_action_status: '200' })).toEqual([200, undefined]);
    expect(await post({ Signature: 'eA==' })).toEqual([403, 'SignatureDoesNotMatch']);
    expect(await post({ OSSAccessKeyId: 'x' })).toEqual([403, 'InvalidAccessKeyId']);
    expect(await post({ key: 'elsewhere/x' })).toEqual([403, 'AccessDenied']);
    expect(await post({ key: `${data.upload_dir}/same` })).toEqual([204, undefined]);
    expect(await post({ key: `${data.upload_dir}/same` })).toEqual([409, 'FileAlreadyExists']);
    expect(emulator.violations).toEqual([]);
    expect(await post({ extra: '1' })).toEqual([204, undefined]);
    expect(emulator.violations).toEqual(['upload.post: unknown field extra']);
    expect((await post({}, true))[0]).toBe(403);
    expect(emulator.violations[1]).toBe('upload.post: fields after the file are ignored');
    expect(await post({}, false, 100_001)).toEqual([400, 'EntityTooLarge']);
    expect((await fetch(data.upload_host, { method: 'PUT', body: 'x' })).status).toBe(405);
    expect((await fetch(data.upload_host, { method: 'POST', body: 'x' })).status).toBe(400);
  });
});
