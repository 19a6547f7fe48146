import { beforeAll, describe, expect, it } from 'vitest';
import { type Fault, runChecks } from '../../../src/providers/conformance.js';
import { ttsConformance } from '../../../src/providers/tts/conformance.js';
import { durationOf } from '../../../src/providers/vendors/dashscope/speech/sound.js';
import type { Fault as Scripted } from '../../emulators/dashscope/faults.js';
import { defaultKey } from '../../emulators/dashscope/server.js';
import { ttsSettings } from '../../emulators/dashscope/tts.js';
import { requirePrograms } from '../../support/engines.js';
import { decodeSpeech, expectConformance, limitFor } from '../support.js';
import { bodies, calm, failure, heard, ttsBench } from './qwen.support.js';

const text = 'Buenos días.';
const longText = 'Buenos días. Hoy vamos a hablar del tiempo que hace en las montañas y en la costa.';

beforeAll(() => requirePrograms('espeak-ng', 'ffmpeg'));

describe('qwen', () => {
  const faults: Partial<Record<Fault, readonly [endpoint: string, fault: Scripted]>> = {
    hang: ['tts', { kind: 'hang', times: Infinity }],
    stall: ['tts', { kind: 'hang', times: Infinity }],
    crash: ['tts', { kind: 'reset-after', times: Infinity }],
    cut: ['result.get', { kind: 'cut', times: Infinity }],
    garbage: ['tts', { kind: 'html', times: Infinity }],
    refuse: ['tts', { status: 400, code: 'DataInspectionFailed', message: 'no such words here', times: Infinity }],
    auth: ['tts', { status: 401, code: 'InvalidApiKey', message: 'Invalid API-key provided.', times: Infinity }],
    'rate-limit': ['tts', { status: 429, code: 'Throttling.RateQuota', retryAfter: 2 }],
  };

  it('conforms', async () => {
    const bench = await ttsBench();
    const results = await runChecks(ttsConformance, {
      provider: bench.provider,
      language: 'es',
      shortText: text,
      longText,
      unspokenLanguage: 'th',
      secrets: [defaultKey, 'Signature='],
      decode: decodeSpeech,
      failing: async (fault) => {
        const sound = fault === 'empty' ? 'none' : fault === 'silent' ? 'silence' : 'speech';
        const options = { timeoutMs: limitFor(fault), ...(fault === 'missing' ? { apiKey: undefined } : {}) };
        const { emulator, provider, counts } = await ttsBench(options, ttsSettings({ sound }));
        const scripted = faults[fault];
        if (scripted) emulator.fail(...scripted);
        return { provider, requests: async () => counts().asked, open: async () => emulator.open };
      },
    });
    expectConformance(results, {});
    expect(bench.emulator.violations).toEqual([]);
  });

  it('sends what is documented, and reads what comes back', async () => {
    const { emulator, say } = await ttsBench();
    const reply = await say(longText);
    expect(bodies(emulator)).toEqual([
      { model: 'qwen3-tts-flash', input: { text: longText, voice: 'Bodega', language_type: 'Spanish' } },
    ]);
    const [sent] = emulator.requestsTo('tts');
    expect(reply).toMatchObject({
      mediaType: 'audio/wav',
      warnings: [],
      units: [{ unit: 'character', count: [...longText].length, model: 'qwen3-tts-flash' }],
      requestIds: [sent?.requestId],
    });
    expect(heard(reply).sampleRate).toBe(24_000);
    expect(emulator.violations).toEqual([]);
  });

  it('reads the view of the SDK and an answer without a count', async () => {
    const { say } = await ttsBench({}, ttsSettings({ sdkView: true, usage: 'absent' }));
    const reply = await say('Sí, 中文.');
    expect(reply.units).toEqual([{ unit: 'character', count: 9, model: 'qwen3-tts-flash' }]);
    expect(reply.warnings).toEqual([]);
  });

  it('tells once that the bill is not as documented', async () => {
    const { say } = await ttsBench({}, ttsSettings({ usage: 'doubled' }));
    const [first, second] = [await say(longText), await say(`${longText} Y más.`)];
    expect(first.units).toEqual([{ unit: 'character', count: 2 * longText.length, model: 'qwen3-tts-flash' }]);
    expect(first.warnings).toHaveLength(1);
    expect(second.warnings).toEqual([]);
  });

  it.each(['beside', 'only'] as const)('takes sound inside the answer, %s a link', async (inline) => {
    const { say, counts } = await ttsBench({}, ttsSettings({ inline }));
    expect(durationOf(heard(await say(text)))).toBeGreaterThan(400);
    expect(counts()).toEqual({ asked: 1, fetched: 0 });
  });

  it.each(['placeholder', 'zero', 'true'] as const)('gives a true header where the sizes are %s', async (sizes) => {
    const { say, counts } = await ttsBench({}, ttsSettings({ sizes }));
    const { durationMs } = await decodeSpeech((await say(longText)).audio);
    expect(durationMs).toBeGreaterThan(3000);
    expect(durationMs).toBeLessThan(9000);
    expect(counts()).toEqual({ asked: 1, fetched: 1 });
  });

  it('speaks with the legacy models, billed by tokens', async () => {
    const { say, emulator } = await ttsBench({ model: 'qwen-tts' });
    const reply = await say('Hello there, how are you today?', { language: 'en', voice: 'Cherry' });
    expect(reply.units).toEqual([
      { unit: 'input-token', count: expect.any(Number), model: 'qwen-tts' },
      { unit: 'output-token', count: expect.any(Number), model: 'qwen-tts' },
    ]);
    expect(reply.units[1]!.count).toBeGreaterThan(60);
    expect(emulator.requestsTo('tts.slow')).toHaveLength(1);
    const other = await failure(say(text));
    expect(other).toMatchObject({ code: 'PROVIDER_UNSUPPORTED', message: expect.stringContaining('Spanish (es)') });
  });

  it('tells the instruct model a pace in words, and no other model', async () => {
    const { say, emulator, provider } = await ttsBench({ model: 'qwen3-tts-instruct-flash' });
    expect(provider.limits.rate).toEqual({ min: 0.8, max: 1.3 });
    const plain = await say(longText, { voice: 'Cherry' });
    const fast = await say(longText, { voice: 'Cherry', rate: 1.25 });
    expect(durationOf(heard(plain)) / durationOf(heard(fast))).toBeGreaterThan(1.1);
    expect(bodies(emulator).map(({ input }) => input.instructions)).toEqual([
      undefined,
      'Speak about 25 percent faster than usual, at an even pace.',
    ]);
    expect(emulator.violations).toEqual([]);
    expect((await ttsBench()).provider.limits.rate).toBeUndefined();
  });

  it('leads the instruct model by words', async () => {
    const options = { model: 'qwen3-tts-instruct-flash', instructions: 'Whisper.', optimizeInstructions: true };
    const { say, emulator, provider } = await ttsBench(options);
    await say(text, { voice: 'Cherry' });
    expect(bodies(emulator)[0]?.input).toEqual({
      ...{ text, voice: 'Cherry', language_type: 'Spanish' },
      ...{ instructions: 'Whisper.', optimize_instructions: true },
    });
    expect(emulator.violations).toEqual([]);
    expect(provider.fingerprint()).toEqual({
      ...{ wire: 1, model: 'qwen3-tts-instruct-flash', instructions: 'Whisper.', optimizeInstructions: 1 },
    });
  });

  it.each([
    [{ instructions: 'Whisper.' }, 'takes no instructions'],
    [{ model: 'qwen3-tts-instruct-flash', optimizeInstructions: true }, 'no instructions'],
    [{ model: 'qwen3-tts-instruct-flash', instructions: '慢'.repeat(1601) }, '1601 tokens'],
    [{ model: 'qwen3-tts-flash-realtime' }, 'over a WebSocket only'],
    [{ model: 'cosyvoice-v3-flash' }, 'another interface'],
  ])('refuses options that the model would not follow, case %#', async (options, words) => {
    const error = await failure(ttsBench(options));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(words) });
    expect(error.hint).toMatch(/^[A-Z].+\.$/);
  });

  it('speaks with voices of the account', async () => {
    const settings = ttsSettings();
    const [model, id] = ['qwen3-tts-vc-2026-01-22', 'qwen-tts-vc-me-voice-1'];
    settings.customVoices.set(id, model).set('another', 'qwen3-tts-vd-2026-01-26');
    const { provider, say } = await ttsBench({ model, voiceIds: [id, 'another'] }, settings);
    expect((await provider.voices('es', calm)).map(({ name }) => name)).toEqual([id, 'another']);
    expect(await provider.voices('th', calm)).toEqual([]);
    expect(durationOf(heard(await say(text, { voice: id })))).toBeGreaterThan(400);
    const foreign = await failure(say(text, { voice: 'another' }));
    expect(foreign).toMatchObject({ code: 'PROVIDER_UNSUPPORTED', message: expect.stringContaining('"another"') });
    const none = await ttsBench({ model });
    // Voices can be made from samples, so that none need be named beforehand.
    expect(await none.provider.ready(calm)).toMatchObject({ ready: true });
    expect((await failure(none.say(text))).hint).toContain('voiceIds');
  });

  it('asks 180 times a minute at most: three at once, then every third of a second', async () => {
    const { say, sleeps, counts } = await ttsBench();
    for (let line = 0; line < 9; line++) await say(text);
    expect(counts()).toEqual({ asked: 9, fetched: 9 });
    const slept = sleeps.reduce((sum, ms) => sum + ms, 0);
    expect(slept).toBeGreaterThan(1900);
    expect(slept).toBeLessThan(2100);
  });

  it('keeps to the rate it is given', async () => {
    const { say, sleeps } = await ttsBench({ requestsPerMinute: 10 });
    for (let line = 0; line < 3; line++) await say(text);
    expect(sleeps.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(11_000);
  });
});

