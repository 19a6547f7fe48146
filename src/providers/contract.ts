import type { z } from 'zod';
import type { DubErrorCode } from '../errors.js';
import type { Http, HttpScope, RetryNotice } from '../net/http.js';

/** The four kinds of provider. */
export type ProviderKind = 'asr' | 'translation' | 'tts' | 'storage';

/**
 * What a call is billed by. `count` is what the service reported or, failing that, what was sent. Tokens that go in and
 * tokens that come out have prices of their own; `token` is for services that tell only the sum.
 */
export interface Units {
  readonly unit: 'second' | 'character' | 'token' | 'input-token' | 'output-token' | 'call' | 'byte' | 'voice';
  readonly count: number;
  /** The model that the price list has it under; the provider's label tells where this is undefined. */
  readonly model?: string | undefined;
}

/** What a call will be billed by, told before it is made; the reply has the true figures. */
export interface CallEstimate {
  readonly likely: readonly Units[];
  /** What it should not come to more than: put aside under a ceiling. */
  readonly most: readonly Units[];
}

/** What every reply may bring besides its result. */
export interface ReplyNotes {
  /** Settings the service could not honour and other things a person should read. */
  readonly warnings: readonly string[];
  /** What was billed; empty for engines that cost nothing. */
  readonly units: readonly Units[];
  /** The service's request ids, for the receipt and for support. */
  readonly requestIds: readonly string[];
}

/** Notes of an engine that bills nothing and warns of nothing. */
export const noNotes: ReplyNotes = { warnings: [], units: [], requestIds: [] };

/** Whether a provider can be used now. */
export interface Readiness {
  readonly ready: boolean;
  /** What was found (`espeak-ng 1.51`) or is missing. */
  readonly detail: string;
  /** What to do when it is not ready: a command, a flag or a variable. */
  readonly hint?: string | undefined;
  /** True while a server that will be ready is still loading its model: waiting helps. */
  readonly loading?: boolean | undefined;
  /**
   * What a run that needs it ends with, where that is known better than "not set up": `PROVIDER_UNREACHABLE` and
   * `PROVIDER_BUSY` are worth waiting for, the others are not.
   */
  readonly code?: DubErrorCode | undefined;
}

/** What every provider can say about itself. */
export interface ProviderBase {
  /** The host that what it is given leaves this machine for; undefined for engines that run here. */
  readonly host?: string | undefined;
  /** The service's region, as its price list names it, where prices differ: `cn`, `intl`. */
  readonly region?: string | undefined;
  /** The service's name of the model it asks, where it has one for all calls: for the price list. */
  readonly billedModel?: string | undefined;
  /** True when that host is this machine: then `--offline` allows it. */
  readonly local?: boolean | undefined;
  /** Hosts of servers of the user's own that run on, and may cost money, when the run is over. */
  readonly staysOn?: readonly string[] | undefined;
  /** Looks for programs, files and keys; spends nothing and takes at most a few seconds. */
  ready(signal: AbortSignal): Promise<Readiness>;
}

/** What `create` gets besides options: things a provider may not reach for by itself. */
export interface ProviderTools {
  /** A folder for temporary files of this run. */
  readonly scratch: string;
  /**
   * Opens the HTTP client of the run for one service: its base URLs, secrets and limits come on top. Nothing is loaded
   * before the first call; whoever made the tools closes the client. Undefined where only local engines are made.
   */
  readonly http?: ((scope: HttpScope) => Promise<Http>) | undefined;
  /** To be told of what the provider itself asks for once more; its HTTP client tells of its own retries. */
  readonly onRetry?: ((notice: Pick<RetryNotice, 'attempt' | 'waitMs' | 'code'>) => void) | undefined;
}

/** Names among a provider's options; any name when the options' type is not known, as in the registry. */
export type OptionName<Options> = unknown extends Options ? string : keyof Options & string;

/**
 * A provider as the registry holds it. `options` is a strict zod object; a key listed in `secrets` is never printed.
 */
export interface ProviderDefinition<Kind extends ProviderKind, Options, Provider> {
  readonly kind: Kind;
  /** Lower-case, as written after `--tts`. */
  readonly name: string;
  /** One line for `dub providers`. */
  readonly summary: string;
  readonly options: z.ZodType<Options>;
  readonly secrets?: readonly OptionName<Options>[] | undefined;
  /** Which option `name:MODEL` sets; undefined when there is no model to choose. */
  readonly modelOption?: OptionName<Options> | undefined;
  create(options: Options, tools: ProviderTools): Provider;
}
