import { execFile } from 'node:child_process';
import type { RawAnswer } from '../dashscope/wire.js';
import { soundOf } from '../indextts/sound.js';
import { toneOfName } from '../indextts/tones.js';
import { OpenAiProblem, type OpenAiSettings } from './server.js';

const fields = ['model', 'input', 'voice', 'response_format', 'speed', 'instructions', 'stream_format'];
const formats = ['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm'];
const letters: Readonly<Record<string, string>> = { a: 'en', b: 'en', e: 'es', z: 'zh', f: 'fr', j: 'ja' };

/** `POST /audio/speech`. */
export async function speech(
  json: unknown,
  settings: OpenAiSettings,
  violation: (what: string) => void,
): Promise<RawAnswer> {
  if (typeof json !== 'object' || json === null)
    throw new OpenAiProblem(400, 'We could not parse the JSON body of your request.');
  const given = json as Record<string, unknown>;
  const more = { 'unknown-field': [], name: ['language'], kokoro: ['stream', 'lang_code'] }[settings.language];
  for (const key of Object.keys(given)) if (![...fields, ...more].includes(key)) violation(`unknown field ${key}`);
  const { model, input, voice, speed = 1 } = given;
  const format = String(given.response_format ?? 'mp3');
  if (typeof model !== 'string' || !settings.models.includes(model))
    throw new OpenAiProblem(404, `The model \`${String(model)}\` does not exist`, 'model_not_found');
  if (typeof input !== 'string' || input === '') throw new OpenAiProblem(400, 'input is required');
  if (input.length > settings.mostCharacters)
    throw new OpenAiProblem(400, `input: String should have at most ${settings.mostCharacters} characters`);
  if (
    typeof voice !== 'string' ||
    !voice.split('+').every((one) => settings.voices.includes(one.replace(/\(.*\)$/, '')))
  ) {
    throw new OpenAiProblem(400, `Voice '${String(voice)}' not found`);
  }
  if (!formats.includes(format)) throw new OpenAiProblem(400, `Invalid response_format ${format}`);
  if (settings.format === 'no-wav' && format !== 'mp3')
    throw new OpenAiProblem(400, 'response_format: only mp3 is available without ffmpeg');
  if (typeof speed !== 'number' || speed < 0.25 || speed > 4)
    throw new OpenAiProblem(422, 'speed: Input should be between 0.25 and 4');
  if (settings.speed === 'refused' && given.speed !== undefined)
    throw new OpenAiProblem(422, 'speed is not supported by this model');
  const sound = await soundOf(
    {
      text: input,
      language: languageOf(given, settings, violation),
      tone: toneOfName(voice),
      speed: settings.speed === 'honoured' ? speed : 1,
      sampleRate: 24_000,
    },
    settings.sound,
  );
  if (settings.format === 'always-wav' || settings.sound === 'page' || settings.sound === 'json')
    return answer(sound, `audio/${format}`);
  if (format === 'pcm') return answer(sound.subarray(44), 'audio/pcm');
  return format === 'mp3' && sound.length > 44
    ? answer(await toMp3(sound), 'audio/mpeg')
    : answer(sound, `audio/${format}`);
}

function languageOf(
  given: Readonly<Record<string, unknown>>,
  settings: OpenAiSettings,
  violation: (what: string) => void,
): string {
  const text = String(given.input);
  if (settings.language === 'name') {
    const names: Readonly<Record<string, string>> = { English: 'en', Spanish: 'es', Chinese: 'zh', Japanese: 'ja' };
    const code = names[String(given.language)];
    if (code === undefined) violation(`the language ${JSON.stringify(given.language)} is no name`);
    return code ?? 'en';
  }
  if (settings.language === 'kokoro') {
    if (given.stream !== false) violation('streamed: the header of the WAV file would lie');
    return letters[String(given.lang_code ?? String(given.voice)[0])] ?? 'en';
  }
  return /[ñ¿¡áéíóú]/i.test(text) ? 'es' : /\p{Script=Han}/u.test(text) ? 'zh' : 'en';
}

function answer(body: Buffer, type: string): RawAnswer {
  return {
    status: 200,
    headers: { 'content-type': body.subarray(0, 1).toString() === '<' ? 'text/html' : type },
    body,
  };
}

function toMp3(wave: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { encoding: 'buffer' as const, maxBuffer: 64 * 1_048_576 };
    const child = execFile(
      'ffmpeg',
      ['-v', 'error', '-i', '-', '-c:a', 'libmp3lame', '-f', 'mp3', '-'],
      options,
      (error, stdout) => (error ? reject(error) : resolve(stdout)),
    );
    child.stdin?.on('error', () => undefined).end(wave);
  });
}
