import { languageName, primaryLanguage } from '../../../domain/language.js';
import { nearestNames } from '../../../domain/nearest.js';
import { DubError, throwIfAborted } from '../../../errors.js';
import { systemClock } from '../../../net/clock.js';
import type { ProviderTools } from '../../contract.js';
import { isInTheClear, isOnThisMachine } from '../../vendors/audio-server/address.js';
import { withHint } from '../../vendors/audio-server/errors.js';
import { hasWords, oneLine } from '../../vendors/local/text.js';
import { expectedMs } from '../../vendors/speech/expected.js';
import { judgeSpeech } from '../../vendors/speech/judge.js';
import type { TtsLimits, TtsProvider, TtsReply, TtsRequest, Voice } from '../contract.js';
import type { VoiceRef } from './dialects/dialect.js';
import { languagesOf, versionOf } from './models.js';
import { type IndexTtsOptions, missingUrl } from './options.js';
import { Pool } from './pool.js';
import { mostGiven, shortestSampleMs } from './prepared-sample.js';
import { readinessOf } from './readiness.js';
import { type IndexServer, indexServer } from './server.js';
import { uploadsOf } from './uploads.js';
import { createVoiceBook } from './voice-book.js';

/** What the tts_service takes, and far more than a line of a dub has. */
const maxChars = 10_000;

/** Raised when the same request would be made or judged in another way. */
const wireVersion = 1;

/** @throws CONFIG_INVALID for an address that is none */
export function createIndexTts(options: IndexTtsOptions, tools: ProviderTools): TtsProvider {
  const untold: string[] = [];
  const tell = (message: string) => void untold.push(message);
  const servers = options.url.map((url) => indexServer(url, options, tools, tell));
  const book = createVoiceBook(options);
  const pool = new Pool(servers, {
    perServer: options.concurrency,
    patienceMs: options.patienceMs,
    clock: systemClock,
    onRetry: tools.onRetry,
    onAside: (host, error) => tell(`${host} was put aside for now: ${error.message}`),
  });
  const clear = options.apiKey === undefined ? [] : servers.filter(({ address }) => isInTheClear(address));
  for (const { host } of clear) tell(`The key goes to ${host} in the clear: its address begins with http.`);

  /** Finds out what every server is, as far as that can be told now. */
  async function look(signal: AbortSignal): Promise<void> {
    const ends = await Promise.allSettled(servers.map((server) => server.settle(signal)));
    throwIfAborted(signal);
    const errors = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
    if (errors.length === servers.length) throw errors[0];
  }

  async function namesOf(signal: AbortSignal): Promise<string[]> {
    const asked = servers
      .filter(({ health }) => health?.state === 'ready')
      .map((server) => server.voices(signal).catch(() => undefined));
    const told = (await Promise.all(asked)).flatMap((names) => names ?? []);
    throwIfAborted(signal);
    const tells = servers.some(({ knownVoices }) => knownVoices !== undefined);
    return [...new Set([...told, ...book.names, ...(!tells && takes(servers, 'name') ? book.asked : [])])];
  }

  /** @throws PROVIDER_UNSUPPORTED for a voice that no server has or takes */
  async function voiceOf(request: TtsRequest, signal: AbortSignal): Promise<VoiceRef> {
    const found = await book.find(request);
    if (found !== undefined) {
      const refusal = servers.every((server) => server.dialect !== undefined && !server.dialect.takes.has(found.kind));
      if (refusal) throw unfitVoice(servers, request, found.kind);
      return found;
    }
    const known = await namesOf(signal);
    const tells = servers.some(({ knownVoices }) => knownVoices !== undefined);
    const takesNames = servers.some(({ dialect }) => dialect === undefined || dialect.takes.has('name'));
    if (known.includes(request.voice) || (takesNames && !tells)) return { kind: 'name', name: request.voice };
    throw unknownVoice(request, known, servers);
  }

  function fits(server: IndexServer, language: string, voice: VoiceRef): boolean {
    const { dialect, health, knownVoices } = server;
    if (health?.state === 'unfit' || (health && !languagesOf(health.version).includes(language))) return false;
    if (dialect !== undefined && !dialect.takes.has(voice.kind)) return false;
    return voice.kind !== 'name' || knownVoices === undefined || knownVoices.includes(voice.name);
  }

  return {
    host: servers.map(({ host }) => host).join(', ') || undefined,
    local: servers.length > 0 && servers.every(({ address }) => isOnThisMachine(address)),
    staysOn: servers.map(({ host }) => host),
    get limits() {
      return limitsOf(servers, options);
    },
    uploads: uploadsOf(servers, look),
    ready: (signal) => readinessOf(servers, signal),
    async voices(language, signal): Promise<Voice[]> {
      if (servers.length === 0) throw noServer();
      await look(signal);
      const { languages } = limitsOf(servers, options);
      if (language !== undefined && !languages.includes(primaryLanguage(language))) return [];
      const names = await namesOf(signal);
      if (names.length === 0 && !takes(servers, 'sample')) throw noVoices(servers);
      return names.map((name) => ({ name, languages, note: book.note(name) ?? 'a voice of the server' }));
    },
    fingerprint: () => ({ wire: wireVersion, model: options.model ?? '', ...book.fingerprint() }),
    async synthesize(request, signal): Promise<TtsReply> {
      throwIfAborted(signal);
      if (servers.length === 0) throw noServer();
      const text = textToSay(request.text);
      const language = primaryLanguage(request.language);
      if (servers.every(({ health }) => health === undefined)) await look(signal).catch(onlyPassing);
      refuseLanguage(request.language, limitsOf(servers, options).languages);
      const voice = await voiceOf(request, signal);
      if (!servers.some((server) => fits(server, language, voice))) throw noneFits(request, servers);
      const rate = request.rate ?? 1;
      const order = { text, language, voice, rate, expectedMs: expectedMs(text) };
      const speech = await pool
        .run(
          (server) => fits(server, language, voice),
          async (server) => {
            const dialect = await server.settle(signal);
            const bytes = await dialect.speak(order, signal);
            return judgeSpeech(bytes, { text, rate, who: server.host });
          },
          signal,
        )
        .catch(withHint);
      return {
        audio: speech.audio,
        mediaType: speech.mediaType,
        warnings: [...untold.splice(0), ...(voice.kind === 'sample' ? book.warningsOnce(voice.sample) : [])],
        units: speech.durationMs === undefined ? [] : [{ unit: 'second', count: speech.durationMs / 1000 }],
        requestIds: [],
      };
    },
  };
}

