import { afterEach, expect, test } from 'vitest';
import { createHttp } from '../../src/net/client.js';
import { serve } from '../support/http-server.js';

test('x', async () => {
  const server = await serve([{ body: { a: 1 } }]);
  const http = createHttp({ version: '1.2.3' });
  const reply = await http.request(
    { url: `${server.url}/x?y=1`, body: { json: { q: 'ü' } } },
    new AbortController().signal,
  );
  expect(reply.body.json).toEqual({ a: 1 });
  console.log(server.requests[0], String(server.requests[0]?.body));
  await http.close();
  await server.close();
});
