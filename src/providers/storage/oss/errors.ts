import { DubError, type DubErrorCode } from '../../../errors.js';
import type { Classify, HttpReply, Judgement } from '../../../net/judge.js';
import type { OssOptions, OssPlace } from './options.js';

/** What an error answer of OSS says, without anything that is secret; the `cause` of the `DubError` made of it. */
export class OssAnswer extends Error {
  override readonly name = 'OssAnswer';
  constructor(
    readonly status: number,
    /** OSS's own code: `NoSuchUpload`. */
    readonly code: string,
    /** The finer error code, for support: `0003-00000001`. */
    readonly ec: string,
    readonly requestId: string,
    message: string,
  ) {
    super(message);
  }
}

/** OSS's own code behind an error; undefined when no answer of OSS is behind it. */
export function ossCodeOf(error: unknown): string | undefined {
  if (!(error instanceof DubError)) return undefined;
  return error.cause instanceof OssAnswer ? error.cause.code : undefined;
}

/** What hints name. */
export interface ErrorContext {
  readonly place: OssPlace;
  readonly options: OssOptions;
}

/** Reads OSS's errors: https://www.alibabacloud.com/help/en/oss/support/error-codes and the code table in oss.md. */
export function createClassify(context: ErrorContext): Classify {
  return (status, headers, body) => {
    const isGood = status >= 200 && status < 300;
    const xml = body.text.includes('<Error>') ? body.text : fromHeader(headers['x-oss-err']);
    const code = tag(xml, 'Code') ?? (isGood ? undefined : codeWithoutBody(status, headers));
    if (code !== undefined) return judgeCode(readAnswer({ status, headers, body }, xml, code), xml, context);
    if (!isGood || headers['x-oss-request-id'] !== undefined) return undefined;
    return notOss(status, context);
  };
}

interface Rule {
  readonly code: DubErrorCode;
  readonly hint: string | ((context: ErrorContext, xml: string) => string);
  readonly retryable?: boolean;
}

const tokenHint =
  'Get a new temporary key, and set OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET and OSS_SECURITY_TOKEN to it.';
const waitHint = 'OSS takes no more requests at the moment; the same command resumes.';
const faultHint = 'OSS has a fault; the same command resumes.';
const debtHint = 'Settle the account in the console of Alibaba Cloud, or choose another --store.';

