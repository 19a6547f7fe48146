import { z } from 'zod';
import { DubError } from '../../../../errors.js';
import type { AudioServer } from '../../../vendors/audio-server/client.js';
import { readVoiceNames } from '../../../vendors/audio-server/voice-names.js';
import { type ModelVersion, modelName, versionOf } from '../models.js';
import type { PreparedSample } from '../prepared-sample.js';
import {
  type Dialect,
  type DialectSettings,
  type Health,
  isMissing,
  onceForEach,
  refuseWrongKey,
  type VoiceRef,
} from './dialect.js';

/** index-tts-vllm: `{"status":"healthy","message":"…","timestamp":1700000000}`; `unhealthy` with 503. */
const healthReply = z.looseObject({ status: z.string().optional() });

/** index-tts-vllm v1 (`api_server.py`, model 1.5): named characters, or files on the server's disk. */
export function vllm1(server: AudioServer, settings: DialectSettings): Dialect {
  return {
    name: 'vllm1',
    takes: new Set<VoiceRef['kind']>(['name', 'path']),
    look: (signal) => lookAt(server, 'vllm1', versionOf(settings.model ?? '') ?? '1.5', signal),
    async voices(signal) {
      const { status, body } = await server.look('/audio/voices', signal);
      return status === 200 ? readVoiceNames(body.json) : undefined;
    },
    async speak({ text, voice }, signal) {
      const [route, json] =
        voice.kind === 'path'
          ? (['/tts_url', { text, audio_paths: [voice.path], seed }] as const)
          : (['/tts', { text, character: nameOf(voice) }] as const);
      return (await server.send(route, { json }, signal)).body.bytes;
    },
    forget: () => undefined,
  };
}

/** The one server with a seed: the same line comes out the same. */
const seed = 8;

/** index-tts-vllm v2 (`api_server_v2.py`, model 2): files on the server's disk only. */
export function vllm2(server: AudioServer, settings: DialectSettings): Dialect {
  return {
    name: 'vllm2',
    takes: new Set<VoiceRef['kind']>(['path']),
    look: (signal) => lookAt(server, 'vllm2', versionOf(settings.model ?? '') ?? '2', signal),
    voices: async () => undefined,
    async speak(order, signal) {
      const { voice } = order;
      if (voice.kind !== 'path') throw noUploads(server);
      return (await server.send('/tts_url', { json: bodyOf(order.text, voice.path) }, signal)).body.bytes;
    },
    forget: () => undefined,
  };
}

const uploadReply = z.looseObject({ server_path: z.string().min(1) });

/** The same with two routes more, by which a sample is put on the server's disk first. */
export function upload(server: AudioServer, settings: DialectSettings): Dialect {
  const uploads = onceForEach(put);

  async function put(sample: PreparedSample, signal: AbortSignal): Promise<string> {
    const file = {
      name: 'file',
      filename: `dub-${sample.sha256.slice(0, 16)}.wav`,
      mediaType: 'audio/wav',
      content: sample.bytes,
    };
    const { body } = await server
      .send('/upload_audio', { form: { fields: [], files: [file] } }, signal)
      .catch((error: unknown) => {
        throw isMissing(error) ? noUploads(server, error) : error;
      });
    const read = uploadReply.safeParse(body.json);
    if (read.success) return read.data.server_path;
    throw new DubError(
      'PROVIDER_BAD_REPLY',
      `${server.address.host} took the voice sample but did not say where it put it.`,
      {
        hint: 'Look at the server; the same command resumes.',
        retryable: true,
      },
    );
  }

  return {
    name: 'upload',
    takes: new Set<VoiceRef['kind']>(['path', 'sample']),
    leavesFiles: true,
    look: (signal) => lookAt(server, 'upload', versionOf(settings.model ?? '') ?? '2', signal),
    voices: async () => undefined,
    async speak({ text, voice }, signal) {
      const isSample = voice.kind === 'sample';
      const path = isSample
        ? await uploads.get(voice.sample, signal)
        : voice.kind === 'path'
          ? voice.path
          : nameOf(voice);
      const route = isSample ? '/tts_url_with_cloning' : '/tts_url';
      return (await server.send(route, { json: bodyOf(text, path) }, signal)).body.bytes;
    },
    forget: uploads.forget,
  };
}

/** Fields of v2; method 0 takes the emotion from the speaker's sample. */
function bodyOf(text: string, path: string): object {
  return {
    text,
    spk_audio_path: path,
    emo_control_method: 0,
    emo_ref_path: null,
    emo_weight: 1.0,
    emo_vec: [0, 0, 0, 0, 0, 0, 0, 0],
    emo_text: null,
    emo_random: false,
    max_text_tokens_per_sentence: 120,
  };
}

async function lookAt(
  server: AudioServer,
  name: 'vllm1' | 'vllm2' | 'upload',
  version: ModelVersion,
  signal: AbortSignal,
): Promise<Health> {
  const { status, body } = await server.look('/health', signal);
  if (status !== 200 || !healthReply.safeParse(body.json).success) {
    const hint = 'Check the address, and INDEXTTS_DIALECT: `auto` finds out what the server speaks.';
    return { state: 'unfit', detail: `no index-tts-vllm there (/health gives ${status})`, version, hint };
  }
  const said = healthReply.parse(body.json).status ?? 'healthy';
  await refuseWrongKey(server, '/tts_url', signal);
  if (/^(healthy|ok)$/i.test(said)) return { state: 'ready', detail: `${name}, ${modelName(version)}`, version };
  return { state: 'loading', detail: `${name}, ${said}`, version };
}

function nameOf(voice: VoiceRef): string {
  return voice.kind === 'name' ? voice.name : '';
}

/** The error of a sample for a server that reads only its own disk. */
function noUploads({ address }: AudioServer, cause?: unknown): DubError {
  return new DubError('PROVIDER_UNSUPPORTED', `${address.host} cannot take uploads.`, {
    hint: 'Give --voice a path on the server, such as --voice server:/srv/voices/a.wav, or run a server that takes samples (dialects upload, gradio, omni).',
    cause,
  });
}
