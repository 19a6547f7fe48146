import type { DubErrorCode } from '../../../errors.js';
import type { ServiceError } from './envelope.js';
import type { DashscopeHost } from './hosts.js';

/** What hints need to know besides the error. */
export interface ErrorSituation {
  readonly host: DashscopeHost;
  readonly apiKey: string;
}

/** Whether the same call may be made again. */
export type Repetition = 'never' | 'once' | 'freely';

type Situated = ServiceError & ErrorSituation;

interface Rule {
  readonly applies: (error: Situated) => boolean;
  readonly code: DubErrorCode;
  readonly repetition: Repetition;
  /** How long to wait when the service does not say, which it never was seen to do. */
  readonly waitMs?: number | undefined;
  /** How the message begins. */
  readonly lead: string;
  readonly hint: (error: Situated) => string;
}

/** The rule for an error. An unknown 4xx is final, an unknown 5xx may pass. */
export function ruleFor(error: Situated): Rule {
  const found = rules.find((rule) => rule.applies(error));
  if (found) return found;
  return error.status >= 500 ? unknownFault : unknownRefusal;
}

const usualHint = 'The same command resumes.';
const modelHint = () =>
  'Check the name of the model and that it is offered in this region; name another with --asr, --translator or --tts qwen:MODEL.';
const paymentHint = () =>
  'See to the bill at https://usercenter2.aliyun.com, then run the same command again: it resumes.';

