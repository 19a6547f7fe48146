import type { AsrDefinition } from './asr/contract.js';
import type { ProviderKind } from './contract.js';
import type { StorageDefinition } from './storage/contract.js';
import type { TranslationDefinition } from './translation/contract.js';
import type { TtsDefinition } from './tts/contract.js';

interface DefinitionByKind {
  readonly asr: AsrDefinition;
  readonly translation: TranslationDefinition;
  readonly tts: TtsDefinition;
  readonly storage: StorageDefinition;
}

/** What is known of a provider before its code is loaded. */
export interface RegistryEntry<Kind extends ProviderKind = ProviderKind> {
  readonly kind: Kind;
  readonly name: string;
  readonly summary: string;
  /** True when no network is needed. */
  readonly offline: boolean;
  /** True for engines good enough for rehearsals and tests only: never picked unless named. */
  readonly rough: boolean;
  load(): Promise<DefinitionByKind[Kind]>;
}
