import { z } from 'zod';
import { DubError } from '../../../errors.js';
import { defineProvider } from '../../define.js';
import type { StorageProvider } from '../contract.js';

/** Keeps everything on this machine: nothing can be put anywhere. */
export const none = defineProvider({
  kind: 'storage',
  name: 'none',
  summary: 'no storage: nothing leaves this machine',
  options: z.strictObject({}),
  create: (): StorageProvider => ({
    stores: false,
    ready: async () => ({ ready: true, detail: 'needs nothing' }),
    put: async (path) => {
      throw new DubError(
        'PROVIDER_UNSUPPORTED',
        `${path} needs a place where the recogniser can fetch it, and the store is \`none\`.`,
        {
          hint: 'Choose a store with --store, or a recogniser that takes files from this machine with --asr.',
        },
      );
    },
    remove: async () => {},
  }),
});