/** Trouble that passes is the pool's to wait for. */
function onlyPassing(error: unknown): void {
  if (error instanceof DubError && error.retryable) return;
  throw error;
}

function limitsOf(
  servers: readonly IndexServer[],
  options: IndexTtsOptions,
): TtsLimits & { readonly languages: readonly string[] } {
  const known = servers.flatMap(({ health }) => (health === undefined || health.state === 'unfit' ? [] : [health]));
  const versions = known.length === 0 ? [versionOf(options.model ?? '')] : known.map(({ version }) => version);
  const rates = known.map(({ rate }) => rate);
  const takesSamples = takes(servers, 'sample');
  return {
    maxChars,
    languages: [...new Set(versions.flatMap(languagesOf))],
    concurrency: options.concurrency * Math.max(1, servers.length),
    ...(rates.length > 0 && rates.every((rate) => rate !== undefined) ? { rate: rates[0] } : {}),
    ...(takesSamples
      ? {
          sample: {
            minMs: shortestSampleMs,
            maxMs: mostGiven.ms,
            maxBytes: mostGiven.bytes,
            needsText: false,
            needsConsent: servers.some(({ dialect }) => dialect?.needsConsent === true),
            way: 'request',
          },
        }
      : {}),
  };
}

/** Angle brackets and bars are marks of pronunciation to version 2.5; a translation that has them does not mean that. */
function textToSay(given: string): string {
  if (given.length > maxChars) {
    throw unsupported(
      `indextts takes at most ${maxChars} characters; this text has ${given.length}.`,
      'Split the line in the script.',
    );
  }
  const text = oneLine(given.replace(/[<>|]/g, ' '));
  if (hasWords(text)) return text;
  throw new DubError('PROVIDER_REFUSED', `There is nothing to say in ${JSON.stringify(given.slice(0, 40))}.`, {
    hint: 'Give the line some words in the translation, or take it out.',
  });
}

