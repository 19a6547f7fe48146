/*
 * Recognition as the published pages have it (dossier of November 2026): qwen3-asr-flash-filetrans and fun-asr by
 * tasks, qwen3-asr-flash along with the call. What is recognised is what the ear finds in the sound that came.
 */
import { type Clip, type ClipWord, decodeSound, type Ear, type Heard } from './ear.js';
import { ApiError, type Call, type Emulator, type Part } from './server.js';
import type { TaskEnd } from './tasks.js';
import type { Media } from './uploads.js';

/** What the service does today; tests change it between calls. */
export interface AsrSettings {
  /** How a task tells that there is no speech: by its own code, by its sub-task's (fun-asr), or by an empty transcript. */
  noSpeech: 'task' | 'subtask' | 'empty';
  /** How a call tells it. */
  noSpeechInCall: 'empty-text' | 'no-content' | 'error';
  /** `split`: words come in pieces; `written-out`: they are other words than the text's. */
  words: 'documented' | 'absent' | 'equal-times' | 'split' | 'written-out';
  usage: 'documented' | 'absent';
  /** Which field takes the context of a file; the docs show both. */
  context: 'text' | 'corpus';
  /** Which form of `special_word_filter` is taken; the docs show both. */
  filter: 'string' | 'object' | 'either';
  /** Links given out from now on that have expired already. */
  expiredLinks: number;
  /** What the next result files hold instead of a transcript. */
  readonly spoiltFiles: string[];
  /** fun-asr: tasks that succeed while their only sub-task fails with this code. */
  subtaskCode: string | undefined;
  /** Words that are masked unless the filter is switched off. */
  masked: RegExp;
  /** Whether the language is told, where the page says it is. */
  tellsLanguage: boolean;
  /** Answers of models with times as on workspace hosts: everything at the top, and a copy under `output`. */
  timedAtTop: boolean;
  /** Sentences closer than this are one, where they are cut by silence alone. */
  joinMs: number;
  /** How long a task or call takes: this and this share of the length of its sound. */
  readonly latency: { pendingMs: number; perAudioMs: number };
}

/** The service on an ordinary day. */
export function asrSettings(changes: Partial<AsrSettings> = {}): AsrSettings {
  return {
    noSpeech: 'task',
    noSpeechInCall: 'empty-text',
    words: 'documented',
    usage: 'documented',
    context: 'text',
    filter: 'string',
    expiredLinks: 0,
    spoiltFiles: [],
    subtaskCode: undefined,
    masked: /\b(damn|bloody)\b/gi,
    tellsLanguage: true,
    timedAtTop: false,
    joinMs: 600,
    latency: { pendingMs: 0, perAudioMs: 0 },
    ...changes,
  };
}

const rate = 16_000;
const qwenLanguages = 'zh yue en ja de ko ru fr pt ar it es hi id th tr uk vi cs da fil fi is ms no pl sv'.split(' ');
const funLanguages = 'zh en ja ko vi th id ms tl hi ar fr de es pt ru it nl sv da fi no el pl cs hu ro bg hr sk'.split(
  ' ',
);

const filetransModel = /^qwen3-asr-flash-filetrans(-\d{4}-\d\d-\d\d)?$/;
const funModel = /^(fun-asr(-mtl)?(-\d{4}-\d\d-\d\d)?|qwen-audio-3\.[01]-asr-flash-filetrans|paraformer-v2)$/;
const timedModel = /^(qwen-audio-3\.[01]-asr-flash|fun-asr-flash-2026-06-15)$/;
const callModel = /^qwen3-asr-flash(-\d{4}-\d\d-\d\d)?$/;

/** Endpoints `asr.submit` and `asr.call`. */
export function asr(ear: Ear, settings: AsrSettings = asrSettings()): Part {
  return (emulator) => {
    const service = { emulator, ear, settings };
    const path = '/api/v1/services/audio/asr/transcription';
    const shared = { endpoint: 'asr.submit', method: 'POST', path, async: 'required' } as const;
    emulator.route({
      ...shared,
      model: (id) => filetransModel.test(id),
      handle: (call) => submitFiletrans(service, call),
    });
    emulator.route({ ...shared, model: (id) => funModel.test(id), handle: (call) => submitFun(service, call) });
    emulator.route({
      ...{ endpoint: 'asr.call', method: 'POST', path: '/api/v1/services/aigc/multimodal-generation/generation' },
      model: (id) => callModel.test(id),
      handle: (call) => answerCall(service, call),
    });
    emulator.route({
      ...{ endpoint: 'asr.call', method: 'POST', path: '/api/v1/services/aigc/multimodal-generation/generation' },
      model: (id) => timedModel.test(id),
      handle: (call) => answerTimed(service, call),
    });
  };
}

