import { describe, expect, test } from 'vitest';
import { qwenMt } from '../../../src/providers/translation/qwen-mt/index.js';
import { mtLanguageName } from '../../../src/providers/translation/qwen-mt/languages.js';
import { toy } from '../../emulators/dashscope/chat.js';
import { mtLanguages, mtLiteLanguages } from '../../emulators/dashscope/mt-languages.js';
import { calm } from '../support.js';
import { chatBench, closeAfterEach, failure, line } from './qwen.support.js';

closeAfterEach();

const texts = [
  'The house is big and red.',
  'We have 42 cats in the garden.',
  'Nobody knows why the lights went out.',
  'Tell Maria that I will be late.',
];
const lines = texts.map((text, index) => line(`u${index}`, text));
const request = { source: 'en', target: 'es', lines };
const right = lines.map(({ id, text }) => ({ id, text: toy(text) }));

async function ask(options: Record<string, unknown> = {}, settings = {}) {
  const bench = await chatBench(qwenMt, options, settings);
  const sizes = () =>
    bench.bodies('mt').map((body) => (body.messages as { content: string }[])[0]?.content.split('\n').length);
  return { ...bench, sizes, reply: () => bench.provider.translate(request, calm) };
}

describe('qwen-mt', () => {
  test.each(['plus', 'flash', 'turbo', 'lite'])('%s translates joined lines in one text', async (model) => {
    const { reply, bodies, sizes, emulator } = await ask({ model });
    expect((await reply()).lines).toEqual(right);
    expect(sizes()).toEqual([4]);
    expect(bodies('mt')[0]).toEqual({
      model: `qwen-mt-${model}`,
      messages: [{ role: 'user', content: texts.join('\n') }],
      translation_options: { source_lang: 'English', target_lang: 'Spanish' },
    });
    expect(emulator.violations).toEqual([]);
  });

  test('sends the terms that occur, the memory and the domain', async () => {
    const { reply, bodies, emulator } = await ask({
      glossary: [
        { source: 'lights', target: 'luces' },
        { source: 'submarine', target: 'submarino' },
      ],
      memory: [{ source: 'Good day.', target: 'Buenos días.' }],
      domains: 'A quiet mystery in a village; colloquial.',
    });
    expect((await reply()).lines[2]?.text).toContain('luces');
    expect(bodies('mt')[0]?.translation_options).toMatchObject({
      terms: [{ source: 'lights', target: 'luces' }],
      tm_list: [{ source: 'Good day.', target: 'Buenos días.' }],
      domains: 'A quiet mystery in a village; colloquial.',
    });
    expect(emulator.violations).toEqual([]);
  });

  test('refuses a domain that is not in English before anything is sent', () => {
    expect(() => qwenMt.options.parse({ domains: '医学' })).toThrow(/is to be written in English/);
  });

  test('asks for halves when the count of lines is another', async () => {
    const { reply, sizes, mischief } = await ask();
    mischief.push({ kind: 'missing' });
    expect((await reply()).lines).toEqual(right);
    expect(sizes()).toEqual([4, 2, 2]);
  });

  test('asks singly for lines whose number went elsewhere', async () => {
    const { reply, sizes, mischief } = await ask();
    mischief.push({ kind: 'shift' });
    const { lines: answers } = await reply();
    expect(answers[1]).toEqual(right[1]);
    expect(sizes()).toEqual([4, 1]);
  });

  test('sends a line of digits by itself', async () => {
    const { provider, sizes } = await ask();
    const some = [lines[0]!, line('n', '1984'), lines[2]!, lines[3]!];
    const reply = await provider.translate({ ...request, lines: some }, calm);
    expect(reply.lines.map(({ id }) => id)).toEqual(['u0', 'n', 'u2', 'u3']);
    expect(sizes().sort()).toEqual([1, 1, 2]);
  });

  test('fails a line that stays untranslated, after two requests by itself', async () => {
    const { reply, sizes, mischief } = await ask({ joinLines: 1 });
    mischief.push({ kind: 'echo', times: Infinity });
    const { failures } = await reply();
    expect(failures).toHaveLength(4);
    expect(failures[0]?.message).toContain('it is the source text, not a translation');
    expect(sizes()).toHaveLength(8);
  });

  test('finds the one line that content inspection refuses', async () => {
    const { reply, sizes } = await ask({}, { inspected: /42 cats/ });
    const { lines: answers, failures } = await reply();
    expect(answers.map(({ id }) => id)).toEqual(['u0', 'u2', 'u3']);
    expect(failures).toMatchObject([{ id: 'u1', code: 'PROVIDER_REFUSED' }]);
    expect(sizes()).toEqual([4, 2, 1, 1, 2]);
  });

  test('halves an answer that was cut', async () => {
    const { reply, sizes, mischief } = await ask();
    mischief.push({ kind: 'length' });
    expect((await reply()).lines).toEqual(right);
    expect(sizes()).toEqual([4, 2, 2]);
  });

  test('keeps to one request a second, as the service may count', async () => {
    const { reply, emulator, sleeps } = await ask({ joinLines: 1, concurrency: 1 });
    emulator.limit('mt', { perSecond: 1, perMinute: 60 });
    expect((await reply()).lines).toEqual(right);
    expect(emulator.requestsTo('mt').map(({ status }) => status)).not.toContain(429);
    expect(sleeps.filter((ms) => ms > 1000 && ms < 1100)).toHaveLength(3);
  });

  test('names the pair and the larger model when lite does not know it', async () => {
    const { provider, emulator } = await ask({ model: 'lite' });
    const error = await failure(provider.translate({ ...request, target: 'uk' }, calm));
    expect(error).toMatchObject({ code: 'PROVIDER_UNSUPPORTED', message: 'qwen-mt-lite does not translate en to uk.' });
    expect(error.hint).toContain('qwen-mt-flash');
    expect(emulator.requestsTo('mt')).toHaveLength(0);
  });
});

describe('names of languages', () => {
  test.each([
    ['zh', 'Chinese'],
    ['zh-Hans', 'Chinese'],
    ['zh-CN', 'Chinese'],
    ['zh-TW', 'Traditional Chinese'],
    ['zh-HK', 'Traditional Chinese'],
    ['zh-Hant', 'Traditional Chinese'],
    ['yue', 'Cantonese'],
    ['no', 'Norwegian Bokmål'],
    ['fil', 'Tagalog'],
    ['tl', 'Tagalog'],
    ['fa', 'Western Persian'],
    ['az', 'North Azerbaijani'],
    ['sq', 'Tosk Albanian'],
    ['pt-BR', 'Portuguese'],
    ['iw', 'Hebrew'],
    ['in', 'Indonesian'],
    ['eo', undefined],
  ])('%s is %s', (tag, name) => expect(mtLanguageName('qwen-mt-plus', tag)).toBe(name));

  test('every language the service lists has its name, by model', () => {
    const missing = (model: string, names: ReadonlyMap<string, string>) =>
      [...names].filter(([name, code]) => mtLanguageName(model, code.replace('zh_tw', 'zh-TW')) !== name);
    expect(missing('qwen-mt-flash', mtLanguages)).toEqual([]);
    expect(missing('qwen-mt-lite', mtLiteLanguages)).toEqual([]);
    expect(mtLanguageName('qwen-mt-lite', 'fa')).toBe('Persian');
    expect(mtLanguageName('qwen-mt-lite', 'uk')).toBeUndefined();
  });
});
