/*
 * IndexTTS servers on loopback, one dialect each, as the dossier of November 2026 describes them and never as our client
 * would like them: real HTTP, real speech by espeak-ng with a tone under it that tells voices apart. A voice that is a
 * name or a path has the tone of its name; a clip brings its own, which the "model" hears in it.
 */
import { createFaultBook, type Fault } from '../dashscope/faults.js';
import { listen, type RawAnswer, type RawRequest, type Reaction } from '../dashscope/wire.js';
import { parseJson } from '../json-body.js';
import { gradioRoutes } from './gradio.js';
import { omniRoutes } from './omni.js';
import type { SoundKind } from './sound.js';
import { ttsServiceRoutes } from './tts-service.js';
import { vllmRoutes, wrapperRoutes } from './vllm.js';

/** A kind of server. */
export type ServerKind = 'tts-service' | 'vllm1' | 'vllm2' | 'upload' | 'gradio' | 'omni' | 'openai';

/** What a server is like today; tests change it between calls. */
export interface ServerSettings {
  readonly kind: ServerKind;
  /** Asked for as `X-Api-Key`; undefined for a server without a check. */
  key: string | undefined;
  /** `loading`: up, the model is not there yet. `sick`: health answers 503. */
  health: 'ready' | 'loading' | 'sick';
  sound: SoundKind;
  /** Whether FastAPI's description is served. */
  openapi: boolean;
  /** Files on the server's disk. */
  readonly files: Set<string>;
  /** Characters and speakers it knows by name. */
  readonly names: Set<string>;
  /** openai: whether it tells those names. */
  lists: boolean;
  /** Longest wait before an answer. */
  delayMs: number;
  /** tts-service: bytes for those who ask for sound, or always JSON with a link of this kind. */
  reply: 'bytes' | 'relative' | 'absolute' | 'container' | 'elsewhere';
  /** gradio: whose inputs it has; `nameless` tells labels and components only. */
  webui: '2.5' | '2' | '2025' | 'nameless' | '3';
  /** gradio: which of the two answers is given. */
  update: boolean;
  /** omni: what it serves, and how many voices it keeps. */
  model: string;
  mostVoices: number;
}

/** A request as the log keeps it. */
export interface LoggedRequest {
  readonly route: string;
  readonly method: string;
  readonly path: string;
  readonly headers: RawRequest['headers'];
  readonly json: unknown;
  readonly body: Buffer;
  readonly contentType: string;
}

/** What routes are made with. */
export interface Ground {
  readonly settings: ServerSettings;
  /** `http://127.0.0.1:port`. */
  readonly url: () => string;
  violation(what: string): void;
  /** Tones of clips by where they are: a path on the server's disk, or a name. */
  readonly tones: Map<string, number>;
  /** Files that can be fetched from it. */
  readonly outputs: Map<string, Buffer>;
  /** Puts a sound on another host, which must see no key. */
  elsewhere(bytes: Buffer): Promise<string>;
}

/** One route. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** A pattern of the whole path. */
  readonly path: string | RegExp;
  /** What `fail` and `requestsTo` call it. */
  readonly name: string;
  /** Open without a key. */
  readonly open?: boolean;
  handle(request: RawRequest, json: unknown): Promise<RawAnswer> | RawAnswer;
}

/** A running server. */
export interface IndexEmulator {
  readonly url: string;
  readonly settings: ServerSettings;
  readonly requests: readonly LoggedRequest[];
  requestsTo(route: string): readonly LoggedRequest[];
  /** Requests that have no answer yet. */
  readonly open: number;
  readonly violations: readonly string[];
  fail(route: string, fault: Fault): void;
  heal(): void;
  close(): Promise<void>;
}

/** A server of that kind, ready. */
export function serverSettings(kind: ServerKind, changes: Partial<ServerSettings> = {}): ServerSettings {
  return {
    kind,
    key: undefined,
    health: 'ready',
    sound: 'speech',
    openapi: true,
    files: new Set(['/srv/voices/anna.wav', '/srv/voices/ben.wav']),
    names: new Set(['jay', 'mia']),
    lists: true,
    delayMs: 0,
    reply: 'bytes',
    webui: '2.5',
    update: true,
    model: 'IndexTeam/IndexTTS-2.5',
    mostVoices: 1000,
    ...changes,
  };
}

const makers: Readonly<Record<ServerKind, (ground: Ground) => readonly Route[]>> = {
  'tts-service': ttsServiceRoutes,
  vllm1: vllmRoutes,
  vllm2: vllmRoutes,
  upload: vllmRoutes,
  gradio: gradioRoutes,
  omni: omniRoutes,
  openai: wrapperRoutes,
};

