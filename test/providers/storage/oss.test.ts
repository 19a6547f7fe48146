import { describe, it } from 'vitest';
import type { Fault } from '../../../src/providers/conformance.js';
import { runChecks } from '../../../src/providers/conformance.js';
import { storageConformance } from '../../../src/providers/storage/conformance.js';
import type { OssOptions } from '../../../src/providers/storage/oss/options.js';
import type { OssOperation } from '../../emulators/oss/server.js';
import { ossKey } from '../../emulators/oss/server.js';
import { expectConformance } from '../support.js';
import { deafPort, type OssBench, ossBench, regionHost } from './oss-bench.js';

const part = 102_400;
const inParts = { multipartFrom: part, partSize: part, parallel: 2 };

async function faultyStore(bench: OssBench, fault: Fault, options: Partial<OssOptions>) {
  const { emulator } = bench;
  const everywhere: OssOperation[] = ['put', 'initiate', 'part', 'complete', 'get', 'head', 'delete', 'abort'];
  const fail = (how: Parameters<typeof emulator.fail>[1]) => {
    for (const operation of everywhere) emulator.fail(operation, { times: Number.POSITIVE_INFINITY, ...how });
  };
  emulator.heal();
  const own = { ...options, timeoutMs: fault === 'hang' ? 300 : 60_000 };
  if (fault === 'missing') own.endpoint = `http://${regionHost}:${await deafPort()}`;
  else if (fault === 'hang' || fault === 'stall') fail({ kind: 'hang' });
  else if (fault === 'crash') fail({ kind: 'reset', bytes: 10 });
  else if (fault === 'cut') fail({ kind: 'cut' });
  else if (fault === 'empty') fail({ kind: 'empty' });
  else if (fault === 'garbage') fail({ kind: 'html' });
  else if (fault === 'refuse') fail({ kind: 'error', status: 403, code: 'AccessDenied', message: 'no' });
  else if (fault === 'auth') own.accessKeySecret = 'another secret';
  else if (fault === 'rate-limit')
    emulator.fail('put', { kind: 'error', status: 429, code: 'Throttling', headers: { 'retry-after': '1' } });
  else return undefined;
  const before = emulator.requests.length;
  return {
    provider: bench.store(own),
    requests: async () => emulator.requests.length - before,
    open: async () => emulator.open,
  };
}

describe('conformance', () => {
  it.each([
    ['at once', {}],
    ['in parts', inParts],
  ])('holds for files that go up %s', async (_, options) => {
    const bench = await ossBench();
    const { path, bytes } = await bench.file('talk.flac', 250_000);
    const results = await runChecks(storageConformance, {
      provider: bench.store(options),
      path,
      bytes,
      secrets: [ossKey.accessKeyId, ossKey.accessKeySecret, 'another secret'],
      fetch: async (url) => {
        const answer = await bench.fetch(url);
        return answer.status === 200 ? answer.bytes : undefined;
      },
      failing: (fault) => faultyStore(bench, fault, options),
    });
    expectConformance(results, {
      'refuses to put a file when it stores nothing, and names the flag': 'it stores',
    });
  });
});
