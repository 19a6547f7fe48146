import { replyStatus } from '../../../net/facts.js';
import type { HttpReply } from '../../../net/judge.js';
import type { AudioServer } from '../../vendors/audio-server/client.js';
import type { DialectName } from './options.js';

/** Finds out what a server speaks by GET requests, which synthesise nothing; undefined when it is none that is known. */
export async function detectDialect(server: AudioServer, signal: AbortSignal): Promise<DialectName | undefined> {
  const look = (path: string) => quietly(server.look(path, signal));
  const asGradio = async () => ((await isGradio(look)) ? ('gradio' as const) : undefined);
  const looksLikeGradio = /\.gradio\.(live|app)|\/gradio|:7860/.test(server.address.base);
  const first = looksLikeGradio ? await asGradio() : undefined;
  if (first !== undefined) return first;
  const routes = routesOf(await look('/openapi.json'));
  const told = routes === undefined ? undefined : byRoutes(routes);
  if (told !== undefined) return told;
  return (await byHealth(look)) ?? (await byModels(look)) ?? (looksLikeGradio ? undefined : await asGradio());
}

type Look = (path: string) => Promise<HttpReply | undefined>;

/** Answers that say "not here" are undefined; a server that cannot be reached or refuses the key is an error. */
async function quietly(asked: Promise<HttpReply>): Promise<HttpReply | undefined> {
  try {
    return await asked;
  } catch (error) {
    const status = replyStatus(error);
    if (status === undefined || status === 401 || status === 403 || status === 502 || status === 503 || status === 504)
      throw error;
    return undefined;
  }
}

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
  if (!('timestamp' in health)) return undefined;
  // A route that takes POST only answers a GET with 405; one that is not there with 404.
  const isThere = async (path: string) => (await look(path))?.status === 405;
  if (await isThere('/upload_audio')) return 'upload';
  if ((await look('/audio/voices'))?.status === 200) return 'vllm1';
  return (await isThere('/tts_url')) ? 'vllm2' : undefined;
}

async function byModels(look: Look): Promise<DialectName | undefined> {
  const models = jsonOf(await look('/v1/models')) ?? jsonOf(await look('/models'));
  if (models === undefined) return undefined;
  const voices = jsonOf(await look('/v1/audio/voices'));
  return voices !== undefined && 'uploaded_voices' in voices ? 'omni' : 'openai';
}

async function isGradio(look: Look): Promise<boolean> {
  for (const path of ['/gradio_api/info', '/info']) {
    if (jsonOf(await look(path))?.named_endpoints !== undefined) return true;
  }
  return false;
}
