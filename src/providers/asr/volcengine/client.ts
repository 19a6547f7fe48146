import { DubError } from '../../../errors.js';
import type { Http, HttpRequest, HttpScope } from '../../../net/http.js';
import type { Classify, Judgement } from '../../../net/judge.js';
import type { ReplyHeaders } from '../../../net/reply.js';
import type { VolcengineOptions } from './options.js';
import type { VolcengineService } from './services.js';

/** How a call ended: the service tells it in a header, whatever the HTTP status says. */
export interface VolcengineReply {
  /** 20000000 done, 20000001 and 20000002 under way, 20000003 silent. */
  readonly code: number;
  readonly json: unknown;
  /** The service's log id, which its support asks for. */
  readonly logId: string | undefined;
}

/** Codes of answers that are no errors. */
export const codes = { done: 20_000_000, working: 20_000_001, queued: 20_000_002, silent: 20_000_003 } as const;

const fine: ReadonlySet<number> = new Set(Object.values(codes));

/** Calls to one of the services under one account. */
export interface VolcengineClient {
  readonly host: string;
  /** Undefined when there is a key. */
  readonly missing: string | undefined;
  /** @param requestId made by the client: it is the task's id, and a query repeats it */
  call(
    path: string,
    service: VolcengineService,
    requestId: string,
    body: object,
    signal: AbortSignal,
    how: Pick<HttpRequest, 'idempotent' | 'limits'>,
  ): Promise<VolcengineReply>;
}

const missingKey =
  'Set VOLCENGINE_ASR_API_KEY (new console), or VOLCENGINE_ASR_APP_KEY and VOLCENGINE_ASR_ACCESS_KEY (old console).';

/** @throws CONFIG_INVALID for a base URL that is none */
export function volcengineClient(
  options: VolcengineOptions,
  tools: { readonly http?: ((scope: HttpScope) => Promise<Http>) | undefined },
): VolcengineClient {
  const base = baseOf(options.baseUrl);
  const { apiKey = '', appKey = '', accessKey = '' } = options;
  const missing = apiKey === '' && (appKey === '' || accessKey === '') ? missingKey : undefined;
  const credentials =
    apiKey === '' ? { 'X-Api-App-Key': appKey, 'X-Api-Access-Key': accessKey } : { 'X-Api-Key': apiKey };
  let opened: Promise<Http> | undefined;

  async function open(): Promise<Http> {
    if (missing) throw new DubError('PROVIDER_AUTH', 'There is no key for Volcengine.', { hint: missing });
    if (!Object.values(credentials).every((value) => /^[\x21-\x7e]+$/.test(value))) {
      throw new DubError('CONFIG_INVALID', 'A key of Volcengine has a space or a character outside ASCII in it.', {
        hint: 'Copy it anew from the console; nothing but the key belongs in the variable.',
      });
    }
    if (!tools.http) {
      throw new DubError('CONFIG_INVALID', 'Volcengine is a service, and no HTTP client was given to reach it.', {
        hint: 'Leave --offline out, or choose a recogniser that runs on this machine.',
      });
    }
    return tools.http({ allowPrivateFor: [base.href], secrets: Object.values(credentials) });
  }

  return {
    host: base.host,
    missing,
    async call(path, service, requestId, body, signal, how) {
      opened ??= open();
      const http = await opened;
      const reply = await http.request(
        {
          url: `${base.origin}${path}`,
          headers: {
            ...credentials,
            'X-Api-Resource-Id': service.resourceId,
            'X-Api-Request-Id': requestId,
            'X-Api-Sequence': '-1',
          },
          body: { json: body },
          classify: classifier(service),
          ...how,
        },
        signal,
      );
      return { code: codeOf(reply.headers) ?? codes.done, json: reply.body.json, logId: reply.headers['x-tt-logid'] };
    },
  };
}

function baseOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url;
  throw new DubError('CONFIG_INVALID', 'The base URL of Volcengine is no address of a server.', {
    hint: 'Write it as https://host, without a path.',
  });
}

function codeOf(headers: ReplyHeaders): number | undefined {
  const code = Number(headers['x-api-status-code']);
  return Number.isInteger(code) && code > 0 ? code : undefined;
}

/** The service's codes (docs 6561/1354868); the HTTP status says 200 for many failures. */
function classifier(service: VolcengineService): Classify {
  return (status, headers, body) => {
    const code = codeOf(headers);
    if (code === undefined ? status >= 200 && status < 300 && body.json !== undefined : fine.has(code))
      return undefined;
    const said = headers['x-api-message'] ?? '';
    const log = headers['x-tt-logid'];
    const words = `${said === '' ? '' : `: ${said}`}${log === undefined ? '' : ` (log ${log})`}`;
    // A refused key comes with a code of its own that no page names: there the HTTP status is clearer.
    const speaks = code === undefined || status === 401 || status === 403;
    return speaks ? byStatus(status, words, service) : byCode(code, words);
  };
}

function byCode(code: number, words: string): Judgement {
  if (code === 55_000_031) {
    const error = new DubError('PROVIDER_BUSY', `Volcengine is busy (${code})${words}.`, {
      hint: resumes,
      retryable: true,
    });
    return { error, retryable: true, notAccepted: true };
  }
  if (Math.floor(code / 100_000) === 550) {
    const error = new DubError('PROVIDER_BAD_REPLY', `Volcengine failed (${code})${words}.`, {
      hint: resumes,
      retryable: true,
    });
    return { error, retryable: true };
  }
  const hints: Readonly<Record<number, string>> = {
    45000001: 'A parameter is not what the service takes, or the request is a repeated one.',
    45000002: 'The sound that was sent is empty.',
    45000151: 'The service cannot read the sound: it was sent as MP3, 16 kHz, mono.',
  };
  const hint = hints[code] ?? 'The service does not take this request as it is.';
  return {
    error: new DubError('PROVIDER_REFUSED', `Volcengine refused (${code})${words}.`, { hint }),
    retryable: false,
  };
}

const resumes = 'The same command resumes.';

function byStatus(status: number, words: string, { resourceId }: VolcengineService): Judgement | undefined {
  if (status === 401) {
    const error = new DubError('PROVIDER_AUTH', `Volcengine does not know the key (401)${words}.`, {
      hint: missingKey,
    });
    return { error, retryable: false };
  }
  if (status === 403) {
    const error = new DubError('PROVIDER_AUTH', `The account may not use ${resourceId} (403)${words}.`, {
      hint: `The key is right; switch the service ${resourceId} on in Volcengine's console, or choose another: --asr volcengine:flash, :standard, :seed or :idle.`,
    });
    return { error, retryable: false };
  }
  if (status >= 400) return undefined;
  const error = new DubError('PROVIDER_BAD_REPLY', `Volcengine answered ${status} without its status code${words}.`, {
    hint: 'Check the base URL and the proxy: a gateway, not the service, may have answered. The same command resumes.',
    retryable: true,
  });
  return { error, retryable: true };
}
