import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Script, TranslatedLine } from '../../../src/domain/script.js';
import type { TtsProvider } from '../../../src/providers/tts/contract.js';
import { durationOf } from '../../../src/providers/vendors/dashscope/speech/sound.js';
import type { StageContext, StageEvent } from '../../../src/stages/context.js';
import { synthesize } from '../../../src/stages/synthesize.js';
import { ttsSettings } from '../../emulators/dashscope/tts.js';
import { buyerIn } from '../../support/buyers.js';
import { requirePrograms } from '../../support/engines.js';
import { temporaryFolder } from '../support.js';
import { bodies, failure, heard, ttsBench } from './qwen.support.js';

const text = 'Buenos días a todos.';

beforeAll(() => requirePrograms('espeak-ng'));

/** Speaks, and gives back how long it took to say. */
async function lengthOf(say: (text: string) => Promise<{ readonly audio: Uint8Array }>): Promise<number> {
  return durationOf(heard(await say(text)));
}

describe('asking for speech', () => {
  it('waits as Retry-After says when it asked too often', async () => {
    const { emulator, say, counts, retries } = await ttsBench();
    emulator.fail('tts', { status: 429, code: 'Throttling.RateQuota', retryAfter: 7 });
    expect(await lengthOf(say)).toBeGreaterThan(500);
    expect(counts()).toEqual({ asked: 2, fetched: 1 });
    expect(retries[0]?.waitMs).toBeGreaterThanOrEqual(7000);
  });

  it('waits by itself when nothing is said about how long', async () => {
    const { emulator, say, counts, retries } = await ttsBench();
    emulator.fail('tts', { status: 429, code: 'Throttling.RateQuota', times: 3 });
    expect(await lengthOf(say)).toBeGreaterThan(500);
    expect(counts()).toEqual({ asked: 4, fetched: 1 });
    expect(retries.map(({ waitMs }) => waitMs)).toEqual([500, 1000, 2000]);
  });

  it('gives up on a rate that never passes', async () => {
    const { emulator, say, counts } = await ttsBench();
    emulator.fail('tts', { status: 429, code: 'Throttling.RateQuota', times: Infinity });
    expect(await failure(say(text))).toMatchObject({ code: 'PROVIDER_BUSY', retryable: true });
    expect(counts()).toEqual({ asked: 6, fetched: 0 });
  });

  it('stays below the rate that the service counts', async () => {
    const { emulator, say, counts } = await ttsBench({ model: 'qwen3-tts-flash-2025-09-18' });
    for (let line = 0; line < 25; line++) await say(text, { voice: 'Ryan' });
    expect(counts().asked).toBe(25);
    expect(emulator.requestsTo('tts.slow').every(({ status }) => status === 200)).toBe(true);
  });

  it('asks again after a fault that the service tells with its code', async () => {
    const { emulator, say, counts } = await ttsBench();
    emulator.fail('tts', { status: 500, code: 'InternalError', times: 2 });
    expect(await lengthOf(say)).toBeGreaterThan(500);
    expect(counts()).toEqual({ asked: 3, fetched: 1 });
  });

  it('waits in the same way before a stream begins', async () => {
    const { emulator, say, counts } = await ttsBench({ stream: true });
    emulator.fail('tts', { status: 429, code: 'Throttling.BurstRate' });
    emulator.fail('tts', { status: 500, code: 'InternalError' });
    expect(await lengthOf(say)).toBeGreaterThan(500);
    expect(counts()).toEqual({ asked: 3, fetched: 0 });
  });

  it.each([
    ['is reset before', 'reset', 'PROVIDER_UNREACHABLE'],
    ['is reset after the work', 'reset-after', 'PROVIDER_UNREACHABLE'],
    ['gets half an answer', 'cut', 'PROVIDER_BAD_REPLY'],
    ['gets a page', 'html', 'PROVIDER_BAD_REPLY'],
    ['gets half an object', 'bad-json', 'PROVIDER_BAD_REPLY'],
    ['gets nothing', 'empty', 'PROVIDER_BAD_REPLY'],
    ['gets no answer', 'hang', 'PROVIDER_TIMEOUT'],
    ['gets no answer for work that is done', 'hang-after', 'PROVIDER_TIMEOUT'],
  ] as const)('that %s is not done again, since it may be paid for', async (_, kind, code) => {
    const { emulator, say, counts } = await ttsBench({ timeoutMs: 700 });
    emulator.fail('tts', { kind });
    const error = await failure(say(text));
    expect(error).toMatchObject({ code, retryable: true });
    expect(error.hint).toMatch(/the same command|check the /i);
    expect(counts()).toEqual({ asked: 1, fetched: 0 });
  });

  it('takes an error under status 200 for what it is', async () => {
    const { emulator, say, counts } = await ttsBench();
    emulator.fail('tts', { kind: 'code-in-200', code: 'InvalidParameter', message: 'No.' });
    expect((await failure(say(text))).code).toBe('PROVIDER_REFUSED');
    emulator.fail('tts', { kind: 'code-in-200', code: 'Throttling.RateQuota', message: 'Slower.' });
    expect(await lengthOf(say)).toBeGreaterThan(500);
    expect(counts()).toEqual({ asked: 3, fetched: 1 });
  });

  it('goes on with the next line after one that was found inappropriate', async () => {
    const { emulator, say, counts } = await ttsBench();
    const error = await failure(say('Aquí hay palabras prohibidas.'));
    expect(error).toMatchObject({ code: 'PROVIDER_REFUSED', retryable: false });
    expect(error.message).toContain('inappropriate');
    expect(error.message).toContain(emulator.requestsTo('tts')[0]?.requestId);
    expect(await lengthOf(say)).toBeGreaterThan(500);
    expect(counts()).toEqual({ asked: 2, fetched: 1 });
  });

  it.each([
    [403, 'AllocationQuota.FreeTierOnly', 'The free tier of the model has been exhausted.'],
    [400, 'Arrearage', 'Access denied, please make sure your account is in good standing.'],
    [429, 'Throttling.AllocationQuota', 'Free allocated quota exceeded.'],
  ])('stops at %i %s', async (status, code, message) => {
    const { emulator, say, counts } = await ttsBench();
    emulator.fail('tts', { status, code, message });
    expect(await failure(say(text))).toMatchObject({ code: 'PROVIDER_QUOTA', retryable: false });
    expect(counts().asked).toBe(1);
  });

  it.each([
    ['a wrong key', 'sk-00000000000000000000000000000000'],
    ['a key of another region', 'sk-22222222222222222222222222222222'],
  ])('asks once with %s, and says where a key must be from', async (_, apiKey) => {
    const { say, counts } = await ttsBench({ apiKey });
    const error = await failure(say(text));
    expect(error).toMatchObject({ code: 'PROVIDER_AUTH', retryable: false });
    expect(error.hint).toContain('region');
    expect(`${error.message} ${error.hint}`).not.toContain(apiKey);
    expect(counts()).toEqual({ asked: 1, fetched: 0 });
  });

  it('asks once for a model that was switched off, however many lines there are', async () => {
    const { settings, say, counts } = await ttsBench();
    settings.retired.add('qwen3-tts-flash');
    for (let line = 0; line < 3; line++) {
      expect(await failure(say(text))).toMatchObject({
        code: 'PROVIDER_UNSUPPORTED',
        message: expect.stringContaining('ModelNotFound'),
      });
    }
    expect(counts().asked).toBe(1);
  });

  it('says which voices there are when the service refuses one of the table', async () => {
    const { emulator, say } = await ttsBench();
    emulator.fail('tts', { status: 400, code: 'InvalidParameter', message: "Voice 'Bodega' is not supported." });
    expect(await failure(say(text))).toMatchObject({
      code: 'PROVIDER_UNSUPPORTED',
      message: expect.stringContaining('The voice "Bodega" was refused.'),
      hint: expect.stringContaining('Sonrisa'),
    });
  });

  it('says that a model is called elsewhere when the service complains of the URL', async () => {
    const { emulator, say } = await ttsBench();
    emulator.fail('tts', { status: 400, code: 'InvalidParameter', message: 'url error, please check url!' });
    expect((await failure(say(text))).message).toContain('does not speak over this interface');
  });
});

