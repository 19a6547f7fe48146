import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseEvents, readEvents, type ServerEvent } from '../../src/net/sse.js';
import { failed } from './support.js';

const dashscope =
  'id:1\nevent:result\n:HTTP_STATUS/200\ndata:{"output":{"text":"你好"}}\n\n' +
  ':keep-alive\n\n' +
  'id:2\nevent:error\n:HTTP_STATUS/400\ndata:{"code":"InvalidParameter"}\n\n';

async function* inPieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let piece = 0; at < bytes.length; piece++) {
    const size = sizes[piece % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function all(events: AsyncIterable<ServerEvent>): Promise<ServerEvent[]> {
  const list: ServerEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

test('reads data without a space after the colon, ids, names, and comments when asked', () => {
  expect(parseEvents(dashscope, { comments: true })).toEqual([
    { event: 'result', id: '1', data: '{"output":{"text":"你好"}}', comments: ['HTTP_STATUS/200'] },
    { event: 'error', id: '2', data: '{"code":"InvalidParameter"}', comments: ['HTTP_STATUS/400'] },
  ]);
  expect(parseEvents(dashscope).map(({ comments }) => comments)).toEqual([[], []]);
});

test('reads what the other style of service sends', () => {
  const text = '\uFEFFdata: {"a":1}\r\n\r\ndata: first\r\ndata:  second\r\ndata\r\n\r\ndata: [DONE]\r\n\r\n';
  const events = [];
  for (const { data, event } of parseEvents(text.slice(1))) events.push([event, data]);
  expect(events).toEqual([
    ['message', '{"a":1}'],
    ['message', 'first\n second\n'],
    ['message', '[DONE]'],
  ]);
});

test('a last event without its empty line is given; a block without data is not', () => {
  expect(parseEvents('data: {"error":{}}').map(({ data }) => data)).toEqual(['{"error":{}}']);
  expect(parseEvents('event: ping\nid: 3\n\nretry: 10\nnonsense\n\n')).toEqual([]);
});

test('gives the same events however the bytes are cut and the lines end', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 });
  const ends = fc.constantFrom('\n', '\r\n', '\r');
  const whole = parseEvents(dashscope, { comments: true });
  await fc.assert(
    fc.asyncProperty(sizes, ends, async (pieces, end) => {
      const bytes = Buffer.from(`\uFEFF${dashscope.replaceAll('\n', end)}`);
      expect(await all(readEvents(inPieces(bytes, pieces), { comments: true }))).toEqual(whole);
    }),
    { numRuns: 300 },
  );
});

test('a line or an event above the limit is a bad reply, ended or not', async () => {
  const limit = { maxChars: 100 };
  for (const text of [`data:${'x'.repeat(200)}`, `data:${'x'.repeat(200)}\n\n`, 'data:xxxxxxxxxxxxxxxx\n'.repeat(20)]) {
    const error = await failed(all(readEvents(inPieces(Buffer.from(text), [7]), limit)));
    expect(error.code).toBe('PROVIDER_BAD_REPLY');
    expect(error.message).toBe('The event stream has a line or an event of more than 100 characters.');
  }
  const many = 'data:xxxxxxxxxxxxxxxx\n\n'.repeat(50);
  expect(await all(readEvents(inPieces(Buffer.from(many), [7]), limit))).toHaveLength(50);
});
