import { DubError } from '../../../errors.js';
import { interruption, onAbort } from '../../../net/clock.js';
import type { ChatAnswer, ChatBody, ChatCall } from '../completions/chat.js';
import { askAgainIfLost } from '../completions/lost.js';
import { readCompletion } from '../completions/reply.js';
import type { DashscopeClient } from './client.js';

/**
 * Asks a chat model once, through the compatible mode (help.aliyun.com, qwen-api-by-openai, 2026). What was surely not
 * taken on is asked again by the client underneath; an answer that was lost on the way is asked for once more here,
 * since it can be had in no other way and costs a fraction of a cent.
 */
export async function askChat(
  client: DashscopeClient,
  body: ChatBody,
  signal: AbortSignal,
  call: ChatCall = {},
): Promise<ChatAnswer> {
  return askAgainIfLost(() => askOnce(client, body, signal, call));
}

async function askOnce(
  client: DashscopeClient,
  body: ChatBody,
  signal: AbortSignal,
  { tokens, timeoutMs }: ChatCall,
): Promise<ChatAnswer> {
  // The SDK drops the cause of some errors, so the last one is remembered here.
  let failure: unknown;
  const limits = timeoutMs === undefined ? {} : { limits: { totalMs: timeoutMs, idleMs: timeoutMs } };
  const { OpenAI } = await import('openai');
  const settings = await client.sdk({ model: body.model, tokens, ...limits, onError: (error) => (failure = error) });
  const openai = new OpenAI({
    ...settings,
    fetch: plainly(settings.fetch),
    // Otherwise taken from OPENAI_* variables, which are none of this service's business.
    ...{ organization: null, project: null, adminAPIKey: null, webhookSecret: null, logLevel: 'off' },
  });
  // The SDK never takes its listener off the signal it is given, and one signal serves a whole run.
  const controller = new AbortController();
  const forget = onAbort(signal, () => controller.abort());
  try {
    // `body` has the service's own fields, which the SDK passes on but its types do not know.
    const reply = await openai.chat.completions.create(body as never, { signal: controller.signal }).withResponse();
    return readCompletion(reply.data, reply.request_id, 'DashScope');
  } catch (error) {
    if (signal.aborted) throw interruption(signal);
    if (failure instanceof DubError) throw failure;
    if (error instanceof DubError) throw error;
    throw new DubError('PROVIDER_BAD_REPLY', 'The answer of DashScope could not be read: it is not JSON.', {
      hint: 'Check the base URL and the proxy: a gateway, not the service, may have answered. The same command resumes.',
      cause: error,
      retryable: true,
    });
  } finally {
    forget();
  }
}

/** Leaves out what the SDK adds about this machine, and headers that OPENAI_CUSTOM_HEADERS may name. */
function plainly(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return (input, init) => {
    const kept = [...new Headers(init?.headers)].filter(([name]) =>
      /^(authorization|content-type|accept|x-dashscope-.*)$/.test(name),
    );
    return fetch(input, { ...init, headers: Object.fromEntries(kept) });
  };
}
