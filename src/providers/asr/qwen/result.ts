import { DubError } from '../../../errors.js';
import { replyStatus } from '../../../net/facts.js';
import type { DashscopeClient } from '../../vendors/dashscope/index.js';
import { type TranscriptFile, transcriptFile } from './wire.js';

/** A link that leads nowhere, or to something else: a fresh one may help. */
class StaleLinkError extends DubError {}

/** Fetches a result file without credentials. */
export async function fetchResult(client: DashscopeClient, link: string, signal: AbortSignal): Promise<TranscriptFile> {
  const { bytes } = await client.download(link, { signal });
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw stale('is not JSON', cause);
  }
  const read = transcriptFile.safeParse(json);
  if (read.success) return read.data;
  const wrong = read.error.issues.slice(0, 3).map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
  throw stale(`is not as documented: ${wrong.join('; ')}`, read.error);
}

/** True when the task should be asked for another link: this one has expired, or what it led to cannot be read. */
export function isExpired(error: unknown): boolean {
  const status = replyStatus(error);
  return error instanceof StaleLinkError || status === 403 || status === 404;
}

function stale(what: string, cause: unknown): DubError {
  return new StaleLinkError('PROVIDER_BAD_REPLY', `The transcript of DashScope ${what}.`, {
    hint: 'The task is kept for 24 hours: the same command asks for its result again and pays nothing.',
    retryable: true,
    cause,
  });
}
