import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { calm, failure, flac, type OssBench, ossBench } from './oss-bench.js';

const part = 102_400;
const inParts = { multipartFrom: part, partSize: part, parallel: 2 };
const always = { times: Number.POSITIVE_INFINITY };
const busy = { kind: 'error', status: 503, code: 'ServiceUnavailable' } as const;

/** The numbers of the parts that were sent, in order. */
function partsSent({ emulator }: OssBench): number[] {
  return emulator.requestsTo('part').map(({ target }) => Number(/partNumber=(\d+)/.exec(target)?.[1]));
}

function keyOf(handle: string): string {
  return handle.replace('oss://dub-test/', '');
}

describe('a small file', () => {
  it('goes up at once under a random ASCII name, with its media type, and is signed by version 4', async () => {
    const bench = await ossBench();
    const { path, bytes } = await bench.file('演讲 final.FLAC', 50_000);
    const [first, second] = [await bench.store().put(path, flac, calm), await bench.store().put(path, flac, calm)];
    expect(first.handle).toMatch(/^oss:\/\/dub-test\/dub\/[0-9a-f]{32}\.flac$/);
    expect(first.handle).not.toBe(second.handle);
    const stored = bench.emulator.bucket().get(keyOf(first.handle));
    expect(stored.bytes.equals(bytes)).toBe(true);
    expect(stored.mediaType).toBe('audio/flac');
    const [sent] = bench.emulator.requestsTo('put');
    expect(sent?.host).toBe('dub-test.oss-cn-beijing.aliyuncs.com');
    expect(sent?.headers.authorization).toMatch(/^OSS4-HMAC-SHA256 Credential=/);
    expect(sent?.headers['content-length']).toBe('50000');
    expect(sent?.headers).not.toHaveProperty('transfer-encoding');
    expect(bench.emulator.requests.map(({ operation }) => operation)).toEqual(['put', 'put']);
  });

  it.each([
    ['503, then all is well', busy, 2],
    ['429 with Retry-After', { kind: 'error', status: 429, code: 'Throttling', headers: { 'retry-after': '1' } }, 2],
    ['500 InternalError', { kind: 'error', status: 500, code: 'InternalError' }, 2],
    ['400 RequestTimeout', { kind: 'error', status: 400, code: 'RequestTimeout' }, 2],
    ['a reset in the middle', { kind: 'reset', bytes: 20_000 }, 2],
    ['a reset after the work', { kind: 'reset-after' }, 2],
    ['a gateway page with 502', { kind: 'html', status: 502 }, 2],
    ['a gateway page with 200', { kind: 'html' }, 2],
    ['an empty answer of something else', { kind: 'empty' }, 2],
    ['other bytes stored than sent', { kind: 'damaged' }, 2],
    ['no CRC in the answer: the ETag counts', { kind: 'no-crc' }, 1],
    ['neither CRC nor MD5 in the answer: it looks', { kind: 'no-sums' }, 1],
  ] as const)('arrives in spite of %s', async (_, fault, puts) => {
    const bench = await ossBench();
    const { path, bytes } = await bench.file('a.flac', 50_000);
    // The service checks the MD5 of what is damaged on its way; what is damaged behind it only the CRC tells.
    bench.emulator.fail('put', fault);
    const { handle } = await bench.store().put(path, flac, calm);
    expect(bench.emulator.bucket().get(keyOf(handle)).bytes.equals(bytes)).toBe(true);
    expect(bench.emulator.bucket().objects.size).toBe(1);
    expect(bench.emulator.requestsTo('put')).toHaveLength(puts);
    expect(bench.notices.length + bench.repeats.length).toBe(puts - 1);
    expect(bench.emulator.requestsTo('head')).toHaveLength(fault.kind === 'no-sums' ? 1 : 0);
  });

  it('that arrives damaged again is an error, and nothing stays behind', async () => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 50_000);
    bench.emulator.fail('put', { kind: 'damaged', times: 2 });
    const error = await failure(bench.store().put(path, flac, calm));
    expect(error).toMatchObject({ code: 'PROVIDER_BAD_REPLY', retryable: true });
    expect(error.message).toBe(`OSS holds other bytes of ${path} than were sent.`);
    expect(bench.emulator.bucket().objects.size).toBe(0);
  });

  it('is deleted when only the answer to it never came', async () => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 50_000);
    bench.emulator.fail('put', { kind: 'hang-after', ...always });
    const error = await failure(bench.store({ timeoutMs: 200 }, { retry: { attempts: 1 } }).put(path, flac, calm));
    expect(error).toMatchObject({ code: 'PROVIDER_TIMEOUT', retryable: true });
    expect(bench.emulator.bucket().objects.size).toBe(0);
  });

  it('says how far it is', async () => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 2_000_000);
    const seen: number[] = [];
    await bench.store().put(path, { ...flac, onProgress: (sent, total) => seen.push(sent / total) }, calm);
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.at(-1)).toBe(1);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
  });

  it.each(['nothing.flac', 'folder'])('that cannot be read (%s) is refused before anything is sent', async (name) => {
    const bench = await ossBench();
    await mkdir(join(bench.folder, 'folder'));
    const error = await failure(bench.store().put(join(bench.folder, name), flac, calm));
    expect(error).toMatchObject({ code: 'INPUT_UNREADABLE', hint: expect.stringContaining('may be read') });
    expect(bench.emulator.requests).toEqual([]);
  });

  it('is dropped at once when the run is interrupted, and its connection closed', async () => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 50_000);
    bench.emulator.fail('put', { kind: 'hang', ...always });
    const controller = new AbortController();
    const work = failure(bench.store().put(path, flac, controller.signal));
    await expect.poll(() => bench.emulator.requestsTo('put').length).toBe(1);
    controller.abort();
    expect((await work).code).toBe('INTERRUPTED');
    await expect.poll(() => bench.emulator.open).toBe(0);
    expect((await failure(bench.store().put(path, flac, AbortSignal.abort()))).code).toBe('INTERRUPTED');
    expect(bench.emulator.requestsTo('put')).toHaveLength(1);
  });
});

