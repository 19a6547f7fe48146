/*
 * Cloning of voices by `qwen-voice-enrollment` as the published pages have it (dossier of November 2026): create with a
 * data URI, list by pages, delete. The emulator listens to the sample: a voice made from a low one is low.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { type Account, ApiError, type Call, type Part } from './server.js';
import type { TtsSettings } from './tts.js';

/** What enrolment does today; tests change it between calls. */
export interface EnrolmentSettings {
  /** The model and its targets have been switched off. */
  retired: boolean;
  /** Voices that an account may keep. */
  quota: number;
  /** Samples are found poor and used all the same. */
  poor: boolean;
  /** Whether lists say how many there are in all: the older page does not. */
  totals: boolean;
  /** Whether every voice hums at a pitch of its own. */
  hums: boolean;
}

/** The service on an ordinary day. */
export function enrolmentSettings(changes: Partial<EnrolmentSettings> = {}): EnrolmentSettings {
  return { retired: false, quota: 1000, poor: false, totals: true, hums: false, ...changes };
}

interface Kept {
  readonly voice: string;
  readonly account: Account;
  readonly created: string;
  readonly language: string;
  readonly target: string;
}

/** The tone of the first voice, Hz, and how far the next ones are above: clear of each other in a mix. */
const [firstTone, toneStep] = [1500, 700];

const targets = /^qwen3-tts-vc-(2026-01-22|realtime-2026-01-15|realtime-2025-11-27)$/;
const languages = ['zh', 'en', 'de', 'it', 'pt', 'es', 'ja', 'ko', 'fr', 'ru'];

/** The route of voice cloning; voices become known to `tts` through its settings. */
export function enrolment(tts: TtsSettings, settings: EnrolmentSettings = enrolmentSettings()): Part {
  const voices: Kept[] = [];
  return (emulator) => {
    emulator.limit('enrol', { perMinute: 180 });
    emulator.route({
      endpoint: 'enrol',
      method: 'POST',
      path: '/api/v1/services/audio/tts/customization',
      model: (model) => model === 'qwen-voice-enrollment',
      async handle(call) {
        if (settings.retired) throw new ApiError(404, 'ModelNotFound', `Model not found (${call.model})!`);
        call.only(call.json, ['model', 'input'], 'body');
        const { input } = call.json as { input?: Record<string, unknown> };
        if (typeof input !== 'object' || input === null) throw invalid('Required input missing.');
        if (input.action === 'create') return create(call, input);
        if (input.action === 'list') return list(call, input);
        if (input.action === 'delete') return remove(call, input);
        throw invalid('action must be one of create, list, delete');
      },
    });

    async function create(call: Call, input: Record<string, unknown>) {
      call.only(input, ['action', 'target_model', 'preferred_name', 'audio', 'text', 'language'], 'input');
      const { target_model: target, preferred_name: name, audio, language } = input;
      if (typeof target !== 'string' || !targets.test(target)) throw invalid('target_model is not supported');
      if (typeof name !== 'string' || !/^\w{1,16}$/.test(name))
        throw invalid('preferred_name: 1 to 16 of letters, digits, _');
      if (language !== undefined && !languages.includes(String(language))) throw invalid('language is not supported');
      if (ownVoices(call).length >= settings.quota) {
        throw new ApiError(
          400,
          'Throttling.AllocationQuota',
          'Maximum voice storage limit exceeded, please delete existing voices.',
        );
      }
      const samples = await heard(call, audio);
      const stamp = new Date(emulator.clock.now()).toISOString().replaceAll(/\D/g, '').slice(0, 17);
      const voice = `qwen-tts-vc-${name}-voice-${stamp}-${randomBytes(2).toString('hex')}`;
      voices.push({ voice, account: call.account, created: stamp, language: String(language ?? 'zh'), target });
      tts.customVoices.set(voice, target);
      if (settings.hums) tts.tones.set(voice, firstTone + toneStep * tts.tones.size);
      if (pitchOf(samples) < 150) tts.lowVoices.add(voice);
      const poor = settings.poor ? { fallback_mode: true, fallback_reason: 'no_merged_segments' } : {};
      return { json: { output: { voice, target_model: target, ...poor }, usage: { count: 1 } } };
    }

    function list(call: Call, input: Record<string, unknown>) {
      call.only(input, ['action', 'page_index', 'page_size'], 'input');
      const { page_index: page = 0, page_size: size = 10 } = input as { page_index?: number; page_size?: number };
      if (!Number.isInteger(page) || !Number.isInteger(size) || size < 1) throw invalid('page_index and page_size');
      const own = ownVoices(call);
      const shown = own.slice(page * size, (page + 1) * size).map(({ voice, created, language, target }) => ({
        ...{ voice, gmt_create: created, gmt_modified: created, language, target_model: target },
      }));
      const total = settings.totals ? { total_count: own.length } : {};
      return {
        json: { output: { page_index: page, page_size: size, ...total, voice_list: shown }, usage: { count: 0 } },
      };
    }

    function remove(call: Call, input: Record<string, unknown>) {
      call.only(input, ['action', 'voice'], 'input');
      const at = voices.findIndex(({ voice, account }) => voice === input.voice && account === call.account);
      if (at < 0) throw new ApiError(400, 'InvalidParameter', `voice not found: ${String(input.voice)}`);
      const [gone] = voices.splice(at, 1);
      tts.customVoices.delete(gone!.voice);
      return { json: { output: { voice: gone!.voice }, usage: { count: 0 } } };
    }

    const ownVoices = (call: Call) => voices.filter(({ account }) => account === call.account);
  };
}

