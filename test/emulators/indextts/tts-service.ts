import { answerJson, answerSound, fieldsOf, type Ground, type Route, refuse, textOf } from './server.js';
import { soundOf } from './sound.js';
import { toneOfClip, toneOfName } from './tones.js';

const allowed = [
  ...['text', 'speaker_id', 'prompt_audio_url', 'target_duration_ms', 'language', 'prosody_control'],
  ...['time_constraints', 'output_format', 'sample_rate', 'tts_backend', 'indextts_gradio_url'],
];

/** tts_service of video-auto-dubbing, its errors `{"error","message","details"}`. */
export function ttsServiceRoutes(ground: Ground): readonly Route[] {
  const { settings } = ground;
  const error = (status: number, code: string, message: string): never =>
    refuse(status, { error: code, message, details: null });
  let counter = 0;

  async function toneFor(fields: Readonly<Record<string, unknown>>): Promise<number> {
    const url = fields.prompt_audio_url;
    if (typeof url === 'string') {
      const fetched = await fetch(url)
        .then(async (reply) => (reply.ok ? Buffer.from(await reply.arrayBuffer()) : undefined))
        .catch(() => undefined);
      return (fetched && toneOfClip(fetched)) ?? error(500, 'synthesis_failed', 'prompt audio could not be downloaded');
    }
    const speaker = fields.speaker_id === undefined ? 'default' : String(fields.speaker_id);
    if (speaker !== 'default' && !settings.names.has(speaker))
      error(400, 'invalid_parameter', `unknown speaker ${speaker}`);
    return toneOfName(speaker);
  }

  return [
    {
      method: 'GET',
      path: '/health',
      name: 'health',
      open: true,
      handle() {
        const loaded = settings.health === 'ready';
        const health = {
          status: loaded ? 'healthy' : 'degraded',
          model_loaded: loaded,
          backend: 'index_tts2',
          index_tts2_loaded: loaded,
        };
        return answerJson(
          { ...health, message: loaded ? 'ok' : 'loading the model' },
          settings.health === 'sick' ? 503 : 200,
        );
      },
    },
    {
      method: 'GET',
      path: '/speakers',
      name: 'speakers',
      handle: () => answerJson({ speakers: ['default', ...settings.names].map((id) => ({ id })) }),
    },
    {
      method: 'GET',
      path: /^\/audio\/[\w.-]+$/,
      name: 'audio',
      handle({ url }) {
        return answerSound(ground.outputs.get(url.pathname) ?? refuse(404, 'Not Found'));
      },
    },
    {
      method: 'POST',
      path: '/synthesize',
      name: 'speak',
      async handle({ headers }, json) {
        const fields = fieldsOf(ground, json, allowed);
        if (settings.health !== 'ready') error(503, 'model_not_loaded', 'the model is not loaded');
        const text = textOf(fields, 'text');
        if ([...text].length > 10_000) error(400, 'text_too_long', 'text is too long');
        const target = fields.target_duration_ms;
        if (typeof target !== 'number' || target <= 0)
          error(400, 'invalid_parameter', 'target_duration_ms must be > 0');
        for (const value of Object.values((fields.prosody_control ?? {}) as object)) {
          if (typeof value !== 'number' || value < 0.5 || value > 2)
            error(400, 'invalid_parameter', 'prosody_control out of range');
        }
        if (!['wav', 'mp3', undefined].includes(fields.output_format as string | undefined))
          error(400, 'invalid_parameter', 'output_format');
        const language = textOf(fields, 'language');
        const tone = await toneFor(fields);
        const sampleRate = Number(fields.sample_rate ?? 22_050);
        const sound = await soundOf({ text, language, tone, speed: 1, sampleRate }, settings.sound);
        if (settings.sound === 'page' || (settings.reply === 'bytes' && /audio/.test(headers.accept ?? '')))
          return answerSound(sound);
        const path = `/audio/${(counter++).toString(16).padStart(4, '0')}.wav`;
        const links = {
          bytes: () => `${ground.url()}${path}`,
          relative: () => path,
          absolute: () => `${ground.url()}${path}`,
          container: () => `http://tts-service:8000${path}`,
          elsewhere: () => ground.elsewhere(sound),
        };
        if (settings.reply !== 'elsewhere') ground.outputs.set(path, sound);
        const audio_url = await links[settings.reply]();
        return answerJson({
          audio_url,
          duration_ms: 1000,
          sample_rate: sampleRate,
          format: 'wav',
          file_size: sound.length,
        });
      },
    },
  ];
}
