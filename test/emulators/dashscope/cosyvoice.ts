/*
 * CosyVoice and Qwen-Audio-TTS over HTTP, and their cloning by `voice-enrollment` (dossier of November 2026): everything
 * in `input`, `rate` honoured, 20,000 units, the silent cut of cosyvoice-v3-flash at 33 s, engine errors 411 and 418 for
 * a voice of another model, voices that deploy before they speak.
 */
import { randomBytes } from 'node:crypto';
import { type Account, ApiError, type Call, type Part } from './server.js';
import { speakAloud, toWave } from './speech.js';

/** What the service does today; tests change it between calls. */
export interface CosyvoiceSettings {
  readonly retired: Set<string>;
  /** Whether a data URI is taken as `url`: reported, not documented. */
  dataUris: boolean;
  /** How often a new voice is asked for before it is `OK`. */
  deployChecks: number;
  endStatus: 'OK' | 'UNDEPLOYED';
  quota: number;
  sound: 'speech' | 'silence' | 'none';
}

/** The service on an ordinary day. */
export function cosyvoiceSettings(changes: Partial<CosyvoiceSettings> = {}): CosyvoiceSettings {
  return {
    retired: new Set(),
    dataUris: true,
    deployChecks: 1,
    endStatus: 'OK',
    quota: 1000,
    sound: 'speech',
    ...changes,
  };
}

interface Kept {
  readonly id: string;
  readonly target: string;
  readonly account: Account;
  readonly created: string;
  checks: number;
}

const models =
  /^(cosyvoice-(v2|v3-flash|v3-plus|v3\.5-flash|v3\.5-plus)|qwen-audio-3\.0-tts-(flash|plus)|qwen-audio-3\.1-tts-flash)$/;
const systemVoices: Readonly<Record<string, readonly string[]>> = {
  'cosyvoice-v2': ['longxiaochun_v2', 'longcheng_v2'],
  'cosyvoice-v3-flash': ['longanyang', 'longanhuan'],
  'cosyvoice-v3-plus': ['longanyang', 'longanhuan'],
  'qwen-audio-3.0-tts-flash': ['longanhuan_v3.6'],
  'qwen-audio-3.1-tts-flash': ['longanhuan_v3.6'],
  'qwen-audio-3.0-tts-plus': ['longanlingxin', 'longanlufeng'],
};
const fields = [
  ...['text', 'voice', 'format', 'sample_rate', 'volume', 'rate', 'pitch', 'language_hints', 'enable_ssml', 'seed'],
  ...['bit_rate', 'instruction', 'hot_fix', 'word_timestamp_enabled'],
];
const spoken: Readonly<Record<string, string>> = {
  ...{ zh: 'chinese', en: 'english', de: 'german', it: 'italian', pt: 'portuguese', es: 'spanish' },
  ...{ ja: 'japanese', ko: 'korean', fr: 'french', ru: 'russian' },
};
const sampleRate = 24_000;
const cutMs = 33_000;

