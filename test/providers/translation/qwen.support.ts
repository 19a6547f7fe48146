import { afterEach } from 'vitest';
import { type DubError, throwIfAborted } from '../../../src/errors.js';
import { createHttp } from '../../../src/net/client.js';
import type { Clock } from '../../../src/net/clock.js';
import type { AnyDefinition } from '../../../src/providers/define.js';
import type { MarkedLine } from '../../../src/providers/translation/conformance.js';
import type { TranslationProvider } from '../../../src/providers/translation/contract.js';
import { type ChatSettings, chat, type Mischief, toy } from '../../emulators/dashscope/chat.js';
import { defaultKey, type Emulator, type EmulatorOptions, startEmulator } from '../../emulators/dashscope/server.js';
import { instantClock } from '../../net/clocks.js';

const toClose: { close(): Promise<unknown> }[] = [];

/** Closes what the test has opened; every test ends without a breach of protocol. */
export function closeAfterEach(): void {
  afterEach(async () => {
    for (const one of toClose.splice(0).reverse()) await one.close();
  });
}

/** A provider in front of an emulator. */
export interface ChatBench {
  readonly emulator: Emulator;
  readonly provider: TranslationProvider;
  readonly mischief: Mischief[];
  readonly sleeps: readonly number[];
  /** Bodies sent to an endpoint. */
  bodies(endpoint?: string): readonly Record<string, unknown>[];
}

/** Starts an emulator and makes a provider of it; waits end at once. */
export async function chatBench(
  definition: AnyDefinition<'translation'>,
  options: Record<string, unknown> = {},
  settings: ChatSettings = {},
  emulation: EmulatorOptions = {},
): Promise<ChatBench> {
  const mischief: Mischief[] = [];
  const emulator = await startEmulator({ parts: [chat({ mischief, ...settings })], ...emulation });
  const clock = instantClock(Date.now());
  const together: Clock = {
    now: () => clock.now(),
    async sleep(ms, signal) {
      if (signal?.aborted) throwIfAborted(signal);
      emulator.clock.advance(ms);
      await clock.sleep(ms);
    },
  };
  const http = createHttp({ version: '1.2.3', clock: together, random: () => 0.5 });
  toClose.push(http, emulator);
  const parsed = definition.options.parse({ apiKey: defaultKey, baseUrl: emulator.url, ...options });
  const provider = definition.create(parsed, { scratch: '/nowhere', http: async (scope) => http.scope(scope) });
  const bodies = (endpoint = 'chat') =>
    emulator.requestsTo(endpoint).map(({ json }) => json as Record<string, unknown>);
  return { emulator, provider, mischief, sleeps: clock.sleeps, bodies };
}

/** A line whose translation by the emulator is known by its mark. */
export function line(id: string, text: string, mark = toy(text)): MarkedLine {
  return { id, text, mark, speaker: 'A', startMs: 0, endMs: 2000, segmentIds: [id] };
}

/** The `DubError` a promise ends with. */
export async function failure(work: Promise<unknown>): Promise<DubError> {
  return (await work.then(
    () => undefined,
    (error: unknown) => error,
  )) as DubError;
}
