import { DubError } from '../../errors.js';
import type { StorageProvider } from '../../providers/storage/contract.js';
import { askInTurn, Breaker } from '../../stages/chain.js';
import type { Chosen } from '../job.js';

/**
 * Several stores as one: a file goes to the first that takes it. Which one that was stands in the handle, so that a later
 * run removes it there; a store that was passed over is told of by a warning.
 */
export function chainStores(stores: readonly Chosen<StorageProvider>[]): Chosen<StorageProvider> {
  const breaker = new Breaker();
  const first = stores[0]!;
  const provider: StorageProvider = {
    host: first.provider.host,
    region: first.provider.region,
    stores: stores.some((store) => store.provider.stores),
    ready: (signal) => first.provider.ready(signal),
    async put(path, options, signal) {
      const passedOver: string[] = [];
      const { value, by } = await askInTurn(
        stores,
        breaker,
        (store) => store.provider.put(path, options, signal),
        (from, to, { code, message }) =>
          passedOver.push(`The file is stored by ${to.label} instead of ${from.label} (${code}): ${message}`),
      );
      const warnings = [...passedOver, ...(value.warnings ?? [])];
      return { ...value, warnings, handle: `${by.label}|${value.handle}` };
    },
    async remove(handle, signal) {
      const at = handle.indexOf('|');
      const store = stores.find(({ label }) => label === handle.slice(0, at));
      if (store === undefined) throw unknownStore(handle);
      await store.provider.remove(handle.slice(at + 1), signal);
    },
  };
  return {
    label: stores.map(({ label }) => label).join(','),
    provider,
    options: Object.assign({}, ...stores.map(({ label, options }) => ({ [label]: options }))),
    files: stores.flatMap(({ files }) => files),
    unusable: first.unusable,
  };
}

function unknownStore(handle: string): DubError {
  return new DubError('CONFIG_INVALID', `${handle} is in a store that --store does not name now.`, {
    hint: 'Name the same stores again, or remove the file yourself.',
  });
}