describe('qwen languages and voices', () => {
  it('refuses an unspoken language before anything is paid, and names engines that may speak it', async () => {
    const { say, counts, provider } = await ttsBench();
    const error = await failure(say('สวัสดี', { language: 'th' }));
    expect(error.code).toBe('PROVIDER_UNSUPPORTED');
    expect(error.message).toContain('does not speak Thai (th). It speaks: zh, en, de');
    expect(error.hint).toContain('--tts espeak-ng');
    expect(counts()).toEqual({ asked: 0, fetched: 0 });
    expect(await provider.voices('th', calm)).toEqual([]);
  });

  it.each([
    ['cherry', 'es', 'Near ones: Cherry'],
    ['Jenifer', 'en', 'Near ones: Jennifer'],
    ['Nobody', 'es', 'For Spanish (es): Bodega, Sonrisa'],
  ])('an unknown voice %s is refused unsent, with voices that would do', async (voice, language, words) => {
    const { say, counts } = await ttsBench();
    const error = await failure(say(text, { voice, language }));
    expect(error).toMatchObject({ code: 'PROVIDER_UNSUPPORTED', hint: expect.stringContaining(words) });
    expect(counts().asked).toBe(0);
  });

  it('says that a voice belongs to other models', async () => {
    const { say } = await ttsBench({ model: 'qwen3-tts-instruct-flash' });
    expect((await failure(say(text, { voice: 'Jennifer' }))).message).toContain('a voice of other models');
  });

  it('refuses a dialect voice for what is no dialect of Chinese, and an ordinary voice for a dialect', async () => {
    const { say, counts } = await ttsBench();
    expect((await failure(say(text, { voice: 'Rocky' }))).message).toContain(
      'Rocky (Cantonese) does not speak Spanish',
    );
    const cantonese = await failure(say('你好', { voice: 'Cherry', language: 'yue' }));
    expect(cantonese.hint).toContain('Rocky, Kiki');
    expect(counts().asked).toBe(0);
  });

  it('speaks Cantonese as Chinese with a Cantonese voice', async () => {
    const { say, emulator } = await ttsBench();
    await say('你好，今日天氣好好。', { voice: 'Kiki', language: 'yue' });
    expect(bodies(emulator)[0]?.input).toMatchObject({ voice: 'Kiki', language_type: 'Chinese' });
    expect(emulator.violations).toEqual([]);
  });
});

