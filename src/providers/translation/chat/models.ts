/** How a model is asked for JSON, the strictest first. */
export const rungs = ['schema', 'object', 'text'] as const;

/** One way to ask for JSON. */
export type Rung = (typeof rungs)[number];

/**
 * What is known of a model's ways. `thinking: false` is sent as `enable_thinking: false`; `undefined` sends nothing, for
 * models that cannot think or cannot help it.
 */
export interface ModelTraits {
  readonly rung: Rung;
  readonly thinking: false | undefined;
  /** Requests and tokens a minute. */
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
}

interface Family extends ModelTraits {
  readonly name: RegExp;
}

const usual = { rung: 'schema', thinking: false, requestsPerMinute: 30_000, tokensPerMinute: 5_000_000 } as const;

// Thinking and json_schema: the pages on deep thinking and structured output of August 2026, limits: the rate-limit page
// of February 2026. Which models take json_schema changes from one version of the page to the next, so that the table
// only says where to begin: a refusal, which costs nothing, leads to the next rung.
const families: readonly Family[] = [
  // Thinking only: they reject `enable_thinking: false`, and JSON modes go with thinking switched off.
  { ...usual, name: /thinking|^qwq|^qvq|-r1\b/, rung: 'text', thinking: undefined, requestsPerMinute: 60 },
  // No thinking: they reject the field.
  { ...usual, name: /instruct|^qwen-(max|long)|^qwen[12](\.5)?-|^qwen-mt/, rung: 'object', thinking: undefined },
  // Dated snapshots have far smaller limits than the names without a date.
  {
    ...usual,
    name: /^qwen.*-\d{4}-\d{2}-\d{2}/,
    requestsPerMinute: 60,
    tokensPerMinute: 100_000,
  },
  { ...usual, name: /^qwen3\.[78]-/ },
  { ...usual, name: /^qwen3\.[56]-/, rung: 'object' },
  { ...usual, name: /^qwen-turbo/, rung: 'object', requestsPerMinute: 1200 },
  { ...usual, name: /^qwen-(plus|flash)|^qwen3-max/ },
  // Open weights, and what others' models are called here.
  { ...usual, name: /^qwen3-|^deepseek-v3\.[1-9]|^glm-/, rung: 'object', requestsPerMinute: 600 },
];

const unknown: ModelTraits = { ...usual, thinking: undefined, requestsPerMinute: 600, tokensPerMinute: 1_000_000 };

/** What is known of a model; names it does not know begin with the strictest rung and without `enable_thinking`. */
export function traitsOf(model: string): ModelTraits {
  return families.find(({ name }) => name.test(model)) ?? unknown;
}
