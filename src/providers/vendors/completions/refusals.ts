import { DubError } from '../../../errors.js';
import { replyStatus } from '../../../net/facts.js';

/** Why a request was refused, as far as something can be done about it. */
export type Refusal = 'content' | 'length' | 'thinking' | 'form' | 'other';

/** Why a request was refused; undefined for an error that is no refusal of this request. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof DubError) || error.code !== 'PROVIDER_REFUSED') return undefined;
  const { message } = error;
  if (/DataInspection|data_inspection|inappropriate|Content Exists Risk|content_filter|sensitive/i.test(message))
    return 'content';
  if (
    /Range of input length|maximum context|context_length|max_model_len|input.*too long|exceed.*(context|length)/i.test(
      message,
    )
  )
    return 'length';
  if (/enable_thinking|EnableThinking/i.test(message) && !/^[^:]*: ?Json mode/i.test(message)) return 'thinking';
  if (/'?"?thinking'?"?\b/i.test(message) && !/json/i.test(message)) return 'thinking';
  return /response_format|json|schema|structured|InvalidParameter/i.test(message) ? 'form' : 'other';
}

/** True when the service itself, and not this machine's patience, ended the request for taking too long. */
export function tookTooLong(error: unknown): boolean {
  return error instanceof DubError && error.code === 'PROVIDER_TIMEOUT' && replyStatus(error) !== undefined;
}