/** The sample as it is heard: 3 s of 24 kHz at the least, 60 s at most. */
async function heard(call: Call, audio: unknown): Promise<Float32Array> {
  if (typeof audio !== 'object' || audio === null) throw invalid('audio is required');
  call.only(audio, ['data'], 'input.audio');
  const { data } = audio as { data?: unknown };
  const found =
    typeof data === 'string' ? /^data:(audio\/(?:wav|mpeg|mp4));base64,([A-Za-z0-9+/=]+)$/.exec(data) : null;
  if (!found) throw invalid('audio.data must be a data URI of audio/wav, audio/mpeg or audio/mp4');
  if ((data as string).length > 10_000_000) throw invalid('audio.data is larger than 10 MB');
  const bytes = Buffer.from(found[2]!, 'base64');
  if (found[1] === 'audio/wav') {
    if (bytes.readUInt16LE(22) !== 1 || bytes.readUInt16LE(34) !== 16) call.violation('the sample is not 16-bit mono');
    if (bytes.readUInt32LE(24) < 24_000) call.violation('the sample has less than 24 kHz');
  }
  const samples = await decode(bytes);
  const seconds = samples.length / 16_000;
  if (seconds < 3 || seconds > 60) throw invalid(`audio duration ${seconds.toFixed(1)} s is out of range [3, 60]`);
  return samples;
}

function decode(bytes: Buffer): Promise<Float32Array> {
  return new Promise((resolve, reject) => {
    const args = ['-v', 'error', '-i', 'pipe:0', '-ac', '1', '-ar', '16000', '-f', 'f32le', 'pipe:1'];
    const child = execFile('ffmpeg', args, { encoding: 'buffer', maxBuffer: 1 << 28 }, (error, stdout) => {
      if (error) reject(invalid('audio cannot be decoded'));
      else resolve(new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length)));
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(bytes);
  });
}

/** The median period of the loud 50 ms of a voice, by its highest autocorrelation between 70 and 350 Hz, in Hz. */
function pitchOf(samples: Float32Array): number {
  const found: { hz: number; energy: number }[] = [];
  for (let at = 0; at + 1600 <= samples.length; at += 800) {
    let best = { lag: 0, value: 0 };
    const energy = samples.subarray(at, at + 800).reduce((sum, value) => sum + value * value, 0);
    for (let lag = 46; lag <= 228; lag++) {
      let sum = 0;
      for (let i = at; i < at + 800; i++) sum += samples[i]! * samples[i + lag]!;
      if (sum > best.value) best = { lag, value: sum };
    }
    if (best.lag > 0) found.push({ hz: 16_000 / best.lag, energy });
  }
  const loud = found.sort((a, b) => b.energy - a.energy).slice(0, Math.ceil(found.length / 3));
  loud.sort((a, b) => a.hz - b.hz);
  return loud[Math.floor(loud.length / 2)]?.hz ?? 200;
}

function invalid(message: string): ApiError {
  return new ApiError(400, 'InvalidParameter', message);
}
