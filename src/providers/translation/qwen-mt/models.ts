/** What a Qwen-MT model allows. */
export interface MtModel {
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
}

/** Limits of the rate-limit page of 2026-02-24; the service may hold them by the second. */
const mtModels = {
  'qwen-mt-plus': { requestsPerMinute: 60, tokensPerMinute: 25_000 },
  'qwen-mt-flash': { requestsPerMinute: 60, tokensPerMinute: 35_000 },
  'qwen-mt-turbo': { requestsPerMinute: 60, tokensPerMinute: 35_000 },
  'qwen-mt-lite': { requestsPerMinute: 60, tokensPerMinute: 100_000 },
} as const satisfies Record<string, MtModel>;

const short = { plus: 'qwen-mt-plus', flash: 'qwen-mt-flash', turbo: 'qwen-mt-turbo', lite: 'qwen-mt-lite' } as const;

/** `plus` for `qwen-mt-plus`; every other name as it is, such as `qwen-mt-lite-us`. */
export function mtModelName(text: string): string {
  return Object.hasOwn(short, text) ? short[text as keyof typeof short] : text;
}

/** Room for requests that are on their way for unlike times: a limit held by the second counts arrivals. */
const margin = 0.95;

/** The rates to keep to with a model; those of the smallest for a name that is not in the table. */
export function mtLimits(model: string): MtModel {
  const known = Object.keys(mtModels).find((name) => model.startsWith(name)) as keyof typeof mtModels | undefined;
  const { requestsPerMinute, tokensPerMinute } = mtModels[known ?? 'qwen-mt-plus'];
  return { requestsPerMinute: requestsPerMinute * margin, tokensPerMinute: tokensPerMinute * margin };
}
