/** One of the recorded-file services (Volcengine docs 6561/1354868, 6561/1840838, 6561/1631584; December 2025). */
export interface VolcengineService {
  readonly name: 'standard' | 'seed' | 'idle' | 'flash';
  readonly resourceId: string;
  readonly submitPath: string;
  /** Undefined where the answer comes with the call. */
  readonly queryPath: string | undefined;
  readonly maxDurationMs: number | undefined;
  readonly maxBytes: number | undefined;
}

const root = '/api/v3/auc/bigmodel';
const task = {
  submitPath: `${root}/submit`,
  queryPath: `${root}/query`,
  maxDurationMs: undefined,
  maxBytes: undefined,
};

/** Idle waits for up to a day and costs less; flash takes the sound inside the call: 2 h, inline best up to 20 MB. */
export const services: Readonly<Record<VolcengineService['name'], VolcengineService>> = {
  standard: { name: 'standard', resourceId: 'volc.bigasr.auc', ...task },
  seed: { name: 'seed', resourceId: 'volc.seedasr.auc', ...task },
  idle: {
    ...{ name: 'idle', resourceId: 'volc.bigasr.auc_idle', ...task },
    ...{ submitPath: `${root}/idle/submit`, queryPath: `${root}/idle/query` },
  },
  flash: {
    ...{ name: 'flash', resourceId: 'volc.bigasr.auc_turbo', submitPath: `${root}/recognize/flash` },
    ...{ queryPath: undefined, maxDurationMs: 2 * 3_600_000, maxBytes: 20_000_000 },
  },
};

/**
 * The service's code for each language it must be told of. Chinese, its dialects and English are what it hears when
 * nothing is said: a French film sent so comes back as English nonsense.
 */
const codes: Readonly<Record<string, string>> = {
  ...{ ja: 'ja-JP', id: 'id-ID', es: 'es-MX', pt: 'pt-BR', de: 'de-DE', fr: 'fr-FR', ko: 'ko-KR' },
  ...{ fil: 'fil-PH', tl: 'fil-PH', ms: 'ms-MY', th: 'th-TH', ar: 'ar-SA' },
};

const unsaid = ['zh', 'yue', 'en'];

/** BCP 47 primary codes that it recognises. */
export const languages: readonly string[] = [...unsaid, ...Object.keys(codes)];

/**
 * What is written as `audio.language`; undefined for what needs none.
 * @param primary a BCP 47 primary code of `languages`
 */
export function codeFor(primary: string | undefined): string | undefined {
  if (primary === 'en') return 'en-US';
  return primary === undefined ? undefined : codes[primary];
}