describe('a large file', () => {
  it('goes up in parts, each checked, and says how far it is', async () => {
    const bench = await ossBench();
    const { path, bytes } = await bench.file('a.flac', 4 * part + 7);
    const seen: number[] = [];
    const onProgress = (sent: number, total: number) => seen.push(sent / total);
    const { handle } = await bench.store(inParts).put(path, { ...flac, onProgress }, calm);
    const stored = bench.emulator.bucket().get(keyOf(handle));
    expect(stored.bytes.equals(bytes)).toBe(true);
    expect(stored.type).toBe('Multipart');
    expect(stored.mediaType).toBe('audio/flac');
    expect(partsSent(bench).sort()).toEqual([1, 2, 3, 4, 5]);
    for (const { headers } of bench.emulator.requestsTo('part')) expect(headers).toHaveProperty('content-md5');
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.at(-1)).toBe(1);
    expect(bench.emulator.bucket().uploads.size).toBe(0);
  });

  it('sends a part again that was dropped, and no other', async () => {
    const bench = await ossBench();
    const { path, bytes } = await bench.file('a.flac', 3 * part);
    bench.emulator.fail('part', { kind: 'reset', bytes: 50_000, after: 1 });
    const { handle } = await bench.store({ ...inParts, parallel: 1 }).put(path, flac, calm);
    expect(partsSent(bench)).toEqual([1, 2, 2, 3]);
    expect(bench.emulator.bucket().get(keyOf(handle)).bytes.equals(bytes)).toBe(true);
    expect(bench.notices).toHaveLength(1);
    expect(bench.notices[0]).not.toMatch(/uploadId|Signature/);
  });

  it.each([
    ['the start', 'initiate', { kind: 'reset-after' }],
    ['the end', 'complete', { kind: 'reset-after' }],
    ['the end, cut short', 'complete', { kind: 'cut' }],
    ['the end, as a page', 'complete', { kind: 'html' }],
    ['the start, as a page', 'initiate', { kind: 'html' }],
    ['a part, damaged', 'part', { kind: 'damaged' }],
    ['the end, without sums', 'complete', { kind: 'no-sums' }],
    ['a part, without sums', 'part', { kind: 'no-sums' }],
  ] as const)('is whole in spite of a fault at %s', async (_, operation, fault) => {
    const bench = await ossBench();
    const { path, bytes } = await bench.file('a.flac', 3 * part);
    bench.emulator.fail(operation, fault);
    const { handle } = await bench.store(inParts).put(path, flac, calm);
    expect([...bench.emulator.bucket().objects.keys()]).toEqual([keyOf(handle)]);
    expect(bench.emulator.bucket().get(keyOf(handle)).bytes.equals(bytes)).toBe(true);
  });

  it('goes on in a later run where the first one stopped', async () => {
    const bench = await ossBench();
    const { path, bytes } = await bench.file('a.flac', 5 * part);
    const options = { ...inParts, parallel: 1, checkpointFolder: join(bench.folder, 'kept') };
    bench.emulator.fail('part', { ...busy, ...always, after: 3 });
    const error = await failure(bench.store(options, { retry: { attempts: 2, baseMs: 1 } }).put(path, flac, calm));
    expect(error).toMatchObject({ code: 'PROVIDER_BUSY', retryable: true });
    expect(partsSent(bench)).toEqual([1, 2, 3, 4, 4]);
    expect(bench.emulator.requestsTo('abort')).toEqual([]);
    bench.emulator.heal();
    const seen: number[] = [];
    const onProgress = (sent: number) => seen.push(sent);
    const { handle } = await bench.store(options).put(path, { ...flac, onProgress }, calm);
    expect(partsSent(bench).slice(5)).toEqual([4, 5]);
    expect(bench.emulator.requestsTo('initiate')).toHaveLength(1);
    expect(bench.emulator.bucket().get(keyOf(handle)).bytes.equals(bytes)).toBe(true);
    expect(seen[0]).toBe(part);
    expect(await readdir(options.checkpointFolder)).toEqual([]);
  });

  it('goes on after an interruption', async () => {
    const bench = await ossBench();
    const { path, bytes } = await bench.file('a.flac', 5 * part);
    const options = { ...inParts, checkpointFolder: join(bench.folder, 'kept') };
    bench.emulator.fail('part', { kind: 'hang', ...always, after: 2 });
    const controller = new AbortController();
    const work = failure(bench.store(options).put(path, flac, controller.signal));
    await expect.poll(() => partsSent(bench).length).toBe(4);
    controller.abort();
    expect((await work).code).toBe('INTERRUPTED');
    await expect.poll(() => bench.emulator.open).toBe(0);
    bench.emulator.heal();
    const { handle } = await bench.store(options).put(path, flac, calm);
    expect(partsSent(bench).slice(4).sort()).toEqual([3, 4, 5]);
    expect(bench.emulator.bucket().get(keyOf(handle)).bytes.equals(bytes)).toBe(true);
  });

  it('sends the parts anew whose bytes have changed since', async () => {
    const bench = await ossBench();
    const { path, bytes } = await bench.file('a.flac', 4 * part);
    const options = { ...inParts, parallel: 1, checkpointFolder: join(bench.folder, 'kept') };
    bench.emulator.fail('part', { ...busy, ...always, after: 3 });
    await failure(bench.store(options, { retry: { attempts: 1 } }).put(path, flac, calm));
    bench.emulator.heal();
    const changed = Buffer.from(bytes);
    changed[part + 1]! ^= 255;
    await writeFile(path, changed);
    const { handle } = await bench.store(options).put(path, flac, calm);
    expect(partsSent(bench).slice(4)).toEqual([2, 4]);
    expect(bench.emulator.bucket().get(keyOf(handle)).bytes.equals(changed)).toBe(true);
  });

  it.each([
    ['the file has another size', async (path: string) => writeFile(path, Buffer.alloc(3 * part, 'x'))],
    [
      'its note is unreadable',
      async (_: string, folder: string) => {
        for (const name of await readdir(folder)) await writeFile(join(folder, name), '{"version":1,"key":');
      },
    ],
  ])('starts anew when %s', async (_, change) => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 4 * part);
    const options = { ...inParts, parallel: 1, checkpointFolder: join(bench.folder, 'kept') };
    bench.emulator.fail('part', { ...busy, ...always, after: 2 });
    await failure(bench.store(options, { retry: { attempts: 1 } }).put(path, flac, calm));
    bench.emulator.heal();
    await change(path, options.checkpointFolder);
    const { handle } = await bench.store(options).put(path, flac, calm);
    expect(bench.emulator.requestsTo('initiate')).toHaveLength(2);
    expect(
      bench.emulator
        .bucket()
        .get(keyOf(handle))
        .bytes.equals(await readFile(path)),
    ).toBe(true);
  });

  it('starts anew when the service has forgotten the earlier attempt', async () => {
    const bench = await ossBench();
    const { path, bytes } = await bench.file('a.flac', 4 * part);
    const options = { ...inParts, parallel: 1, checkpointFolder: join(bench.folder, 'kept') };
    bench.emulator.fail('part', { ...busy, ...always, after: 2 });
    await failure(bench.store(options, { retry: { attempts: 1 } }).put(path, flac, calm));
    bench.emulator.heal();
    bench.emulator.bucket().uploads.clear();
    const { handle } = await bench.store(options).put(path, flac, calm);
    expect(bench.emulator.bucket().get(keyOf(handle)).bytes.equals(bytes)).toBe(true);
    expect(partsSent(bench).slice(3)).toEqual([3, 1, 2, 3, 4]);
  });

  it('is found done when only the last answer was lost, in the run before too', async () => {
    const bench = await ossBench();
    const { path, bytes } = await bench.file('a.flac', 3 * part);
    const options = { ...inParts, checkpointFolder: join(bench.folder, 'kept') };
    bench.emulator.fail('complete', { kind: 'reset-after' });
    await failure(bench.store(options, { retry: { attempts: 1 } }).put(path, flac, calm));
    const { handle } = await bench.store(options).put(path, flac, calm);
    expect(partsSent(bench)).toHaveLength(3);
    expect([...bench.emulator.bucket().objects.keys()]).toEqual([keyOf(handle)]);
    expect(bench.emulator.bucket().get(keyOf(handle)).bytes.equals(bytes)).toBe(true);
  });

  it('goes on after a crash by the note in scratch', async () => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 4 * part);
    bench.emulator.fail('part', { kind: 'hang', ...always, after: 2 });
    const http = { retry: { attempts: 1 } };
    const abandoned = bench.store({ ...inParts, parallel: 1, timeoutMs: 60_000 }, http).put(path, flac, calm);
    abandoned.catch(() => undefined);
    await expect.poll(() => partsSent(bench).length).toBe(3);
    bench.emulator.heal();
    await bench.store({ ...inParts, parallel: 1 }).put(path, flac, calm);
    expect(partsSent(bench).slice(3)).toEqual([3, 4]);
  });

  it('leaves no parts behind when it fails and nothing is kept', async () => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 4 * part);
    bench.emulator.fail('part', { ...busy, ...always, after: 1 });
    await failure(bench.store(inParts, { retry: { attempts: 1 } }).put(path, flac, calm));
    expect(bench.emulator.bucket().uploads.size).toBe(0);
    expect(bench.emulator.requestsTo('abort')).toHaveLength(1);
    expect(await readdir(join(bench.folder, 'scratch', 'uploads'))).toEqual([]);
  });

  it('leaves no parts behind after an interruption when nothing is kept', async () => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 4 * part);
    bench.emulator.fail('part', { kind: 'hang', ...always });
    const controller = new AbortController();
    const work = failure(bench.store(inParts).put(path, flac, controller.signal));
    await expect.poll(() => partsSent(bench).length).toBe(2);
    controller.abort();
    expect((await work).code).toBe('INTERRUPTED');
    await expect.poll(() => bench.emulator.bucket().uploads.size).toBe(0);
    await expect.poll(() => bench.emulator.open).toBe(0);
  });

  it('that arrives damaged twice is an error, and nothing stays behind', async () => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 3 * part);
    bench.emulator.fail('part', { kind: 'damaged', ...always });
    const error = await failure(bench.store(inParts).put(path, flac, calm));
    expect(error).toMatchObject({ code: 'PROVIDER_BAD_REPLY', retryable: true });
    expect(bench.emulator.requestsTo('initiate')).toHaveLength(2);
    expect(bench.repeats).toEqual([1]);
    expect(bench.emulator.bucket().objects.size + bench.emulator.bucket().uploads.size).toBe(0);
  });

  it('twice at once is two uploads that do not mix', async () => {
    const bench = await ossBench();
    const { path, bytes } = await bench.file('a.flac', 3 * part);
    const store = bench.store({ ...inParts, checkpointFolder: join(bench.folder, 'kept') });
    const [one, two] = await Promise.all([store.put(path, flac, calm), store.put(path, flac, calm)]);
    expect(one.handle).not.toBe(two.handle);
    for (const { handle } of [one, two]) {
      expect(bench.emulator.bucket().get(keyOf(handle)).bytes.equals(bytes)).toBe(true);
    }
  });

  it('that shrinks while it is read is an error', async () => {
    const bench = await ossBench();
    const { path } = await bench.file('a.flac', 4 * part);
    bench.emulator.fail('initiate', { kind: 'slow', delayMs: 0 });
    const onProgress = () => void writeFile(path, '');
    const store = bench.store({ ...inParts, parallel: 1 });
    const error = await failure(store.put(path, { ...flac, onProgress }, calm));
    expect(error.code).toBe('INPUT_UNREADABLE');
    expect(bench.emulator.bucket().uploads.size).toBe(0);
  });
});
