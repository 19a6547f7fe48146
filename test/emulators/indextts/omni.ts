import { readForm } from './form.js';
import { answerJson, answerSound, fieldsOf, type Ground, Refusal, type Route } from './server.js';
import { soundOf } from './sound.js';
import { toneOfClip, toneOfName } from './tones.js';

const fieldsOfSpeech = ['model', 'input', 'voice', 'ref_audio', 'response_format', 'speed', 'extra_params', 'stream'];
const fieldsOfExtra = [
  'lang',
  'text_normalization',
  'emo_vector',
  'emo_alpha',
  'emo_audio',
  'use_emo_text',
  'emo_text',
];

/** vLLM-Omni with IndexTTS-2.5: OpenAI's routes, uploaded voices with consent, errors in OpenAI's form. */
export function omniRoutes(ground: Ground): readonly Route[] {
  const { settings, tones } = ground;
  const error = (status: number, message: string, param: string | null = null): never => {
    throw new Refusal(answerJson({ error: { message, type: 'BadRequestError', param, code: status } }, status));
  };

  async function toneFor(fields: Readonly<Record<string, unknown>>): Promise<number> {
    const { voice, ref_audio: clip } = fields;
    if (typeof clip === 'string') {
      const [, base64] = /^data:audio\/[\w.+-]+;base64,(.+)$/s.exec(clip) ?? [];
      const bytes =
        base64 === undefined ? await fetch(clip).then((reply) => reply.arrayBuffer()) : Buffer.from(base64, 'base64');
      return toneOfClip(new Uint8Array(bytes)) ?? error(400, 'ref_audio cannot be decoded', 'ref_audio');
    }
    if (typeof voice !== 'string') error(400, 'voice or ref_audio is needed', 'voice');
    const name = voice as string;
    return (
      tones.get(name) ??
      (settings.names.has(name) ? toneOfName(name) : error(400, `Voice '${name}' not found`, 'voice'))
    );
  }

  return [
    {
      method: 'GET',
      path: '/health',
      name: 'health',
      open: true,
      handle: () => ({ status: settings.health === 'ready' ? 200 : 503, headers: {}, body: Buffer.alloc(0) }),
    },
    {
      method: 'GET',
      path: '/v1/models',
      name: 'models',
      handle() {
        if (settings.health !== 'ready') error(503, 'The model is still loading');
        return answerJson({ object: 'list', data: [{ id: settings.model, object: 'model', owned_by: 'vllm' }] });
      },
    },
    {
      method: 'GET',
      path: '/v1/audio/voices',
      name: 'voices',
      handle: () =>
        answerJson({
          voices: [...settings.names],
          uploaded_voices: [...tones.keys()].map((name) => ({ name, mime_type: 'audio/wav' })),
        }),
    },
    {
      method: 'POST',
      path: '/v1/audio/voices',
      name: 'upload',
      async handle(request) {
        const form = await readForm(request);
        const { name, consent, ...rest } = form?.fields ?? {};
        for (const key of Object.keys(rest))
          if (!['ref_text', 'speaker_description'].includes(key)) ground.violation(`unknown field ${key}`);
        const clip = form?.files.audio_sample;
        if (clip === undefined) error(400, 'audio_sample is needed', 'audio_sample');
        if (!consent) error(400, 'consent is needed', 'consent');
        if (!name) error(400, 'name is needed', 'name');
        if (clip!.bytes.length > 10_000_000) error(400, 'audio_sample is larger than 10 MB', 'audio_sample');
        if (tones.size >= settings.mostVoices) error(400, `Maximum number of voices (${settings.mostVoices}) reached`);
        const tone = toneOfClip(clip!.bytes) ?? error(400, 'audio_sample cannot be decoded');
        if (tones.has(name!)) ground.violation(`${name} was uploaded twice`);
        tones.set(name!, tone);
        return answerJson({ success: true, voice: { name, consent, created_at: 1_790_000_000 } });
      },
    },
    {
      method: 'DELETE',
      path: /^\/v1\/audio\/voices\/[^/]+$/,
      name: 'forget',
      handle({ url }) {
        const name = decodeURIComponent(url.pathname.split('/').at(-1)!);
        if (!tones.delete(name)) error(404, `Voice '${name}' not found`);
        return answerJson({ success: true });
      },
    },
    {
      method: 'POST',
      path: '/v1/audio/speech',
      name: 'speak',
      async handle(_, json) {
        const fields = fieldsOf(ground, json, fieldsOfSpeech);
        const { input, model, speed = 1, response_format: format = 'wav' } = fields;
        if (typeof input !== 'string' || input === '') error(400, 'Input text cannot be empty', 'input');
        if (model !== settings.model) error(404, `The model \`${String(model)}\` does not exist.`, 'model');
        if (typeof speed !== 'number' || speed < 0.5 || speed > 2)
          error(400, 'speed must be between 0.5 and 2.0', 'speed');
        if (format !== 'wav') ground.violation(`response_format ${String(format)}`);
        const extra = (fields.extra_params ?? {}) as Record<string, unknown>;
        for (const key of Object.keys(extra))
          if (!fieldsOfExtra.includes(key)) ground.violation(`unknown extra_params.${key}`);
        const lang = String(extra.lang ?? '');
        if (!['zh', 'en', 'ja', 'es', 'ar', 'zhen'].includes(lang))
          error(400, `lang '${lang}' is not supported`, 'extra_params');
        const tone = await toneFor(fields);
        const sound = await soundOf(
          { text: input as string, language: lang, tone, speed: speed as number, sampleRate: 22_050 },
          settings.sound,
        );
        return answerSound(sound);
      },
    },
  ];
}
