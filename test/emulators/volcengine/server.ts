import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Ear, Heard } from '../dashscope/ear.js';
import { listenOnLoopback } from '../loopback.js';

/** What can go wrong at `submit`, `query` or `flash`. */
export interface Fault {
  /** `reset-after` and `hang-after` do the work first. */
  readonly kind: 'code' | 'http' | 'reset' | 'reset-after' | 'hang' | 'cut' | 'empty' | 'html';
  readonly times?: number;
  readonly code?: number;
  readonly status?: number;
  readonly message?: string;
}

export type Endpoint = 'submit' | 'query' | 'flash';

/** How the emulator behaves beyond the usual. */
export interface Behaviour {
  /** Queries answered as under way before the result. */
  working?: number;
  /** Which field names the speaker: the file service's, the streaming service's, or a number. */
  speakerAs?: 'speaker' | 'speaker_id' | 'number';
  /** Puts a word without times and one of a single space into every sentence. */
  oddWords?: boolean;
  /** Sentences without times of their own. */
  untimed?: boolean;
}

/** A stand-in for openspeech.bytedance.com that listens to the sound it gets. */
export interface VolcengineEmulator {
  readonly url: string;
  readonly behaviour: Behaviour;
  /** What was not as the documentation wants it. */
  readonly violations: readonly string[];
  /** Requests that start paid work and were taken on. */
  readonly paid: number;
  requests(endpoint: Endpoint): number;
  /** Bodies of submits and flash calls, in order. */
  readonly bodies: readonly Readonly<Record<string, unknown>>[];
  readonly open: number;
  fail(endpoint: Endpoint, fault: Fault): void;
  heal(): void;
  close(): Promise<void>;
}

/** Keys that are known: the new console's one and the old console's pair. */
export const keys = {
  apiKey: 'vk-emulator-1234567890',
  appKey: '4711001122',
  accessKey: 'at-emulator-0987654321',
} as const;

const root = '/api/v3/auc/bigmodel';
const routes: Readonly<Record<string, { readonly endpoint: Endpoint; readonly resources: readonly string[] }>> = {
  [`${root}/submit`]: { endpoint: 'submit', resources: ['volc.bigasr.auc', 'volc.seedasr.auc'] },
  [`${root}/query`]: { endpoint: 'query', resources: ['volc.bigasr.auc', 'volc.seedasr.auc'] },
  [`${root}/idle/submit`]: { endpoint: 'submit', resources: ['volc.bigasr.auc_idle'] },
  [`${root}/idle/query`]: { endpoint: 'query', resources: ['volc.bigasr.auc_idle'] },
  [`${root}/recognize/flash`]: { endpoint: 'flash', resources: ['volc.bigasr.auc_turbo'] },
};

const language = z.enum([
  ...([
    'en-US',
    'ja-JP',
    'id-ID',
    'es-MX',
    'pt-BR',
    'de-DE',
    'fr-FR',
    'ko-KR',
    'fil-PH',
    'ms-MY',
    'th-TH',
    'ar-SA',
  ] as const),
]);

const submitted = z.strictObject({
  user: z.strictObject({ uid: z.string() }),
  audio: z.strictObject({
    url: z.url().optional(),
    data: z.base64().optional(),
    format: z.enum(['raw', 'wav', 'mp3', 'ogg']),
    codec: z.enum(['raw', 'opus']),
    rate: z.number().int(),
    bits: z.number().int(),
    channel: z.number().int(),
    language: language.optional(),
  }),
  request: z.strictObject({
    model_name: z.literal('bigmodel'),
    enable_itn: z.boolean(),
    enable_punc: z.literal(true),
    enable_ddc: z.boolean(),
    show_utterances: z.literal(true),
    enable_speaker_info: z.boolean().optional(),
    ssd_version: z.literal('200').optional(),
    corpus: z.strictObject({ context: z.string() }).optional(),
  }),
});

interface Task {
  readonly account: string;
  readonly resource: string;
  readonly heard: Promise<readonly Heard[]>;
  readonly speakers: boolean;
  readonly durationMs: Promise<number>;
  asked: number;
}

