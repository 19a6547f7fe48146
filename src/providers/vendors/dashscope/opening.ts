import { DubError } from '../../../errors.js';
import type { Clock } from '../../../net/clock.js';
import type { Http, HttpScope, RetryNotice } from '../../../net/http.js';
import type { DashscopeHost } from './hosts.js';

/** What a client may not reach for by itself; `ProviderTools` is one. */
export interface DashscopeTools {
  readonly http?: ((scope: HttpScope) => Promise<Http>) | undefined;
  /** The machine's clock unless told. */
  readonly clock?: Clock | undefined;
  /** From 0 to below 1; `Math.random` unless told. */
  readonly random?: (() => number) | undefined;
  /** To be told of what is asked for once more beyond the retries of one request. */
  readonly onRetry?: ((notice: Pick<RetryNotice, 'attempt' | 'waitMs' | 'code'>) => void) | undefined;
}

/** Six attempts with waits drawn from 0 to 1, 2, 4, 8 and 16 s: limits are counted by the minute. */
const retry = { attempts: 6, baseMs: 1000, maxWaitMs: 16_000 } as const;

/** 15 a second, five at once, for the 20 a second that an account has for all its programs. */
const taskRates = { requestsPerMinute: 900, burstMs: 333 } as const;

/** What to do without a key. */
export const missingKey =
  'Set DASHSCOPE_API_KEY to a key of Model Studio (https://bailian.console.aliyun.com, API keys), of the region that --dashscope-region names.';

/**
 * Opens the HTTP client for one key and one host.
 * @param tasks the name that questions for tasks are counted under
 * @throws PROVIDER_AUTH without a key, CONFIG_INVALID for one that cannot be sent
 */
export async function openHttp(
  apiKey: string,
  host: DashscopeHost,
  tasks: string,
  tools: DashscopeTools,
): Promise<Http> {
  if (apiKey === '') throw new DubError('PROVIDER_AUTH', 'There is no API key for DashScope.', { hint: missingKey });
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new DubError('CONFIG_INVALID', 'DASHSCOPE_API_KEY has a space or a character outside ASCII in it.', {
      hint: 'Copy the key anew from https://bailian.console.aliyun.com; nothing but the key belongs in the variable.',
    });
  }
  if (tools.http === undefined) {
    throw new DubError('CONFIG_INVALID', 'DashScope is a service, and no HTTP client was given to reach it.', {
      hint: 'Leave --offline out, or choose providers that run on this machine.',
    });
  }
  const http = await tools.http({
    allowPrivateFor: [host.baseUrl],
    secrets: [apiKey],
    limits: { totalMs: host.timeoutMs },
    retry,
  });
  http.limit(tasks, taskRates);
  return http;
}