/** The routes `cosy` and `cosy.enrol`. */
export function cosyvoice(settings: CosyvoiceSettings = cosyvoiceSettings()): Part {
  const voices: Kept[] = [];
  return (emulator) => {
    emulator.limit('cosy', { perSecond: 20, perMinute: 180 });
    emulator.limit('cosy.enrol', { perSecond: 10 });
    emulator.route({
      ...{ endpoint: 'cosy', method: 'POST', path: '/api/v1/services/audio/tts/SpeechSynthesizer' },
      async handle(call) {
        if (/^qwen3?-tts/.test(call.model)) throw invalid('url error, please check url!');
        if (!models.test(call.model) || settings.retired.has(call.model)) throw notFound(call);
        const { text, voice, rate, language } = readOrder(call);
        const own = voices.find(({ id, account }) => id === voice && account === call.account);
        const fits = own === undefined ? systemVoices[call.model]?.includes(voice) : own.target === call.model;
        if (!fits) throw invalid(`[cosyvoice:]Engine error [${own === undefined ? 418 : 411}]`);
        if (own !== undefined && own.checks > 0) throw invalid(`voice ${voice} is not ready`);
        const utterance = { language, text, voice, man: /yang|cheng|lufeng/.test(voice), speed: rate, sampleRate };
        const pcm = await speakAloud(utterance);
        const length = settings.sound === 'none' ? 0 : pcm.length;
        const heard = settings.sound === 'speech' ? pcm : Buffer.alloc(length);
        const whole = call.model === 'cosyvoice-v3-flash' ? heard.subarray(0, (cutMs * sampleRate * 2) / 1000) : heard;
        const file = { mediaType: 'audio/wav', extension: 'wav', lifeMs: 24 * 3_600_000 };
        const url = emulator.results.publish(toWave(whole, sampleRate, 'true'), file);
        const expires_at = Math.floor(emulator.clock.now() / 1000) + 86_400;
        const audio = { data: '', url, id: `audio_${call.requestId}`, expires_at };
        return { json: { output: { finish_reason: 'stop', audio }, usage: { characters: unitsOf(text) } } };
      },
    });
    emulator.route({
      ...{ endpoint: 'cosy.enrol', method: 'POST', path: '/api/v1/services/audio/tts/customization' },
      model: (model) => model === 'voice-enrollment',
      async handle(call) {
        if (settings.retired.has(call.model)) throw notFound(call);
        call.only(call.json, ['model', 'input'], 'body');
        const { input } = call.json as { input?: Record<string, unknown> };
        if (input?.action === 'create_voice') return create(call, input);
        if (input?.action === 'list_voice') return list(call, input);
        const at = voices.findIndex(({ id, account }) => id === input?.voice_id && account === call.account);
        call.only(input, ['action', 'voice_id'], 'input');
        if (at < 0) throw new ApiError(400, 'BadRequest.VoiceNotFound', `voice not found: ${String(input?.voice_id)}`);
        const voice = voices[at]!;
        if (input?.action === 'query_voice') {
          const status = voice.checks > 0 ? 'DEPLOYING' : settings.endStatus;
          voice.checks--;
          return { json: { output: { status, target_model: voice.target, gmt_create: voice.created } } };
        }
        if (input?.action !== 'delete_voice') throw invalid('action is not supported');
        voices.splice(at, 1);
        return { json: { output: {} } };
      },
    });

    async function create(call: Call, input: Record<string, unknown>) {
      const allowed = ['action', 'target_model', 'prefix', 'url', 'language_hints', 'max_prompt_audio_length'];
      call.only(input, [...allowed, 'enable_preprocess'], 'input');
      const { target_model: target, prefix, url } = input;
      if (typeof target !== 'string' || !models.test(target) || settings.retired.has(target)) {
        throw new ApiError(404, 'ModelNotFound', `Model not found (${String(target)})!`);
      }
      if (typeof prefix !== 'string' || !/^[a-z0-9]{1,10}$/.test(prefix)) throw invalid('prefix: 1 to 10 of a-z, 0-9');
      if (typeof url !== 'string' || (url.startsWith('data:') && !settings.dataUris)) throw invalid('url is invalid');
      if (voices.filter(({ account }) => account === call.account).length >= settings.quota) {
        throw new ApiError(400, 'Throttling.AllocationQuota', 'Maximum voice storage limit exceeded.');
      }
      const { bytes } = await emulator.uploads.fetchMedia(call, url);
      if (bytes.length < 3 * 48_000) throw new ApiError(400, 'Audio.DurationLimitError', 'audio is too short');
      const id = `${target}-${prefix}-${randomBytes(16).toString('hex')}`;
      const created = new Date(emulator.clock.now()).toISOString().slice(0, 19).replace('T', ' ');
      voices.push({ id, target, account: call.account, created, checks: settings.deployChecks });
      return { json: { output: { voice_id: id }, usage: { count: 1 } } };
    }

    function list(call: Call, input: Record<string, unknown>) {
      call.only(input, ['action', 'prefix', 'page_index', 'page_size'], 'input');
      const { page_index: page = 0, page_size: size = 10 } = input as { page_index?: number; page_size?: number };
      const own = voices.filter(({ account }) => account === call.account);
      const voice_list = own.slice(page * size, (page + 1) * size).map(({ id, created, checks }) => ({
        voice_id: id,
        gmt_create: created,
        status: checks > 0 ? 'DEPLOYING' : 'OK',
      }));
      return { json: { output: { voice_list }, usage: { count: 0 } } };
    }
  };
}

function readOrder(call: Call) {
  call.only(call.json, ['model', 'input'], 'body');
  const { input } = call.json as { input?: Record<string, unknown> };
  call.only(input, fields, 'input');
  const { text, voice, rate = 1, format, language_hints: hints = [] } = input ?? {};
  if (typeof text !== 'string' || typeof voice !== 'string') throw invalid('text and voice must be strings.');
  if (!/[\p{L}\p{N}]|\p{Extended_Pictographic}/u.test(text) || unitsOf(text) > 20_000) {
    throw invalid('Range of input length should be [1, 20000]');
  }
  if (/forbidden words|palabras prohibidas|违禁内容/i.test(text)) {
    throw new ApiError(400, 'DataInspectionFailed', 'Input data may contain inappropriate content.');
  }
  if (typeof rate !== 'number' || rate < 0.5 || rate > 2) throw invalid('rate should be in [0.5, 2]');
  if (format !== 'wav') call.violation(`format ${String(format)} is not what a dub asks for`);
  return { text, voice, rate, language: spoken[String((hints as unknown[])[0])] ?? 'auto' };
}

function unitsOf(text: string): number {
  return [...text].reduce((sum, character) => sum + (/\p{Script=Han}/u.test(character) ? 2 : 1), 0);
}

function invalid(message: string): ApiError {
  return new ApiError(400, 'InvalidParameter', message);
}

function notFound({ model }: Call): ApiError {
  return new ApiError(404, 'ModelNotFound', `Model not found (${model})!`);
}