/** @param ear knows everything that will be said */
export async function startVolcengine(ear: Ear): Promise<VolcengineEmulator> {
  const behaviour: Behaviour = {};
  const violations: string[] = [];
  const bodies: Readonly<Record<string, unknown>>[] = [];
  const tasks = new Map<string, Task>();
  const faults = new Map<Endpoint, { fault: Fault; left: number }>();
  const counts = new Map<Endpoint, number>();
  let paid = 0;

  async function answer(request: IncomingMessage, response: ServerResponse, sent: Buffer): Promise<void> {
    const route = routes[request.url ?? ''];
    if (request.method !== 'POST' || !route)
      return tell(response, 404, undefined, `no route ${request.method} ${request.url}`);
    counts.set(route.endpoint, (counts.get(route.endpoint) ?? 0) + 1);
    const fault = takeFault(route.endpoint);
    if (fault && (await meet(fault, request, response))) return;
    const account = accountOf(request);
    if (account === undefined) return tell(response, 401, 45_000_010, 'invalid key');
    const resource = String(request.headers['x-api-resource-id'] ?? '');
    if (!route.resources.includes(resource)) return tell(response, 403, 45_000_030, 'requested resource not granted');
    const id = String(request.headers['x-api-request-id'] ?? '');
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return refuse(response, 'X-Api-Request-Id is no UUID');
    if (request.headers['x-api-sequence'] !== '-1') return refuse(response, 'X-Api-Sequence is not -1');
    const text = sent.toString();
    if (route.endpoint === 'query') return query(response, id, `${account} ${resource}`, text);
    const body = submitted.safeParse(parse(text));
    if (!body.success) return refuse(response, `body: ${z.prettifyError(body.error)}`);
    bodies.push(body.data);
    if (tasks.has(id)) return tell(response, 200, 45_000_001, 'repeated request id');
    const { audio, request: wish } = body.data;
    if (wish.ssd_version !== undefined && audio.language !== undefined)
      return refuse(response, 'ssd_version with a language');
    if (route.endpoint === 'flash' ? audio.data === undefined : audio.url === undefined) {
      return refuse(response, route.endpoint === 'flash' ? 'flash without data' : 'standard takes a URL only');
    }
    paid++;
    const bytes = audio.data === undefined ? await fetchSound(audio.url!) : Buffer.from(audio.data, 'base64');
    const samples = decode(bytes);
    const task: Task = {
      ...{ account: `${account} ${resource}`, resource, speakers: wish.enable_speaker_info === true, asked: 0 },
      heard: samples.then((sound) => hear(sound, audio.language)),
      durationMs: samples.then((sound) => Math.round(sound.length / 16)),
    };
    tasks.set(id, task);
    if (fault?.kind === 'reset-after') return void request.socket.resetAndDestroy();
    if (route.endpoint === 'flash') return result(response, task, fault);
    return tell(response, 200, 20_000_000, 'OK');
  }

  async function query(response: ServerResponse, id: string, account: string, text: string): Promise<void> {
    if (text !== '{}') return refuse(response, `a query has the body {}, not ${text}`);
    const task = tasks.get(id);
    if (!task || task.account !== account) return tell(response, 200, 45_000_001, 'unknown request id');
    task.asked++;
    const waits = behaviour.working ?? 0;
    if (task.asked <= waits) return tell(response, 200, task.asked === 1 ? 20_000_002 : 20_000_001, 'under way');
    return result(response, task);
  }

  /** Without a language it hears Chinese and English only. */
  function hear(sound: Float32Array, asked: string | undefined): readonly Heard[] {
    const wanted = asked === undefined ? ['zh', 'en'] : [asked.slice(0, 2)];
    return ear.listen(sound).filter(({ clip }) => wanted.includes(clip.language.slice(0, 2)));
  }

  async function result(response: ServerResponse, task: Task, fault?: Fault): Promise<void> {
    const heard = await task.heard;
    if (heard.length === 0) return tell(response, 200, 20_000_003, 'silent audio');
    const body = JSON.stringify({
      audio_info: { duration: await task.durationMs },
      result: {
        text: heard.map(({ clip }) => clip.text).join(' '),
        utterances: heard.map((one) => toUtterance(one, task)),
      },
    });
    const headers = headersOf(20_000_000, 'OK');
    if (fault?.kind === 'cut') {
      response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(body) });
      response.write(body.slice(0, body.length / 2));
      return void setTimeout(() => response.destroy(), 20);
    }
    response
      .writeHead(200, { ...headers, 'content-type': 'application/json' })
      .end(fault?.kind === 'empty' ? '' : body);
  }

  function toUtterance({ clip, startMs, endMs, words }: Heard, { speakers }: Task): object {
    const name = behaviour.speakerAs ?? 'speaker';
    const number = (clip.speaker ?? 0) + 1;
    const label = name === 'number' ? { speaker: number } : { [name]: String(number) };
    const spoken = words.map((word) => ({
      ...{ text: word.text, start_time: word.startMs, end_time: word.endMs, blank_duration: 0, confidence: 0 },
    }));
    const odd = behaviour.oddWords
      ? [
          { text: ' ', start_time: startMs, end_time: startMs },
          { text: 'um', start_time: -1, end_time: -1 },
        ]
      : [];
    return {
      ...{ text: clip.text, definite: true, words: [...odd, ...spoken] },
      start_time: behaviour.untimed ? -1 : Math.max(0, startMs),
      end_time: behaviour.untimed ? -1 : endMs,
      additions: { ...(speakers ? label : {}), volume: '61.0', speech_rate: '4.2' },
    };
  }

  function accountOf({ headers }: IncomingMessage): string | undefined {
    if (headers['x-api-key'] !== undefined) return headers['x-api-key'] === keys.apiKey ? 'new' : undefined;
    const pair = headers['x-api-app-key'] === keys.appKey && headers['x-api-access-key'] === keys.accessKey;
    return pair ? 'old' : undefined;
  }

  function takeFault(endpoint: Endpoint): Fault | undefined {
    const planned = faults.get(endpoint);
    if (!planned || planned.left <= 0) return undefined;
    planned.left--;
    return planned.fault;
  }

  /** @returns true when nothing is left to be answered */
  async function meet(fault: Fault, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    if (fault.kind === 'reset') request.socket.resetAndDestroy();
    if (fault.kind === 'code') tell(response, 200, fault.code ?? 55_000_031, fault.message ?? 'busy');
    if (fault.kind === 'http') tell(response, fault.status ?? 500, undefined, fault.message ?? '');
    if (fault.kind === 'html') response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Gateway</html>');
    return ['reset', 'code', 'http', 'html', 'hang'].includes(fault.kind);
  }

  function refuse(response: ServerResponse, why: string): void {
    violations.push(why);
    tell(response, 200, 45_000_001, why.slice(0, 100));
  }

  const server = await listenOnLoopback(answer);
  return {
    url: server.url,
    ...{ behaviour, violations, bodies },
    get paid() {
      return paid;
    },
    get open() {
      return server.open;
    },
    requests: (endpoint) => counts.get(endpoint) ?? 0,
    fail: (endpoint, fault) => void faults.set(endpoint, { fault, left: fault.times ?? 1 }),
    heal: () => faults.clear(),
    close: () => server.close(),
  };
}

function headersOf(code: number | undefined, message: string): Record<string, string> {
  const status = code === undefined ? {} : { 'X-Api-Status-Code': String(code) };
  return { ...status, 'X-Api-Message': message.replaceAll(/[^\x20-\x7e]/g, ' '), 'X-Tt-Logid': `log-${randomUUID()}` };
}

/** The body of everything but a result is empty: what happened is said in headers. */
function tell(response: ServerResponse, status: number, code: number | undefined, message: string): void {
  response.writeHead(status, headersOf(code, message)).end();
}

async function fetchSound(url: string): Promise<Buffer> {
  const response = await fetch(url);
  return Buffer.from(await response.arrayBuffer());
}

function decode(bytes: Buffer): Promise<Float32Array> {
  return new Promise((resolve, reject) => {
    const args = ['-v', 'error', '-i', 'pipe:0', '-ac', '1', '-ar', '16000', '-f', 'f32le', 'pipe:1'];
    const child = execFile('ffmpeg', args, { encoding: 'buffer', maxBuffer: 1 << 28 }, (error, stdout) => {
      if (error) reject(error);
      else resolve(new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length)));
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(bytes);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
