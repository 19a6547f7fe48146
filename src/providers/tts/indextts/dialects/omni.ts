import { z } from 'zod';
import { isOurs, keptPrefix } from '../../../../domain/cast.js';
import { DubError } from '../../../../errors.js';
import type { AudioServer } from '../../../vendors/audio-server/client.js';
import { readVoiceNames } from '../../../vendors/audio-server/voice-names.js';
import { modelName, versionOf } from '../models.js';
import type { PreparedSample } from '../prepared-sample.js';
import { type Dialect, type DialectSettings, type Order, onceForEach, type VoiceRef } from './dialect.js';

const voicesPath = '/v1/audio/voices';
const voicesReply = z.looseObject({ uploaded_voices: z.array(z.unknown()) });
const modelsReply = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) });

/** Asked for as `speed`, which vLLM-Omni turns into the model's `duration_factor` (recipe of IndexTTS-2.5, 2026-08). */
export const nativeRate = { min: 0.5, max: 2 } as const;

/** What a sample is called at the server: the same in every run, so that it is uploaded once. */
export function keptName({ sha256 }: Pick<PreparedSample, 'sha256'>): string {
  return `${keptPrefix}${sha256.slice(0, 24)}`;
}

/**
 * vLLM-Omni: the shape of OpenAI's routes, with voices that are uploaded once and stay on the server under the hash of
 * their sample, so that a later run finds them again.
 */
export function omni(server: AudioServer, settings: DialectSettings): Dialect {
  let served: string | undefined;
  const uploads = onceForEach(prepare);
  const used = new Set<string>();

  /** @returns how the sample is named in a request: as a voice of the server, or with the sample itself */
  async function prepare(sample: PreparedSample, signal: AbortSignal): Promise<object> {
    const name = keptName(sample);
    if ((await list(signal)).includes(name)) {
      used.add(name);
      return { voice: name };
    }
    if (sample.consent === undefined) throw noConsent(server.address.host);
    const fields: [string, string][] = [
      ['name', name],
      ['consent', sample.consent],
      ...(sample.text === undefined ? [] : ([['ref_text', sample.text]] as [string, string][])),
    ];
    const file = { name: 'audio_sample', filename: `${name}.wav`, mediaType: 'audio/wav', content: sample.bytes };
    try {
      await server.send(voicesPath, { form: { fields, files: [file] } }, signal);
      used.add(name);
      return { voice: name };
    } catch (error) {
      // A server keeps a thousand voices and refuses the next one with 400; the sample may then go with every line.
      if (!(error instanceof DubError) || error.code !== 'PROVIDER_REFUSED') throw error;
      settings.warn(
        `${server.address.host} keeps no more voices (${error.message}); the sample goes along with every line.`,
      );
      return { ref_audio: `data:audio/wav;base64,${Buffer.from(sample.bytes).toString('base64')}` };
    }
  }

  async function list(signal: AbortSignal): Promise<string[]> {
    const { status, body } = await server.look(voicesPath, signal);
    return status === 200 ? readVoiceNames(body.json) : [];
  }

  async function toWire(order: Order, signal: AbortSignal): Promise<object> {
    const { voice, text, language, rate } = order;
    return {
      model: settings.model?.includes('/') ? settings.model : (served ?? 'IndexTeam/IndexTTS-2.5'),
      input: text,
      ...(voice.kind === 'name' ? { voice: voice.name } : {}),
      ...(voice.kind === 'url' ? { ref_audio: voice.url } : {}),
      ...(voice.kind === 'sample' ? await uploads.get(voice.sample, signal) : {}),
      response_format: 'wav',
      speed: rate,
      extra_params: { lang: language },
    };
  }

  return {
    name: 'omni',
    takes: new Set<VoiceRef['kind']>(['name', 'url', 'sample']),
    needsConsent: true,
    async look(signal) {
      const { status, body } = await server.look('/v1/models', signal);
      const read = modelsReply.safeParse(body.json);
      if (!read.success) {
        const hint = 'Check the address, and INDEXTTS_DIALECT: `auto` finds out what the server speaks.';
        return { state: 'unfit', detail: `no vLLM-Omni there (/v1/models gives ${status})`, version: '2.5', hint };
      }
      const ids = read.data.data.map(({ id }) => id);
      served = ids.find((id) => /index/i.test(id)) ?? (settings.model?.includes('/') ? settings.model : undefined);
      if (served === undefined) {
        const hint = `It can be used as --tts openai:${ids[0] ?? 'MODEL'}@${server.address.base}.`;
        return {
          state: 'unfit',
          detail: `it serves ${ids.join(', ') || 'nothing'}, not IndexTTS`,
          version: '2.5',
          hint,
        };
      }
      const version = versionOf(settings.model ?? served) ?? '2.5';
      const rate = version === '2.5' ? nativeRate : undefined;
      return { state: 'ready', detail: `omni, ${served}, taken for ${modelName(version)}`, version, rate };
    },
    voices: list,
    async speak(order, signal) {
      const json = await toWire(order, signal);
      return (await server.send('/v1/audio/speech', { json }, signal)).body.bytes;
    },
    kept: {
      used,
      async list(signal) {
        const { body } = await server.look(voicesPath, signal);
        const told = voicesReply.safeParse(body.json);
        // A server that does not set them apart has them among the others.
        return told.success ? readVoiceNames(told.data.uploaded_voices) : (await list(signal)).filter(isOurs);
      },
      async delete(name, signal) {
        await server.remove(`${voicesPath}/${encodeURIComponent(name)}`, signal);
        used.delete(name);
        uploads.forget();
      },
    },
    forget: uploads.forget,
  };
}

function noConsent(host: string): DubError {
  return new DubError(
    'PROVIDER_UNSUPPORTED',
    `${host} keeps a voice only with the speaker's consent, and none is given.`,
    {
      hint: 'If the speaker agrees, say so with --voice-consent TEXT, for example an id of the written consent.',
    },
  );
}