// The codes are those of the error-code page (help.aliyun.com, 2026) and of the recognition page's task codes; the
// order is: money, authorisation, content, the caller's fault, rates, the service's own faults.
const rules: readonly Rule[] = [
  {
    applies: coded('Arrearage', 'CommodityNotPurchased', 'PrepaidBillOverdue', 'PostpaidBillOverdue'),
    ...{ code: 'PROVIDER_QUOTA', repetition: 'never', lead: 'DashScope stopped serving this account' },
    hint: paymentHint,
  },
  {
    // A 400, or a 429 with the same code as the rate limit: only the message tells.
    applies: (error) =>
      /^Throttling\.AllocationQuota$/.test(error.code) &&
      (error.status === 400 || /storage limit|您当前的配额为/i.test(error.message)),
    ...{ code: 'PROVIDER_QUOTA', repetition: 'never', lead: 'DashScope keeps no more custom voices for this account' },
    hint: () => 'Delete custom voices or vocabularies that are no longer used, then run the same command again.',
  },
  {
    applies: (error) =>
      error.code === 'AllocationQuota.FreeTierOnly' ||
      (error.code === 'Throttling.AllocationQuota' && (error.status === 403 || usedUp.test(error.message))),
    ...{ code: 'PROVIDER_QUOTA', repetition: 'never', lead: 'The quota of this account is used up' },
    hint: () =>
      'Allow paid use of the model in the Model Studio console (free quota only is switched on there), or name another model; the same command resumes.',
  },
  {
    applies: (error) => error.status === 402,
    ...{ code: 'PROVIDER_QUOTA', repetition: 'never', lead: 'DashScope wants to be paid first' },
    hint: paymentHint,
  },
  {
    applies: (error) => error.status === 401 || error.code === 'InvalidApiKey' || error.code === 'NOT AUTHORIZED',
    ...{ code: 'PROVIDER_AUTH', repetition: 'never', lead: 'DashScope refused the API key' },
    hint: keyHint,
  },
  {
    applies: (error) => error.code === 'AccessDenied' && /support (a?synchronous) calls/i.test(error.message),
    ...{ code: 'PROVIDER_UNSUPPORTED', repetition: 'never', lead: 'The model is not called in this way' },
    hint: modelHint,
  },
  {
    applies: coded('Endpoint.AccessDenied'),
    ...{ code: 'PROVIDER_UNSUPPORTED', repetition: 'never', lead: 'The model has been withdrawn' },
    hint: modelHint,
  },
  {
    applies: coded('AccessDenied.Unpurchased'),
    ...{ code: 'PROVIDER_AUTH', repetition: 'never', lead: 'Model Studio is not switched on for this account' },
    hint: () => 'Switch it on at https://bailian.console.aliyun.com and accept the terms; it costs nothing by itself.',
  },
  {
    applies: (error) => error.status === 403 || /(^|\.)AccessDenied$/.test(error.code),
    ...{ code: 'PROVIDER_AUTH', repetition: 'never', lead: 'The account may not use this' },
    hint: (error) => `Give the key's workspace the right to the model in the console. ${inForce(error)}`,
  },
  {
    applies: coded('DataInspectionFailed'),
    ...{ code: 'PROVIDER_REFUSED', repetition: 'never', lead: 'DashScope found the content inappropriate' },
    hint: () =>
      'The same content is refused again: reword the line, leave it unvoiced, or use another provider for it.',
  },
  {
    applies: (error) =>
      (error.code === 'InvalidParameter.DataInspection' && /unable to download/i.test(error.message)) ||
      isDownloadFailure(error.code),
    ...{ code: 'PROVIDER_REFUSED', repetition: 'once', lead: 'DashScope could not fetch the file' },
    hint: () => 'Run the same command again; if it stays so, store the file elsewhere with --store oss.',
  },
  {
    applies: coded(
      'FILE_403_FORBIDDEN',
      'FILE_404_NOT_FOUND',
      'CONTENT_LENGTH_CHECK_FAILED',
      'REQUEST_INVALID_FILE_URL_VALUE',
    ),
    ...{ code: 'PROVIDER_REFUSED', repetition: 'never', lead: 'DashScope could not fetch the file' },
    hint: () =>
      'The link to the file has expired or is refused: run the same command again for a new one, or choose another --store.',
  },
  {
    applies: (error) => error.status === 430 || /^Audio\./.test(error.code),
    ...{ code: 'PROVIDER_REFUSED', repetition: 'never', lead: 'DashScope cannot use this recording' },
    hint: () => 'The recording is silent, too long, too large or in an unsuitable form; use another one.',
  },
  {
    applies: (error) => unsuitable.test(error.code) || /media format is not supported/i.test(error.message),
    ...{ code: 'PROVIDER_REFUSED', repetition: 'never', lead: 'DashScope cannot read this file' },
    hint: () => 'The file is too long, too large or in a form the model does not read.',
  },
  {
    applies: (error) =>
      ['ModelNotFound', 'model_not_supported'].includes(error.code) || /model not exist/i.test(error.message),
    ...{ code: 'PROVIDER_UNSUPPORTED', repetition: 'never', lead: 'DashScope does not have this model' },
    hint: (error) => `${modelHint()} ${inForce(error)}`,
  },
  {
    applies: coded('WorkSpaceNotFound'),
    ...{ code: 'PROVIDER_AUTH', repetition: 'never', lead: 'DashScope does not know the workspace' },
    hint: () => 'Set DASHSCOPE_WORKSPACE to a workspace of the key, or unset it.',
  },
  {
    applies: coded('BadRequest.VoiceNotFound', 'BadRequest.ResourceNotExist'),
    ...{ code: 'PROVIDER_UNSUPPORTED', repetition: 'never', lead: 'DashScope does not have this voice or vocabulary' },
    hint: () => 'See the voices with `dub voices`; a custom voice that was deleted must be made anew.',
  },
  {
    applies: coded('ClientDisconnect', 'APIConnectionError'),
    ...{ code: 'PROVIDER_UNREACHABLE', repetition: 'freely', lead: 'The connection to DashScope ended early' },
    hint: () => usualHint,
  },
  {
    // "500 InternalError.Algo" wraps faults of the caller too, which no repeating mends.
    applies: (error) => /^InternalError\.Algo/.test(error.code) && callerFault.test(`${error.code} ${error.message}`),
    ...{ code: 'PROVIDER_REFUSED', repetition: 'never', lead: 'DashScope does not take this request' },
    hint: () => 'The request does not suit the model; name another model, or report this with the request id.',
  },
  {
    applies: (error) => error.code === 'NotFound' || (error.status === 404 && error.code === ''),
    ...{ code: 'PROVIDER_REFUSED', repetition: 'never', lead: 'There is no such service at this host' },
    hint: (error) => `Check the base URL: it is a host without a path. ${inForce(error)}`,
  },
  {
    applies: coded('Throttling.BurstRate'),
    ...{ code: 'PROVIDER_BUSY', repetition: 'freely', waitMs: 3000, lead: 'DashScope asks to go slower' },
    hint: () => `The number of requests rose too quickly. ${usualHint}`,
  },
  {
    // In the compatible mode it reads like a bill, but is the limit of tokens per minute, which passes within one.
    applies: coded('Throttling.AllocationQuota'),
    ...{
      code: 'PROVIDER_BUSY',
      repetition: 'freely',
      waitMs: 15_000,
      lead: 'The limit of tokens per minute is reached',
    },
    hint: () => `It passes within a minute. ${usualHint}`,
  },
  {
    applies: (error) => error.status === 429 || /^Throttling(\.|$)/.test(error.code),
    ...{ code: 'PROVIDER_BUSY', repetition: 'freely', lead: 'DashScope gets too many requests' },
    hint: () => `The account's limit of requests is reached; lower --concurrency if it stays so. ${usualHint}`,
  },
  {
    applies: (error) => error.status === 503 || ['ModelServingError', 'ModelUnavailable'].includes(error.code),
    ...{ code: 'PROVIDER_BUSY', repetition: 'freely', lead: 'DashScope is overloaded' },
    hint: () => usualHint,
  },
  {
    applies: (error) =>
      /^(RequestTimeOut|ResponseTimeout|InternalError\.Timeout|FILE_TRANS_TASK_EXPIRED)$/i.test(error.code) ||
      error.status === 504,
    ...{ code: 'PROVIDER_TIMEOUT', repetition: 'freely', lead: 'DashScope took too long' },
    hint: () => usualHint,
  },
  {
    applies: (error) =>
      /^(InternalError|InternalError\.\w+|SystemError|ModelServiceFailed|SERVER_ERROR|FILE_SERVER_ERROR)$/.test(
        error.code,
      ),
    ...{ code: 'PROVIDER_BAD_REPLY', repetition: 'freely', lead: 'DashScope had a fault' },
    hint: () => usualHint,
  },
];

