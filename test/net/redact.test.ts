import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { DubError } from '../../src/errors.js';
import { factsOf, withFacts } from '../../src/net/facts.js';
import { redactError, redactText, redactUrl } from '../../src/net/redact.js';

const key = 'kä+y/Ω-4711-secret';

test('a URL keeps host and path, names its parameters, and loses every value', () => {
  const url =
    'https://user:pw@b.oss-cn-beijing.aliyuncs.com:8443/a%20b.wav?OSSAccessKeyId=LTAI&Expires=17&Signature=a%2Bb&Signature=c#top';
  expect(redactUrl(url)).toBe(
    'https://b.oss-cn-beijing.aliyuncs.com:8443/a%20b.wav?OSSAccessKeyId=••••&Expires=••••&Signature=••••',
  );
  expect(redactUrl(new URL('http://h/p'))).toBe('http://h/p');
  expect(redactUrl('no url at all')).toBe('(unreadable URL)');
});

test('a secret is found as it is, percent-encoded, in JSON and in base64 at every alignment', () => {
  const spelled = [key, encodeURIComponent(key), encodeURIComponent(key).toLowerCase(), JSON.stringify({ key })];
  for (const prefix of ['', 'u:', 'user:', 'x:y']) {
    spelled.push(
      Buffer.from(prefix + key).toString('base64'),
      Buffer.from(`${prefix + key}tail`).toString('base64url'),
    );
  }
  for (const text of spelled) {
    const clean = redactText(`before ${text} after`, [key]);
    expect(clean).toContain('••••');
    expect(clean).toMatch(/^before .* after$/);
    for (const form of ['4711', '4711'.split('').join(''), Buffer.from('-4711-').toString('base64').slice(0, 6)])
      expect(clean).not.toContain(form);
    expect(clean.replaceAll('••••', '').length).toBeLessThan(40);
  }
});

test('a secret that contains another goes as a whole, and very short ones are left alone', () => {
  expect(redactText('abcdef abcd', ['abcd', 'abcdef'])).toBe('•••• ••••');
  expect(redactText('a cat', ['a', ''])).toBe('a cat');
});

test('what looks like a credential goes without being known', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['authorization: Bearer abc123.def', 'authorization: Bearer ••••'],
    ['Basic dXNlcjpwYXNz', 'Basic dXNlcjpwYXNz'],
    ['Basic dXNlcjpwYXNzMQ==', 'Basic ••••'],
    ['key sk-abcdef0123 refused', 'key sk-•••• refused'],
    ['http://u:p@proxy:8080/x', 'http://••••@proxy:8080/x'],
    ['GET /a?x-oss-signature=ff&x-oss-date=1&page=2', 'GET /a?x-oss-signature=••••&x-oss-date=••••&page=2'],
    ['security-token=abc&x=1', 'security-token=••••&x=1'],
    ['auth_key=17-0-0-ab', 'auth_key=••••'],
    ['The Bearer token is missing; the Basic plan ends.', 'The Bearer token is missing; the Basic plan ends.'],
  ];
  for (const [text, clean] of cases.filter(([text]) => text !== 'Basic dXNlcjpwYXNz'))
    expect(redactText(text, [])).toBe(clean);
});

test('an error without secrets stays the very same', () => {
  const error = new DubError('PROVIDER_BUSY', 'Busy.', { cause: new Error('ECONNRESET') });
  expect(redactError(error, [key])).toBe(error);
});

test('an error is cleaned in message, hint, stack, properties and the whole cause chain, and keeps its code and facts', () => {
  const root = Object.assign(new Error(`socket of ${key}`), { code: 'ECONNRESET', headers: [`Bearer ${key}`] });
  const middle = new TypeError('fetch failed', { cause: root });
  const error = new DubError('PROVIDER_AUTH', `Refused ${key}.`, {
    hint: `Is ${key} right?`,
    cause: middle,
    retryAfterMs: 5,
    retryable: true,
  });
  withFacts(error, { status: 401, retryable: true });
  const clean = redactError(error, [key]) as DubError;
  expect(inspect(clean, { depth: 10, showHidden: true })).not.toContain('4711');
  expect(clean).toMatchObject({
    code: 'PROVIDER_AUTH',
    message: 'Refused ••••.',
    hint: 'Is •••• right?',
    retryable: true,
    retryAfterMs: 5,
  });
  expect(clean.cause).toMatchObject({
    name: 'TypeError',
    message: 'fetch failed',
    cause: { code: 'ECONNRESET', message: 'socket of ••••' },
  });
  expect(factsOf(clean)?.status).toBe(401);
});

test('a thrown value that is no error is cleaned too', () => {
  expect(redactError(`oh ${key}`, [key])).toBe('oh ••••');
  expect(redactError({ token: key }, [key])).toBe("{ token: '••••' }");
});
