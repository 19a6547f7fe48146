/** What prices are per: the units of calls, or `any` for whatever a call is billed by. */
export const priceUnits = [
  'second',
  'character',
  'token',
  'input-token',
  'output-token',
  'call',
  'byte',
  'voice',
  'any',
] as const;

/** One row of a price list: `price` in `currency` for every `per` units. */
export interface Price {
  /** Name of the provider, as after `--tts`. */
  readonly provider: string;
  /** The model; `*` for every one. A dated name costs what the name without its date costs, unless it has its own row. */
  readonly model: string;
  readonly unit: (typeof priceUnits)[number];
  readonly price: number;
  readonly per: number;
  /** ISO 4217. */
  readonly currency: string;
  /** Region of the service that it holds for; everywhere when undefined. */
  readonly region?: string | undefined;
  /** Holds for requests with at most so many tokens going in; the smallest that fits counts. */
  readonly upToInputTokens?: number | undefined;
  /** When the price was read, or held. */
  readonly date: string;
  /** Where it was read. */
  readonly source: string;
  /** What a person should know about it. */
  readonly note?: string | undefined;
}