describe('a job of several lines', () => {
  const texts = [text, 'Aquí hay palabras prohibidas.', 'Hasta mañana.'];

  async function voiced(provider: TtsProvider, folder: string) {
    const events: StageEvent[] = [];
    const tools = { ffmpeg: 'ffmpeg', ffprobe: 'ffprobe' } as StageContext['tools'];
    const emit = (event: StageEvent) => void events.push(event);
    const keeper = { file: () => Promise.reject(new Error('takes are bought')) };
    const buyer = buyerIn(join(folder, 'store'));
    const ctx = { signal: new AbortController().signal, scratch: folder, tools, keeper, buyer, emit };
    const utterances = texts.map((line, index) => ({ id: `u${index}`, speaker: 'A', text: line }));
    const script = { utterances } as unknown as Script;
    async function* lines(): AsyncGenerator<TranslatedLine> {
      for (const { id, text: line } of utterances) yield { utteranceId: id, text: line } as TranslatedLine;
    }
    const cast = { members: { A: { provider: 'qwen', voice: 'Bodega' } } };
    const takes = await synthesize(
      script,
      lines(),
      { cast, engines: new Map([['qwen', provider]]) },
      { language: 'es' },
      ctx,
    );
    return { takes, events };
  }

  it('leaves out the one that is refused and voices the others, which a second run keeps', async () => {
    const folder = await temporaryFolder();
    const { provider, counts } = await ttsBench({ concurrency: 1 });
    const { takes } = await voiced(provider, folder);
    expect(takes.takes.map(({ utteranceId }) => utteranceId)).toEqual(['u0', 'u2']);
    expect(takes.failures).toMatchObject([{ utteranceId: 'u1', code: 'PROVIDER_REFUSED' }]);
    expect(counts()).toEqual({ asked: 3, fetched: 2 });
    await voiced(provider, folder);
    expect(counts()).toEqual({ asked: 4, fetched: 2 });
  });

  it('stops when the quota is used up, keeps what is done and goes on from there', async () => {
    const folder = await temporaryFolder();
    const { emulator, provider, counts } = await ttsBench({ concurrency: 1 });
    emulator.fail('tts', { after: 2, status: 403, code: 'AllocationQuota.FreeTierOnly', message: 'It is exhausted.' });
    expect(await failure(voiced(provider, folder))).toMatchObject({ code: 'PROVIDER_QUOTA' });
    expect(counts()).toEqual({ asked: 3, fetched: 1 });
    const { events } = await voiced(provider, folder);
    expect(events).toContainEqual({ type: 'line-done', stage: 'synthesize', utteranceId: 'u0', kept: true });
    expect(counts()).toEqual({ asked: 5, fetched: 2 });
  });
});

