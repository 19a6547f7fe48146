import type { OutgoingHttpHeaders } from 'node:http';
import type { RawAnswer } from './wire.js';

/** What an error carries besides status, code and message. */
export interface ApiErrorDetails {
  /** The wording of the compatible mode where it differs. */
  readonly compatMessage?: string;
  /** The compat `type`; by status unless told. */
  readonly type?: string;
  readonly param?: string;
  readonly headers?: OutgoingHttpHeaders;
}

/** An error as the service answers it; the code is the native one, the compatible mode's is derived. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: ApiErrorDetails = {},
  ) {
    super(message);
  }
}

/** How the answer to a request is framed. */
export interface ErrorFraming {
  readonly compat: boolean;
  readonly wantsStream: boolean;
  readonly requestId: string;
}

/** The answer to a request that failed before anything else was sent. */
export function frameError(error: ApiError, framing: ErrorFraming, headers: OutgoingHttpHeaders): RawAnswer {
  const all = { ...headers, ...error.details.headers };
  const { compat, wantsStream, requestId } = framing;
  if (wantsStream) {
    const type = { 'content-type': 'text/event-stream;charset=UTF-8' };
    return {
      status: error.status,
      headers: { ...all, ...type },
      body: Buffer.from(framePiece(error, 1, compat, requestId)),
    };
  }
  const json = compat ? compatBody(error, requestId) : nativeBody(error, requestId);
  return {
    status: error.status,
    headers: { ...all, 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(json)),
  };
}

/** One event of a stream: a result or, for an ApiError, an error. */
export function framePiece(data: object | string, id: number, compat: boolean, requestId: string): string {
  if (data instanceof ApiError) {
    if (compat) return `data: ${JSON.stringify(compatBody(data, requestId))}\n\n`;
    const body = JSON.stringify(nativeBody(data, requestId));
    return `id:${id}\nevent:error\n:HTTP_STATUS/${data.status}\ndata:${body}\n\n`;
  }
  if (compat) return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
  const body = typeof data === 'string' ? data : JSON.stringify({ ...data, request_id: requestId });
  return `id:${id}\nevent:result\n:HTTP_STATUS/200\ndata:${body}\n\n`;
}

function nativeBody({ code, message }: ApiError, requestId: string): object {
  return { code, message, request_id: requestId };
}

function compatBody({ status, code, message, details }: ApiError, requestId: string): object {
  const [compatCode, type] = compatCodes[code] ?? [code, typeOf(status)];
  const error = {
    message: details.compatMessage ?? message,
    type: details.type ?? type,
    param: details.param ?? null,
    code: compatCode,
  };
  return { error, request_id: requestId, id: `chatcmpl-${requestId}` };
}

/** Codes that the compatible mode spells in its own way, with their types; all others go through as they are. */
const compatCodes: Readonly<Record<string, readonly [code: string, type: string]>> = {
  InvalidParameter: ['invalid_parameter_error', 'invalid_request_error'],
  InvalidApiKey: ['invalid_api_key', 'invalid_request_error'],
  DataInspectionFailed: ['data_inspection_failed', 'data_inspection_failed'],
  ModelNotFound: ['model_not_found', 'invalid_request_error'],
  AccessDenied: ['access_denied', 'access_denied'],
  Arrearage: ['Arrearage', 'Arrearage'],
  'Throttling.RateQuota': ['limit_requests', 'limit_requests'],
  'Throttling.BurstRate': ['limit_burst_rate', 'limit_burst_rate'],
  'Throttling.AllocationQuota': ['insufficient_quota', 'insufficient_quota'],
  InternalError: ['internal_error', 'internal_error'],
};

function typeOf(status: number): string {
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
