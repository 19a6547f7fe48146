import { DubError } from '../../../errors.js';
import type { Classify } from '../../../net/judge.js';
import { redactText } from '../../../net/redact.js';
import { readError, type ServiceError } from './envelope.js';
import { type ErrorSituation, type Repetition, ruleFor } from './rules.js';

/** An error of the service as this program tells it, and what may be done about it. */
export interface Verdict {
  readonly error: DubError;
  readonly repetition: Repetition;
  /** True when the service said itself that it did not do the work; undefined when that is not known. */
  readonly notAccepted: true | undefined;
}

/** Maps an error of the service to ours. */
export function judgeError(service: ServiceError, situation: ErrorSituation): Verdict {
  const told = { ...service, ...situation };
  const rule = ruleFor(told);
  const error = new DubError(rule.code, redactText(messageOf(service, rule.lead), [situation.apiKey]), {
    hint: rule.hint(told),
    retryable: rule.repetition !== 'never',
    ...(rule.waitMs === undefined ? {} : { retryAfterMs: rule.waitMs }),
  });
  // A call that the service declares failed is neither worked on nor billed; its time-outs, and a gateway's page, say
  // nothing of the kind.
  const surely = service.enveloped && service.code !== '' && !/time-?out/i.test(service.code);
  return { error, repetition: rule.repetition, notAccepted: surely ? true : undefined };
}

/** Reads the errors in the answers to one request; what is worth one more try is given one. */
export function createClassifier(
  situation: ErrorSituation,
  read: (...answer: Parameters<Classify>) => ServiceError | undefined = readError,
): Classify {
  let triedOnce = false;
  return (status, headers, body) => {
    const service = read(status, headers, body);
    if (service === undefined) return undefined;
    const { error, repetition, notAccepted } = judgeError(service, situation);
    const retryable = repetition === 'freely' || (repetition === 'once' && !triedOnce);
    if (repetition === 'once') triedOnce = true;
    // A `Retry-After` of the answer outranks what is known in general.
    const told = headers['retry-after'] === undefined ? {} : { error: withoutWait(error) };
    return { error, retryable, notAccepted, ...told };
  };
}

function withoutWait({ code, message, hint, retryable }: DubError): DubError {
  return new DubError(code, message, { ...(hint === undefined ? {} : { hint }), retryable });
}

/** `DashScope refused the API key: Invalid API-key provided. (401 InvalidApiKey, request fb53…).` */
function messageOf({ status, code, message, requestId }: ServiceError, lead: string): string {
  const words = message.replace(/\s+/g, ' ').trim();
  const said = words === '' ? '' : `: ${words.length > 400 ? `${words.slice(0, 400)}…` : words}`;
  const request = requestId === undefined || requestId === '' ? [] : [`request ${requestId}`];
  const facts = [[status || '', code].filter(Boolean).join(' '), ...request].filter(Boolean).join(', ');
  return `${lead}${said}${facts === '' ? '' : ` (${facts})`}.`;
}
