/*
 * Qwen-TTS over HTTP as the published pages and measurements have it (dossier of November 2026): system voices by
 * model, language_type, the limit of 600, billing by Han = 2, results behind signed links, streams whose first chunk
 * has a WAV head. Speech is real: espeak-ng, at 24 kHz.
 */
import { ApiError, type Call, type Part, type StreamPiece } from './server.js';
import { speakAloud, toWave } from './speech.js';

/** What the service does today; tests change it between calls. */
export interface TtsSettings {
  /** What the sizes in the WAV header behind a link say. */
  sizes: 'true' | 'placeholder' | 'zero' | 'short';
  sound: 'speech' | 'silence' | 'none' | 'quarter' | 'page';
  /** `ignored`: undocumented `parameters` change nothing, as the docs have it. Either way they are no breach. */
  parameters: 'refused' | 'ignored' | 'honoured';
  /** How the 600 of a text are counted; sources disagree. */
  countedBy: 'characters' | 'bytes' | 'units' | 'strictly';
  usage: 'documented' | 'absent' | 'doubled';
  /** The SDK's view of a reply, with `status_code`, `code` and `message` in it. */
  sdkView: boolean;
  /** The whole sound as base64 in the reply, beside or instead of the link. */
  inline: 'no' | 'beside' | 'only';
  /** Answers without sound and without a link. */
  bare: boolean;
  linkLifeMs: number;
  middleFrames: 'blank' | 'absent';
  /** Whether streams begin with a WAV head. */
  streamHead: boolean;
  chunkBytes: number;
  /** Ends a stream without its last event. */
  streamWithoutEnd: boolean;
  sampleRate: number;
  /** Models that have been switched off. */
  readonly retired: Set<string>;
  /** Voices of accounts, with the model each was made for. */
  readonly customVoices: Map<string, string>;
  /** Voices of accounts that are low. */
  readonly lowVoices: Set<string>;
  /** Voices that hum along with what they say, at a pitch of their own, Hz: so they are told apart in a mix. */
  readonly tones: Map<string, number>;
  /** Text that content inspection refuses. */
  refuses: RegExp;
  /** How long an answer takes: `baseMs` and this share of the length of its sound. */
  readonly latency: { baseMs: number; perAudioMs: number };
}

/** The service on an ordinary day. */
export function ttsSettings(changes: Partial<TtsSettings> = {}): TtsSettings {
  return {
    sizes: 'true',
    sound: 'speech',
    parameters: 'refused',
    countedBy: 'characters',
    usage: 'documented',
    sdkView: false,
    inline: 'no',
    bare: false,
    linkLifeMs: 24 * 3_600_000,
    middleFrames: 'blank',
    streamHead: true,
    chunkBytes: 9601,
    streamWithoutEnd: false,
    sampleRate: 24_000,
    retired: new Set(),
    customVoices: new Map(),
    lowVoices: new Set(),
    tones: new Map(),
    refuses: /forbidden words|palabras prohibidas|违禁内容/i,
    latency: { baseMs: 0, perAudioMs: 0 },
    ...changes,
  };
}

const path = '/api/v1/services/aigc/multimodal-generation/generation';
const slowModels = /^(qwen-tts(-.*)?|qwen3-tts-flash-2025-09-18)$/;
const httpModels =
  /^(qwen3-tts-(flash|instruct-flash)(-\d{4}-\d\d-\d\d)?|qwen3-tts-(vc|vd)-\d{4}-\d\d-\d\d|qwen-tts(-latest|-2025-05-22|-2025-04-10)?)$/;
const languages = [
  ...['Auto', 'Chinese', 'English', 'German', 'Italian', 'Portuguese'],
  ...['Spanish', 'Japanese', 'Korean', 'French', 'Russian'],
];

const flashAndInstruct =
  'Cherry,Serena,Ethan,Chelsie,Momo,Vivian,Moon,Maia,Kai,Nofish,Bella,Eldric Sage,Mia,Mochi,Bellona,Vincent,Bunny,Neil,Elias,Arthur,Nini,Seren,Pip,Stella'.split(
    ',',
  );
