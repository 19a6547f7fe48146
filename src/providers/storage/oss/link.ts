import { createHash, randomUUID } from 'node:crypto';
import { type OssConnection, openSigner } from './client.js';
import { originOf } from './options.js';

/** A link that a recogniser fetches by GET. */
export interface OssLink {
  readonly url: string;
  /** Epoch milliseconds. */
  readonly expiresAtMs: number | undefined;
}

/** The longest life of a link signed by version 4. */
const longestSeconds = 604_800;

/**
 * Makes a link to an object, for the bucket's public host or the CDN in front of it.
 * A temporary key's links end with the key, however long they are meant to work.
 */
export async function makeLink(connection: OssConnection, key: string, nowMs = Date.now()): Promise<OssLink> {
  const { cdnDomain, cdnKey, cdnAuth, linkHours } = connection.options;
  const seconds = Math.min(longestSeconds, Math.max(1, Math.round(linkHours * 3600)));
  const expiresAtMs = Math.floor(nowMs / 1000) * 1000 + seconds * 1000;
  const how = cdnAuth ?? (cdnKey === undefined ? 'oss' : 'type-a');
  const path = `/${key}`;
  if (cdnDomain === undefined) return { url: await sign(connection, key, seconds), expiresAtMs };
  const { origin } = originOf(cdnDomain);
  if (how === 'none') return { url: `${origin}${path}`, expiresAtMs: undefined };
  if (how === 'type-a') return { url: `${origin}${path}?${authKey(path, expiresAtMs, cdnKey!)}`, expiresAtMs };
  // The host is no part of the signature: it holds on any domain that leads to the bucket.
  const signed = new URL(await sign(connection, key, seconds));
  return { url: `${origin}${path}${signed.search}`, expiresAtMs };
}

async function sign(connection: OssConnection, key: string, seconds: number): Promise<string> {
  const signer = await openSigner(connection);
  return signer.signatureUrlV4('GET', seconds, { headers: {}, queries: {} }, key);
}

/**
 * `auth_key` of type A: https://www.alibabacloud.com/help/en/cdn/user-guide/type-a-signing. The CDN adds the time it is
 * configured with to the time stamp, so that the link works at least as long as it should.
 */
function authKey(path: string, expiresAtMs: number, privateKey: string): string {
  const stamp = String(expiresAtMs / 1000);
  const random = randomUUID().replaceAll('-', '');
  const hash = createHash('md5').update(`${path}-${stamp}-${random}-0-${privateKey}`).digest('hex');
  return `auth_key=${stamp}-${random}-0-${hash}`;
}
