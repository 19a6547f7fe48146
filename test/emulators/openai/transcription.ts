import { decodeSound, type Ear, type Heard } from '../dashscope/ear.js';
import type { RawAnswer, RawRequest } from '../dashscope/wire.js';
import { readForm } from '../indextts/form.js';
import { OpenAiProblem, type OpenAiSettings, ok } from './server.js';

const fields = [
  'model',
  'language',
  'prompt',
  'response_format',
  'temperature',
  'timestamp_granularities[]',
  'chunking_strategy',
];
/** whisper.cpp's form has more, and knows no granularities. */
const inferenceFields = ['language', 'prompt', 'response_format', 'temperature', 'no_language_probabilities', 'model'];
const names: Readonly<Record<string, string>> = { en: 'english', zh: 'chinese', de: 'german', es: 'spanish' };
const endings = /\.(flac|mp3|mp4|mpeg|mpga|m4a|ogg|wav|webm)$/;

/** `POST /audio/transcriptions`, or whisper.cpp's `/inference`. */
export async function transcription(
  request: RawRequest,
  settings: OpenAiSettings,
  ear: Ear | undefined,
  violation: (what: string) => void,
): Promise<RawAnswer> {
  const form = await readForm(request);
  const file = form?.files.file;
  if (form === undefined || file === undefined) throw new OpenAiProblem(400, 'file is required');
  const allowed = settings.inference ? inferenceFields : fields;
  for (const key of Object.keys(form.fields)) if (!allowed.includes(key)) violation(`unknown field ${key}`);
  const { model, language, response_format: format = 'json' } = form.fields;
  const granularities = (form.fields['timestamp_granularities[]'] ?? '').split('\n').filter((one) => one !== '');
  if (!settings.inference && (model === undefined || !settings.models.includes(model))) {
    throw new OpenAiProblem(
      404,
      `Model '${String(model)}' is not installed locally. You can download the model using POST /v1/models`,
    );
  }
  if (!endings.test(file.filename)) throw new OpenAiProblem(400, 'Invalid file format.');
  if (file.bytes.length > settings.mostBytes)
    throw new OpenAiProblem(413, `Maximum content size limit (${settings.mostBytes}) exceeded`);
  if (settings.inference && !file.filename.endsWith('.wav')) throw new OpenAiProblem(400, 'failed to read audio data');
  if (language !== undefined && language !== 'auto' && !/^[a-z]{2,3}$/.test(language))
    violation(`language ${language} is no ISO 639-1 code`);
  if (language === 'auto' && !settings.inference) violation('auto is a language of whisper.cpp only');
  if (granularities.length > 0 && settings.granularities === 'refused')
    throw new OpenAiProblem(400, 'timestamp_granularities is not supported');
  if (format === 'verbose_json' && !settings.times)
    throw new OpenAiProblem(
      400,
      `response_format 'verbose_json' is not compatible with model '${model}'. Use 'json' or 'text' instead.`,
    );
  if (/diarize/.test(model ?? '') && form.fields.chunking_strategy === undefined)
    throw new OpenAiProblem(400, 'chunking_strategy is required for diarization models');

  const decoded = await decodeSound(file.bytes);
  const sound = decoded?.[0];
  if (sound === undefined) throw new OpenAiProblem(400, 'The audio file could not be decoded.');
  const heard = ear?.listen(sound) ?? [];
  const durationS = sound.length / 16_000;
  if (settings.reply === 'other') return ok({ hello: 'world' });
  if (settings.reply === 'error-in-200')
    return ok({ error: { message: 'upstream connect error', type: 'server_error', code: null } });
  const spoken = heard[0]?.clip.language ?? 'en';
  const lost = settings.takesForEnglish && language === undefined && spoken !== 'en';
  const text = lost ? 'Thank you for watching.' : heard.map(({ clip }) => clip.text).join(' ');
  if (settings.reply === 'text')
    return { status: 200, headers: { 'content-type': 'text/plain' }, body: Buffer.from(`${text}\n`) };
  if (format === 'json') return ok({ text, usage: { type: 'duration', seconds: Math.ceil(durationS) } });
  if (format === 'diarized_json') return ok(diarized(heard, text, durationS));
  const code = lost ? 'en' : spoken;
  const said = { name: names[code] ?? code, code, none: undefined }[settings.languageForm];
  const wantsWords = settings.granularities === 'ignored' || granularities.includes('word');
  const wantsSegments =
    granularities.length === 0 || granularities.includes('segment') || settings.granularities === 'ignored';
  return ok({
    task: 'transcribe',
    ...(said === undefined ? {} : { language: said }),
    // Some servers mean the time they took.
    duration: settings.inference ? 0.731 : durationS,
    text,
    ...(wantsSegments
      ? { segments: [...heard.map((one, id) => segmentOf(one, id, settings, lost)), ...invented(settings, durationS)] }
      : {}),
    ...(settings.words === 'top' && wantsWords ? { words: heard.flatMap(plainWords) } : {}),
    usage: { type: 'duration', seconds: Math.ceil(durationS) },
  });
}