interface Service {
  readonly emulator: Emulator;
  readonly ear: Ear;
  readonly settings: AsrSettings;
}

type Fields = Readonly<Record<string, unknown>>;

function submitFiletrans(service: Service, call: Call) {
  const { input, parameters } = bodyOf(call);
  call.only(input, ['file_url'], 'input');
  const { context } = service.settings;
  const allowed = ['channel_id', 'language', 'enable_itn', 'enable_words', context];
  for (const other of ['text', 'corpus']) {
    if (other !== context && other in (parameters ?? {})) invalid(`parameters.${other} is not supported.`);
  }
  call.only(parameters, allowed, 'parameters');
  const { file_url: url } = input;
  if (typeof url !== 'string' || 'file_urls' in input) invalid('input must contain file_url');
  checkUrl(url);
  const { language, enable_words: words = false, channel_id: channels = [0] } = parameters ?? {};
  if (language !== undefined && !qwenLanguages.includes(String(language))) invalid('language is not supported.');
  if (typeof words !== 'boolean') invalid('enable_words must be a boolean.');
  checkChannels(channels);
  return submitted(service, call, url, (sound) => {
    const transcripts = channels.map((channel) => {
      const heard = listen(service, sound, channel);
      const groups = words ? heard.map((one) => [one]) : joined(heard, service.settings.joinMs);
      const sentences = groups.map((group, index) => ({
        sentence_id: index,
        ...spanOf(group),
        ...(service.settings.tellsLanguage ? { language: language ?? group[0]!.clip.language } : {}),
        emotion: group[0]!.clip.emotion ?? 'neutral',
        text: textOf(group),
        ...(words ? wordsField(service, group) : {}),
      }));
      return { channel_id: channel, text: sentences.map(({ text }) => text).join(''), sentences };
    });
    const seconds = Math.ceil(sound[0]!.length / rate) * channels.length;
    const file = { file_url: url, audio_info: { format: 'flac', sample_rate: rate }, transcripts };
    return end(service, url, file, { seconds }, 'result');
  });
}

function submitFun(service: Service, call: Call) {
  const { settings } = service;
  const { input, parameters } = bodyOf(call);
  call.only(input, ['file_urls', 'context'], 'input');
  const { file_urls: urls } = input;
  if (!Array.isArray(urls) || 'file_url' in input) invalid('input must contain file_urls');
  if (urls.length !== 1) call.violation('newer pages allow one file in a call');
  const url = String(urls[0]);
  checkUrl(url);
  const allowed = ['channel_id', 'language_hints', 'diarization_enabled', 'speaker_count', 'special_word_filter'];
  call.only(parameters, allowed, 'parameters');
  const {
    language_hints: hints = [],
    diarization_enabled: diarization = false,
    speaker_count: count,
  } = parameters ?? {};
  if (!Array.isArray(hints) || hints.length > 1 || hints.some((hint) => !funLanguages.includes(String(hint)))) {
    invalid('language_hints is not supported.');
  }
  if (
    count !== undefined &&
    (diarization !== true || !Number.isInteger(count) || Number(count) < 2 || Number(count) > 100)
  ) {
    invalid('speaker_count must be in [2, 100], with diarization_enabled.');
  }
  const masks = readFilter(parameters?.special_word_filter, settings);
  const { channel_id: channels = [0] } = parameters ?? {};
  checkChannels(channels);
  return submitted(service, call, url, (sound) => {
    // Seen on workspace hosts: accepted without `parameters`, then failed.
    if (parameters === undefined)
      return { status: 'FAILED', output: { code: 'SERVER_ERROR', message: 'SERVER_ERROR' } };
    if (diarization === true && sound.length > 1) {
      call.violation('diarization takes mono sound only');
      return { status: 'FAILED', output: { code: 'UNSUPPORTED_FORMAT', message: 'UNSUPPORTED_FORMAT' } };
    }
    if (settings.subtaskCode !== undefined) return failedSubtask(url, settings.subtaskCode);
    let speechMs = 0;
    const transcripts = channels.map((channel) => {
      const heard = listen(service, sound, channel).map((one) => (masks ? mask(one, settings.masked) : one));
      const sentences = joined(heard, settings.joinMs).map((group, index) => ({
        ...spanOf(group),
        text: textOf(group),
        sentence_id: index + 1,
        ...(diarization === true ? { speaker_id: group[0]!.clip.speaker ?? 0 } : {}),
        ...wordsField(service, group),
      }));
      const content = sentences.reduce((sum, one) => sum + one.end_time - one.begin_time, 0);
      speechMs += content;
      const text = sentences.map((one) => one.text).join('');
      return { channel_id: channel, content_duration_in_milliseconds: content, text, sentences };
    });
    const properties = {
      ...{ audio_format: 'flac', channels: sound.map((_, index) => index), original_sampling_rate: rate },
      original_duration_in_milliseconds: Math.round((sound[0]!.length * 1000) / rate),
    };
    const usage = { duration: Math.ceil(speechMs / 1000) };
    const file = { file_url: url, properties, transcripts };
    return end(service, url, file, usage, 'results');
  });
}

