import type { Units } from '../providers/contract.js';
import { addMoney, type Money, noMoney, tidyAmount } from './money.js';
import type { Price } from './price.js';
import type { PriceList } from './price-list.js';

/** Whose call it was. */
export interface BilledEngine {
  /** `name[:model]`. */
  readonly label: string;
  /** The model it uses when neither the units nor the label tell. */
  readonly model?: string | undefined;
  readonly region?: string | undefined;
  /** True for engines on this machine, which bill nothing. */
  readonly local: boolean;
}

/** Units with what they cost. */
export interface BilledUnits extends Units {
  /** The price that was taken; undefined where none is known. */
  readonly price?: Price | undefined;
}

/** What a call comes to. */
export interface Bill {
  /** What is known of it. */
  readonly money: Money;
  /** False when a part of it has no known price: then `money` is a lower bound. */
  readonly priced: boolean;
  readonly units: readonly BilledUnits[];
}

const free: Bill = { money: noMoney, priced: true, units: [] };

/**
 * What a call that is billed by these units costs.
 * @param requests how many requests the units are the sum of: tiers go by the tokens of one
 */
export function billFor(list: PriceList, engine: BilledEngine, units: readonly Units[], requests = 1): Bill {
  if (engine.local) return { ...free, units };
  const counted = units.filter(({ count }) => count > 0);
  if (counted.length === 0) return billWithoutUnits(list, engine);
  const inputTokens = countOf(counted, 'input-token') / Math.max(1, requests);
  const billed = counted.map((one): BilledUnits => ({ ...one, price: priceOf(list, engine, one, inputTokens) }));
  const money = billed.reduce((sum, one) => addMoney(sum, costOf(one)), noMoney);
  return { money, priced: billed.every(({ price }) => price !== undefined), units: billed };
}

/** The price of one unit of an engine; undefined when it is unknown. */
export function priceOf(
  list: PriceList,
  { label, model, region }: BilledEngine,
  units: Pick<Units, 'unit' | 'model'>,
  inputTokens = 0,
): Price | undefined {
  const [provider = label, ...rest] = label.split(':');
  const named = rest.length === 0 ? undefined : rest.join(':');
  return list.find({ provider, model: units.model ?? named ?? model, region, unit: units.unit, inputTokens });
}

/** A service that tells of nothing billed is free only where the list says so. */
function billWithoutUnits(list: PriceList, engine: BilledEngine): Bill {
  const price = priceOf(list, engine, { unit: 'call' });
  return price?.unit === 'any' && price.price === 0 ? free : { ...free, priced: false };
}

function costOf({ count, price }: BilledUnits): Money {
  if (price === undefined || price.price === 0) return noMoney;
  return { [price.currency]: tidyAmount((count * price.price) / price.per) };
}

function countOf(units: readonly Units[], unit: Units['unit']): number {
  return units.reduce((sum, one) => sum + (one.unit === unit ? one.count : 0), 0);
}
