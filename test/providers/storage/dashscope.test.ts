import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createHttp } from '../../../src/net/client.js';
import { type Fault, runChecks } from '../../../src/providers/conformance.js';
import { storageConformance } from '../../../src/providers/storage/conformance.js';
import type { StorageProvider } from '../../../src/providers/storage/contract.js';
import { dashscope } from '../../../src/providers/storage/dashscope/index.js';
import { defaultKey, type Emulator, startEmulator } from '../../emulators/dashscope/server.js';
import { calm, expectConformance } from '../support.js';

const toClose: { close(): Promise<unknown> }[] = [];
let folder = '';
let path = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dub-store-'));
  path = join(folder, 'speech.flac');
  await writeFile(path, 'fLaC and so on');
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one.close();
});

async function store(apiKey = defaultKey): Promise<{ emulator: Emulator; provider: StorageProvider }> {
  const emulator = await startEmulator();
  const http = createHttp({ version: '1.2.3', retry: { attempts: 3, baseMs: 10 } });
  toClose.push(http, emulator);
  const options = dashscope.options.parse({ apiKey, baseUrl: emulator.url });
  return {
    emulator,
    provider: dashscope.create(options, {
      scratch: folder,
      http: async (scope) => http.scope({ ...scope, retry: { attempts: 2, baseMs: 10 } }),
    }),
  };
}

/** The service with a fault behind both of its requests. */
async function failing(fault: Fault) {
  const made = await store();
  const { emulator } = made;
  const endpoints = ['upload.policy', 'upload.post'];
  const each = (one: Parameters<Emulator['fail']>[1]) =>
    endpoints.map((name) => emulator.fail(name, { times: Infinity, ...one }));
  if (fault === 'missing') await emulator.close();
  else if (fault === 'crash') each({ kind: 'reset' });
  else if (fault === 'cut') each({ kind: 'cut' });
  else if (fault === 'empty') each({ kind: 'empty' });
  else if (fault === 'garbage') each({ kind: 'html' });
  else if (fault === 'refuse')
    emulator.fail('upload.post', { times: Infinity, status: 403, code: 'SignatureDoesNotMatch' });
  else if (fault === 'auth') each({ status: 401, code: 'InvalidApiKey', message: `Incorrect API key: ${defaultKey}` });
  else return undefined;
  return made;
}

it('passes the suite of stores', async () => {
  const { emulator, provider } = await store();
  const bytes = new Uint8Array(await readFile(path));
  const subject = { provider, path, bytes, secrets: [defaultKey], failing };
  expectConformance(await runChecks(storageConformance, subject), {
    'refuses to put a file when it stores nothing, and names the flag': 'it stores',
    'gives back the bytes that were put, until they are removed': 'the subject cannot fetch',
  });
  expect(emulator.violations).toEqual([]);
});

it('puts a file where the model it names can read it, for two days', async () => {
  const { emulator, provider } = await store();
  const before = Date.now();
  const stored = await provider.put(path, { mediaType: 'audio/flac', forModel: 'fun-asr' }, calm);
  const [object] = emulator.uploads.objects;
  expect(String(object?.bytes)).toBe('fLaC and so on');
  expect(stored).toMatchObject({ url: `oss://${object?.key}`, handle: stored.url });
  expect(object?.model).toBe('fun-asr');
  expect(stored.expiresAtMs).toBeGreaterThanOrEqual(before + 48 * 3_600_000);
  expect(emulator.violations).toEqual([]);
});

it('says that files go by themselves, and asks nobody to remove one', async () => {
  const { emulator, provider } = await store();
  expect((await provider.ready(calm)).detail).toMatch(/files are deleted after 48 hours, never earlier$/);
  await provider.remove('oss://anything', calm);
  expect(emulator.requests.length).toBe(0);
});

it('is not ready without a key, and refuses options it does not know', async () => {
  const { provider } = await store('');
  expect(await provider.ready(calm)).toMatchObject({ ready: false, detail: 'no API key' });
  expect(dashscope.options.safeParse({ apiKee: 'x' }).success).toBe(false);
  expect(dashscope.secrets).toEqual(['apiKey']);
});
