/*
 * OpenAI-compatible audio servers on loopback, as the dossier of November 2026 tells their differences: the prefix of
 * their routes, keys, formats, where words are, how the language is spelt. Speech is real (espeak-ng, with a tone
 * for each voice), and what is recognised is heard in the sound by an ear that knows some clips.
 */

import type { Ear } from '../dashscope/ear.js';
import { createFaultBook, type Fault } from '../dashscope/faults.js';
import { listen, type RawAnswer, type RawRequest, type Reaction } from '../dashscope/wire.js';
import type { SoundKind } from '../indextts/sound.js';
import { parseJson } from '../json-body.js';
import { speech } from './speech.js';
import { transcription } from './transcription.js';

/** What a server is like; tests change it between calls. */
export interface OpenAiSettings {
  /** Before every route. */
  prefix: '/v1' | '/openai/v1' | '';
  key: string | undefined;
  /** What a missing or wrong key gets. */
  keyStatus: 401 | 403;
  /** Ids that are there; others are not found. */
  readonly models: string[];
  /** openai-edge-tts answers with `models` instead of `data`. */
  modelList: 'data' | 'models' | 'none';

  sound: SoundKind;
  readonly voices: string[];
  /** `strings` and `objects` under `voices`; `none`: no such route. */
  voiceList: 'strings' | 'objects' | 'none';
  /** `always-wav`: whatever is asked for; `no-wav`: refused, MP3 only. */
  format: 'as-asked' | 'always-wav' | 'no-wav';
  speed: 'honoured' | 'ignored' | 'refused';
  mostCharacters: number;
  /** How the language must be told, if at all. */
  language: 'unknown-field' | 'name' | 'kokoro';

  /** Where words are: beside the segments, inside them, inside them as tokens, or nowhere. */
  words: 'top' | 'nested' | 'tokens' | 'none';
  /** False for models that give json and no times. */
  times: boolean;
  granularities: 'taken' | 'ignored' | 'refused';
  languageForm: 'name' | 'code' | 'none';
  /** whisper.cpp takes everything for English unless it is told otherwise. */
  takesForEnglish: boolean;
  /** whisper.cpp's own route instead of OpenAI's. */
  inference: boolean;
  speakers: 'none' | 'spk' | 'speaker';
  /** An invented sentence is put behind what was heard. */
  invents: boolean;
  mostBytes: number;
  reply: 'json' | 'text' | 'other' | 'error-in-200';
}

/** A server like OpenAI's own. */
export function openAiSettings(changes: Partial<OpenAiSettings> = {}): OpenAiSettings {
  return {
    prefix: '/v1',
    key: undefined,
    keyStatus: 401,
    models: ['gpt-4o-mini-tts', 'tts-1', 'whisper-1', 'gpt-4o-transcribe', 'gpt-4o-transcribe-diarize'],
    modelList: 'data',
    sound: 'speech',
    voices: ['anna', 'ben'],
    voiceList: 'objects',
    format: 'as-asked',
    speed: 'honoured',
    mostCharacters: 4096,
    language: 'unknown-field',
    words: 'top',
    times: true,
    granularities: 'taken',
    languageForm: 'name',
    takesForEnglish: false,
    inference: false,
    speakers: 'none',
    invents: false,
    mostBytes: 25_000_000,
    reply: 'json',
    ...changes,
  };
}

/** A request as the log keeps it. */
export interface OpenAiRequest {
  readonly route: 'speech' | 'transcription' | 'other';
  readonly method: string;
  readonly path: string;
  readonly headers: RawRequest['headers'];
  readonly json: unknown;
  readonly body: Buffer;
}

/** A running server. */
export interface OpenAiEmulator {
  readonly url: string;
  readonly settings: OpenAiSettings;
  readonly requests: readonly OpenAiRequest[];
  requestsTo(route: OpenAiRequest['route']): readonly OpenAiRequest[];
  readonly open: number;
  readonly violations: readonly string[];
  fail(route: OpenAiRequest['route'], fault: Fault): void;
  heal(): void;
  close(): Promise<void>;
}

/** Starts one; it recognises what the ear knows. */
export async function startOpenAi(settings: OpenAiSettings = openAiSettings(), ear?: Ear): Promise<OpenAiEmulator> {
  const faults = createFaultBook();
  const requests: OpenAiRequest[] = [];
  const violations: string[] = [];
  const violation = (what: string) => void violations.push(what);

  function routeOf({ method, url }: RawRequest): OpenAiRequest['route'] {
    if (method !== 'POST') return 'other';
    if (url.pathname === `${settings.prefix}/audio/speech`) return 'speech';
    const wanted = settings.inference ? '/inference' : `${settings.prefix}/audio/transcriptions`;
    return url.pathname === wanted ? 'transcription' : 'other';
  }

  async function react(request: RawRequest): Promise<Reaction> {
    const route = routeOf(request);
    const { method, url, headers, body } = request;
    requests.push({ route, method, path: url.pathname, headers, json: parseJson(body), body });
    const fault = faults.take(route);
    if (fault !== undefined && (fault.kind === undefined || fault.kind === 'status')) {
      const after = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
      return {
        answer: async () => problem(fault.status ?? 500, fault.message ?? 'Scripted fault.', fault.code, after),
      };
    }
    return { fault, answer: () => answer(request, route) };
  }

  async function answer(request: RawRequest, route: OpenAiRequest['route']): Promise<RawAnswer> {
    const isOpen = request.url.pathname === '/health';
    if (settings.key !== undefined && !isOpen && request.headers.authorization !== `Bearer ${settings.key}`) {
      return problem(settings.keyStatus, 'Incorrect API key provided.', 'invalid_api_key');
    }
    if (request.headers['x-api-key'] !== undefined) violation('X-Api-Key is none of OpenAI’s headers');
    try {
      if (route === 'speech') return await speech(parseJson(request.body), settings, violation);
      if (route === 'transcription') return await transcription(request, settings, ear, violation);
      return other(request.url.pathname);
    } catch (error) {
      if (error instanceof OpenAiProblem) return problem(error.status, error.message, error.code);
      violation(`the emulator failed: ${error instanceof Error ? error.stack : String(error)}`);
      return problem(500, String(error));
    }
  }

  function other(path: string): RawAnswer {
    const { prefix, modelList, models, voiceList, voices } = settings;
    const ids = models.map((id) => ({ id, object: 'model' }));
    if (path === '/health') return ok({ status: 'ok' });
    if (path === `${prefix}/models` && modelList !== 'none') return ok({ object: 'list', [modelList]: ids });
    if (path === `${prefix}/audio/voices` && voiceList !== 'none') {
      return ok({ voices: voiceList === 'strings' ? voices : voices.map((id) => ({ id, name: id })) });
    }
    return {
      status: 404,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from('{"detail":"Not Found"}'),
    };
  }

  const api = await listen(react);
  return {
    url: `${api.url}${settings.prefix}`,
    settings,
    requests,
    requestsTo: (route) => requests.filter((request) => request.route === route),
    get open() {
      return api.open;
    },
    violations,
    fail: (route, fault) => faults.add(route, fault),
    heal: () => faults.clear(),
    close: () => api.close(),
  };
}

/** An error as OpenAI tells it. */
export class OpenAiProblem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code?: string,
  ) {
    super(message);
  }
}

export function ok(json: unknown): RawAnswer {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(json)) };
}

function problem(status: number, message: string, code?: string, headers: Record<string, string> = {}): RawAnswer {
  const error = { message, type: 'invalid_request_error', param: null, code: code ?? null };
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify({ error })),
  };
}