async function answerCall(service: Service, call: Call) {
  const { settings, emulator } = service;
  const { input, parameters } = bodyOf(call);
  call.only(input, ['messages'], 'input');
  call.only(parameters, ['asr_options'], 'parameters');
  const options = (parameters?.asr_options ?? {}) as Fields;
  call.only(options, ['language', 'enable_itn'], 'parameters.asr_options');
  if (options.language !== undefined && !qwenLanguages.includes(String(options.language))) {
    invalid('language is not supported.');
  }
  const { url, context } = readMessages(call, input.messages);
  if (url.length > 10_000_000 && url.startsWith('data:')) {
    throw new ApiError(400, 'BadRequest.TooLarge', 'Exceeded limit on max bytes per data-uri item : 10000000');
  }
  const sound = await decodeSound((await emulator.uploads.fetchMedia(call, url)).bytes);
  if (sound === undefined) throw new ApiError(400, 'InvalidFile.Format', 'The audio cannot be decoded.');
  const ms = (sound[0]!.length * 1000) / rate;
  if (ms === 0) invalid('The audio is empty');
  if (ms > 300_000) {
    const message = `audio duration (${ms.toFixed(1)}ms) over service process (300s)`;
    throw new ApiError(400, 'AUDIO_DURATION_TOO_LONG', message);
  }
  await emulator.clock.sleep(settings.latency.pendingMs + ms * settings.latency.perAudioMs);
  const heard = listen(service, sound, 0);
  const language = options.language ?? heard[0]?.clip.language ?? 'zh';
  const content = heard.length > 0 ? [{ text: textOf(heard) }] : noSpeechContent(settings);
  const annotations = settings.tellsLanguage ? [{ type: 'audio_info', language, emotion: 'neutral' }] : [];
  const message = { role: 'assistant', content, annotations };
  const tokens = { text_tokens: context.length };
  return {
    json: {
      output: { choices: [{ finish_reason: 'stop', message }] },
      ...(settings.usage === 'absent'
        ? {}
        : {
            usage: {
              ...{ input_tokens_details: tokens, output_tokens_details: { text_tokens: heard.length } },
              seconds: Math.max(1, Math.ceil(ms / 1000)),
            },
          }),
    },
  };
}

/** The newer models: another body, times in the answer, and no speech as an error. */
async function answerTimed(service: Service, call: Call) {
  const { settings, emulator } = service;
  const { input, parameters = {} } = bodyOf(call);
  call.only(input, ['messages'], 'input');
  const allowed = ['format', 'sample_rate', 'language_hints', 'speaker_diarization_enabled'];
  call.only(parameters, allowed, 'parameters');
  if (typeof parameters.format !== 'string') invalid('Required parameter(format) missing or invalid');
  if (typeof parameters.sample_rate !== 'string') call.violation('sample_rate is a string in the docs');
  const [message] = input.messages as Fields[];
  const [part] = (message?.content ?? []) as Fields[];
  call.only(part, ['type', 'input_audio'], 'input.messages.content');
  const data = (part?.input_audio as Fields | undefined)?.data;
  if (part?.type !== 'input_audio' || typeof data !== 'string') invalid('The content must be one input_audio.');
  const sound = await decodeSound((await emulator.uploads.fetchMedia(call, data)).bytes);
  if (sound === undefined) throw new ApiError(400, 'InvalidFile.Format', 'The audio cannot be decoded.');
  const ms = (sound[0]!.length * 1000) / rate;
  await emulator.clock.sleep(settings.latency.pendingMs + ms * settings.latency.perAudioMs);
  const heard = listen(service, sound, 0);
  if (heard.length === 0) throw new ApiError(400, 'ASR_RESPONSE_HAVE_NO_WORDS', 'ASR_RESPONSE_HAVE_NO_WORDS');
  const sentences = joined(heard, settings.joinMs).map((group, index) => ({
    ...{ sentence_id: index + 1, sentence_end: true, ...spanOf(group), channel_id: 0, text: textOf(group) },
    ...wordsField(service, group),
  }));
  const [{ text: _, ...alone }] = sentences as [(typeof sentences)[0]];
  const found = {
    text: textOf(heard),
    // A single sentence is told by itself, and without its text.
    ...(sentences.length === 1 ? { sentence: alone, sentences: [] } : { sentence: alone, sentences }),
  };
  const usage = { duration: Math.ceil(ms / 1000), input_tokens: 0, output_tokens: 0, total_tokens: 0 };
  return { json: settings.timedAtTop ? { ...found, usage, output: found } : { output: found, usage } };
}

