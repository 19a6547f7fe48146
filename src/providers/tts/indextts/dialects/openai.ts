import { replyStatus } from '../../../../net/facts.js';
import type { AudioServer } from '../../../vendors/audio-server/client.js';
import { readVoiceNames } from '../../../vendors/audio-server/voice-names.js';
import { modelName, versionOf } from '../models.js';
import { type Dialect, type DialectSettings, isMissing, type VoiceRef } from './dialect.js';

const voiceRoutes = ['/v1/audio/voices', '/v1/voices', '/audio/voices'] as const;

/**
 * Wrappers around IndexTTS with OpenAI's `/v1/audio/speech`, or `/audio/speech` without the prefix. Voices by name. An
 * MP3 that is asked for may be a WAV, so WAV is asked for; `speed` is taken and ignored by those that are known.
 */
export function openaiShape(server: AudioServer, settings: DialectSettings): Dialect {
  let route = '/v1/audio/speech';

  async function send(json: object, signal: AbortSignal): Promise<Uint8Array> {
    try {
      return (await server.send(route, { json }, signal)).body.bytes;
    } catch (error) {
      if (!isMissing(error) || route === '/audio/speech') throw error;
      const { body } = await server.send('/audio/speech', { json }, signal);
      route = '/audio/speech';
      return body.bytes;
    }
  }

  return {
    name: 'openai',
    takes: new Set<VoiceRef['kind']>(['name']),
    async look(signal) {
      const version = versionOf(settings.model ?? '') ?? '2';
      for (const path of ['/v1/models', '/health', '/models']) {
        const { status, body } = await server.look(path, signal).catch((error: unknown) => {
          if (replyStatus(error) === undefined || replyStatus(error) === 401 || replyStatus(error) === 403) throw error;
          return { status: replyStatus(error)!, body: { json: undefined } };
        });
        if (status === 503) return { state: 'loading', detail: 'openai, not ready (503)', version };
        if (status === 200 && body.json !== undefined)
          return { state: 'ready', detail: `openai, taken for ${modelName(version)}`, version };
      }
      const hint = 'Check the address, and INDEXTTS_DIALECT: `auto` finds out what the server speaks.';
      return { state: 'unfit', detail: 'neither /v1/models nor /health answers', version, hint };
    },
    async voices(signal) {
      for (const path of voiceRoutes) {
        const { status, body } = await server.look(path, signal);
        if (status === 200 && body.json !== undefined) return readVoiceNames(body.json);
      }
      return undefined;
    },
    speak({ text, voice, rate }, signal) {
      const speed = rate === 1 ? {} : { speed: rate };
      const model = settings.model ?? 'index-tts';
      const name = voice.kind === 'name' ? voice.name : '';
      return send({ model, input: text, voice: name, response_format: 'wav', ...speed }, signal);
    },
    forget: () => undefined,
  };
}
