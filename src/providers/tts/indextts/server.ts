import { DubError } from '../../../errors.js';
import type { ProviderTools } from '../../contract.js';
import { readAddress, type ServerAddress } from '../../vendors/audio-server/address.js';
import { type AudioServer, audioServer } from '../../vendors/audio-server/client.js';
import { detectDialect } from './detect.js';
import type { Dialect, DialectSettings, Health } from './dialects/dialect.js';
import { gradio } from './dialects/gradio.js';
import { omni } from './dialects/omni.js';
import { openaiShape } from './dialects/openai.js';
import { ttsService } from './dialects/tts-service.js';
import { upload, vllm1, vllm2 } from './dialects/vllm.js';
import { versionOf } from './models.js';
import type { DialectName, IndexTtsOptions } from './options.js';
import type { Member } from './pool.js';

const makers: Readonly<Record<DialectName, (server: AudioServer, settings: DialectSettings) => Dialect>> = {
  'tts-service': ttsService,
  vllm1,
  vllm2,
  upload,
  gradio,
  omni,
  openai: openaiShape,
};

/** One server of the user's, and what is known of it so far. */
export interface IndexServer extends Member {
  readonly address: ServerAddress;
  /** Undefined until it was looked at. */
  readonly dialect: Dialect | undefined;
  readonly health: Health | undefined;
  /** Looks at it anew, by GET requests. @throws when it cannot be reached */
  look(signal: AbortSignal): Promise<Health>;
  /** Its dialect, found out when it is not known. @throws when it is none that is known */
  settle(signal: AbortSignal): Promise<Dialect>;
  /** Names of its voices, asked once; undefined when it does not tell. */
  voices(signal: AbortSignal): Promise<readonly string[] | undefined>;
  /** Undefined where voices were not asked for or are not told. */
  readonly knownVoices: readonly string[] | undefined;
}

/** @throws CONFIG_INVALID for what is no address */
export function indexServer(
  url: string,
  options: IndexTtsOptions,
  tools: ProviderTools,
  warn: (message: string) => void,
): IndexServer {
  const given = readAddress(url, 'INDEXTTS_URL');
  // Routes name their /v1 themselves, since some servers have none.
  const address = { ...given, base: given.base.replace(/\/v1$/, '') };
  const link = audioServer(
    {
      address,
      apiKey: options.apiKey,
      keyHeaders: (key) => ({ 'x-api-key': key, authorization: `Bearer ${key}` }),
      keyHint: 'Set INDEXTTS_API_KEY to the key that the server was started with.',
      timeoutMs: options.timeoutMs,
      concurrency: options.concurrency,
      // The pool decides where a line goes next, and when.
      retry: { attempts: 1 },
    },
    tools,
  );
  refuseUnknownModel(options);
  let dialect = options.dialect === 'auto' ? undefined : makers[options.dialect](link, { model: options.model, warn });
  let health: Health | undefined;
  /** False once the server was put aside: it may come back as another one. */
  let fresh = false;
  let voices: Promise<readonly string[] | undefined> | undefined;
  let knownVoices: readonly string[] | undefined;

  /** Asked once for all lines that want to know: two dialects of one server would upload each sample twice. */
  let finding: Promise<Dialect> | undefined;

  function find(signal: AbortSignal): Promise<Dialect> {
    if (dialect !== undefined) return Promise.resolve(dialect);
    finding ??= detect(signal).finally(() => {
      finding = undefined;
    });
    return finding;
  }

  async function detect(signal: AbortSignal): Promise<Dialect> {
    const name = await detectDialect(link, signal);
    if (name === undefined) throw unknownServer(address.host);
    dialect = makers[name](link, { model: options.model, warn });
    return dialect;
  }

  return {
    address,
    host: address.host,
    get dialect() {
      return dialect;
    },
    get health() {
      return health;
    },
    get knownVoices() {
      return knownVoices;
    },
    async look(signal) {
      health = await (await find(signal)).look(signal);
      fresh = true;
      return health;
    },
    async settle(signal) {
      const found = await find(signal);
      if (!fresh) health = await found.look(signal);
      if (health!.state !== 'ready') throw notNow(address.host, health!);
      fresh = true;
      return found;
    },
    async voices(signal) {
      voices ??= find(signal).then((found) => found.voices(signal));
      knownVoices = await voices.catch((error: unknown) => {
        voices = undefined;
        throw error;
      });
      return knownVoices;
    },
    forget() {
      dialect?.forget();
      fresh = false;
      voices = undefined;
      if (options.dialect === 'auto') dialect = undefined;
    },
  };
}

function unknownServer(host: string): DubError {
  return new DubError('PROVIDER_UNSUPPORTED', `${host} answers, but not like any IndexTTS server that is known.`, {
    hint: 'Check the address and the port, or name its way with INDEXTTS_DIALECT: tts-service, vllm1, vllm2, upload, gradio, omni or openai.',
  });
}

/** What is wrong with one server may be right with the next: it is put aside like one that is down. */
function notNow(host: string, { state, detail, hint }: Health): DubError {
  const waits = 'Wait for it with --wait-ready 15m. The same command resumes.';
  return new DubError(
    state === 'loading' ? 'PROVIDER_BUSY' : 'PROVIDER_UNREACHABLE',
    `${host} cannot be used now: ${detail}.`,
    {
      hint: hint ?? waits,
      retryable: true,
    },
  );
}

/** A version that nobody knows would be served by another without a word; names of models are told by the server. */
function refuseUnknownModel({ model, dialect }: IndexTtsOptions): void {
  const isName = model === undefined || model.includes('/') || dialect === 'openai' || dialect === 'omni';
  if (isName || versionOf(model) !== undefined) return;
  throw new DubError('CONFIG_INVALID', `There is no IndexTTS ${JSON.stringify(model)}.`, {
    hint: 'Versions are 1.5, 2 and 2.5: --tts indextts:2.5. Leave it out where the server tells.',
  });
}
