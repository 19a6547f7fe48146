import { z } from 'zod';
import { defineProvider } from '../../define.js';
import { dashscope as connect, dashscopeFields, dashscopeSecrets } from '../../vendors/dashscope/index.js';
import type { StorageProvider } from '../contract.js';

/**
 * Model Studio's temporary storage: nothing to set up. A file is bound to one model and one account, lives for 48
 * hours and can be neither read nor deleted by anyone; Alibaba Cloud says it is not for production, and takes about
 * 100 MB a file or what its policy names (get-temporary-file-url, 2026-10-23).
 */
export const dashscope = defineProvider({
  kind: 'storage',
  name: 'dashscope',
  summary: "Model Studio's temporary storage: no bucket needed, gone after 48 hours",
  options: z.strictObject(dashscopeFields),
  secrets: dashscopeSecrets,
  create(options, tools): StorageProvider {
    const client = connect(options, tools);
    return {
      stores: true,
      host: client.host,
      async ready() {
        const { ready, detail, hint } = client.ready();
        return { ready, detail: ready ? `${detail}; files are deleted after 48 hours, never earlier` : detail, hint };
      },
      async put(path, { mediaType, forModel }, signal) {
        const { url, expiresAtMs } = await client.upload(path, { model: forModel, mediaType }, signal);
        return { url, expiresAtMs, handle: url };
      },
      // The service offers no way to delete a file: it does so by itself when `expiresAtMs` has passed.
      remove: async () => {},
    };
  },
});
