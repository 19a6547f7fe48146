import type { RawAnswer } from '../dashscope/wire.js';
import { readForm } from './form.js';
import { answerJson, answerSound, fieldsOf, type Ground, Refusal, type Route, refuse, textOf } from './server.js';
import { soundOf } from './sound.js';
import { toneOfClip, toneOfName } from './tones.js';

const v2Fields = [
  ...['text', 'spk_audio_path', 'emo_control_method', 'emo_ref_path', 'emo_weight', 'emo_vec', 'emo_text'],
  ...['emo_random', 'max_text_tokens_per_sentence'],
];

/** index-tts-vllm v1, v2, and v2 with the two routes for samples. */
export function vllmRoutes(ground: Ground): readonly Route[] {
  const { settings, tones } = ground;
  const isFirst = settings.kind === 'vllm1';
  const sampleRate = isFirst ? 24_000 : 22_050;
  const say = async (text: string, tone: number): Promise<RawAnswer> =>
    answerSound(
      await soundOf(
        { text, language: /\p{Script=Han}/u.test(text) ? 'zh' : 'en', tone, speed: 1, sampleRate },
        settings.sound,
      ),
    );
  const tonePath = (path: string) =>
    tones.get(path) ?? (settings.files.has(path) ? toneOfName(path) : traceback(`FileNotFoundError: ${path}`));

  const health: Route = {
    method: 'GET',
    path: '/health',
    name: 'health',
    open: true,
    handle() {
      const status = settings.health === 'ready' ? 'healthy' : 'unhealthy';
      return answerJson(
        { status, message: 'TTS service', timestamp: 1_700_000_000 },
        settings.health === 'ready' ? 200 : 503,
      );
    },
  };

  async function speakV2(json: unknown): Promise<RawAnswer> {
    const fields = fieldsOf(ground, json, v2Fields);
    const text = textOf(fields, 'text');
    const path = textOf(fields, 'spk_audio_path');
    if (fields.emo_control_method !== 0) ground.violation('an emotion that nobody asked for');
    const vector = fields.emo_vec as readonly number[];
    if (!Array.isArray(vector) || vector.length !== 8) traceback('ValueError: emo_vec must have 8 numbers');
    return say(text, tonePath(path));
  }

  if (isFirst) {
    const character = (name: string) =>
      settings.names.has(name) ? toneOfName(name) : traceback(`KeyError: '${name}'`);
    return [
      health,
      {
        method: 'GET',
        path: '/audio/voices',
        name: 'voices',
        handle: () => answerJson(Object.fromEntries([...settings.names].map((name) => [name, [`/srv/${name}.wav`]]))),
      },
      {
        method: 'POST',
        path: '/tts',
        name: 'speak',
        async handle(_, json) {
          const fields = fieldsOf(ground, json, ['text', 'character']);
          return say(textOf(fields, 'text'), character(textOf(fields, 'character')));
        },
      },
      {
        method: 'POST',
        path: '/tts_url',
        name: 'speak',
        async handle(_, json) {
          const fields = fieldsOf(ground, json, ['text', 'audio_paths', 'seed']);
          const paths = fields.audio_paths;
          if (!Array.isArray(paths) || typeof paths[0] !== 'string') return refuse(422, 'audio_paths');
          return say(textOf(fields, 'text'), tonePath(paths[0]));
        },
      },
    ];
  }

  const samples: readonly Route[] = [
    {
      method: 'POST',
      path: '/upload_audio',
      name: 'upload',
      async handle(request) {
        const form = await readForm(request);
        const file = form?.files.file;
        if (file === undefined || Object.keys(form!.fields).length > 0) return refuse(422, 'file');
        const tone = toneOfClip(file.bytes);
        if (tone === undefined) ground.violation('a clip without a voice');
        const path = `/srv/uploads/${file.filename}`;
        tones.set(path, tone ?? 0);
        return answerJson({ status: 'success', server_path: path, filename: file.filename, size: file.bytes.length });
      },
    },
    { method: 'POST', path: '/tts_url_with_cloning', name: 'speak', handle: (_, json) => speakV2(json) },
  ];
  return [
    health,
    { method: 'POST', path: '/tts_url', name: 'speak', handle: (_, json) => speakV2(json) },
    ...(settings.kind === 'upload' ? samples : []),
  ];
}

/** A small wrapper with OpenAI's route; speed is taken and ignored. */
export function wrapperRoutes(ground: Ground): readonly Route[] {
  const { settings } = ground;
  return [
    {
      method: 'GET',
      path: '/health',
      name: 'health',
      open: true,
      handle: () => answerJson({ status: 'ok' }, settings.health === 'ready' ? 200 : 503),
    },
    {
      method: 'GET',
      path: '/v1/models',
      name: 'models',
      handle: () =>
        settings.health === 'ready'
          ? answerJson({ object: 'list', data: [{ id: 'index-tts' }] })
          : refuse(503, 'loading'),
    },
    ...(settings.lists
      ? [
          {
            ...({ method: 'GET', path: '/v1/voices', name: 'voices' } as const),
            handle: () => answerJson({ voices: [...settings.names] }),
          },
        ]
      : []),
    {
      method: 'POST',
      path: '/v1/audio/speech',
      name: 'speak',
      async handle(_, json) {
        const fields = fieldsOf(ground, json, ['model', 'input', 'voice', 'response_format', 'speed']);
        const [text, voice] = [textOf(fields, 'input'), textOf(fields, 'voice')];
        textOf(fields, 'model');
        if (!settings.names.has(voice)) return refuse(400, `unknown voice ${voice}`);
        return answerSound(
          await soundOf(
            { text, language: 'en', tone: toneOfName(voice), speed: 1, sampleRate: 22_050 },
            settings.sound,
          ),
        );
      },
    },
  ];
}

function traceback(last: string): never {
  const error = `Traceback (most recent call last):\n  File "/app/index-tts-vllm/api_server_v2.py", line 90, in tts_api_url\n    wav = await tts.infer(…)\n${last}\n`;
  throw new Refusal(answerJson({ status: 'error', error }, 500));
}