function refuseLanguage(language: string, spoken: readonly string[]): void {
  if (spoken.includes(primaryLanguage(language))) return;
  const name = languageName(language) ?? language;
  throw unsupported(
    `indextts does not speak ${name} (${language}) with the model that is served; it speaks ${spoken.join(', ')}.`,
    'IndexTTS-2.5 speaks zh, en, ja, es and ar; for others choose another engine with --tts.',
  );
}

function unfitVoice(servers: readonly IndexServer[], request: TtsRequest, kind: VoiceRef['kind']): DubError {
  const what = {
    sample: 'voice samples',
    path: 'paths on the server',
    url: 'links to samples',
    name: 'names of voices',
  }[kind];
  const hosts = servers.map(({ host, dialect }) => `${host} (${dialect?.name})`).join(', ');
  const named = request.sample === undefined ? ` ${JSON.stringify(request.voice)}` : '';
  const hint =
    kind === 'sample'
      ? 'This server cannot take uploads; give --voice a path on the server: --voice server:/srv/voices/a.wav. Dialects upload, gradio and omni take samples.'
      : 'Give --voice a sample, such as --voice A=anna.wav, or see `dub voices --tts indextts`.';
  return unsupported(`The voice${named} cannot be used: ${hosts} takes no ${what}.`, hint);
}

function unknownVoice(
  { voice, language }: TtsRequest,
  known: readonly string[],
  servers: readonly IndexServer[],
): DubError {
  const near = nearestNames(voice, known, 5);
  const list = near.length > 0 ? near : known.slice(0, 8);
  const takesSamples = servers.some(({ dialect }) => dialect?.takes.has('sample'));
  const takesPaths = servers.some(({ dialect }) => dialect?.takes.has('path'));
  const ways = [
    ...(list.length > 0 ? [`Known: ${[...new Set([...list, ...known.slice(0, 3)])].join(', ')}.`] : []),
    ...(takesSamples ? ['A sample makes a voice: --voice A=anna.wav.'] : []),
    ...(takesPaths ? ['A path on the server does too: --voice server:/srv/voices/a.wav.'] : []),
    `\`dub voices --tts indextts --lang ${language}\` lists what is there.`,
  ];
  return unsupported(`indextts has no voice ${JSON.stringify(voice)}.`, ways.join(' '));
}

/** Whether some server takes voices of that kind, or may for all that is known. */
function takes(servers: readonly IndexServer[], kind: VoiceRef['kind']): boolean {
  return servers.some(({ dialect }) => dialect === undefined || dialect.takes.has(kind));
}

function noVoices(servers: readonly IndexServer[]): DubError {
  const hosts = servers.map(({ host, dialect }) => `${host} (${dialect?.name})`).join(', ');
  return unsupported(
    `${hosts} has no voices by name and takes no samples.`,
    'Give a path on the server: --voice server:/srv/voices/a.wav. Servers of the dialects upload, gradio and omni take samples.',
  );
}

function noneFits(request: TtsRequest, servers: readonly IndexServer[]): DubError {
  const hosts = servers.map(({ host }) => host).join(', ');
  const message = `None of ${hosts} has the voice ${JSON.stringify(request.voice)} and speaks ${request.language}.`;
  return unsupported(message, '`dub doctor` shows what each server is.');
}

function noServer(): DubError {
  return new DubError('CONFIG_INVALID', 'No IndexTTS server is named.', { hint: missingUrl });
}

function unsupported(message: string, hint: string): DubError {
  return new DubError('PROVIDER_UNSUPPORTED', message, { hint });
}
