import { replyStatus } from '../../../../net/facts.js';
import type { AudioServer } from '../../../vendors/audio-server/client.js';
import type { ModelVersion } from '../models.js';
import type { DialectName } from '../options.js';
import type { PreparedSample } from '../prepared-sample.js';

/** A voice as a server is told of it. */
export type VoiceRef =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'sample'; readonly sample: PreparedSample };

/** One line for a server. */
export interface Order {
  readonly text: string;
  /** BCP 47 primary code. */
  readonly language: string;
  readonly voice: VoiceRef;
  /** 1.1 speaks a tenth faster. */
  readonly rate: number;
  /** How long it should take to say at its natural rate. */
  readonly expectedMs: number;
}

/** What a look at a server found. */
export interface Health {
  readonly state: 'ready' | 'loading' | 'unfit';
  /** For people: `vllm2, IndexTTS-2`, or what is wrong. */
  readonly detail: string;
  readonly version: ModelVersion;
  /** How far the model itself can change its rate; undefined where it cannot. */
  readonly rate?: { readonly min: number; readonly max: number } | undefined;
  /** What to do when it is unfit. */
  readonly hint?: string | undefined;
}

/** One server's way of being spoken to. One attempt each; every error is a `DubError`. */
export interface Dialect {
  readonly name: DialectName;
  /** How a voice may arrive; known after the first look. */
  readonly takes: ReadonlySet<VoiceRef['kind']>;
  /** True when it keeps a sample only with the speaker's consent. */
  readonly needsConsent?: boolean | undefined;
  /** GET requests only. @throws when the server cannot be reached */
  look(signal: AbortSignal): Promise<Health>;
  /** Names of voices the server has; undefined when it does not tell. */
  voices(signal: AbortSignal): Promise<readonly string[] | undefined>;
  /** The sound as it came. */
  speak(order: Order, signal: AbortSignal): Promise<Uint8Array>;
  /** The voices made of samples that it keeps and can delete; undefined where it keeps none. */
  readonly kept?: KeptAtServer | undefined;
  /** True when samples are put on its disk as files that no request deletes. */
  readonly leavesFiles?: boolean | undefined;
  /** The server may have been started anew: what was uploaded to it may be gone. */
  forget(): void;
}

/** Voices that a server keeps under names. */
export interface KeptAtServer {
  /** Names that lines were spoken with since the dialect was made. */
  readonly used: ReadonlySet<string>;
  list(signal: AbortSignal): Promise<readonly string[]>;
  delete(name: string, signal: AbortSignal): Promise<void>;
}

/** What a dialect is made with, besides its server. */
export interface DialectSettings {
  /** As the user gave it: a version or a model's whole name. */
  readonly model: string | undefined;
  /** Tells once, with the next answer. */
  warn(message: string): void;
}

/** Remembers what became of each sample at one server; a failed upload is not remembered. */
export function onceForEach<T>(make: (sample: PreparedSample, signal: AbortSignal) => Promise<T>) {
  const made = new Map<string, Promise<T>>();
  return {
    forget: () => made.clear(),
    get(sample: PreparedSample, signal: AbortSignal): Promise<T> {
      const known = made.get(sample.sha256);
      if (known !== undefined) return known;
      const started = make(sample, signal);
      made.set(sample.sha256, started);
      started.catch(() => made.delete(sample.sha256));
      return started;
    },
  };
}

/**
 * Health may be open to all: another route tells of a wrong key before anything is paid.
 * @throws PROVIDER_AUTH; what else a GET of the route comes to says nothing
 */
export async function refuseWrongKey(server: AudioServer, route: string, signal: AbortSignal): Promise<void> {
  await server.look(route, signal).catch((error: unknown) => {
    if ([401, 403].includes(replyStatus(error) ?? 0)) throw error;
  });
}

/** Whether an error says that a route or a thing is not there. */
export function isMissing(error: unknown): boolean {
  return [404, 405].includes(replyStatus(error) ?? 0);
}
