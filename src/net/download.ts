import { hostKind } from './addresses.js';
import { mayReach, RefusedAddressError } from './agents.js';
import { readWhole } from './calls.js';
import { type OpenReply, refusedAddress } from './exchange.js';
import { badReply, tooLarge } from './failures.js';
import type { Download, DownloadedFile, DownloadOptions, Http, HttpRequest } from './http.js';
import { judge } from './judge.js';
import { redirectOf } from './redirects.js';
import { bounded, collect, mediaTypeOf } from './reply.js';
import type { Attempt, Runner } from './runner.js';
import { writeWhole } from './write-whole.js';

const maxRedirects = 3;
const maxMemoryBytes = 256 * 1024 * 1024;
const maxFileBytes = 1024 * 1024 * 1024;

/** Half an hour for one attempt, an hour in all: links lead to whole recordings. */
const patience = { limits: { totalMs: 1_800_000 }, retry: { deadlineMs: 3_600_000 } };

/** `Http.download` for one scope. */
export function createDownload(runner: Runner): Http['download'] {
  const allowsPrivate = once(() => anyBaseIsPrivate(runner));

  function download(link: string, options: DownloadOptions & { readonly toPath: string }): Promise<DownloadedFile>;
  function download(link: string, options: DownloadOptions): Promise<Download>;
  async function download(
    link: string,
    options: DownloadOptions & { readonly toPath?: string },
  ): Promise<Download | DownloadedFile> {
    const url = linkOf(link);
    const maxBytes = options.maxBytes ?? (options.toPath === undefined ? maxMemoryBytes : maxFileBytes);
    return runner.run(requestOf(url, options), options.signal, async (attempt) => {
      const reply = await followed(url, attempt, allowsPrivate);
      await refuseErrors(reply, options, attempt, runner);
      if (Number(reply.headers['content-length'] ?? 0) > maxBytes) {
        reply.discard();
        throw tooLarge(attempt.what, maxBytes);
      }
      const mediaType = mediaTypeOf(reply.headers) || 'application/octet-stream';
      const saved = await save(reply, options.toPath, maxBytes, attempt.what);
      attempt.pass.leave('ok');
      return { ...saved, mediaType };
    });
  }
  return download;
}

function requestOf(url: URL, { limits, retry, limiter }: DownloadOptions): HttpRequest {
  return {
    url,
    idempotent: 'repeatable',
    headers: { accept: '*/*' },
    limiter,
    limits: { ...patience.limits, ...limits },
    retry: { ...patience.retry, ...retry },
  };
}

async function save(
  reply: OpenReply,
  toPath: string | undefined,
  maxBytes: number,
  what: string,
): Promise<{ bytes: Uint8Array } | { path: string; size: number }> {
  if (toPath === undefined) return { bytes: await collect(reply.chunks, maxBytes, what) };
  return { path: toPath, size: await writeWhole(toPath, bounded(reply.chunks, maxBytes, what)) };
}

/** Follows redirects, each checked as the link itself was. */
async function followed(start: URL, attempt: Attempt, allowsPrivate: () => Promise<boolean>): Promise<OpenReply> {
  let url = start;
  for (let hops = 0; ; hops++) {
    const reply = await sendGuarded(url, attempt, allowsPrivate);
    const next = redirectOf(reply, url);
    if (next === undefined) return reply;
    reply.discard();
    if (hops === maxRedirects)
      throw badReply(`${attempt.what} was redirected more than ${maxRedirects} times.`, { retryable: false });
    url = checked(next);
  }
}

async function sendGuarded(url: URL, attempt: Attempt, allowsPrivate: () => Promise<boolean>): Promise<OpenReply> {
  const kind = hostKind(url.hostname);
  if (kind === 'public') return attempt.send(url, 'public');
  if (kind !== 'name') {
    if (!mayReach(kind, 'private') || !(await allowsPrivate())) throw refusedAddress(url.hostname, kind);
    return attempt.send(url, 'private');
  }
  try {
    return await attempt.send(url, 'public');
  } catch (error) {
    if (!wasRefused(error) || !(await allowsPrivate())) throw error;
    return attempt.send(url, 'private');
  }
}

/** @throws `PROVIDER_BAD_REPLY` for a link that is not plain http or https; what cannot be read is not shown */
function linkOf(link: string): URL {
  if (!URL.canParse(link)) throw badReply('A link in an answer is not a URL.', { retryable: false });
  return checked(new URL(link));
}

function checked(url: URL): URL {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw badReply(`A link in an answer is not http or https (${url.protocol.replace(':', '')}).`, {
      retryable: false,
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw badReply(`A link to ${url.host} in an answer has a user name in it.`, { retryable: false });
  }
  return url;
}

function wasRefused(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof RefusedAddressError;
}

async function anyBaseIsPrivate({ scope, shared }: Runner): Promise<boolean> {
  for (const base of scope.allowPrivateFor ?? []) {
    if (!URL.canParse(base)) continue;
    const { hostname } = new URL(base);
    const kind = hostKind(hostname);
    if (kind === 'name' ? await shared.agents.resolvesPrivately(hostname) : kind !== 'public') return true;
  }
  return false;
}

async function refuseErrors(
  reply: OpenReply,
  { classify }: DownloadOptions,
  attempt: Attempt,
  runner: Runner,
): Promise<void> {
  if (reply.status >= 200 && reply.status < 300) return;
  const body = await readWhole(reply, undefined, attempt);
  judge(body, { classify, what: attempt.what, now: runner.shared.clock.now() });
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
