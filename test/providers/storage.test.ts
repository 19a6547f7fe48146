import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DubError } from '../../src/errors.js';
import { runChecks } from '../../src/providers/conformance.js';
import { storageConformance } from '../../src/providers/storage/conformance.js';
import type { StorageProvider } from '../../src/providers/storage/contract.js';
import { none } from '../../src/providers/storage/none/index.js';
import { calm, expectConformance, temporaryFolder } from './support.js';

async function subjectFor(provider: StorageProvider) {
  const path = join(await temporaryFolder(), 'speech.flac');
  await writeFile(path, 'sound');
  return { provider, path, bytes: await readFile(path) };
}

test('the store none conforms', async () => {
  const provider = none.create(none.options.parse({}), { scratch: '/tmp' });
  expectConformance(await runChecks(storageConformance, await subjectFor(provider)), {
    'gives back the bytes that were put, until they are removed': 'it stores nothing',
    'keeps secrets out of every error': 'the subject names no secrets',
  });
});

test('the store none names the flag that chooses another', async () => {
  const provider = none.create(none.options.parse({}), { scratch: '/tmp' });
  await expect(provider.put('/a/speech.flac', { mediaType: 'audio/flac', forModel: 'm' }, calm)).rejects.toMatchObject({
    code: 'PROVIDER_UNSUPPORTED',
    message: '/a/speech.flac needs a place where the recogniser can fetch it, and the store is `none`.',
    hint: 'Choose a store with --store, or a recogniser that takes files from this machine with --asr.',
  });
});

describe('the storage suite', () => {
  /** A store in memory, as a cloud one behaves, and ways to make it misbehave. */
  function memory(fault: 'none' | 'keeps' | 'garbles' | 'tells') {
    const files = new Map<string, Uint8Array>();
    const provider: StorageProvider = {
      stores: true,
      ready: async () => ({ ready: true, detail: 'memory' }),
      put: async (path) => {
        if (fault === 'tells') throw new DubError('PROVIDER_AUTH', 'The key k-123 was refused.', { hint: 'Set it.' });
        const bytes = await readFile(path);
        files.set('f', fault === 'garbles' ? bytes.subarray(1) : bytes);
        return { url: 'memory:f', handle: 'f' };
      },
      remove: async (handle) => {
        if (fault !== 'keeps') files.delete(handle);
      },
    };
    return { provider, fetch: async () => files.get('f') };
  }

  async function failuresOf(fault: 'none' | 'keeps' | 'garbles' | 'tells') {
    const { provider, fetch } = memory(fault);
    const failing = async () => ({ provider });
    const subject = { ...(await subjectFor(provider)), fetch, secrets: ['k-123'], failing };
    const results = await runChecks(storageConformance, subject);
    return results.filter((result) => result.outcome === 'failed').map((result) => result.reason);
  }

  test('passes a store that gives back what it got', async () => {
    expect(await failuresOf('none')).toEqual([]);
  });

  test('finds files that stay, files that changed, and keys in errors', async () => {
    expect(await failuresOf('keeps')).toEqual(['The file is still there after it was removed.']);
    expect(await failuresOf('garbles')).toEqual(['Other bytes came back.']);
    expect(await failuresOf('tells')).toContain('The error of the fault missing holds secret number 1.');
  });
});