describe('qwen texts beyond one request', () => {
  const sentence =
    'El tren de la mañana sale a las ocho, pasa por tres pueblos y llega a la costa antes del mediodía. ';

  it('splits them at phrase ends, joins the sound and sums the bill', async () => {
    const { say, emulator } = await ttsBench();
    const whole = sentence.repeat(8).trim();
    const reply = await say(whole);
    const sent = bodies(emulator).map(({ input }) => input.text!);
    expect(sent.join(' ')).toBe(whole);
    expect(sent.every((one) => one.length <= 500 && one.endsWith('.'))).toBe(true);
    expect(reply.requestIds).toHaveLength(sent.length);
    expect(reply.units).toEqual([
      { unit: 'character', count: whole.length - (sent.length - 1), model: 'qwen3-tts-flash' },
    ]);
    const alone = durationOf(heard(await say(sentence.trim())));
    const ratio = durationOf(heard(reply)) / (8 * alone);
    expect(ratio).toBeGreaterThan(0.8);
    expect(ratio).toBeLessThan(1.2);
  });

  it.each([
    ['characters', 'zh', '今天我们来谈谈山里和海边的天气，然后再说说明天的火车。'],
    ['bytes', 'zh', '今天我们来谈谈山里和海边的天气，然后再说说明天的火车。'],
    ['units', 'zh', '今天我们来谈谈山里和海边的天气，然后再说说明天的火车。'],
    ['bytes', 'ru', 'Сегодня мы поговорим о погоде в горах и на побережье, а потом о поездах. '],
  ] as const)('is within a limit counted in %s for %s', async (countedBy, language, phrase) => {
    const { say, emulator } = await ttsBench({}, ttsSettings({ countedBy }));
    await say(phrase.repeat(12), { language, voice: 'Cherry' });
    expect(emulator.requestsTo('tts').map(({ status }) => status)).not.toContain(400);
  });

  it('splits again when the service counts in a stricter way', async () => {
    const { say, emulator } = await ttsBench({}, ttsSettings({ countedBy: 'strictly' }));
    const whole = sentence.repeat(3).trim();
    await say(whole);
    const taken = emulator.requestsTo('tts').filter(({ status }) => status === 200);
    const texts = taken.map(({ json }) => (json as { input: { text: string } }).input.text);
    expect(texts.join(' ')).toBe(whole);
  });
});

