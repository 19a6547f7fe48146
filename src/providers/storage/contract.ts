import type { ProviderBase, ProviderDefinition } from '../contract.js';

/** A file that a recogniser can fetch. */
export interface StoredFile {
  readonly url: string;
  /** When the URL stops working, epoch milliseconds; undefined when it does not. */
  readonly expiresAtMs?: number | undefined;
  /** What `remove` needs. */
  readonly handle: string;
}

/** Puts files where a cloud recogniser can fetch them. */
export interface StorageProvider extends ProviderBase {
  /** False for `none`: nothing can be put anywhere. */
  readonly stores: boolean;
  /** @param forModel the model that will read it; some stores bind a file to one */
  put(
    path: string,
    options: { readonly mediaType: string; readonly forModel: string },
    signal: AbortSignal,
  ): Promise<StoredFile>;
  remove(handle: string, signal: AbortSignal): Promise<void>;
}

/** A storage provider as the registry holds it. */
export type StorageDefinition<Options = unknown> = ProviderDefinition<'storage', Options, StorageProvider>;
