import { inspect } from 'node:util';
import { DubError } from '../errors.js';
import { copyFacts } from './facts.js';

/** What stands where a secret stood. */
export const mask = '••••';

/** Shorter secrets are not looked for: they would blot out ordinary words. */
const shortestSecret = 4;
/** Shorter pieces of base64 would be found by chance. */
const shortestBase64 = 8;

// Parameters of signed links (OSS V1 and V4, CDN type A, S3) and the usual names of keys, wherever they are written.
const signedParameter =
  /\b(Signature|OSSAccessKeyId|Expires|x-oss-[a-z-]+|x-amz-[a-z-]+|(?:x-oss-)?security-token|auth_key|access[-_]?token|api[-_]?key|token)=[^&\s"'<>]+/gi;
// With a digit or padding somewhere: "Bearer token" and "Basic plan" are words.
const credential = /\b(Bearer|Basic)\s+(?=[\w.~+/-]*[\d=])[\w.~+/=-]{4,}/gi;
const keyShape = /\bsk-[\w-]{6,}/g;
const userinfo = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@"'<>]+@/gi;

/**
 * A URL that may be shown: scheme, host and path as they are, the names of its query parameters, never their values,
 * no user name or password, no fragment.
 */
export function redactUrl(url: string | URL): string {
  const parsed = typeof url === 'string' ? parseUrl(url) : url;
  if (parsed === undefined) return '(unreadable URL)';
  const names = [...new Set(parsed.searchParams.keys())].map((name) => `${encodeURIComponent(name)}=${mask}`);
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}${names.length > 0 ? `?${names.join('&')}` : ''}`;
}

/**
 * Text without secrets: every one of `secrets` (at least 4 characters long), as it is, percent-encoded or in base64,
 * and whatever looks like a credential: `Bearer …`, `Basic …`, `sk-…`, passwords and signatures in links.
 */
export function redactText(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const form of formsOf(secrets)) clean = clean.replaceAll(form, mask);
  return clean
    .replace(userinfo, `$1${mask}@`)
    .replace(signedParameter, `$1=${mask}`)
    .replace(credential, `$1 ${mask}`)
    .replace(keyShape, `sk-${mask}`);
}

/**
 * The same error without secrets in message, hint, stack, properties or cause: itself when it holds none, else a copy
 * that keeps code, name and cause chain.
 */
export function redactError(error: unknown, secrets: readonly string[]): unknown {
  const shown = inspect(error, { depth: 6 });
  if (redactText(shown, secrets) === shown) return error;
  if (error instanceof DubError) return redactDubError(error, secrets);
  if (!(error instanceof Error)) return redactText(typeof error === 'string' ? error : shown, secrets);
  const cause = error.cause === undefined ? {} : { cause: redactError(error.cause, secrets) };
  const copy = new Error(redactText(error.message, secrets), cause);
  const code: unknown = Reflect.get(error, 'code');
  copy.name = error.name;
  copy.stack = redactText(error.stack ?? '', secrets);
  return typeof code === 'string' ? Object.assign(copy, { code: redactText(code, secrets) }) : copy;
}

function redactDubError(error: DubError, secrets: readonly string[]): DubError {
  const copy = new DubError(error.code, redactText(error.message, secrets), {
    ...(error.hint === undefined ? {} : { hint: redactText(error.hint, secrets) }),
    ...(error.cause === undefined ? {} : { cause: redactError(error.cause, secrets) }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    retryable: error.retryable,
  });
  copy.stack = redactText(error.stack ?? '', secrets);
  return copyFacts(error, copy);
}

function parseUrl(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}

/** Longest first, so that a secret that contains another goes as a whole. */
function formsOf(secrets: readonly string[]): string[] {
  const forms = secrets.filter((secret) => secret.length >= shortestSecret).flatMap(spellings);
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
}

function spellings(secret: string): string[] {
  const encoded = encodeURIComponent(secret);
  const lower = encoded.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase());
  const quoted = JSON.stringify(secret).slice(1, -1);
  return [secret, encoded, lower, quoted, ...base64Forms(secret)];
}

/** What base64 makes of the secret at each of its three alignments, without the characters its neighbours shape. */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].flatMap((offset) => {
    const whole = Math.floor(((offset + bytes.length) * 8) / 6);
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .slice(Math.ceil((offset * 8) / 6), whole);
    if (text.length < shortestBase64) return [];
    return [text, text.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
