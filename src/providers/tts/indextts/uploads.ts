import type { UploadedVoices } from '../contract.js';
import { keptName } from './dialects/omni.js';
import type { IndexServer } from './server.js';

/** The voices that the servers of a pool keep: the same sample may be at several. */
export function uploadsOf(
  servers: readonly IndexServer[],
  look: (signal: AbortSignal) => Promise<void>,
): UploadedVoices {
  const keepers = () => servers.flatMap(({ dialect }) => dialect?.kept ?? []);
  return {
    nameOf: keptName,
    get used() {
      return [...new Set(keepers().flatMap(({ used }) => [...used]))];
    },
    get undeletable() {
      return servers.flatMap(({ host, dialect }) => (dialect?.leavesFiles ? [`${host} (${dialect.name})`] : []));
    },
    async list(signal) {
      await look(signal);
      const names = (await Promise.all(keepers().map((keeper) => keeper.list(signal)))).flat();
      return [...new Set(names)].map((voice) => ({ voice }));
    },
    async delete(voice, signal) {
      await look(signal);
      await Promise.all(keepers().map((keeper) => keeper.delete(voice, signal)));
    },
  };
}
