import { DubError } from '../../../errors.js';
import type { Schema } from '../../../net/http.js';
import type { ReplyBody, ReplyHeaders } from '../../../net/reply.js';
import { parseEvents, type ServerEvent } from '../../../net/sse.js';

/** An error as the service told it. */
export interface ServiceError {
  /** The HTTP status, or the one inside the envelope where that says more. */
  readonly status: number;
  /** In the service's native spelling; empty when it named none. */
  readonly code: string;
  /** Empty when it said nothing. */
  readonly message: string;
  readonly requestId: string | undefined;
  /** False when the body was no envelope of the service: a gateway's page, or nothing. */
  readonly enveloped: boolean;
}

/** Codes of the compatible mode that are native codes spelled otherwise. */
const nativeCodes: Readonly<Record<string, string>> = {
  invalid_parameter_error: 'InvalidParameter',
  invalid_api_key: 'InvalidApiKey',
  data_inspection_failed: 'DataInspectionFailed',
  model_not_found: 'ModelNotFound',
  access_denied: 'AccessDenied',
  limit_requests: 'Throttling.RateQuota',
  LimitRequests: 'Throttling.RateQuota',
  limit_burst_rate: 'Throttling.BurstRate',
  insufficient_quota: 'Throttling.AllocationQuota',
  internal_error: 'InternalError',
  internal_server_error: 'InternalError',
};

/** Values of `code` that some answers carry when all is well. */
const fineCode = /^(200|0|ok|success)?$/i;

/**
 * The error an answer holds, whatever its framing: native, compatible, as an event, or a status without an envelope.
 * @returns undefined for an answer that is none
 */
export function readError(status: number, headers: ReplyHeaders, body: ReplyBody): ServiceError | undefined {
  const told = fromJson(body.json, status) ?? fromEvents(body.text, status);
  const requestId = told?.requestId ?? requestIdOf(headers);
  if (told) return { ...told, requestId };
  if (status < 400) return undefined;
  return { status, code: '', message: '', requestId, enveloped: false };
}

/** The error an event of a stream holds; undefined when it is a piece of the result. */
export function readEventError(event: ServerEvent): ServiceError | undefined {
  const status = Number(/HTTP_STATUS\/(\d+)/.exec(event.comments.join(' '))?.[1] ?? 0);
  const told = fromJson(parseJson(event.data), status);
  if (told) return told;
  if (event.event !== 'error' && status < 400) return undefined;
  return { status, code: '', message: event.data.slice(0, 300), requestId: undefined, enveloped: true };
}

/** The request id of an answer's headers. */
export function requestIdOf(headers: ReplyHeaders): string | undefined {
  return headers['x-request-id'] || headers['x-dashscope-request-id'] || undefined;
}

function fromJson(json: unknown, status: number): ServiceError | undefined {
  // A gateway in between has been seen to wrap the object in a list.
  const body = Array.isArray(json) ? (json as readonly unknown[])[0] : json;
  if (!isRecord(body)) return undefined;
  const inner = isRecord(body.error) ? body.error : body;
  const code = textOf(inner.code) || (inner === body ? '' : textOf(inner.type));
  const stated = numberOf(body.status_code) ?? numberOf(body.status) ?? status;
  const effective = status >= 400 ? status : stated;
  if (fineCode.test(code) && effective < 400 && inner === body) return undefined;
  return {
    status: effective,
    code: nativeCodes[code] ?? code,
    message: textOf(inner.message) || textOf(inner.msg),
    requestId: textOf(body.request_id) || textOf(body.requestId) || idOfCompletion(body.id),
    enveloped: true,
  };
}

/** Streams that fail at once come with the error's status and an event for a body. */
function fromEvents(text: string, status: number): ServiceError | undefined {
  if (status < 400 || !/^\s*(id|event|data|:)/.test(text)) return undefined;
  const errors = parseEvents(text, { comments: true }).map(readEventError);
  const found = errors.find((error) => error !== undefined);
  return found && { ...found, status: found.status || status };
}

function idOfCompletion(id: unknown): string | undefined {
  return /^chatcmpl-(.+)$/.exec(textOf(id))?.[1];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && number >= 100 && number < 600 ? number : undefined;
}

/** The schema, telling the answer's own request id on the way. */
export function withRequestId<T>(schema: Schema<T>, tell: (id: string) => void): Schema<T> {
  return {
    safeParse(value) {
      const id: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'request_id') : undefined;
      if (typeof id === 'string' && id !== '') tell(id);
      return schema.safeParse(value);
    },
  };
}

/**
 * One event of a stream, validated.
 * @throws PROVIDER_BAD_REPLY
 */
export function parseEvent<T>(schema: Schema<T>, data: string, requestId: string | undefined): T {
  const request = requestId === undefined ? '' : ` (request ${requestId})`;
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch (cause) {
    throw new DubError('PROVIDER_BAD_REPLY', `An event of DashScope is not JSON${request}.`, {
      hint: 'The same command resumes.',
      cause,
      retryable: true,
    });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const wrong = result.error.issues.slice(0, 3).map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
  throw new DubError(
    'PROVIDER_BAD_REPLY',
    `An event of DashScope is not as documented: ${wrong.join('; ')}${request}.`,
    {
      hint: 'A newer version of dub may know this form; if not, report it with the request id.',
    },
  );
}