function noSpeechContent({ noSpeechInCall }: AsrSettings): { text: string }[] {
  if (noSpeechInCall === 'error') {
    throw new ApiError(400, 'ASR_RESPONSE_HAVE_NO_WORDS', 'ASR_RESPONSE_HAVE_NO_WORDS');
  }
  return noSpeechInCall === 'no-content' ? [] : [{ text: '' }];
}

/** A system message with text may come first; the user's has the sound and nothing else. */
function readMessages(call: Call, messages: unknown): { url: string; context: string } {
  if (!Array.isArray(messages) || messages.length === 0) invalid('messages is required.');
  const list = messages as Fields[];
  for (const message of list) call.only(message, ['role', 'content'], 'input.messages');
  const user = list.at(-1)!;
  const system = list.length === 2 ? list[0]! : undefined;
  if (list.length > 2 || user.role !== 'user' || (system && system.role !== 'system')) {
    invalid('Role must be in [system, user]');
  }
  const [part, ...more] = user.content as Fields[];
  call.only(part, ['audio'], 'input.messages.content');
  if (more.length > 0 || typeof part?.audio !== 'string') invalid('The content must be one audio.');
  const [told] = (system?.content ?? []) as Fields[];
  call.only(told, ['text'], 'input.messages.content');
  return { url: String(part!.audio), context: String(told?.text ?? '') };
}

function bodyOf(call: Call): { input: Fields; parameters: Fields | undefined } {
  call.only(call.json, ['model', 'input', 'parameters'], 'body');
  const { input, parameters } = call.json as { input?: Fields; parameters?: Fields };
  if (typeof input !== 'object' || input === null)
    throw new ApiError(400, 'BadRequest.EmptyInput', 'input is required.');
  return { input, parameters };
}

function invalid(message: string): never {
  throw new ApiError(400, 'InvalidParameter', message);
}

function checkUrl(url: string): void {
  if (!/^(https?|oss):\/\/[\x21-\x7e]+$/.test(url)) invalid('url error, please check url!');
}

function checkChannels(channels: unknown): asserts channels is number[] {
  if (!Array.isArray(channels) || channels.length === 0 || !channels.every(Number.isInteger)) {
    invalid('channel_id must be an array of integers.');
  }
}

/** Left out, the service's own list is in force. @returns whether words are masked */
function readFilter(given: unknown, { filter }: AsrSettings): boolean {
  if (given === undefined) return true;
  const form = typeof given === 'string' ? 'string' : 'object';
  if (filter !== 'either' && filter !== form) invalid(`special_word_filter must be of type ${filter}.`);
  const value = (form === 'string' ? JSON.parse(String(given)) : given) as Fields;
  return value.system_reserved_filter !== false;
}

/** Takes a task on: the sound is fetched and heard while it runs. */
function submitted(service: Service, call: Call, url: string, work: (sound: Float32Array[]) => TaskEnd) {
  const { emulator, settings } = service;
  const task = emulator.tasks.create(call, {
    pendingMs: settings.latency.pendingMs,
    async finish() {
      const begunAt = performance.now();
      let media: Media;
      try {
        media = await emulator.uploads.fetchMedia(call, url);
      } catch {
        return failed('FILE_DOWNLOAD_FAILED');
      }
      const sound = await decodeSound(media.bytes);
      if (sound === undefined) return failed('UNSUPPORTED_FORMAT');
      const end = work(sound);
      // What the emulator itself needs counts as part of it.
      const soundMs = (sound[0]!.length * 1000) / rate;
      const restMs = soundMs * settings.latency.perAudioMs - (performance.now() - begunAt);
      if (restMs > 0) await emulator.clock.sleep(restMs);
      return end;
    },
  });
  return { json: { output: { task_id: task.id, task_status: 'PENDING' } } };
}

function failed(code: string): TaskEnd {
  return { status: 'FAILED', output: { code, message: code } };
}

