import { afterAll, beforeAll, expect, it } from 'vitest';
import { DubError } from '../../src/errors.js';
import { createHttp } from '../../src/net/client.js';
import type { Http, HttpScope } from '../../src/net/http.js';
import { qwen as translator } from '../../src/providers/translation/chat/index.js';
import { qwen as voice } from '../../src/providers/tts/qwen/index.js';
import { writeWav } from '../../src/sound/wav.js';
import { instantClock } from '../net/clocks.js';
import { seeded } from '../support/crash.js';
import { damager } from '../support/damage.js';
import { type ScriptedReply, type ScriptedServer, serve } from '../support/http-server.js';

// Whatever a service answers with, the provider gives a reply or a typed error, and ends.

const damage = damager(seeded(11));
let server: ScriptedServer;
let http: { scope(scope: HttpScope): Http; close(): Promise<void> };
let answer: (target: string) => ScriptedReply;

beforeAll(async () => {
  server = await serve(({ target }) => answer(target));
  http = createHttp({ version: '0', clock: instantClock(Date.now()), random: () => 0.5 });
});

afterAll(async () => {
  await http.close();
  await server.close();
});

const tools = { scratch: '/nowhere', http: async (scope: HttpScope) => http.scope(scope) };
const account = () => ({ apiKey: 'sk-00000000000000000000000000000000', baseUrl: server.url });
const json = { 'content-type': 'application/json' };
const calm = new AbortController().signal;
/** Rates that nobody waits for: the clock here stands still between waits. */
const unhurried = { requestsPerMinute: 1e7, tokensPerMinute: 1e10 };

/** Makes 200 calls: each gives a result or a typed error, and neither is all that happens. */
async function onlyTyped(call: (round: number) => Promise<unknown>): Promise<void> {
  let failures = 0;
  for (let round = 0; round < 200; round++) {
    await call(round).catch((error: unknown) => {
      expect(error, String((error as Error).stack)).toBeInstanceOf(DubError);
      failures++;
    });
  }
  expect(failures).toBeGreaterThan(20);
  expect(failures).toBeLessThan(200);
}

it('200 damaged answers of a chat model', async () => {
  const provider = translator.create(translator.options.parse({ ...account(), ...unhurried }), tools);
  const content = JSON.stringify({ lines: [{ id: 'u1', wordings: ['La casa es grande.', 'Es una casa grande.'] }] });
  const choices = [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }];
  const usage = { prompt_tokens: 90, completion_tokens: 20, total_tokens: 110 };
  const whole = Buffer.from(JSON.stringify({ id: 'c', object: 'chat.completion', model: 'qwen-plus', choices, usage }));
  answer = () => ({ headers: json, body: damage(whole) });
  const line = { id: 'u1', text: 'The house is big.', speaker: 'A', startMs: 0, endMs: 2000, segmentIds: ['1'] };
  await onlyTyped(() => provider.translate({ source: 'en', target: 'es', lines: [line] }, calm));
});

it('200 damaged answers of a voice, or sounds behind its links', async () => {
  const provider = voice.create(voice.options.parse(account()), tools);
  const wav = writeWav(
    Int16Array.from({ length: 24_000 }, (_, i) => Math.round(8000 * Math.sin(i / 9))),
    24_000,
    1,
  );
  const audio = { data: '', url: `${server.url}/sound.wav?sign=1`, id: 'a', expires_at: 1_900_000_000 };
  const usage = { input_tokens: 0, output_tokens: 0, characters: 9 };
  const whole = Buffer.from(JSON.stringify({ output: { finish_reason: 'stop', audio }, usage, request_id: 'r' }));
  await onlyTyped((round) => {
    const reply = damage(whole);
    // A damaged link may lead to any host; none is asked from here.
    const isOurs = reply.includes(audio.url) || !reply.includes('http');
    answer = (target) =>
      target.startsWith('/sound.wav')
        ? { headers: { 'content-type': 'audio/wav' }, body: round % 2 === 0 ? damage(wav) : wav }
        : { headers: json, body: isOurs ? reply : whole };
    return provider.synthesize({ text: 'La casa.', language: 'es', voice: 'Cherry' }, calm);
  });
});