const seconds = (ms: number) => Math.round(ms) / 1000;

function segmentOf(heard: Heard, id: number, { words, speakers }: OpenAiSettings, lost: boolean): object {
  const { clip, startMs, endMs } = heard;
  const speaker = clip.speaker ?? 0;
  return {
    id,
    seek: 0,
    start: seconds(Math.max(0, startMs)),
    end: seconds(endMs),
    text: lost ? ' Thank you for watching.' : ` ${clip.text}`,
    tokens: [50_364],
    temperature: 0,
    avg_logprob: -0.28,
    compression_ratio: 1.23,
    no_speech_prob: 0.009,
    ...(words === 'nested' ? { words: plainWords(heard) } : {}),
    ...(words === 'tokens' ? { words: tokens(heard) } : {}),
    ...(speakers === 'spk' ? { spk: `SPK${speaker}` } : speakers === 'speaker' ? { speaker } : {}),
  };
}

/** Words carry no punctuation. */
function plainWords({ words }: Heard): object[] {
  return words.map(({ text, startMs, endMs }) => ({
    word: text.replace(/^\P{L}+|\P{L}+$/gu, ''),
    start: seconds(startMs),
    end: seconds(endMs),
  }));
}

/** whisper.cpp has tokens, the first of a word with a space: " ber", "lin". */
function tokens({ words }: Heard): object[] {
  return words.flatMap(({ text, punctuation, startMs, endMs }) => {
    const whole = text + punctuation.trim();
    const half = Math.ceil(whole.length / 2);
    const middle = (startMs + endMs) / 2;
    const first = {
      word: ` ${whole.slice(0, half)}`,
      start: seconds(startMs),
      end: seconds(middle),
      t_dtw: -1,
      probability: 0.9,
    };
    const second = {
      word: whole.slice(half),
      start: seconds(middle),
      end: seconds(endMs),
      t_dtw: -1,
      probability: 0.8,
    };
    return whole.length > 1 ? [first, second] : [first];
  });
}

/** Whisper ends a last segment after the file, where nothing is said. */
function invented({ invents }: OpenAiSettings, durationS: number): object[] {
  if (!invents) return [];
  const text = ' Subtitles by the Amara.org community';
  return [
    {
      id: 99,
      start: durationS - 0.3,
      end: durationS + 2,
      text,
      avg_logprob: -1.4,
      no_speech_prob: 0.93,
      compression_ratio: 0.8,
    },
  ];
}

function diarized(heard: readonly Heard[], text: string, durationS: number): object {
  const segments = heard.map(({ clip, startMs, endMs }, index) => ({
    type: 'transcript.text.segment',
    id: `seg_${index}`,
    start: seconds(Math.max(0, startMs)),
    end: seconds(endMs),
    text: clip.text,
    speaker: String.fromCharCode(65 + (clip.speaker ?? 0)),
  }));
  return {
    task: 'transcribe',
    duration: durationS,
    text,
    segments,
    usage: { type: 'duration', seconds: Math.ceil(durationS) },
  };
}