const rules: Readonly<Record<string, Rule>> = {
  InvalidAccessKeyId: {
    code: 'PROVIDER_AUTH',
    hint: ({ options }) =>
      options.accessKeyId?.startsWith('STS.') && options.securityToken === undefined
        ? 'This is a temporary key: set OSS_SECURITY_TOKEN to the token that came with it.'
        : 'Check OSS_ACCESS_KEY_ID: the key is unknown, disabled or of another account. A temporary key needs OSS_SECURITY_TOKEN.',
  },
  SignatureDoesNotMatch: {
    code: 'PROVIDER_AUTH',
    hint: ({ place }) =>
      `Check OSS_ACCESS_KEY_SECRET, and that ${place.bucket} is in ${place.region} (OSS_REGION): signatures need both.`,
  },
  SecurityTokenExpired: { code: 'PROVIDER_AUTH', hint: tokenHint },
  InvalidSecurityToken: { code: 'PROVIDER_AUTH', hint: tokenHint },
  AccessKeyIdAndSecurityTokenNotMatch: { code: 'PROVIDER_AUTH', hint: tokenHint },
  RequestTimeTooSkewed: { code: 'PROVIDER_AUTH', hint: (_, xml) => skewHint(xml) },
  AccessDenied: { code: 'PROVIDER_AUTH', hint: deniedHint },
  SecondLevelDomainForbidden: {
    code: 'CONFIG_INVALID',
    hint: 'OSS wants the bucket in the host: leave `pathStyle` out.',
  },
  NoSuchBucket: {
    code: 'CONFIG_INVALID',
    hint: ({ place }) => `Check OSS_BUCKET (${place.bucket}) and OSS_REGION (${place.region}).`,
  },
  InvalidBucketName: {
    code: 'CONFIG_INVALID',
    hint: 'Check OSS_BUCKET, and that OSS_ENDPOINT is the endpoint of the region. A domain of your own needs OSS_CNAME=true.',
  },
  BucketNotBelongTo: { code: 'PROVIDER_AUTH', hint: 'The bucket is of another account: check OSS_BUCKET and the key.' },
  CnameDenied: {
    code: 'CONFIG_INVALID',
    hint: 'The domain is bound to another bucket: check OSS_ENDPOINT and OSS_CNAME.',
  },
  UserDisable: { code: 'PROVIDER_QUOTA', hint: debtHint },
  InDebt: { code: 'PROVIDER_QUOTA', hint: debtHint },
  InDebtOverdue: { code: 'PROVIDER_QUOTA', hint: debtHint },
  NoSuchKey: {
    code: 'PROVIDER_REFUSED',
    hint: 'Somebody deleted it, or a lifecycle rule did; the same command uploads it again.',
  },
  NoSuchUpload: { code: 'PROVIDER_REFUSED', hint: 'The upload was ended elsewhere; the same command starts it again.' },
  EntityTooLarge: {
    code: 'PROVIDER_UNSUPPORTED',
    hint: 'The file is above what OSS takes at once (5 GB): lower `multipartFrom` so that it goes up in parts.',
  },
  EntityTooSmall: { code: 'PROVIDER_BAD_REPLY', hint: 'Raise `partSize`; the same command starts the upload again.' },
  InvalidDigest: {
    code: 'PROVIDER_BAD_REPLY',
    hint: 'The bytes changed on their way; the same command resumes.',
    retryable: true,
  },
  Throttling: { code: 'PROVIDER_BUSY', hint: waitHint, retryable: true },
  QpsLimitExceeded: { code: 'PROVIDER_BUSY', hint: waitHint, retryable: true },
  DownloadTrafficRateLimitExceeded: { code: 'PROVIDER_BUSY', hint: waitHint, retryable: true },
  ServiceUnavailable: { code: 'PROVIDER_BUSY', hint: waitHint, retryable: true },
  InternalError: { code: 'PROVIDER_BAD_REPLY', hint: faultHint, retryable: true },
  RequestTimeout: {
    code: 'PROVIDER_TIMEOUT',
    hint: 'The upload stood still; the same command resumes.',
    retryable: true,
  },
};

function judgeCode(answer: OssAnswer, xml: string, context: ErrorContext): Judgement {
  const rule = rules[answer.code] ?? ruleByStatus(answer.status);
  const code = addressedWrongly(xml) || demandsDomain(answer) ? 'CONFIG_INVALID' : rule.code;
  const hint = demandsDomain(answer)
    ? domainDemand
    : typeof rule.hint === 'string'
      ? rule.hint
      : rule.hint(context, xml);
  const ids = [answer.ec === '' ? '' : `EC ${answer.ec}`, answer.requestId === '' ? '' : `request ${answer.requestId}`];
  const what = [`${answer.status} ${answer.code}`, ...ids].filter(Boolean).join(', ');
  const message = `OSS refused bucket ${context.place.bucket} at ${context.place.host} (${what}): ${answer.message}`;
  const retryable = rule.retryable ?? false;
  return { retryable, error: new DubError(code, message, { hint, cause: answer, retryable }) };
}

function ruleByStatus(status: number): Rule {
  if (status === 429 || status === 503) return { code: 'PROVIDER_BUSY', hint: waitHint, retryable: true };
  if (status >= 500) return { code: 'PROVIDER_BAD_REPLY', hint: faultHint, retryable: true };
  if (status === 401 || status === 403) return { code: 'PROVIDER_AUTH', hint: deniedHint };
  return {
    code: 'PROVIDER_REFUSED',
    hint: 'Look the code up at https://api.aliyun.com/troubleshoot, or choose another --store.',
  };
}

