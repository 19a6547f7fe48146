import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { createHttp } from '../../../src/net/client.js';
import type { ProviderTools } from '../../../src/providers/contract.js';
import type { TtsProvider, TtsRequest, VoiceSample } from '../../../src/providers/tts/contract.js';
import { indextts } from '../../../src/providers/tts/indextts/index.js';
import { speakAloud, toWave } from '../../emulators/dashscope/speech.js';
import {
  type IndexEmulator,
  type ServerKind,
  type ServerSettings,
  serverSettings,
  startIndexServer,
} from '../../emulators/indextts/server.js';
import { withTone } from '../../emulators/indextts/tones.js';

/** A key of no one's. */
export const testKey = 'ix-4f1d90b7c2a85e36';

/** A signal that is never aborted. */
export const calm = new AbortController().signal;

const toClose: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one.close();
});

/** A server that is closed after the test. */
export async function startServer(kind: ServerKind, changes: Partial<ServerSettings> = {}): Promise<IndexEmulator> {
  const emulator = await startIndexServer(serverSettings(kind, changes));
  toClose.push(emulator);
  return emulator;
}

/** A provider of these servers; nothing waits long. */
export function providerOf(
  servers: readonly { readonly url: string }[],
  options: Readonly<Record<string, unknown>> = {},
  onRetry?: ProviderTools['onRetry'],
): TtsProvider {
  const http = createHttp({ version: '1.2.3', random: () => 0.5 });
  toClose.push(http);
  const tools = {
    scratch: '/nonexistent',
    http: async (scope: Parameters<typeof http.scope>[0]) => http.scope(scope),
    onRetry,
  };
  const url = servers.map((server) => server.url).join(',');
  return indextts.create(indextts.options.parse({ url, patienceMs: 100, ...options }), tools) as TtsProvider;
}

/** A recording of a speaker: three seconds of speech with a tone of its own. */
export async function makeSample(
  folder: string,
  name: string,
  tone: number,
  more: Partial<VoiceSample> = {},
): Promise<VoiceSample> {
  const text = 'The quick brown fox jumps over the lazy dog, and then it does the very same thing again.';
  const pcm = await speakAloud({ language: 'english', text, voice: 'aa', man: true, speed: 1, sampleRate: 24_000 });
  const path = join(folder, `${name}.wav`);
  await writeFile(path, toWave(withTone(pcm, tone, 24_000), 24_000, 'true'));
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  return { path, sha256, durationMs: Math.round(pcm.length / 48), ...more };
}

/** A line in English by the voice `jay`, unless told. */
export function line(text: string, request: Partial<TtsRequest> = {}): TtsRequest {
  return { text, language: 'en', voice: 'jay', ...request };
}
