import { afterEach } from 'vitest';
import { DubError, throwIfAborted } from '../../../src/errors.js';
import { createHttp } from '../../../src/net/client.js';
import type { Clock } from '../../../src/net/clock.js';
import type { RetryNotice } from '../../../src/net/http.js';
import type { TtsProvider, TtsReply } from '../../../src/providers/tts/contract.js';
import { qwen } from '../../../src/providers/tts/qwen/index.js';
import { readSpeech, type Speech } from '../../../src/providers/vendors/dashscope/speech/sound.js';
import { defaultKey, type Emulator, type EmulatorOptions, startEmulator } from '../../emulators/dashscope/server.js';
import { type TtsSettings, tts, ttsSettings } from '../../emulators/dashscope/tts.js';
import { instantClock } from '../../net/clocks.js';

const toClose: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one.close();
});

/** A signal that is never aborted. */
export const calm = new AbortController().signal;

/** The provider, an emulator that it talks to, and what happened between them. */
export interface TtsBench {
  readonly emulator: Emulator;
  readonly settings: TtsSettings;
  readonly provider: TtsProvider;
  /** Waits between attempts and for the rate, in milliseconds; none of them takes time. */
  readonly sleeps: readonly number[];
  readonly retries: readonly RetryNotice[];
  /** Speaks Spanish with Bodega unless told. */
  say(
    text: string,
    request?: { readonly language?: string; readonly voice?: string; readonly rate?: number },
  ): Promise<TtsReply>;
  /** How often speech was asked for, and links were followed. */
  counts(): { readonly asked: number; readonly fetched: number };
}

/** A provider and an emulator, closed after the test. */
export async function ttsBench(
  options: Record<string, unknown> = {},
  settings: TtsSettings = ttsSettings(),
  emulatorOptions: EmulatorOptions = {},
): Promise<TtsBench> {
  const emulator = await startEmulator({ ...emulatorOptions, parts: [tts(settings)] });
  const clock = instantClock(Date.now());
  const retries: RetryNotice[] = [];
  // The emulator's clock goes along, so that its windows see the time that was slept.
  const together: Clock = {
    now: () => clock.now(),
    async sleep(ms, signal) {
      if (signal?.aborted) throwIfAborted(signal);
      emulator.clock.advance(ms);
      await clock.sleep(ms);
    },
  };
  const onRetry = (notice: RetryNotice) => retries.push(notice);
  const http = createHttp({ version: '1.2.3', clock: together, random: () => 0.5, onRetry });
  toClose.push(http, emulator);
  const given = { apiKey: defaultKey, baseUrl: emulator.url, ...options };
  const tools = { scratch: '/nonexistent', http: async (scope: Parameters<typeof http.scope>[0]) => http.scope(scope) };
  const provider = qwen.create(qwen.options.parse(given), tools);
  return {
    ...{ emulator, settings, provider, retries },
    sleeps: clock.sleeps,
    say: (text, request = {}) => provider.synthesize({ text, language: 'es', voice: 'Bodega', ...request }, calm),
    counts: () => ({
      asked: emulator.requestsTo('tts').length + emulator.requestsTo('tts.slow').length,
      fetched: emulator.requestsTo('result.get').length,
    }),
  };
}

/** The error a promise ends with. */
export async function failure(work: Promise<unknown>): Promise<DubError> {
  const error = await work.then(
    () => 'It succeeded.',
    (thrown: unknown) => thrown,
  );
  if (error instanceof DubError) return error;
  throw new Error(`No DubError: ${String(error)}`, { cause: error });
}

/** What an answer sounds like; its header must tell the truth. */
export function heard({ audio }: { readonly audio: Uint8Array }): Speech {
  const speech = readSpeech(audio);
  if (speech === undefined) throw new Error('The answer is no WAV file.');
  if (audio.length !== 44 + speech.samples.length * 2) throw new Error('The header of the answer is wrong.');
  return speech;
}

/** The bodies speech was asked for with. */
export function bodies(emulator: Emulator): { model: string; input: Record<string, string>; parameters?: object }[] {
  return emulator.requestsTo('tts').map(({ json }) => json as ReturnType<typeof bodies>[number]);
}
