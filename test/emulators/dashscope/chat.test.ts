import { afterEach, expect, test } from 'vitest';
import { chat, toy, untoy } from './chat.js';
import { defaultKey, type Emulator, startEmulator } from './server.js';

let emulator: Emulator;

afterEach(() => emulator.close());

async function post(body: object): Promise<{ status: number; text: string }> {
  emulator = await startEmulator({ parts: [chat({ inspected: /forbidden/ })] });
  const response = await fetch(`${emulator.url}/compatible-mode/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${defaultKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

test('the native interface answers the same in its own form', async () => {
  emulator = await startEmulator({ parts: [chat()] });
  const response = await fetch(`${emulator.url}/api/v1/services/aigc/text-generation/generation`, {
    method: 'POST',
    headers: { authorization: `Bearer ${defaultKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ model: 'qwen-mt-flash', input: { messages } },
      parameters: { result_format: 'message', translation_options: options },
    }),
  });
  expect(await response.json()).toMatchObject({
    output: { choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: toy('I laugh a lot.') } }] },
    usage: { input_tokens: expect.any(Number), output_tokens: expect.any(Number) },
  });
  expect(emulator.violations).toEqual([]);
});

const messages = [{ role: 'user', content: 'I laugh a lot.' }];
const options = { source_lang: 'English', target_lang: 'Spanish' };
const format = { type: 'json_object' };

test.each([
  [{ model: 'qwen-plus', messages: [] }, 400, '[] is too short'],
  [{ model: 'qwen-plus', messages, temperature: 2 }, 400, 'Temperature should be in [0.0, 2.0)'],
  [{ model: 'qwen-plus', messages, max_tokens: 9000 }, 400, 'Range of max_tokens should be [1, 8192]'],
  [{ model: 'qwen-plus', messages, response_format: format }, 400, "must contain the word 'json'"],
  [{ model: 'qwen-plus', messages, response_format: { type: 'xml' } }, 400, 'Unknown format of response_format'],
  [{ model: 'qwen-max', messages, enable_thinking: false }, 400, 'does not support enable_thinking'],
  [{ model: 'qwen3.5-flash', messages, response_format: format }, 400, 'when enable_thinking is true'],
  [{ model: 'qwen3-30b-a3b-thinking-2507', messages, enable_thinking: false }, 400, 'restricted to True'],
  [{ model: 'nobody', messages }, 404, 'The model `nobody` does not exist'],
  [{ model: 'qwen-plus', messages: [{ role: 'user', content: 'forbidden' }] }, 400, 'data_inspection_failed'],
  [
    { model: 'qwen-mt-plus', messages: [{ role: 'system', content: 'x' }, ...messages], translation_options: options },
    400,
    'Role must be in [user, assistant].',
  ],
  [
    { model: 'qwen-mt-lite', messages, translation_options: { ...options, target_lang: 'Ukrainian' } },
    400,
    '暂时不支持当前设置的语种！',
  ],
])('%j is answered with %d', async (body, status, words) => {
  const answer = await post(body);
  expect(answer.status).toBe(status);
  expect(answer.text).toContain(words);
});

test('a model that thinks by default spends a small cap on thinking', async () => {
  const { text } = await post({ model: 'qwen3.5-flash', messages, max_tokens: 100 });
  expect(JSON.parse(text).choices[0]).toMatchObject({ finish_reason: 'length', message: { content: '' } });
});

test.each([
  ['qwen-mt-flash', ['', 'Ia ', 'hguala ', 'aa ', 'tola.', '', '']],
  ['qwen-mt-plus', ['', 'Ia ', 'Ia hguala ', 'Ia hguala aa ', 'Ia hguala aa tola.', '', '']],
])('%s streams in its own way', async (model, contents) => {
  const usage = { include_usage: true };
  const { text } = await post({ model, messages, translation_options: options, stream: true, stream_options: usage });
  const events = text.split('\n\n').filter(Boolean);
  expect(events.at(-1)).toBe('data: [DONE]');
  const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice(6)));
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } });
  expect(chunks.slice(0, -1).map((chunk) => chunk.choices[0].delta.content)).toEqual(contents);
  expect(emulator.violations).toEqual([]);
});

test('unknown fields are breaches of protocol', async () => {
  await post({ model: 'qwen-mt-plus', messages, translation_options: options, response_format: format });
  expect(emulator.violations).toEqual(['mt: unknown field body.response_format']);
});

test('the toy tongue can be turned back', async () => {
  emulator = await startEmulator();
  const text = 'Nobody knows 42 reasons, Zoë!';
  expect(toy(text)).not.toBe(text);
  expect(untoy(toy(text))).toBe(text);
});
