import type { AsrProvider } from './asr/contract.js';
import type { ProviderDefinition, ProviderKind } from './contract.js';
import type { StorageProvider } from './storage/contract.js';
import type { TranslationProvider } from './translation/contract.js';
import type { TtsProvider } from './tts/contract.js';

/** Which contract each kind of provider keeps. */
export interface ProviderByKind {
  readonly asr: AsrProvider;
  readonly translation: TranslationProvider;
  readonly tts: TtsProvider;
  readonly storage: StorageProvider;
}

/** A definition whose options are known to its own schema only, as the registry and the command line hold it. */
export type AnyDefinition<Kind extends ProviderKind> = ProviderDefinition<Kind, unknown, ProviderByKind[Kind]>;

/**
 * Checks a provider's shape at compile time and returns it unchanged, its options' type forgotten: whoever holds it
 * gets options from its schema, `definition.options.parse(…)`, and hands them to `create`.
 */
export function defineProvider<Kind extends ProviderKind, Options>(
  definition: ProviderDefinition<Kind, Options, ProviderByKind[Kind]>,
): AnyDefinition<Kind> {
  // Options pass from the schema to `create` of the same definition, so forgetting their type in between is sound.
  return definition as unknown as AnyDefinition<Kind>;
}
