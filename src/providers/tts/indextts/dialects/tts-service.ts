import { z } from 'zod';
import { DubError } from '../../../../errors.js';
import type { AudioServer } from '../../../vendors/audio-server/client.js';
import { readMessage } from '../../../vendors/audio-server/errors.js';
import { readVoiceNames } from '../../../vendors/audio-server/voice-names.js';
import { modelName, versionOf } from '../models.js';
import { createSampleHost, reachesBack, type SampleHost } from '../sample-host.js';
import {
  type Dialect,
  type DialectSettings,
  type Order,
  onceForEach,
  refuseWrongKey,
  type VoiceRef,
} from './dialect.js';

/** `GET /health` of tts_service: the status is 200 also while the model is not loaded. */
const healthReply = z.looseObject({
  status: z.string().optional(),
  model_loaded: z.boolean(),
  backend: z.string().nullish(),
});

/** What `/synthesize` answers to those who do not ask for sound. */
const speechReply = z.looseObject({ audio_url: z.string().min(1) });

const defaultSpeaker = 'default';
const sampleRate = 22_050;

/**
 * tts_service of video-auto-dubbing: JSON to `/synthesize`, voices by name or by a link that the server fetches. It
 * takes no uploads: a sample is offered to it by a link on this machine, where it can reach this machine.
 */
export function ttsService(server: AudioServer, settings: DialectSettings): Dialect {
  const takes = new Set<VoiceRef['kind']>(['name', 'url']);
  let samples: SampleHost | undefined;
  const links = onceForEach(async (sample) => {
    samples ??= await createSampleHost(server.address);
    return samples.publish(sample);
  });

  async function linkOf(voice: VoiceRef, signal: AbortSignal): Promise<string | undefined> {
    if (voice.kind === 'url') return voice.url;
    return voice.kind === 'sample' ? links.get(voice.sample, signal) : undefined;
  }

  return {
    name: 'tts-service',
    takes,
    async look(signal) {
      if (await reachesBack(server.address)) takes.add('sample');
      const { status, body } = await server.look('/health', signal);
      const read = healthReply.safeParse(body.json);
      const version = versionOf(settings.model ?? read.data?.backend ?? '') ?? '2';
      if (!read.success) {
        const hint = 'Check the address, and INDEXTTS_DIALECT: `auto` finds out what the server speaks.';
        return {
          state: 'unfit',
          detail: `no tts_service there (/health gives ${status} without model_loaded)`,
          version,
          hint,
        };
      }
      const { model_loaded: loaded } = read.data;
      await refuseWrongKey(server, '/speakers', signal);
      if (loaded) return { state: 'ready', detail: `tts-service, ${modelName(version)}`, version };
      return {
        state: 'loading',
        detail: `tts-service, the model is not loaded (${readMessage(body) || 'degraded'})`,
        version,
      };
    },
    async voices(signal) {
      const { status, body } = await server.look('/speakers', signal);
      const named = status === 200 ? readVoiceNames(body.json) : [];
      return [defaultSpeaker, ...named.filter((name) => name !== defaultSpeaker)];
    },
    async speak(order, signal) {
      const json = toWire(order, await linkOf(order.voice, signal));
      const reply = await server.send('/synthesize', { json }, signal, { headers: { accept: 'audio/wav' } });
      const linked = speechReply.safeParse(reply.body.json);
      return linked.success ? fetchSound(server, linked.data.audio_url, signal) : reply.body.bytes;
    },
    forget: links.forget,
  };
}

/**
 * A length is required. Where the server stretches to it (its strict mode), the natural length does least harm: it
 * trims what is longer, and with it the last syllable.
 */
function toWire({ text, language, voice, expectedMs }: Order, promptUrl: string | undefined): object {
  return {
    text,
    speaker_id: voice.kind === 'name' ? voice.name : defaultSpeaker,
    ...(promptUrl === undefined ? {} : { prompt_audio_url: promptUrl }),
    target_duration_ms: Math.max(500, Math.round(expectedMs)),
    language,
    prosody_control: { speed: 1.0, pitch: 1.0, energy: 1.0 },
    output_format: 'wav',
    sample_rate: sampleRate,
  };
}

const fetchRetry = { attempts: 3, baseMs: 300 } as const;

/**
 * The sound behind a link of the answer. It may be relative, and behind a proxy its host may be the container's own:
 * the configured host is asked first; only then is the link followed as it is, without the key.
 */
async function fetchSound(server: AudioServer, link: string, signal: AbortSignal): Promise<Uint8Array> {
  const { base } = server.address;
  const url = URL.canParse(link, `${base}/`) ? new URL(link, `${base}/`) : undefined;
  if (url === undefined) {
    throw new DubError('PROVIDER_BAD_REPLY', `${server.address.host} answered with a link that is none.`, {
      hint: 'The same command asks for this line again.',
      retryable: true,
    });
  }
  const { origin, pathname: prefix } = new URL(`${base}/`);
  const path = url.pathname.startsWith(prefix) ? url.pathname.slice(prefix.length - 1) : url.pathname;
  try {
    return (
      await server.fetch(`${path}${url.search}`, signal, {
        maxBytes: 256 * 1_048_576,
        retry: fetchRetry,
        timeoutMs: 120_000,
      })
    ).body.bytes;
  } catch (error) {
    const elsewhere = url.origin !== origin && error instanceof DubError && error.code !== 'INTERRUPTED';
    if (!elsewhere) throw error;
    return (await server.download(url.href, signal)).bytes;
  }
}