/** The documented example: the task has succeeded, its only sub-task has not. */
function failedSubtask(url: string, code: string): TaskEnd {
  return {
    output: {
      results: [{ file_url: url, code, message: code, subtask_status: 'FAILED' }],
      task_metrics: { TOTAL: 1, SUCCEEDED: 0, FAILED: 1 },
    },
  };
}

function end(
  { emulator, settings }: Service,
  url: string,
  file: object & { readonly transcripts: readonly { readonly sentences: readonly unknown[] }[] },
  usage: object,
  where: 'result' | 'results',
): TaskEnd {
  const silent = file.transcripts.every(({ sentences }) => sentences.length === 0);
  const code = 'SUCCESS_WITH_NO_VALID_FRAGMENT';
  if (silent && settings.noSpeech === 'subtask' && where === 'results') return failedSubtask(url, code);
  if (silent && settings.noSpeech !== 'empty') return failed(code);
  const link = () => {
    const expired = settings.expiredLinks-- > 0;
    const text = settings.spoiltFiles.shift() ?? JSON.stringify(file);
    const life = expired ? { lifeMs: -1000 } : {};
    return emulator.results.publish(text, { mediaType: 'application/json', extension: 'json', ...life });
  };
  // Every question is answered with a link of its own.
  const output =
    where === 'result'
      ? {
          get result() {
            return { transcription_url: link() };
          },
        }
      : {
          get results() {
            return [{ file_url: url, transcription_url: link(), subtask_status: 'SUCCEEDED' }];
          },
          task_metrics: { TOTAL: 1, SUCCEEDED: 1, FAILED: 0 },
        };
  return { output, ...(settings.usage === 'absent' ? {} : { usage }) };
}

function listen({ ear }: Service, sound: readonly Float32Array[], channel: number): Heard[] {
  return sound[channel] === undefined ? [] : ear.listen(sound[channel]);
}

/** Groups of clips of one speaker with little silence between them, as a voice activity detector cuts. */
function joined(heard: readonly Heard[], joinMs: number): Heard[][] {
  const groups: Heard[][] = [];
  for (const one of heard) {
    const last = groups.at(-1)?.at(-1);
    const near = last !== undefined && one.startMs - last.endMs < joinMs && last.clip.speaker === one.clip.speaker;
    if (near) groups.at(-1)!.push(one);
    else groups.push([one]);
  }
  return groups;
}

function spanOf(group: readonly Heard[]): { begin_time: number; end_time: number } {
  const words = group.flatMap((one) => one.words);
  return { begin_time: Math.round(words[0]!.startMs), end_time: Math.round(words.at(-1)!.endMs) };
}

function textOf(group: readonly Heard[]): string {
  const unspaced = ['zh', 'ja', 'yue', 'th'].includes(group[0]!.clip.language);
  return group
    .map(({ words }) =>
      words
        .map((word) => word.text + word.punctuation)
        .join('')
        .trim(),
    )
    .join(unspaced ? '' : ' ');
}

function wordsField({ settings }: Service, group: readonly Heard[]): { words?: object[] } {
  if (settings.words === 'absent') return {};
  const words = group.flatMap((one) => spoil(one.words, settings.words));
  return {
    words: words.map((word) => ({
      begin_time: Math.round(word.startMs),
      end_time: Math.round(word.endMs),
      text: word.text,
      punctuation: word.punctuation,
    })),
  };
}

function spoil(words: readonly ClipWord[], how: AsrSettings['words']): ClipWord[] {
  if (how === 'equal-times')
    return words.map((word, index) => (index % 3 === 1 ? { ...word, endMs: word.startMs } : word));
  if (how === 'written-out')
    return words.map((word) => ({ ...word, text: `${[...word.text.trim()].reverse().join('')} ` }));
  if (how !== 'split') return [...words];
  return words.flatMap((word) => {
    const half = Math.floor(word.text.length / 2);
    const middle = (word.startMs + word.endMs) / 2;
    const first = { ...word, text: word.text.slice(0, half).trim(), punctuation: '', endMs: middle };
    return half < 2 ? [word] : [first, { ...word, text: word.text.slice(half).trim(), startMs: middle }];
  });
}

function mask(heard: Heard, pattern: RegExp): Heard {
  const stars = (text: string) => text.replace(pattern, (found) => '*'.repeat(found.length));
  const clip: Clip = { ...heard.clip, text: stars(heard.clip.text) };
  return { ...heard, clip, words: heard.words.map((word) => ({ ...word, text: stars(word.text) })) };
}