describe('the link to the speech', () => {
  it('is followed without key and cookies', async () => {
    const { emulator, say } = await ttsBench();
    await say(text);
    await say(text);
    const headers = emulator.requestsTo('result.get').map((request) => Object.keys(request.headers));
    expect(headers.flat().filter((name) => /auth|cookie|dashscope/i.test(name))).toEqual([]);
    expect(emulator.violations).toEqual([]);
  });

  it.each([
    ['is refused', { status: 403, code: 'AccessDenied', times: 2 }, 3],
    ['is not there yet', { status: 404, code: 'NoSuchKey', times: 2 }, 3],
    ['meets a fault', { status: 500, times: 2 }, 3],
    ['meets too many', { status: 503, retryAfter: 1 }, 2],
    ['is reset', { kind: 'reset' }, 2],
    ['breaks off', { kind: 'cut' }, 2],
    ['leads to a page', { kind: 'html' }, 2],
    ['leads to nothing', { kind: 'empty' }, 2],
  ] as const)('that %s is followed again, and the speech paid for once', async (_, fault, fetched) => {
    const { emulator, say, counts } = await ttsBench();
    emulator.fail('result.get', fault);
    expect(await lengthOf(say)).toBeGreaterThan(500);
    expect(counts()).toEqual({ asked: 1, fetched });
  });

  it('that has expired is an error of this line only, after it was followed again', async () => {
    const { say, counts } = await ttsBench({}, ttsSettings({ linkLifeMs: -5000 }));
    const error = await failure(say(text));
    expect(error).toMatchObject({ code: 'PROVIDER_BAD_REPLY', retryable: true });
    expect(error.message).toContain('403 AccessDenied: Request has expired.');
    expect(`${error.message} ${error.stack}`).not.toMatch(/Signature=[^&\s]{6}/);
    expect(counts()).toEqual({ asked: 1, fetched: 4 });
  });

  it.each([
    ['none', 'has no sound in it'],
    ['silence', 'of silence'],
    ['quarter', 'most of it is missing'],
    ['page', 'no WAV file'],
  ] as const)('that leads to %s for good is an error, never a short take', async (sound, words) => {
    const { say, counts } = await ttsBench({}, ttsSettings({ sound, sizes: 'placeholder' }));
    const long = 'Hoy vamos a hablar del tiempo que hace en las montañas y en la costa.';
    const error = await failure(say(long));
    expect(error).toMatchObject({ code: 'PROVIDER_BAD_REPLY', message: expect.stringContaining(words) });
    expect(error.hint).toContain('same command');
    expect(counts()).toEqual({ asked: 1, fetched: 3 });
  });

  it('that leads to less than its header says is an error', async () => {
    const { say, counts } = await ttsBench({}, ttsSettings({ sizes: 'short' }));
    expect((await failure(say(text))).message).toContain('is cut short');
    expect(counts()).toEqual({ asked: 1, fetched: 3 });
  });

  it('works for a day, and not a second longer', async () => {
    const { emulator, say } = await ttsBench();
    const link = emulator.results.publish('x', { mediaType: 'audio/wav', extension: 'wav' });
    emulator.clock.advance(24 * 3_600_000 - 60_000);
    expect((await fetch(link)).status).toBe(200);
    emulator.clock.advance(120_000);
    expect((await fetch(link)).status).toBe(403);
    expect(await lengthOf(say)).toBeGreaterThan(500);
  });
});

