import { z } from 'zod';
import { languageName } from '../../../../domain/language.js';
import { DubError } from '../../../../errors.js';
import type { AudioServer } from '../../../vendors/audio-server/client.js';
import { modelName, versionOf } from '../models.js';
import type { PreparedSample } from '../prepared-sample.js';
import { type Dialect, type DialectSettings, isMissing, type Order, onceForEach, type VoiceRef } from './dialect.js';
import {
  type GradioParameter,
  gradioInfo,
  type Role,
  rolesOf,
  spellLanguage,
  usualValue,
} from './gradio-parameters.js';

/** Gradio 3 has its routes without a prefix. */
const prefixes = ['/gradio_api', ''] as const;

interface Endpoint {
  readonly prefix: string;
  /** `/gen_single`. */
  readonly name: string;
  readonly parameters: readonly GradioParameter[];
  readonly roles: readonly Role[];
}

const uploadReply = z.array(z.string().min(1)).min(1);
const eventId = z.looseObject({ event_id: z.string().min(1) });
const file = z.looseObject({ path: z.string().min(1) });

/** The official WebUI (`webui.py`): a queue behind events, files by reference. */
export function gradio(server: AudioServer, settings: DialectSettings): Dialect {
  let endpoint: Endpoint | undefined;
  const { host } = server.address;

  const uploads = onceForEach(async (sample: PreparedSample, signal: AbortSignal) => {
    const { prefix } = await endpointOf(signal);
    const content = { name: 'files', filename: 'prompt.wav', mediaType: 'audio/wav', content: sample.bytes };
    const { body } = await server.send(`${prefix}/upload`, { form: { fields: [], files: [content] } }, signal);
    const read = uploadReply.safeParse(body.json);
    if (!read.success) throw badReply(`${host} took the voice sample but did not say where it put it.`);
    return read.data[0]!;
  });

  async function endpointOf(signal: AbortSignal): Promise<Endpoint> {
    endpoint ??= await findEndpoint(server, signal);
    if (endpoint === undefined) throw badReply(`${host} lists no gen_single of IndexTTS.`);
    return endpoint;
  }

  async function inputs(order: Order, found: Endpoint, signal: AbortSignal): Promise<unknown[]> {
    if (order.voice.kind !== 'sample') throw new Error('gradio was asked to speak without a sample');
    const path = await uploads.get(order.voice.sample, signal);
    return found.parameters.map((parameter, index) => {
      const role = found.roles[index]!;
      if (role === 'prompt') return { path, meta: { _type: 'gradio.FileData' } };
      if (role === 'text') return order.text;
      if (role === 'language') return spellLanguage(parameter, order.language, languageName(order.language) ?? '');
      // A factor of the length: 2 is twice as slow.
      if (role === 'durationFactor') return Math.round((1 / order.rate) * 1000) / 1000;
      return usualValue(parameter);
    });
  }

  return {
    name: 'gradio',
    takes: new Set<VoiceRef['kind']>(['sample']),
    leavesFiles: true,
    async look(signal) {
      endpoint = await findEndpoint(server, signal);
      const roles = endpoint?.roles ?? [];
      // Only 2.5 takes a language; the factor is shown for other models too, and does nothing there.
      const version = versionOf(settings.model ?? '') ?? (roles.includes('language') ? '2.5' : '2');
      if (endpoint === undefined) {
        const hint = 'Check the address: it must be that of the IndexTTS WebUI, port 7860 unless told otherwise.';
        return { state: 'unfit', detail: 'no gen_single of IndexTTS in /gradio_api/info', version, hint };
      }
      const rate = version === '2.5' && roles.includes('durationFactor') ? { min: 0.5, max: 2 } : undefined;
      return { state: 'ready', detail: `gradio, ${modelName(version)}`, version, rate };
    },
    voices: async () => undefined,
    async speak(order, signal) {
      const found = await endpointOf(signal);
      const data = await inputs(order, found, signal);
      const path = readFile(await call(server, found, data, signal), host);
      const { body } = await server.fetch(`${found.prefix}/file=${encodePath(path)}`, signal, {
        maxBytes: 256 * 1_048_576,
        timeoutMs: 120_000,
        retry: { attempts: 3, baseMs: 300 },
      });
      return body.bytes;
    },
    forget() {
      uploads.forget();
      endpoint = undefined;
    },
  };
}

async function findEndpoint(server: AudioServer, signal: AbortSignal): Promise<Endpoint | undefined> {
  for (const prefix of prefixes) {
    const { status, body } = await server.look(`${prefix}/info`, signal);
    const read = status === 200 ? gradioInfo.safeParse(body.json) : undefined;
    if (!read?.success) continue;
    const { named_endpoints: named } = read.data;
    const name = Object.hasOwn(named, '/gen_single')
      ? '/gen_single'
      : Object.keys(named).find((one) => /gen_single/.test(one));
    const parameters = name === undefined ? [] : named[name]!.parameters;
    const roles = rolesOf(parameters);
    if (name !== undefined && roles !== undefined) return { prefix, name, parameters, roles };
  }
  return undefined;
}

/** Queued, with events until it is done; at once where the queue's route is not there. */
async function call(
  server: AudioServer,
  { prefix, name }: Endpoint,
  data: readonly unknown[],
  signal: AbortSignal,
): Promise<unknown> {
  try {
    const { body } = await server.send(`${prefix}/call${name}`, { json: { data } }, signal);
    const read = eventId.safeParse(body.json);
    if (!read.success) throw badReply(`${server.address.host} queued the line but gave no event id.`);
    return await result(server, `${prefix}/call${name}/${encodeURIComponent(read.data.event_id)}`, signal);
  } catch (error) {
    if (!isMissing(error)) throw error;
    const { body } = await server.send(`${prefix}/run${name}`, { json: { data } }, signal);
    const answer: unknown = body.json;
    return typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'data') : undefined;
  }
}

async function result(server: AudioServer, path: string, signal: AbortSignal): Promise<unknown> {
  const { events } = await server.events(path, signal);
  for await (const { event, data } of events) {
    if (event === 'error') throw failed(server.address.host, data);
    if (event === 'complete') return parse(data);
  }
  throw badReply(`${server.address.host} ended the events of a line before it was done.`);
}

/** `[{"value":{"path":…},"__type__":"update"}]` or `[{"path":…}]`; both are seen. */
function readFile(data: unknown, host: string): string {
  const first: unknown = Array.isArray(data) ? data[0] : undefined;
  const value: unknown = typeof first === 'object' && first !== null && 'value' in first ? first.value : first;
  const read = file.safeParse(value);
  if (read.success) return read.data.path;
  throw badReply(`${host} says the line is done but names no file.`);
}

/** The route takes the rest of the path as a file name: its slashes stay. */
function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** The WebUI hides its errors unless it was started to show them: `null`. */
function failed(host: string, data: string): DubError {
  const said = parse(data);
  const words: unknown =
    typeof said === 'object' && said !== null ? (Reflect.get(said, 'error') ?? Reflect.get(said, 'message')) : said;
  const told = typeof words === 'string' && words !== '' ? `: ${words.slice(0, 240)}` : '';
  return badReply(`${host} failed to speak the line${told}.`);
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data) as unknown;
  } catch {
    return data;
  }
}

function badReply(message: string): DubError {
  return new DubError('PROVIDER_BAD_REPLY', message, {
    hint: 'Look at the window of the WebUI; the same command asks for this line again.',
    retryable: true,
  });
}
