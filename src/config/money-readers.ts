import { nearestName } from '../domain/nearest.js';
import type { ExchangeRates } from '../pricing/money.js';
import { type Price, priceUnits } from '../pricing/price.js';
import type { Place } from './option.js';
import { bad, describe, isMapping, readText } from './readers.js';

/** An amount of money, 0 or more. */
export function readAmount(raw: unknown, place: Place): number {
  return readCount(raw, place, 0);
}

function readCount(raw: unknown, place: Place, least: number): number {
  const value = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
  if (typeof value === 'number' && Number.isFinite(value) && value >= least) return value;
  const range = least === 0 ? '0 or more' : `${least} or more`;
  throw bad(place, `${place.label} must be a number, ${range}, not ${describe(raw)}.`);
}

/** A currency by its three letters. */
export function readCurrency(raw: unknown, place: Place): string {
  const code = readText(raw, place).trim().toUpperCase();
  if (/^[A-Z]{3}$/.test(code)) return code;
  throw bad(
    place,
    `${place.label} must be a currency of three letters, not ${describe(raw)}.`,
    'For example CNY or USD.',
  );
}

/** `{"USD/CNY": 7.1}`. */
export function readExchangeRates(raw: unknown, place: Place): ExchangeRates {
  const shape = 'Write it as {"USD/CNY": 7.1}: one US dollar is 7.1 yuan.';
  if (!isMapping(raw)) throw bad(place, `${place.label} must be a mapping, not ${describe(raw)}.`, shape);
  const entries = Object.entries(raw).map(([pair, rate]) => {
    const name = pair.trim().toUpperCase();
    if (!/^[A-Z]{3}\/[A-Z]{3}$/.test(name))
      throw bad(place, `${place.label}: \`${pair}\` names no two currencies.`, shape);
    if (typeof rate !== 'number' || !Number.isFinite(rate) || rate <= 0)
      throw bad(place, `${place.label}: the rate of ${name} must be a number above 0, not ${describe(rate)}.`, shape);
    return [name, rate] as const;
  });
  return Object.fromEntries(entries);
}

const rowKeys = [
  'provider',
  'model',
  'unit',
  'price',
  'per',
  'currency',
  'region',
  'upToInputTokens',
  'date',
  'source',
  'note',
];

/** A list of prices; a row without `model` holds for every model, one without `per` for each single unit. */
export function readPrices(raw: unknown, place: Place): readonly Price[] {
  const shape =
    'A row is {"provider": "qwen", "model": "qwen-plus", "unit": "input-token", "price": 0.8, "per": 1000000, "currency": "CNY"}.';
  if (!Array.isArray(raw)) throw bad(place, `${place.label} must be a list of prices, not ${describe(raw)}.`, shape);
  return raw.map((row, index) => readPrice(row, { ...place, label: `row ${index + 1} of ${place.label}` }, shape));
}

function readPrice(raw: unknown, place: Place, shape: string): Price {
  if (!isMapping(raw)) throw bad(place, `${place.label} must be a mapping, not ${describe(raw)}.`, shape);
  for (const key of Object.keys(raw)) {
    if (rowKeys.includes(key)) continue;
    const near = nearestName(key, rowKeys);
    throw bad(place, `${place.label}: there is no \`${key}\` in a price.`, near ? `Did you mean \`${near}\`?` : shape);
  }
  const within = (key: string): Place => ({ ...place, label: `\`${key}\` in ${place.label}` });
  const text = (key: string, missing?: string) =>
    raw[key] === undefined && missing !== undefined ? missing : readText(raw[key], within(key)).trim();
  const optional = (key: string) => (raw[key] === undefined ? {} : { [key]: text(key) });
  const number = (key: string, least: number) => readCount(raw[key], within(key), least);
  return {
    provider: text('provider'),
    model: text('model', '*'),
    unit: readUnit(raw.unit, within('unit')),
    price: number('price', 0),
    per: raw.per === undefined ? 1 : number('per', 1),
    currency: readCurrency(raw.currency, within('currency')),
    ...optional('region'),
    ...(raw.upToInputTokens === undefined ? {} : { upToInputTokens: number('upToInputTokens', 1) }),
    date: text('date', 'not said'),
    source: text('source', 'your config file'),
    ...optional('note'),
  };
}

function readUnit(raw: unknown, place: Place): Price['unit'] {
  const found = priceUnits.find((unit) => unit === raw);
  if (found !== undefined) return found;
  const near = typeof raw === 'string' ? nearestName(raw, priceUnits) : undefined;
  const known = `Units are ${priceUnits.join(', ')}.`;
  throw bad(
    place,
    `${place.label}: ${describe(raw)} is not a unit.`,
    near ? `Did you mean \`${near}\`? ${known}` : known,
  );
}