describe('an answer with neither speech nor a link', () => {
  it.each([false, true])('is an error and not asked for again (as a stream: %s)', async (stream) => {
    const { settings, say, counts } = await ttsBench({ stream });
    settings.bare = true;
    const error = await failure(say(text));
    expect(error).toMatchObject({ code: 'PROVIDER_BAD_REPLY', message: expect.stringContaining('neither speech nor') });
    expect(counts()).toEqual({ asked: 1, fetched: 0 });
  });
});

describe('legacy speech', () => {
  it('shorter than the tokens that were billed is an error', async () => {
    const { settings, say } = await ttsBench({ model: 'qwen-tts' });
    const order = { language: 'en', voice: 'Cherry' };
    expect(durationOf(heard(await say('Hello you.', order)))).toBeGreaterThan(400);
    settings.usage = 'doubled';
    expect((await failure(say('Hello us.', order))).message).toContain('most of it is missing');
  });

  it('is not to be had in Singapore', async () => {
    const apiKey = 'sk-22222222222222222222222222222222';
    const { say } = await ttsBench({ model: 'qwen-tts', apiKey }, undefined, { region: 'ap-southeast-1' });
    expect(await failure(say('Hello.', { language: 'en', voice: 'Cherry' }))).toMatchObject({
      code: 'PROVIDER_UNSUPPORTED',
    });
  });
});

describe('the emulator', () => {
  it('records what the service would ignore, and refuses what it refuses', async () => {
    const { emulator } = await ttsBench();
    const ask = async (body: object) => {
      const reply = await fetch(`${emulator.url}/api/v1/services/aigc/multimodal-generation/generation`, {
        method: 'POST',
        headers: { authorization: 'Bearer sk-5f0e3c1a9b7d4e2f8a6c0b1d2e3f4a5b', 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: reply.status, ...((await reply.json()) as { code?: string; message?: string }) };
    };
    const flash = (input: object) => ask({ model: 'qwen3-tts-flash', input });
    expect(await flash({ text: 'a'.repeat(601), voice: 'Cherry' })).toMatchObject({
      ...{ status: 400, code: 'InvalidParameter', message: expect.stringContaining('[0, 600]') },
    });
    expect(await flash({ text: '…', voice: 'Cherry' })).toMatchObject({ status: 400 });
    expect(await flash({ text: 'a', voice: 'cherry' })).toMatchObject({
      ...{ status: 400, message: "Voice 'cherry' is not supported." },
    });
    expect(await ask({ model: 'qwen3-tts-flash-realtime', input: {} })).toMatchObject({
      message: expect.stringContaining('url error'),
    });
    expect(await ask({ model: 'qwen3-tts-none', input: {} })).toMatchObject({ status: 404, code: 'ModelNotFound' });
    expect(emulator.violations).toEqual([]);
    expect(await flash({ text: 'a', voice: 'Cherry', language_type: 'english' })).toMatchObject({ status: 200 });
    const lower = { text: 'a', voice: 'Cherry', language_type: 'english' };
    expect(await ask({ model: 'qwen3-tts-instruct-flash', input: lower })).toMatchObject({ status: 400 });
    const stray = { model: 'qwen3-tts-flash', input: { text: 'a', voice: 'Cherry', format: 'mp3' }, parameters: {} };
    expect(await ask(stray)).toMatchObject({ status: 200 });
    expect(emulator.violations).toEqual([
      'tts: language_type "english" is not as documented',
      'tts: language_type "english" is not as documented',
      'tts: unknown field body.parameters',
      'tts: unknown field input.format',
    ]);
  });

  it('speaks so that voices can be told apart', async () => {
    const { say, emulator } = await ttsBench();
    const takes = [await say(text), await say(text, { voice: 'Cherry' }), await say(text)];
    const [bodega, cherry, again] = takes.map(({ audio }) => Buffer.from(audio).toString('base64'));
    expect(cherry).not.toBe(bodega);
    expect(again).toBe(bodega);
    expect(bodies(emulator)).toHaveLength(3);
  });
});