const flashOnly =
  'Ebona,Jennifer,Ryan,Katerina,Aiden,Bodega,Sonrisa,Alek,Dolce,Sohee,Ono Anna,Lenn,Emilien,Andre,Radio Gol,Jada,Dylan,Li,Marcus,Roy,Peter,Sunny,Eric,Rocky,Kiki'.split(
    ',',
  );
const september =
  'Cherry,Ethan,Nofish,Elias,Jennifer,Ryan,Katerina,Jada,Dylan,Li,Marcus,Roy,Peter,Sunny,Eric,Rocky,Kiki'.split(',');
const legacy = ['Cherry', 'Serena', 'Ethan', 'Chelsie'];
const men = new Set(
  'Ethan,Moon,Kai,Nofish,Eldric Sage,Mochi,Vincent,Neil,Arthur,Pip,Ryan,Aiden,Bodega,Alek,Dolce,Lenn,Emilien,Andre,Radio Gol,Dylan,Li,Marcus,Roy,Peter,Eric,Rocky'.split(
    ',',
  ),
);

/** The routes of Qwen-TTS: `tts`, and `tts.slow` for models of ten requests a minute. */
export function tts(settings: TtsSettings = ttsSettings()): Part {
  return (emulator) => {
    for (const [endpoint, slow, perMinute] of [
      ['tts', false, 180],
      ['tts.slow', true, 10],
    ] as const) {
      emulator.limit(endpoint, { perMinute });
      emulator.route({
        endpoint,
        method: 'POST',
        path,
        model: (model) => /^(qwen3?-tts|cosyvoice|qwen-audio-3)/.test(model) && slowModels.test(model) === slow,
        async handle(call) {
          if (slow && call.model.startsWith('qwen-tts') && emulator.region !== 'cn-beijing') throw unknownModel(call);
          const begunAt = performance.now();
          const order = checked(call, settings);
          const pcm = await soundFor(order, settings);
          const durationMs = (pcm.length * 1000) / 2 / settings.sampleRate;
          const { baseMs, perAudioMs } = settings.latency;
          // What the emulator itself needs counts as part of it.
          const restMs = baseMs + perAudioMs * durationMs - (performance.now() - begunAt);
          if (baseMs + perAudioMs > 0 && restMs > 0) await emulator.clock.sleep(restMs);
          const lifeMs = settings.linkLifeMs;
          const file = { mediaType: 'audio/wav', extension: 'wav', lifeMs };
          const url = settings.bare ? '' : emulator.results.publish(fileOf(pcm, settings), file);
          const expires_at = Math.floor((emulator.clock.now() + lifeMs) / 1000);
          const usage = usageOf(order, durationMs, settings);
          const id = `audio_${call.requestId}`;
          if (call.wantsStream)
            return { events: frames(settings.bare ? Buffer.alloc(0) : pcm, { url, expires_at, id, usage, settings }) };
          const data = settings.inline === 'no' ? '' : toWave(pcm, settings.sampleRate, 'true').toString('base64');
          const audio = { data, url: settings.inline === 'only' ? '' : url, id, expires_at };
          const output = { text: null, finish_reason: 'stop', choices: null, audio };
          const view = settings.sdkView ? { status_code: 200, code: '', message: '' } : {};
          return { json: { ...view, output, ...usage } };
        },
      });
    }
  };
}

interface Order {
  readonly model: string;
  readonly text: string;
  readonly voice: string;
  readonly language: string;
  readonly speed: number;
}

