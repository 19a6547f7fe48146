/*
 * Chat completions as other services than Model Studio serve them: Zhipu GLM, DeepSeek, OpenAI and Ollama, each with its
 * own key, JSON modes, thinking and error bodies (their pages and SDKs as of November 2026). What the model writes is
 * what the model behind the other emulator writes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ChatSettings, type Message, type Mischief, write } from '../dashscope/chat.js';
import { listenOnLoopback } from '../loopback.js';

/** Which service it plays. */
export type Played = 'glm' | 'deepseek' | 'openai' | 'ollama';

/** What can go wrong. */
export interface CompletionsFault {
  readonly kind: 'error' | 'reset' | 'reset-after' | 'hang' | 'cut' | 'empty' | 'html';
  readonly status?: number;
  readonly body?: object;
  readonly retryAfter?: number;
  readonly times?: number;
}

/** The emulator. */
export interface CompletionsEmulator {
  /** With the service's path. */
  readonly url: string;
  readonly violations: readonly string[];
  readonly bodies: readonly Readonly<Record<string, unknown>>[];
  readonly mischief: Mischief[];
  readonly requests: number;
  readonly open: number;
  fail(fault: CompletionsFault): void;
  close(): Promise<void>;
}

interface Service {
  readonly path: string;
  readonly key: string | undefined;
  readonly models: readonly string[];
  readonly modes: readonly string[];
  /** Thinks unless told not to. */
  readonly thinks: boolean;
  readonly fields: readonly string[];
}

const usual = ['model', 'messages', 'temperature', 'top_p', 'max_tokens', 'response_format', 'stream'];

const services: Readonly<Record<Played, Service>> = {
  glm: {
    ...{ path: '/api/paas/v4', key: 'abcdef0123456789.emulated', models: ['glm-4.7-flash', 'glm-5.3'] },
    ...{ modes: ['text', 'json_object'], thinks: true, fields: [...usual, 'thinking', 'do_sample'] },
  },
  deepseek: {
    ...{ path: '', key: 'sk-deepseek-emulated', models: ['deepseek-flash', 'deepseek-v4-pro'] },
    ...{ modes: ['text', 'json_object'], thinks: true, fields: [...usual, 'thinking', 'seed'] },
  },
  openai: {
    ...{ path: '/v1', key: 'sk-openai-emulated', models: ['gpt-4.1-mini', 'gpt-5.4-mini'] },
    ...{
      modes: ['text', 'json_object', 'json_schema'],
      thinks: false,
      fields: [...usual, 'max_completion_tokens', 'seed', 'reasoning_effort'],
    },
  },
  ollama: {
    ...{ path: '/v1', key: undefined, models: ['qwen3.5:8b'] },
    ...{ modes: ['text', 'json_object', 'json_schema'], thinks: false, fields: [...usual, 'seed'] },
  },
};

/** The key that the played service knows. */
export function keyOf(played: Played): string | undefined {
  return services[played].key;
}

export async function startCompletions(
  played: Played,
  settings: {
    readonly contentAs?: 'string' | 'part';
    readonly translate?: NonNullable<ChatSettings['translate']>;
  } = {},
): Promise<CompletionsEmulator> {
  const service = services[played];
  const violations: string[] = [];
  const bodies: Readonly<Record<string, unknown>>[] = [];
  const mischief: Mischief[] = [];
  let planned: { fault: CompletionsFault; left: number } | undefined;
  let requests = 0;

  async function answer(request: IncomingMessage, response: ServerResponse, sent: Buffer): Promise<void> {
    if (request.method !== 'POST' || request.url !== `${service.path}/chat/completions`) {
      return tell(response, 404, {
        error: { message: `no route ${request.method} ${request.url}`, type: 'invalid_request_error' },
      });
    }
    requests++;
    const fault = takeFault();
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'reset') return void request.socket.resetAndDestroy();
    if (fault?.kind === 'html')
      return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Gateway</html>');
    if (fault?.kind === 'error')
      return tell(response, fault.status ?? 500, fault.body ?? { error: { message: 'scripted' } }, fault.retryAfter);
    if (fault?.kind === 'empty') return void response.writeHead(200).end();
    if (service.key !== undefined && request.headers.authorization !== `Bearer ${service.key}`)
      return tell(response, 401, wrongKey(played));
    const body = JSON.parse(sent.toString()) as Readonly<Record<string, unknown>>;
    bodies.push(body);
    for (const field of Object.keys(body))
      if (!service.fields.includes(field)) violations.push(`${played}: unknown field ${field}`);
    if (!service.models.includes(String(body.model)))
      return tell(response, 404, {
        error: { code: 'model_not_found', message: `The model ${body.model} does not exist` },
      });
    const mode = String((body.response_format as { type?: unknown } | undefined)?.type ?? 'text');
    if (!service.modes.includes(mode))
      return tell(response, 400, {
        error: { code: '1210', message: `response_format ${mode} is not supported`, type: 'invalid_request_error' },
      });
    const messages = body.messages as readonly Message[];
    if (mode === 'json_object' && !/json/i.test(messages.map(({ content }) => content).join(' '))) {
      return tell(response, 400, { error: { message: "the prompt must say 'json' for response_format json_object" } });
    }
    const written = await write(messages, settings.translate ? { translate: settings.translate } : {}, mischief);
    const off = (body.thinking as { type?: unknown } | undefined)?.type === 'disabled';
    const thinks = service.thinks && !off;
    if (thinks) violations.push(`${played}: thinking was left on, which takes long and costs more`);
    if (fault?.kind === 'reset-after') return void request.socket.resetAndDestroy();
    const text = mode === 'text' ? `\`\`\`json\n${written.text}\n\`\`\`` : written.text;
    const content = settings.contentAs === 'part' ? { type: 'text', text } : text;
    const reply = {
      ...{ id: `${played}-${requests}`, object: 'chat.completion', model: body.model },
      choices: [
        {
          index: 0,
          finish_reason: written.finish,
          message: { role: 'assistant', content, ...(thinks ? { reasoning_content: 'Let me think.' } : {}) },
        },
      ],
      usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
    };
    const bytes = Buffer.from(JSON.stringify(reply));
    if (fault?.kind !== 'cut') return void response.writeHead(200, { 'content-type': 'application/json' }).end(bytes);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length });
    response.write(bytes.subarray(0, bytes.length / 2));
    setTimeout(() => response.destroy(), 20);
  }

  function takeFault(): CompletionsFault | undefined {
    if (!planned || planned.left <= 0) return undefined;
    planned.left--;
    return planned.fault;
  }

  const server = await listenOnLoopback(answer);
  return {
    url: `${server.url}${service.path}`,
    ...{ violations, bodies, mischief },
    get requests() {
      return requests;
    },
    get open() {
      return server.open;
    },
    fail(fault) {
      planned = { fault, left: fault.times ?? 1 };
    },
    close: () => server.close(),
  };
}

function wrongKey(played: Played): object {
  if (played === 'glm') return { error: { code: '1000', message: '身份验证失败。' } };
  return {
    error: { message: 'Incorrect API key provided: sk-…', type: 'invalid_request_error', code: 'invalid_api_key' },
  };
}

function tell(response: ServerResponse, status: number, body: object, retryAfter?: number): void {
  const headers = {
    'content-type': 'application/json',
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
  };
  response.writeHead(status, headers).end(JSON.stringify(body));
}
