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

/** Checks a provider's shape at compile time and returns it unchanged. */
export function defineProvider<Kind extends ProviderKind, Options>(
  definition: ProviderDefinition<Kind, Options, ProviderByKind[Kind]>,
): ProviderDefinition<Kind, Options, ProviderByKind[Kind]> {
  return definition;
}
