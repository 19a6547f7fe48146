import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { prepareForm } from '../../src/net/form.js';
import { client, closing, failed, never, server } from './support.js';

async function fileOf(content: string | Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dub-form-'));
  closing({ close: () => rm(folder, { recursive: true }) });
  await writeFile(join(folder, 'a.wav'), content);
  return join(folder, 'a.wav');
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

test('writes fields in order and the file last, byte for byte', async () => {
  const path = await fileOf('RIFF…');
  const form = await prepareForm(
    {
      fields: [
        ['OSSAccessKeyId', 'LTAI'],
        ['key', 'dir/ä"b'],
      ],
      files: [{ name: 'file', filename: 'a"b\r\n.wav', mediaType: 'audio/wav', content: { path } }],
    },
    'BOUNDARY',
  );
  const expected = [
    '--BOUNDARY\r\nContent-Disposition: form-data; name="OSSAccessKeyId"\r\n\r\nLTAI\r\n',
    '--BOUNDARY\r\nContent-Disposition: form-data; name="key"\r\n\r\ndir/ä"b\r\n',
    '--BOUNDARY\r\nContent-Disposition: form-data; name="file"; filename="a%22b%0D%0A.wav"\r\nContent-Type: audio/wav\r\n\r\nRIFF…\r\n',
    '--BOUNDARY--\r\n',
  ].join('');
  expect(await textOf(form.stream())).toBe(expected);
  expect(await textOf(form.stream())).toBe(expected);
  expect(form.length).toBe(Buffer.byteLength(expected));
  expect(form.mediaType).toBe('multipart/form-data; boundary=BOUNDARY');
});

test('a form goes out with its length, is understood by a form reader, and again as a whole when repeated', async () => {
  const content = Buffer.alloc(300_000, 'wave');
  const path = await fileOf(content);
  const { url, requests } = await server([{ status: 503 }, { status: 200 }]);
  const form = {
    fields: [['policy', 'p']] as const,
    files: [
      { name: 'small', filename: 's.bin', content: Buffer.from('abc') },
      { name: 'file', filename: 'a.wav', content: { path } },
    ],
  };
  const sent: number[] = [];
  await client().request({ url, body: { form }, idempotent: 'repeatable', onSent: (bytes) => sent.push(bytes) }, never);
  expect(requests).toHaveLength(2);
  for (const { headers, body } of requests) {
    expect(headers['content-length']).toBe(String(body.length));
    expect(headers['transfer-encoding']).toBeUndefined();
    const read = await new Response(body, { headers: { 'content-type': headers['content-type'] ?? '' } }).formData();
    expect([...read.keys()]).toEqual(['policy', 'small', 'file']);
    expect(Buffer.from(await (read.get('file') as File).arrayBuffer()).equals(content)).toBe(true);
    expect((read.get('file') as File).type).toBe('application/octet-stream');
  }
  expect(sent.at(-1)).toBe(requests[1]?.body.length);
});

test('an empty file is sent as such', async () => {
  const form = await prepareForm(
    { fields: [], files: [{ name: 'f', filename: 'f', content: { path: await fileOf('') } }] },
    'B',
  );
  expect(await textOf(form.stream())).toContain('\r\n\r\n\r\n--B--');
});

test('a file that is missing or becomes shorter is told, and nothing is repeated', async () => {
  const { url, requests } = await server(() => ({}));
  const missing = {
    fields: [],
    files: [{ name: 'file', filename: 'a', content: { path: join(tmpdir(), 'dub-none', 'a') } }],
  };
  const error = await failed(client().request({ url, body: { form: missing } }, never));
  expect(error.code).toBe('INPUT_UNREADABLE');
  expect(error.message).toContain('cannot be read to send it.');

  const path = await fileOf('0123456789');
  const form = await prepareForm({ fields: [], files: [{ name: 'file', filename: 'a', content: { path } }] });
  await truncate(path, 4);
  const body = { stream: form.stream, length: form.length };
  expect((await failed(client().request({ url, body, idempotent: 'repeatable' }, never))).message).toContain(
    'became shorter while it was sent.',
  );
  await rm(path);
  expect((await failed(client().request({ url, body }, never))).message).toContain('cannot be read to send it.');
  expect(requests).toHaveLength(0);
});
