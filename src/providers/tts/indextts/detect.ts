import { replyStatus } from '../../../net/facts.js';
import type { HttpReply } from '../../../net/judge.js';
import type { AudioServer } from '../../vendors/audio-server/client.js';
import type { DialectName } from './options.js';

/**
 * Finds out what a server speaks by GET requests, which synthesise nothing; undefined when it is none that is known.
 * @throws when it cannot be reached, refuses the key, is loading, or has nothing but pages to show
 */
export async function detectDialect(server: AudioServer, signal: AbortSignal): Promise<DialectName | undefined> {
  let page: unknown;
  const look: Look = (path) =>
    server.look(path, signal).catch((error: unknown) => {
      const status = replyStatus(error);
      // "Not here", and a page of a proxy or of another program, say only that this route is not it.
      if (status === undefined || statuses.includes(status)) throw error;
      if (status === 200) page = error;
      return undefined;
    });
  const asGradio = async () => ((await isGradio(look)) ? ('gradio' as const) : undefined);
  const looksLikeGradio = /\.gradio\.(live|app)|\/gradio|:7860/.test(server.address.base);
  const first = looksLikeGradio ? await asGradio() : undefined;
  if (first !== undefined) return first;
  const routes = routesOf(await look('/openapi.json'));
  const told = routes === undefined ? undefined : byRoutes(routes);
  if (told !== undefined) return told;
  const found = (await byHealth(look)) ?? (await byModels(look)) ?? (looksLikeGradio ? undefined : await asGradio());
  if (found === undefined && page !== undefined) throw page;
  return found;
}

/** Refused keys, and trouble that passes. */
const statuses: readonly number[] = [401, 403, 429, 502, 503, 504];

type Look = (path: string) => Promise<HttpReply | undefined>;

function jsonOf(reply: HttpReply | undefined): Readonly<Record<string, unknown>> | undefined {
  const json = reply?.status === 200 ? reply.body.json : undefined;
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : undefined;
}

function routesOf(reply: HttpReply | undefined): readonly string[] | undefined {
  const paths = jsonOf(reply)?.paths;
  return typeof paths === 'object' && paths !== null ? Object.keys(paths) : undefined;
}

function byRoutes(routes: readonly string[]): DialectName | undefined {
  const has = (...wanted: readonly string[]) => wanted.every((route) => routes.includes(route));
  if (has('/synthesize')) return 'tts-service';
  if (has('/upload_audio', '/tts_url_with_cloning')) return 'upload';
  if (has('/tts_url', '/tts')) return 'vllm1';
  if (has('/tts_url')) return 'vllm2';
  // Uploaded voices and batches are vLLM-Omni's; the wrappers have lists to read at most.
  if (
    has('/v1/audio/speech', '/v1/audio/voices') &&
    routes.some((route) => /^\/v1\/audio\/(speech\/batch|voices\/\{)/.test(route))
  )
    return 'omni';
  if (routes.some((route) => /^(\/v1)?\/audio\/speech$/.test(route))) return 'openai';
  return undefined;
}

async function byHealth(look: Look): Promise<DialectName | undefined> {
  const health = jsonOf(await look('/health'));
  if (health === undefined) return undefined;
  if ('model_loaded' in health) return 'tts-service';
  if (!('timestamp' in health) && !/^(un)?healthy$/.test(String(health.status))) return undefined;
  // A route that takes POST only answers a GET with 405; one that is not there with 404.
  const isThere = async (path: string) => (await look(path))?.status === 405;
  if (await isThere('/upload_audio')) return 'upload';
  if ((await look('/audio/voices'))?.status === 200) return 'vllm1';
  if (await isThere('/tts_url')) return 'vllm2';
  // Where nothing tells, the richer of the two: a sample for the other is refused with what to do.
  return (await byModels(look)) ?? 'upload';
}

async function byModels(look: Look): Promise<DialectName | undefined> {
  const models = jsonOf(await look('/v1/models')) ?? jsonOf(await look('/models'));
  if (!Array.isArray(models?.data ?? models?.models)) return undefined;
  const voices = jsonOf(await look('/v1/audio/voices'));
  const isOmni = (voices !== undefined && 'uploaded_voices' in voices) || /IndexTeam\//.test(JSON.stringify(models));
  return isOmni ? 'omni' : 'openai';
}

async function isGradio(look: Look): Promise<boolean> {
  for (const path of ['/gradio_api/info', '/info']) {
    if (jsonOf(await look(path))?.named_endpoints !== undefined) return true;
  }
  return false;
}