const unknownFault: Rule = {
  applies: () => true,
  ...{ code: 'PROVIDER_BAD_REPLY', repetition: 'freely', lead: 'DashScope had a fault' },
  hint: () => usualHint,
};

const unknownRefusal: Rule = {
  applies: () => true,
  ...{ code: 'PROVIDER_REFUSED', repetition: 'never', lead: 'DashScope does not take this request' },
  hint: () => 'Check the options of the provider; if they are right, report this with the request id.',
};

const usedUp = /free (allocated )?quota|free tier|quota has been exhausted|plan .*exhausted/i;

const callerFault =
  /InvalidParameter|Role must be in|list index out of range|Missing Content-Length|Range of |should be in \[|must contain the word/i;

const unsuitable =
  /^(InvalidFile\.|BadRequest\.(UnsupportedFileFormat|TooLarge)$|AUDIO_DURATION_TOO_LONG$|FILE_(CHECK|PARSE|NORMALIZE)_FAILED$|FILE_TOO_LARGE$|MKV_PARSE_FAILED$|DECODE_ERROR$|UNSUPPORTED_FORMAT$|NO_VALID_AUDIO_ERROR$|NO_INPUT_AUDIO_ERROR$)/;

function isDownloadFailure(code: string): boolean {
  return /^(BadRequest\.InputDownloadFailed|InvalidFile\.DownloadFailed|InvalidURL(\..+)?|FILE_DOWNLOAD_FAILED)$/.test(
    code,
  );
}

function coded(...codes: readonly string[]): Rule['applies'] {
  return ({ code }) => codes.includes(code);
}

/** What a refused key may be missing: its region first, since a key of one region is unknown in every other. */
function keyHint(error: Situated): string {
  if (error.apiKey.startsWith('sk-sp-')) {
    return 'Keys that begin with sk-sp- belong to a subscription plan, whose terms forbid scripts: set DASHSCOPE_API_KEY to a pay-as-you-go key (sk-…).';
  }
  const workspace = error.apiKey.startsWith('sk-ws-')
    ? ' Keys that begin with sk-ws- work on the host of their workspace: set DASHSCOPE_WORKSPACE.'
    : '';
  return `Set DASHSCOPE_API_KEY to a key of the region in force, or name the key's region with --dashscope-region. ${inForce(error)}${workspace}`;
}

/** The host and the region in force, and which setting put them there. */
export function inForce({ host }: ErrorSituation): string {
  const place = host.region === undefined ? 'its region is not known' : `${host.region.name}, ${host.region.place}`;
  return `Now in force: ${host.host} (${place}), by ${host.decidedBy}.`;
}
