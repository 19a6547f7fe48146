import {
  type Check,
  CheckSkipped,
  checkNoSecrets,
  claim,
  expectError,
  type FaultHooks,
  readyCheck,
} from '../conformance.js';
import type { StorageProvider } from './contract.js';

/** A storage provider under test. */
export interface StorageSubject extends FaultHooks<StorageProvider> {
  readonly provider: StorageProvider;
  /** A small file to put, and its bytes. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Fetches a URL as a recogniser would, without credentials; undefined when it answers anything but success. */
  fetch?(url: string): Promise<Uint8Array | undefined>;
}

const never = new AbortController().signal;
const sending = { mediaType: 'audio/flac', forModel: 'any' };

/** What every storage provider must keep. */
export const storageConformance: readonly Check<StorageSubject>[] = [
  readyCheck,
  {
    name: 'refuses to put a file when it stores nothing, and names the flag',
    safe: true,
    async run({ provider, path }) {
      if (provider.stores) throw new CheckSkipped('it stores');
      const error = await expectError(provider.put(path, sending, never), ['PROVIDER_UNSUPPORTED'], 'putting a file');
      claim(error.hint?.includes('--store') === true, `The hint does not name --store: ${error.hint}`);
    },
  },
  {
    name: 'gives back the bytes that were put, until they are removed',
    safe: true,
    async run({ provider, path, bytes, fetch }) {
      if (!provider.stores) throw new CheckSkipped('it stores nothing');
      if (!fetch) throw new CheckSkipped('the subject cannot fetch');
      const stored = await provider.put(path, sending, never);
      const back = await fetch(stored.url);
      claim(
        back !== undefined && back.length === bytes.length && back.every((byte, at) => byte === bytes[at]),
        'Other bytes came back.',
      );
      await provider.remove(stored.handle, never);
      claim((await fetch(stored.url)) === undefined, 'The file is still there after it was removed.');
    },
  },
  {
    name: 'removes twice without an error',
    safe: true,
    async run({ provider, path }) {
      const handle = provider.stores ? (await provider.put(path, sending, never)).handle : 'nothing';
      await provider.remove(handle, never);
      await provider.remove(handle, never);
    },
  },
  {
    name: 'keeps secrets out of every error',
    safe: false,
    run: (subject) => checkNoSecrets(subject, (provider, signal) => provider.put(subject.path, sending, signal)),
  },
];