function deniedHint(context: ErrorContext, xml: string): string {
  const { place, options } = context;
  const endpoint = addressedWrongly(xml);
  if (endpoint !== undefined) {
    const region = /^oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com$/.exec(endpoint)?.[1];
    return region === undefined
      ? `Set OSS_ENDPOINT=https://${endpoint}.`
      : `The bucket is in another region: set OSS_REGION=${region}, and OSS_ENDPOINT to https://${endpoint} or to nothing.`;
  }
  if ((tag(xml, 'Message') ?? '').includes('expired')) return 'The link is too old; the same command makes a new one.';
  const rights = 'oss:PutObject, oss:GetObject, oss:DeleteObject, oss:AbortMultipartUpload and oss:ListParts';
  const ram = `The key needs ${rights} on acs:oss:*:*:${place.bucket}/${options.prefix}*.`;
  return place.isMainlandPublic ? `${ram} ${domainDemand}` : ram;
}

const domainDemand =
  'Accounts that opened OSS after 2025-03-20 may not use the public host of a region of mainland China: set OSS_CNAME to a domain of your own bound to the bucket, or use a bucket elsewhere, or --store dashscope.';

/** The endpoint that OSS wants instead; undefined when that is not what is wrong. */
function addressedWrongly(xml: string): string | undefined {
  return xml.includes('must be addressed using the specified endpoint') ? tag(xml, 'Endpoint') : undefined;
}

/** The wording is not published, so anything that speaks of a domain in a refusal counts. */
function demandsDomain({ status, message }: OssAnswer): boolean {
  return (
    status >= 400 &&
    status < 500 &&
    /custom domain|own domain|cname|default (public )?domain|public (domain|endpoint)|自定义域名/i.test(message)
  );
}

function skewHint(xml: string): string {
  const [there, here] = [Date.parse(tag(xml, 'ServerTime') ?? ''), Date.parse(tag(xml, 'RequestTime') ?? '')];
  if (Number.isNaN(there) || Number.isNaN(here))
    return "Set this machine's clock: it may differ by 15 minutes at most.";
  const minutes = Math.round(Math.abs(here - there) / 60_000);
  return `Set this machine's clock: it is ${minutes} minutes ${here > there ? 'fast' : 'slow'}, and 15 are allowed.`;
}

function readAnswer({ status, headers }: HttpReply, xml: string, code: string): OssAnswer {
  const requestId = tag(xml, 'RequestId') ?? headers['x-oss-request-id'] ?? '';
  const ec = tag(xml, 'EC') ?? headers['x-oss-ec'] ?? '';
  return new OssAnswer(status, code, ec, requestId, (tag(xml, 'Message') ?? `status ${status}`).slice(0, 300));
}

/** HEAD has no body. */
function codeWithoutBody(status: number, headers: HttpReply['headers']): string | undefined {
  if (headers['x-oss-request-id'] === undefined) return undefined;
  return status === 404 ? 'NoSuchKey' : `status${status}`;
}

function notOss(status: number, { place }: ErrorContext): Judgement {
  const message = `${place.host} answered with ${status}, but not as OSS does.`;
  const hint = 'Check OSS_ENDPOINT, OSS_CNAME and the proxy: a gateway, not OSS, may have answered.';
  return { retryable: true, error: new DubError('PROVIDER_BAD_REPLY', message, { hint, retryable: true }) };
}

function fromHeader(base64: string | undefined): string {
  return base64 === undefined ? '' : Buffer.from(base64, 'base64').toString();
}

/** The text of the first element of that name; error documents are flat. */
export function tag(xml: string, name: string): string | undefined {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return found === undefined ? undefined : unescapeXml(found).trim();
}

function unescapeXml(text: string): string {
  const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name]!);
}
