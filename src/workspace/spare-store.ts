import { DubError } from '../errors.js';
import { hashValue } from './hash.js';
import type { Lock } from './lock.js';
import type { About, ContentStore, Entry, NewFile } from './store.js';

/**
 * A store that goes on when it cannot be written: what was paid for is then kept in the work folder, which the next run
 * of the same input looks into as well.
 * @param warn told once, as a sentence for people
 */
export function withSpare(shared: ContentStore, spare: ContentStore, warn: (message: string) => void): ContentStore {
  return new SpareStore(shared, spare, warn);
}

class SpareStore implements ContentStore {
  #refused = false;

  constructor(
    private readonly shared: ContentStore,
    private readonly spare: ContentStore,
    private readonly warn: (message: string) => void,
  ) {}

  async find(name: string): Promise<Entry | undefined> {
    return (await this.shared.find(name)) ?? this.spare.find(name);
  }

  async has(name: string): Promise<boolean> {
    return (await this.shared.has(name)) || this.spare.has(name);
  }

  keep(name: string, value: unknown, about?: About, file?: NewFile): Promise<Entry> {
    return this.#write((store) => store.keep(name, value, about, file));
  }

  claim(name: string, isDone: () => Promise<boolean>, signal: AbortSignal): Promise<Lock | undefined> {
    return this.#write((store) => store.claim(name, isDone, signal));
  }

  async file(key: Readonly<Record<string, unknown>>, extension: string, make: (path: string) => Promise<void>) {
    const earlier = await this.spare.find(hashValue({ key, extension }));
    if (earlier?.path !== undefined) return { path: earlier.path, kept: true };
    return this.#write((store) => store.file(key, extension, make));
  }

  async #write<T>(work: (store: ContentStore) => Promise<T>): Promise<T> {
    if (this.#refused) return work(this.spare);
    try {
      return await work(this.shared);
    } catch (error) {
      if (!(error instanceof DubError) || !refusals.has(error.code)) throw error;
      if (!this.#refused) this.warn(`${error.message} What is paid for is kept in the work folder instead.`);
      this.#refused = true;
      return work(this.spare);
    }
  }
}

const refusals: ReadonlySet<string> = new Set(['OUTPUT_UNWRITABLE', 'DISK_FULL']);