/** @throws ApiError as the service refuses */
function checked(call: Call, settings: TtsSettings): Order {
  const { model } = call;
  if (/-realtime|^cosyvoice|^qwen-audio/.test(model)) throw invalid('url error, please check url!');
  if (!httpModels.test(model) || settings.retired.has(model)) throw unknownModel(call);
  const body = call.json as Record<string, unknown>;
  call.only(body, ['model', 'input', ...(settings.parameters === 'refused' ? [] : ['parameters'])], 'body');
  const { input } = body;
  if (typeof input !== 'object' || input === null) throw invalid('Required input missing.');
  const { text, voice, language_type = 'Auto', instructions, optimize_instructions } = input as Record<string, unknown>;
  const isInstruct = model.includes('-instruct');
  const led = isInstruct ? ['instructions', 'optimize_instructions'] : [];
  call.only(input, ['text', 'voice', 'language_type', ...led], 'input');
  if (typeof text !== 'string' || typeof voice !== 'string') throw invalid('text and voice must be strings.');
  checkLanguage(call, language_type, isInstruct);
  checkText(text, settings);
  if (settings.refuses.test(text)) {
    throw new ApiError(400, 'DataInspectionFailed', 'Input data may contain inappropriate content.');
  }
  checkVoice(model, voice, settings);
  if (instructions !== undefined && (typeof instructions !== 'string' || instructions.length > 8000)) {
    throw invalid('Range of instructions length should be [0, 1600]');
  }
  if (optimize_instructions === true && instructions === undefined) call.violation('nothing to optimise');
  const language = String(language_type).toLowerCase();
  return { model, text, voice, language, speed: speedOf(body.parameters, settings) * paceOf(instructions) };
}

function checkLanguage(call: Call, type: unknown, isInstruct: boolean): void {
  const exact = languages.includes(String(type));
  const known = exact || languages.some((one) => one.toLowerCase() === String(type).toLowerCase());
  // The flash model was measured to take lower case too; the docs write capitals.
  if (!exact) call.violation(`language_type ${JSON.stringify(type)} is not as documented`);
  if (!known || (isInstruct && !exact)) throw invalid(`Input should be one of ${languages.join(', ')}: language_type`);
}

function checkText(text: string, { countedBy }: TtsSettings): void {
  const counts = {
    characters: [...text].length,
    bytes: Buffer.byteLength(text),
    units: unitsOf(text),
    strictly: Buffer.byteLength(text) * 3,
  };
  const least = /[\p{L}\p{N}]|\p{Extended_Pictographic}|[+=%&@$€£¥°]/u.test(text) ? 0 : 1;
  if (counts[countedBy] <= 600 && least === 0) return;
  throw invalid(`<400> InternalError.Algo.InvalidParameter: Range of input length should be [${least}, 600]`);
}

function checkVoice(model: string, voice: string, { customVoices }: TtsSettings): void {
  const made = customVoices.get(voice);
  if (made !== undefined) {
    if (made !== model) throw invalid('Invalid voice specified');
    return;
  }
  if (!systemVoices(model).includes(voice)) throw invalid(`Voice '${voice}' is not supported.`);
}

function systemVoices(model: string): readonly string[] {
  if (/-(vc|vd)-/.test(model)) return [];
  if (model === 'qwen3-tts-flash-2025-09-18') return september;
  if (model.includes('-instruct')) return flashAndInstruct;
  if (model.startsWith('qwen3')) return [...flashAndInstruct, ...flashOnly];
  return /latest|2025-05-22/.test(model) ? [...legacy, 'Dylan', 'Jada', 'Sunny'] : legacy;
}

function speedOf(parameters: unknown, settings: TtsSettings): number {
  const rate: unknown = typeof parameters === 'object' && parameters !== null && Reflect.get(parameters, 'speech_rate');
  return settings.parameters === 'honoured' && typeof rate === 'number' ? rate : 1;
}

/** Words about the pace, in Chinese or English, are followed roughly: a little less than they say. */
function paceOf(instructions: unknown): number {
  const words = String(instructions ?? '');
  const share = (Number(/(\d+)\s*(?:percent|%)/.exec(words)?.[1] ?? 20) / 100) * 0.8;
  if (/\bfaster\b|快/i.test(words)) return 1 + share;
  return /\bslower\b|慢/i.test(words) ? 1 - share : 1;
}

