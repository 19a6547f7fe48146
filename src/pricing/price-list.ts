import type { Units } from '../providers/contract.js';
import { modelStudioPrices } from './model-studio.js';
import { ownServerPrices } from './own-servers.js';
import type { Price } from './price.js';

/** Every price that ships. */
export const shippedPrices: readonly Price[] = [...modelStudioPrices, ...ownServerPrices];

/** What a price is looked up by. */
export interface Priced {
  /** Name of the provider, without a model. */
  readonly provider: string;
  readonly model: string | undefined;
  /** Region of the service; the first one listed where a provider does not say. */
  readonly region: string | undefined;
  readonly unit: Units['unit'];
  /** Tokens that go in with one request, where that is known. */
  readonly inputTokens?: number | undefined;
}

/** A price list to look things up in. */
export interface PriceList {
  /** The row that holds; undefined when no row does: the price is unknown, not zero. */
  find(wanted: Priced): Price | undefined;
}

/** The region taken for services with several when the provider does not tell: the one of the default host. */
const usualRegion = 'cn';

/** @param own rows of the user: each goes before every shipped one */
export function createPriceList(own: readonly Price[] = []): PriceList {
  return { find: (wanted) => findIn(own, wanted) ?? findIn(shippedPrices, wanted) };
}

function findIn(rows: readonly Price[], wanted: Priced): Price | undefined {
  const fitting = rows.filter((row) => fits(row, wanted));
  return fitting.toSorted((a, b) => closeness(a, wanted) - closeness(b, wanted) || tierOf(a) - tierOf(b))[0];
}

function fits(row: Price, { provider, model, region = usualRegion, unit, inputTokens = 0 }: Priced): boolean {
  return (
    row.provider === provider &&
    (row.unit === unit || row.unit === 'any') &&
    (row.region === undefined || row.region === region) &&
    (row.model === '*' || row.model === model || row.model === undatedModel(model)) &&
    (row.upToInputTokens === undefined || inputTokens <= row.upToInputTokens)
  );
}

/** 0 for the model's own row, 1 for that of its undated name, 2 for a row for all. */
function closeness(row: Price, { model }: Priced): number {
  return row.model === model ? 0 : row.model === '*' ? 2 : 1;
}

function tierOf({ upToInputTokens = Number.POSITIVE_INFINITY }: Price): number {
  return upToInputTokens === Number.POSITIVE_INFINITY ? Number.MAX_SAFE_INTEGER : upToInputTokens;
}

/** `qwen3-tts-vc-2026-01-22` is priced as `qwen3-tts-vc`. */
function undatedModel(model: string | undefined): string | undefined {
  return model?.replace(/-\d{4}-\d{2}-\d{2}$/, '');
}
