import { modelStudioPrices } from '../pricing/model-studio.js';
import type { Price } from '../pricing/price.js';

/** What a page of a service has a price table of. */
const kinds = {
  asr: (price: Price) => price.unit === 'second' || /-asr-/.test(price.model),
  translation: (price: Price) => price.unit.endsWith('-token') && !/-(asr|tts)(-|$)/.test(price.model),
  voices: (price: Price) => price.unit === 'character' || price.unit === 'voice' || /^qwen-tts/.test(price.model),
} as const;

const units: Partial<Record<Price['unit'], string>> = {
  second: 'hour of sound',
  character: 'characters',
  'input-token': 'tokens in',
  'output-token': 'tokens out',
  token: 'tokens',
  voice: 'voice made',
};

/** The list prices of one kind of service on Model Studio, each with where and when it was read. */
export function renderPrices(kind: keyof typeof kinds): string {
  const rows = modelStudioPrices
    .filter(kinds[kind])
    .map((price) => [
      `\`${price.model === '*' ? 'a cloned voice' : price.model}\``,
      price.region ?? 'any',
      `${inWords(price)}${price.upToInputTokens === undefined ? '' : `, up to ${grouped(price.upToInputTokens)} tokens in`}`,
      `${price.date}, ${price.source}`,
    ]);
  return [['model', 'region', 'list price', 'read'], ['---', '---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** A second costs too little to be read: an hour does not. */
function inWords({ price, per, unit, currency }: Price): string {
  const name = units[unit] ?? unit;
  if (unit === 'second') return `${Number(((price / per) * 3600).toPrecision(4))} ${currency} per ${name}`;
  return `${price} ${currency} per ${per === 1 ? '' : `${grouped(per)} `}${name}`;
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
