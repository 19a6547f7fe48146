import { createHash, createHmac } from 'node:crypto';
import { OssError } from './errors.js';

/** A key of the account. */
export interface OssKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Set for a temporary key: every request must carry it. */
  readonly securityToken?: string;
  /** Until when the token holds, epoch milliseconds. */
  readonly tokenExpiresAtMs?: number;
  /** Operations that its policy does not allow. */
  readonly denied?: readonly string[];
  /** The account owes money. */
  readonly disabled?: boolean;
}

/** What of a request is signed. */
export interface SignedRequest {
  readonly method: string;
  readonly bucket: string;
  /** Decoded; empty for calls to the bucket itself. */
  readonly key: string;
  /** Names and values decoded, in the order they came. */
  readonly query: readonly (readonly [string, string])[];
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What the verifier knows besides the request. */
export interface VerifyContext {
  readonly keys: readonly OssKey[];
  readonly region: string;
  readonly nowMs: number;
}

const algorithm = 'OSS4-HMAC-SHA256';
const maxSkewMs = 900_000;
/** Seven days in seconds: the longest life of a signed URL. */
const longestLife = 604_800;

/** Checks a signature of version 4, in the header or in the query. @returns the key @throws OssError */
export function verify(request: SignedRequest, context: VerifyContext): OssKey {
  const query = new Map(request.query);
  const signed = query.has('x-oss-signature-version');
  const authorization = request.headers.authorization;
  if (signed && authorization !== undefined) {
    throw new OssError(400, 'InvalidArgument', 'Only one auth mechanism allowed', {}, '0002-00000221');
  }
  if (signed) return verifyUrl(request, query, context);
  if (authorization === undefined) {
    throw new OssError(
      403,
      'AccessDenied',
      'You have no right to access this object because of bucket acl.',
      {},
      '0003-00000001',
    );
  }
  return verifyHeader(request, authorization, context);
}

function verifyHeader(request: SignedRequest, authorization: string, context: VerifyContext): OssKey {
  const shape =
    /^OSS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/oss\/aliyun_v4_request(?:, ?AdditionalHeaders=([^,]*))?, ?Signature=([0-9a-f]{64})$/;
  const [, id, day, region, additional, signature] = shape.exec(authorization) ?? [];
  if (id === undefined)
    throw new OssError(400, 'InvalidArgument', 'Authorization header is invalid.', {}, '0002-00000202');
  const date = request.headers['x-oss-date'] ?? '';
  const key = findKey(id, request.headers['x-oss-security-token'], context);
  if (request.headers['x-oss-content-sha256'] !== 'UNSIGNED-PAYLOAD') {
    throw new OssError(400, 'InvalidArgument', 'The x-oss-content-sha256 must be UNSIGNED-PAYLOAD.');
  }
  checkSkew(date, context.nowMs);
  const names = (additional ?? '').split(';').filter(Boolean);
  compare(request, { key, day: day!, region: region!, date, names, given: signature! }, context);
  return key;
}

function verifyUrl(request: SignedRequest, query: ReadonlyMap<string, string>, context: VerifyContext): OssKey {
  const [id = '', day = '', region = '', ...rest] = (query.get('x-oss-credential') ?? '').split('/');
  if (query.get('x-oss-signature-version') !== algorithm || rest.join('/') !== 'oss/aliyun_v4_request') {
    throw new OssError(400, 'InvalidArgument', 'The signed URL is not of a known form.');
  }
  const life = Number(query.get('x-oss-expires'));
  if (!Number.isInteger(life) || life < 1 || life > longestLife) {
    throw new OssError(400, 'InvalidArgument', 'x-oss-expires must be between 1 and 604800 seconds.');
  }
  const date = query.get('x-oss-date') ?? '';
  const startMs = parseDate(date);
  const key = findKey(id, query.get('x-oss-security-token'), context);
  if (startMs - context.nowMs > maxSkewMs) throw skewed(startMs, context.nowMs);
  const endMs = startMs + life * 1000;
  if (context.nowMs > endMs) {
    const elements = { Expires: new Date(endMs).toISOString(), ServerTime: new Date(context.nowMs).toISOString() };
    throw new OssError(403, 'AccessDenied', 'Request has expired.', elements, '0002-00000069');
  }
  const names = (query.get('x-oss-additional-headers') ?? '').split(';').filter(Boolean);
  compare(request, { key, day, region, date, names, given: query.get('x-oss-signature') ?? '' }, context);
  return key;
}

function findKey(id: string, token: string | undefined, context: VerifyContext): OssKey {
  const key = context.keys.find(({ accessKeyId }) => accessKeyId === id);
  const unknown = 'The OSS Access Key Id you provided does not exist in our records.';
  // A temporary key without its token is as good as none.
  if (key === undefined || (key.securityToken !== undefined && token === undefined)) {
    throw new OssError(403, 'InvalidAccessKeyId', unknown, { OSSAccessKeyId: id }, '0002-00000902');
  }
  if (token !== undefined && token !== key.securityToken) {
    throw new OssError(403, 'InvalidSecurityToken', 'The security token you provided is invalid.');
  }
  if (key.tokenExpiresAtMs !== undefined && context.nowMs >= key.tokenExpiresAtMs) {
    throw new OssError(403, 'SecurityTokenExpired', 'The security token you provided has expired.');
  }
  if (key.disabled) throw new OssError(403, 'UserDisable', 'UserDisable', {}, '0003-00000801');
  return key;
}

interface Claim {
  readonly key: OssKey;
  readonly day: string;
  readonly region: string;
  readonly date: string;
  /** Headers signed besides those that always are. */
  readonly names: readonly string[];
  readonly given: string;
}

function compare(request: SignedRequest, claim: Claim, context: VerifyContext): void {
  const canonical = canonicalRequest(request, claim.names);
  const text = stringToSign(claim.date, context.region, canonical);
  const wanted = signatureOf(claim.key.accessKeySecret, claim.date.slice(0, 8), context.region, text);
  if (wanted === claim.given && claim.day === claim.date.slice(0, 8) && claim.region === context.region) return;
  const message =
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.';
  const elements = { OSSAccessKeyId: claim.key.accessKeyId, SignatureProvided: claim.given, StringToSign: text };
  throw new OssError(
    403,
    'SignatureDoesNotMatch',
    message,
    { ...elements, CanonicalRequest: canonical },
    '0002-00000040',
  );
}

/** The canonical request of version 4. */
export function canonicalRequest(request: SignedRequest, additional: readonly string[]): string {
  const names = [...additional].sort();
  const signed = Object.keys(request.headers)
    .filter((name) => /^(content-type|content-md5|x-oss-.*)$/.test(name) || names.includes(name))
    .sort();
  const query = request.query
    .filter(([name]) => name !== 'x-oss-signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`));
  return [
    request.method,
    encode(`/${request.bucket}/${request.key}`).replaceAll('%2F', '/'),
    query.join('&'),
    signed.map((name) => `${name}:${request.headers[name]!.trim()}\n`).join(''),
    names.join(';'),
    request.headers['x-oss-content-sha256'] ?? 'UNSIGNED-PAYLOAD',
  ].join('\n');
}

/** What the signature is made of. */
export function stringToSign(date: string, region: string, canonical: string): string {
  const hash = createHash('sha256').update(canonical).digest('hex');
  return [algorithm, date, `${date.slice(0, 8)}/${region}/oss/aliyun_v4_request`, hash].join('\n');
}

/** The signature itself, in lower-case hex. */
export function signatureOf(secret: string, day: string, region: string, text: string): string {
  const steps = [day, region, 'oss', 'aliyun_v4_request'];
  const key = steps.reduce<Buffer>((inner, step) => hmac(inner, step), Buffer.from(`aliyun_v4${secret}`));
  return hmac(key, text).toString('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Every byte percent-encoded but letters, digits and `-_.~`. */
function encode(text: string): string {
  const plain = /[A-Za-z0-9\-_.~]/;
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return byte < 128 && plain.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

function checkSkew(date: string, nowMs: number): void {
  const atMs = parseDate(date);
  if (Math.abs(atMs - nowMs) > maxSkewMs) throw skewed(atMs, nowMs);
}

function skewed(requestMs: number, nowMs: number): OssError {
  const elements = {
    MaxAllowedSkewMilliseconds: String(maxSkewMs),
    RequestTime: new Date(requestMs).toISOString(),
    ServerTime: new Date(nowMs).toISOString(),
  };
  const message = 'The difference between the request time and the current time is too large.';
  return new OssError(403, 'RequestTimeTooSkewed', message, elements, '0002-00000504');
}

function parseDate(date: string): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  if (year === undefined) throw new OssError(403, 'AccessDenied', 'OSS authentication requires a valid Date.');
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