describe('qwen streams', () => {
  it.each([[{}], [{ middleFrames: 'absent' as const }], [{ streamHead: false }], [{ chunkBytes: 1_000_000 }]])(
    'sound the same as files, with %j',
    async (changes) => {
      const settings = ttsSettings(changes);
      const [streamed, filed] = [await ttsBench({ stream: true }, settings), await ttsBench({}, settings)];
      const [one, other] = [await streamed.say(longText), await filed.say(longText)];
      expect(Buffer.from(one.audio).equals(Buffer.from(other.audio))).toBe(true);
      expect(one.units).toEqual(other.units);
      expect(one.requestIds).toHaveLength(1);
      expect(streamed.counts()).toEqual({ asked: 1, fetched: 0 });
      expect(streamed.emulator.violations).toEqual([]);
    },
  );

  it('that end without their last event are an error', async () => {
    const { say, counts } = await ttsBench({ stream: true }, ttsSettings({ streamWithoutEnd: true }));
    const error = await failure(say(longText));
    expect(error).toMatchObject({ code: 'PROVIDER_BAD_REPLY', message: expect.stringContaining('breaks off') });
    expect(counts().asked).toBe(1);
  });

  it('that break off with an error are that error, asked once', async () => {
    const { say, emulator, counts } = await ttsBench({ stream: true });
    emulator.fail('tts', { kind: 'stream-error', pieces: 2, status: 400, code: 'DataInspectionFailed', message: 'no' });
    expect((await failure(say(longText))).code).toBe('PROVIDER_REFUSED');
    emulator.fail('tts', { kind: 'stream-cut', pieces: 2 });
    expect((await failure(say(longText))).code).toMatch(/BAD_REPLY|UNREACHABLE/);
    expect(counts()).toEqual({ asked: 2, fetched: 0 });
  });
});

describe('qwen speech rate', () => {
  const lines = Array.from({ length: 10 }, (_, line) => `${longText} Línea ${line}.`);

  it('is sent, is in the fingerprint, and changes the length where the service knows it', async () => {
    const settings = ttsSettings({ parameters: 'honoured' });
    const [fast, usual] = [await ttsBench({ speechRate: 2 }, settings), await ttsBench({}, settings)];
    const ratio = durationOf(heard(await fast.say(longText))) / durationOf(heard(await usual.say(longText)));
    expect(ratio).toBeLessThan(0.65);
    expect(bodies(fast.emulator)[0]?.parameters).toEqual({ speech_rate: 2 });
    expect(fast.provider.fingerprint()).toEqual({ wire: 1, model: 'qwen3-tts-flash', speechRate: 2 });
    for (const line of lines) expect((await fast.say(line)).warnings).toEqual([]);
  });

  it('that is ignored is told once, when enough was heard', async () => {
    const { say } = await ttsBench({ speechRate: 2 }, ttsSettings({ parameters: 'ignored' }));
    const warnings: string[] = [];
    for (const line of lines) warnings.push(...(await say(line)).warnings);
    expect(warnings).toEqual([expect.stringContaining('speechRate 2 seems to be ignored')]);
  });
});