/** Starts one; `port` for the second life of a server that was closed. */
export async function startIndexServer(settings: ServerSettings, port = 0): Promise<IndexEmulator> {
  const faults = createFaultBook();
  const requests: LoggedRequest[] = [];
  const violations: string[] = [];
  const outputs = new Map<string, Buffer>();
  const violation = (what: string) => void violations.push(`${settings.kind}: ${what}`);
  const others: { close(): Promise<void> }[] = [];

  const ground: Ground = {
    settings,
    url: () => api.url,
    violation,
    tones: new Map(),
    outputs,
    async elsewhere(bytes) {
      const host = await listen(async (request): Promise<Reaction> => {
        if (request.headers['x-api-key'] !== undefined || request.headers.authorization !== undefined) {
          violation('the key was sent to another host');
        }
        return { answer: async () => ({ status: 200, headers: { 'content-type': 'audio/wav' }, body: bytes }) };
      });
      others.push(host);
      return `${host.url}/take.wav`;
    },
  };
  const routes = [...makers[settings.kind](ground), ...descriptionRoutes(settings)];

  async function react(request: RawRequest): Promise<Reaction> {
    const { method, url, headers, body } = request;
    const json = parseJson(body);
    const onPath = routes.filter(({ path }) =>
      typeof path === 'string' ? path === url.pathname : path.test(url.pathname),
    );
    const found = onPath.find((route) => route.method === method);
    const contentType = headers['content-type'] ?? '';
    const route = found?.name ?? 'unknown';
    requests.push({ route, method, path: url.pathname + url.search, headers, json, body, contentType });
    const fault = faults.take(route) ?? faults.take('*');
    if (fault !== undefined && (fault.kind === undefined || fault.kind === 'status')) {
      const given = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
      return { answer: async () => problem(fault.status ?? 500, fault.message ?? 'Scripted fault.', given) };
    }
    async function answer(): Promise<RawAnswer> {
      if (settings.key !== undefined && found?.open !== true && headers['x-api-key'] !== settings.key) {
        return problem(401, 'Invalid API key');
      }
      if (settings.key === undefined && headers['x-api-key'] === undefined && headers.authorization !== undefined) {
        violation('a Bearer without X-Api-Key');
      }
      if (found === undefined)
        return onPath.length > 0 ? problem(405, 'Method Not Allowed') : problem(404, 'Not Found');
      if (method === 'POST' && settings.delayMs > 0) {
        await new Promise((resolve) => setTimeout(resolve, settings.delayMs).unref());
      }
      try {
        return await found.handle(request, json);
      } catch (error) {
        if (error instanceof Refusal) return error.answer;
        violation(`the emulator failed: ${error instanceof Error ? error.stack : String(error)}`);
        return problem(500, String(error));
      }
    }
    return { fault, answer };
  }

  const api = await listen(react, port);
  return {
    url: api.url,
    settings,
    requests,
    requestsTo: (route) => requests.filter((request) => request.route === route),
    get open() {
      return api.open;
    },
    violations,
    fail: (route, fault) => faults.add(route, fault),
    heal: () => faults.clear(),
    close: async () => void (await Promise.all([api.close(), ...others.map((other) => other.close())])),
  };
}

/** FastAPI's own description; Gradio and vLLM-Omni have one too, with other routes. */
function descriptionRoutes({ kind, openapi }: ServerSettings): Route[] {
  const paths: Readonly<Record<ServerKind, readonly string[]>> = {
    'tts-service': ['/health', '/synthesize', '/synthesize/batch', '/speakers', '/audio/{filename}'],
    vllm1: ['/health', '/tts_url', '/tts', '/audio/voices', '/audio/speech'],
    vllm2: ['/health', '/tts_url'],
    upload: ['/health', '/tts_url', '/upload_audio', '/tts_url_with_cloning'],
    gradio: [],
    omni: [
      '/health',
      '/v1/models',
      '/v1/audio/speech',
      '/v1/audio/speech/batch',
      '/v1/audio/voices',
      '/v1/audio/voices/{name}',
    ],
    openai: ['/health', '/v1/audio/speech', '/v1/models', '/v1/voices', '/api/v1/tts'],
  };
  const described = Object.fromEntries(paths[kind].map((path) => [path, {}]));
  if (!openapi || paths[kind].length === 0) return [];
  return [
    {
      method: 'GET',
      path: '/openapi.json',
      name: 'openapi',
      open: true,
      handle: () => answerJson({ openapi: '3.1.0', paths: described }),
    },
  ];
}

/** An answer that says no. */
export class Refusal extends Error {
  constructor(readonly answer: RawAnswer) {
    super('refused');
  }
}

/** @throws Refusal, in the form of FastAPI unless given */
export function refuse(status: number, detail: unknown): never {
  throw new Refusal(answerJson(typeof detail === 'string' ? { detail } : (detail as object), status));
}

export function answerJson(json: unknown, status = 200): RawAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(json)) };
}

/** Sound as the service calls it, whatever it is. */
export function answerSound(bytes: Buffer): RawAnswer {
  const isPage = bytes.subarray(0, 1).toString() === '<';
  return { status: 200, headers: { 'content-type': isPage ? 'text/html' : 'audio/wav' }, body: bytes };
}

function problem(status: number, detail: string, headers: Record<string, string> = {}): RawAnswer {
  const gateway = status === 502 || status === 504;
  const body = gateway ? `<html><h1>${status} Bad Gateway</h1></html>` : JSON.stringify({ detail });
  return {
    status,
    headers: { 'content-type': gateway ? 'text/html' : 'application/json', ...headers },
    body: Buffer.from(body),
  };
}

/** The object of a JSON request; every field that is not documented is a violation. */
export function fieldsOf(ground: Ground, json: unknown, allowed: readonly string[]): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    refuse(422, { detail: [{ loc: ['body'], msg: 'Input should be a valid dictionary' }] });
  for (const key of Object.keys(json as object)) if (!allowed.includes(key)) ground.violation(`unknown field ${key}`);
  return json as Record<string, unknown>;
}

/** A field that must be text. */
export function textOf(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name];
  if (typeof value === 'string' && value !== '') return value;
  return refuse(422, { detail: [{ loc: ['body', name], msg: 'Field required', type: 'missing' }] });
}
