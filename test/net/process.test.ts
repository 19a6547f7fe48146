import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { server } from './support.js';

const script = fileURLToPath(new URL('one-request.js', import.meta.url));

test('undici is loaded by the first request, and kept connections do not keep the process alive', async () => {
  const { url } = await server(() => ({ body: 'ok' }));
  const { stdout } = await promisify(execFile)(process.execPath, [script, url]);
  expect(JSON.parse(stdout)).toEqual([false, true, 0, false]);
});
