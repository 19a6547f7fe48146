import type { Price } from './price.js';

/** Money per second of sound, per 10,000 characters, per million tokens. */
const perSecond = { unit: 'second', per: 1 } as const;
const perCharacters = { unit: 'character', per: 10_000 } as const;
const million = 1_000_000;

const cn = { region: 'cn', currency: 'CNY' } as const;
const intl = { region: 'intl', currency: 'USD' } as const;

const listed = { date: '2026-08', source: 'Model Studio price page' } as const;
const speechPage = { date: '2026', source: 'Model Studio price page' } as const;

/** Tokens in and out, money per million. */
function tokens(model: string, input: number, output: number, upToInputTokens?: number): readonly Price[] {
  const row = { provider: model.startsWith('qwen-mt') ? 'qwen-mt' : 'qwen', model, per: million, ...cn, ...listed };
  const tier = upToInputTokens === undefined ? {} : { upToInputTokens };
  return [
    { ...row, ...tier, unit: 'input-token', price: input },
    { ...row, ...tier, unit: 'output-token', price: output },
  ];
}

const recognition: readonly Price[] = [
  ...['qwen3-asr-flash', 'qwen3-asr-flash-filetrans'].flatMap((model): Price[] => [
    {
      ...{ provider: 'qwen', model, ...perSecond, price: 0.00022, ...cn, date: '2026' },
      source: 'cited widely; not seen in an official copy',
    },
    { provider: 'qwen', model, ...perSecond, price: 0.000035, ...intl, ...speechPage },
  ]),
  { provider: 'qwen', model: 'fun-asr', ...perSecond, price: 0.00022, ...cn, ...speechPage },
  { provider: 'qwen', model: 'fun-asr', ...perSecond, price: 0.000035, ...intl, ...speechPage },
  ...(['cn', 'intl'] as const).map((region): Price => {
    const price = region === 'cn' ? 0.000032 : 0.000035;
    const source = 'Model Studio model page';
    const model = 'qwen-audio-3.0-asr-flash-filetrans';
    return { provider: 'qwen', model, ...perSecond, price, currency: 'USD', region, date: '2026', source };
  }),
  ...audioTokens('cn', 'CNY', 0.8, 2.7),
  ...audioTokens('intl', 'USD', 0.15, 0.47),
];

function audioTokens(region: string, currency: string, input: number, output: number): readonly Price[] {
  const model = 'qwen-audio-3.1-asr-flash-filetrans';
  const row = {
    provider: 'qwen',
    model,
    per: million,
    region,
    currency,
    date: '2026',
    source: 'Model Studio model page',
  };
  return [
    { ...row, unit: 'input-token', price: input },
    { ...row, unit: 'output-token', price: output },
  ];
}

const chat: readonly Price[] = [
  ...tokens('qwen3.8-flash', 0.8, 2.7),
  ...tokens('qwen3.7-flash', 0.2, 0.8, 32_000),
  ...tokens('qwen3.7-flash', 0.6, 2.4, 256_000),
  ...tokens('qwen3.7-flash', 1.2, 4.8, million),
  ...tokens('qwen3.7-plus', 2, 8, 256_000),
  ...tokens('qwen3.7-max', 12, 36),
  ...tokens('qwen3.6-flash', 1.2, 7.2, 256_000),
  ...tokens('qwen3.6-plus', 2, 12, 256_000),
  ...tokens('qwen3.5-flash', 0.2, 2, 128_000),
  ...tokens('qwen3.5-plus', 0.8, 4.8, 128_000),
  ...tokens('qwen-flash', 0.15, 1.5, 128_000),
  ...tokens('qwen-plus', 0.8, 2, 128_000),
  ...tokens('qwen-turbo', 0.3, 0.6),
  ...tokens('qwen-mt-plus', 1.8, 5.4),
  ...tokens('qwen-mt-flash', 0.7, 1.95),
  ...tokens('qwen-mt-turbo', 0.7, 1.95),
  ...tokens('qwen-mt-lite', 0.6, 1.6),
  ...tokens('qwen-mt-lite-us', 0.881, 2.642).map((row) => ({ ...row, region: 'us' })),
];

const voices = ['qwen3-tts-flash', 'qwen3-tts-instruct-flash', 'qwen3-tts-vc', 'qwen3-tts-vd'];

const speech: readonly Price[] = [
  ...voices.flatMap((model): Price[] => [
    { provider: 'qwen', model, ...perCharacters, price: 0.8, ...cn, ...speechPage },
    { provider: 'qwen', model, ...perCharacters, price: 0.1, ...intl, ...speechPage },
  ]),
  { provider: 'qwen', model: 'qwen-tts', unit: 'input-token', price: 0.0016, per: 1000, ...cn, ...speechPage },
  { provider: 'qwen', model: 'qwen-tts', unit: 'output-token', price: 0.01, per: 1000, ...cn, ...speechPage },
  {
    ...{ provider: 'qwen', model: 'qwen-voice-design', unit: 'voice', price: 0.2, per: 1, currency: 'USD' },
    ...{ date: '2026', source: 'Model Studio voice design page' },
  },
  {
    ...{ provider: 'qwen', model: '*', unit: 'voice', price: 0.01, per: 1, currency: 'USD' },
    ...{ date: '2026', source: 'Model Studio voice cloning page' },
  },
];

/** Per 10,000 characters, Han counted twice: Beijing in CNY, Singapore in USD where it is offered. */
const newerSpeech: readonly Price[] = (
  [
    ['qwen-audio-3.0-tts-flash', 1, 0.15],
    ['qwen-audio-3.0-tts-plus', 1.4, 0.2],
    ['cosyvoice-v3.5-flash', 0.8],
    ['cosyvoice-v3.5-plus', 1.5],
    ['cosyvoice-v3-flash', 1],
    ['cosyvoice-v3-plus', 2],
    ['cosyvoice-v2', 2],
  ] as const
).flatMap(([model, beijing, singapore]): Price[] => [
  { provider: 'cosyvoice', model, ...perCharacters, price: beijing, ...cn, ...speechPage },
  ...(singapore === undefined
    ? []
    : [{ provider: 'cosyvoice', model, ...perCharacters, price: singapore, ...intl, ...speechPage } as const]),
]);

const freeVoice: Price = {
  ...{ provider: 'cosyvoice', model: '*', unit: 'voice', price: 0, per: 1, currency: 'CNY' },
  ...{ date: '2026', source: 'Model Studio voice cloning page' },
};

/** List prices of Model Studio. Singapore's chat models cost 1.1 to 3.7 times Beijing's: which, is not known here. */
export const modelStudioPrices: readonly Price[] = [...recognition, ...chat, ...speech, ...newerSpeech, freeVoice];
