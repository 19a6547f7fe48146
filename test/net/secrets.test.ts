import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { DubError } from '../../src/errors.js';
import type { Http, HttpRequest } from '../../src/net/http.js';
import type { ScriptedReply } from '../support/http-server.js';
import { client, failed, never, server } from './support.js';

const key = 'sk-4711/abc+def==';
const spelled = [key, encodeURIComponent(key), Buffer.from(key).toString('base64'), 'c2lnbmVk', 'pass4711'];
const query = `?Signature=c2lnbmVk&OSSAccessKeyId=LTAI&token=${encodeURIComponent(key)}`;
/** A service that repeats the key in whatever it says. */
const echo = { message: `Incorrect API key provided: ${key}`, token: Buffer.from(key).toString('base64') };

const faults: Record<string, ScriptedReply> = {
  'a refused key': { status: 401, body: echo },
  'a busy service': { status: 429, body: echo },
  'a broken service': { status: 500, body: echo },
  'a reset': { fault: 'reset' },
  'a reset in the body': { fault: 'reset-in-body', body: key },
  'a cut body': { fault: 'cut', body: key },
  silence: { fault: 'hang' },
  'an HTML page': { body: `<html>${key}`, headers: { 'content-type': 'text/html' } },
  'JSON of another shape': { body: echo },
  'a redirect': { status: 302, headers: { location: `http://other.test/${query}` } },
  'a body too large': { body: key.repeat(100) },
};

const calls: Record<string, (http: Http, request: HttpRequest) => Promise<unknown>> = {
  json: (http, request) => http.json(z.object({ output: z.string() }), request, never),
  request: (http, request) => http.request({ ...request, expect: 'ok' }, never),
  download: (http, request) =>
    http.download(String(request.url), { signal: never, maxBytes: 1000, limits: { idleMs: 60 } }),
  fetch: (http, request) =>
    http.fetch({ limits: { idleMs: 60 }, maxBytes: 1000 })(request.url, { headers: { ...request.headers } }),
  async events(http, request) {
    const { events } = await http.events(request, never);
    for await (const _ of events);
  },
};

for (const [what, reply] of Object.entries(faults)) {
  test(`no secret is in any error or notice after ${what}`, async () => {
    const { url } = await server(() => reply);
    const notices: unknown[] = [];
    const http = client({
      secrets: [key, 'pass4711'],
      allowPrivateFor: [url],
      retry: { attempts: 2 },
      onRetry: (notice) => notices.push(notice),
    });
    const headers = { authorization: `Bearer ${key}` };
    const request = {
      url: `${url}/v1/${encodeURIComponent(key)}${query}`,
      headers,
      limits: { idleMs: 60 },
      maxBytes: 1000,
    };
    let errors = 0;
    for (const call of Object.values(calls)) {
      const error = await call(http, request).catch((thrown: unknown) => thrown);
      if (!(error instanceof Error)) continue;
      errors++;
      expectClean(error);
    }
    expect(errors).toBeGreaterThan(0);
    expectClean(notices);
  });
}

test('no secret is in the error of an address, a header or a proxy that cannot be used', async () => {
  const http = client({ secrets: [key, 'pass4711'], retry: { attempts: 1 } });
  expectClean(await failed(http.request({ url: `not a url ${key}` }, never)));
  expectClean(
    await failed(http.request({ url: 'http://127.0.0.1:1/', headers: { authorization: `Bearer ${key}\n` } }, never)),
  );
  expectClean(await failed(http.download(`http://me:pass4711@example.test/${query}`, { signal: never })));
  expectClean(await failed(http.download(`http://127.0.0.1:1/${query}`, { signal: never })));
  const env = { HTTP_PROXY: 'http://me:pass4711@127.0.0.1:1' };
  expectClean(
    await failed(client({ env, retry: { attempts: 1 } }).request({ url: `http://service.test/${query}` }, never)),
  );
});

test('no secret that a vendor puts into its own error gets out', async () => {
  const { url } = await server(() => ({ status: 400, body: echo }));
  const http = client({ secrets: [key] });
  const classify = (status: number, _headers: object, body: { text: string }) => ({
    retryable: false,
    error: new DubError('PROVIDER_REFUSED', `${status}: ${body.text}`, {
      hint: body.text,
      cause: new Error(body.text),
    }),
  });
  const error = await failed(http.request({ url, classify }, never));
  expect(error.message).toContain('Incorrect API key provided: ••••');
  expectClean(error);
});

function expectClean(thrown: unknown): void {
  const parts: string[] = [];
  for (let error = thrown; error !== undefined; error = error instanceof Error ? error.cause : undefined) {
    parts.push(inspect(error, { depth: 10, showHidden: true, maxStringLength: null }));
    if (error instanceof Error) parts.push(error.message, error.stack ?? '');
    if (error instanceof DubError) parts.push(error.hint ?? '');
  }
  for (const secret of spelled) expect(parts.join('\n')).not.toContain(secret);
}
