import type { ProviderBase, ProviderDefinition } from '../contract.js';

/** A file that a recogniser can fetch. */
export interface StoredFile {
  readonly url: string;
  /** When the URL stops working, epoch milliseconds; undefined when it does not. */
  readonly expiresAtMs?: number | undefined;
  /** What `remove` needs. */
  readonly handle: string;
  /** What a person should read: a setting that could not be honoured. */
  readonly warnings?: readonly string[] | undefined;
}

/** How a file is put. */
export interface PutOptions {
  readonly mediaType: string;
  /** The model that will read it; some stores bind a file to one. */
  readonly forModel: string;
  /** Told as bytes go out; a part that is sent again counts anew. */
  readonly onProgress?: ((sentBytes: number, totalBytes: number) => void) | undefined;
}

/** Puts files where a cloud recogniser can fetch them. */
export interface StorageProvider extends ProviderBase {
  /** False for `none`: nothing can be put anywhere. */
  readonly stores: boolean;
  put(path: string, options: PutOptions, signal: AbortSignal): Promise<StoredFile>;
  remove(handle: string, signal: AbortSignal): Promise<void>;
}

/** A storage provider as the registry holds it. */
export type StorageDefinition<Options = unknown> = ProviderDefinition<'storage', Options, StorageProvider>;
