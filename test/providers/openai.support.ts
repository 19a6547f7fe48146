import { afterEach } from 'vitest';
import { createHttp } from '../../src/net/client.js';
import type { AnyDefinition, ProviderByKind } from '../../src/providers/define.js';
import type { Ear } from '../emulators/dashscope/ear.js';
import { type OpenAiEmulator, type OpenAiSettings, openAiSettings, startOpenAi } from '../emulators/openai/server.js';
import { instantClock } from '../net/clocks.js';

const toClose: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one.close();
});

/** Closes something after the test. */
export function closeLater(one: { close(): Promise<unknown> }): void {
  toClose.push(one);
}

/** A server that is closed after the test. */
export async function startServer(changes: Partial<OpenAiSettings> = {}, ear?: Ear): Promise<OpenAiEmulator> {
  const emulator = await startOpenAi(openAiSettings(changes), ear);
  closeLater(emulator);
  return emulator;
}

/** A provider with an HTTP client whose waits take no time. */
export function makeProvider<Kind extends 'asr' | 'tts'>(
  definition: AnyDefinition<Kind>,
  options: Readonly<Record<string, unknown>>,
): ProviderByKind[Kind] {
  const http = createHttp({ version: '1.2.3', random: () => 0.5, clock: instantClock(Date.now()) });
  closeLater(http);
  const tools = { scratch: '/nonexistent', http: async (scope: Parameters<typeof http.scope>[0]) => http.scope(scope) };
  return definition.create(definition.options.parse(options), tools);
}
