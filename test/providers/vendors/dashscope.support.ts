import { afterEach } from 'vitest';
import { throwIfAborted } from '../../../src/errors.js';
import { createHttp } from '../../../src/net/client.js';
import type { Clock } from '../../../src/net/clock.js';
import type { HttpOptions, RetryNotice } from '../../../src/net/http.js';
import {
  type DashscopeClient,
  type DashscopeOptions,
  dashscope,
} from '../../../src/providers/vendors/dashscope/index.js';
import { defaultKey, type Emulator, type EmulatorOptions, startEmulator } from '../../emulators/dashscope/server.js';
import { type InstantClock, instantClock } from '../../net/clocks.js';

const toClose: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one.close();
});

/** A client of an emulator, with a clock whose waits end at once. */
export interface Bench {
  readonly emulator: Emulator;
  readonly client: DashscopeClient;
  readonly clock: InstantClock;
  readonly retries: readonly RetryNotice[];
}

/** What differs from a plain bench. */
export interface BenchOptions {
  readonly emulator?: EmulatorOptions;
  readonly options?: Partial<DashscopeOptions>;
  readonly http?: Partial<HttpOptions>;
}

/** An emulator and a client of it, closed after the test. */
export async function bench(given: BenchOptions = {}): Promise<Bench> {
  const emulator = await startEmulator(given.emulator);
  const clock = instantClock(Date.now());
  const retries: RetryNotice[] = [];
  // The emulator's clock goes along, so that its windows and policies see the time that was slept.
  const together: Clock = {
    now: () => clock.now(),
    async sleep(ms, signal) {
      if (signal?.aborted) throwIfAborted(signal);
      emulator.clock.advance(ms);
      await clock.sleep(ms);
    },
  };
  const http = createHttp({
    version: '1.2.3',
    clock: together,
    random: () => 0.5,
    onRetry: (one) => retries.push(one),
    ...given.http,
  });
  toClose.push(http, emulator);
  const options = { apiKey: defaultKey, region: 'cn', pollMs: 1000, baseUrl: emulator.url, ...given.options };
  const client = dashscope(options, { http: async (scope) => http.scope(scope), clock: together, random: () => 0.5 });
  return { emulator, client, clock, retries };
}