async function soundFor(order: Order, settings: TtsSettings): Promise<Buffer> {
  const { language, text, voice, speed } = order;
  const man = men.has(voice) || settings.lowVoices.has(voice);
  const spoken = await speakAloud({ language, text, voice, man, speed, sampleRate: settings.sampleRate });
  const pcm = hum(spoken, settings.tones.get(voice), settings.sampleRate);
  if (settings.sound === 'silence') return Buffer.alloc(pcm.length);
  if (settings.sound === 'none') return Buffer.alloc(0);
  return settings.sound === 'quarter' ? pcm.subarray(0, Math.floor(pcm.length / 8) * 2) : pcm;
}

/** Adds a tone 20 dB under full scale. */
function hum(pcm: Buffer, hz: number | undefined, sampleRate: number): Buffer {
  if (hz === undefined) return pcm;
  const hummed = Buffer.from(pcm);
  for (let index = 0; index < pcm.length / 2; index++) {
    const sum = pcm.readInt16LE(index * 2) * 0.8 + 3277 * Math.sin((2 * Math.PI * hz * index) / sampleRate);
    hummed.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(sum))), index * 2);
  }
  return hummed;
}

function fileOf(pcm: Buffer, { sizes, sound, sampleRate }: TtsSettings): Uint8Array {
  if (sound === 'page') return Buffer.from('<html><body>Welcome</body></html>');
  const wave = toWave(pcm, sampleRate, sizes === 'short' ? 'true' : sizes);
  return sizes === 'short' ? wave.subarray(0, Math.floor(wave.length * 0.9)) : wave;
}

/** Han characters count 2, everything else 1. */
function unitsOf(text: string): number {
  return [...text].reduce((sum, character) => sum + (/\p{Script=Han}/u.test(character) ? 2 : 1), 0);
}

function usageOf({ model, text }: Order, durationMs: number, { usage }: TtsSettings): object {
  if (usage === 'absent') return {};
  if (!model.startsWith('qwen-tts')) {
    const characters = unitsOf(text) * (usage === 'doubled' ? 2 : 1);
    return { usage: { input_tokens: 0, output_tokens: 0, characters } };
  }
  const [input_tokens, output_tokens] = [
    Math.ceil(unitsOf(text) / 2),
    Math.round((durationMs / 20) * (usage === 'doubled' ? 2 : 1)),
  ];
  const details = {
    input_tokens_details: { text_tokens: input_tokens },
    output_tokens_details: { audio_tokens: output_tokens, text_tokens: 0 },
  };
  return {
    usage: { input_tokens, output_tokens, characters: 0, total_tokens: input_tokens + output_tokens, ...details },
  };
}

interface Streamed {
  readonly url: string;
  readonly expires_at: number;
  readonly id: string;
  readonly usage: object;
  readonly settings: TtsSettings;
}

function* frames(pcm: Buffer, { url, expires_at, id, usage, settings }: Streamed): Generator<StreamPiece> {
  const { chunkBytes, streamHead, middleFrames } = settings;
  const wave = streamHead && pcm.length > 0 ? toWave(pcm, settings.sampleRate, 'placeholder') : pcm;
  for (let at = 0; at < wave.length; at += chunkBytes) {
    const data = wave.subarray(at, at + chunkBytes).toString('base64');
    const blank = middleFrames === 'blank' ? { url: '' } : {};
    const count = middleFrames === 'blank' ? { usage: { characters: 1 } } : {};
    yield { data: { output: { finish_reason: 'null', audio: { data, ...blank, id, expires_at } }, ...count } };
  }
  if (settings.streamWithoutEnd) return;
  yield { data: { output: { finish_reason: 'stop', audio: { data: '', url, id, expires_at } }, ...usage } };
}

function invalid(message: string): ApiError {
  return new ApiError(400, 'InvalidParameter', message);
}

function unknownModel({ model }: Call): ApiError {
  return new ApiError(404, 'ModelNotFound', `Model not found (${model})!`);
}
