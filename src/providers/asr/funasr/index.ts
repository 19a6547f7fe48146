import { z } from 'zod';
import { primaryLanguage } from '../../../domain/language.js';
import { DubError } from '../../../errors.js';
import type { Http, Socket } from '../../../net/http.js';
import { readWav } from '../../../sound/wav.js';
import { defineProvider } from '../../define.js';
import { readSoundFile } from '../../vendors/sound-file/read.js';
import type { AsrProvider, AsrReply, AsrRequest } from '../contract.js';
import { readServer } from './address.js';
import { withCertificateHint } from './errors.js';
import { hearBy } from './session.js';
import { readHeard } from './transcript.js';

const options = z.strictObject({
  /** `wss://host:10095`, from FUNASR_URL or `funasr:ADDRESS`; TLS unless it says `ws://`. */
  url: z.string().trim().min(1).optional(),
  /** True takes the server's certificate unseen: only on a network of your own. */
  insecure: z.boolean().default(false),
  /** Terms that are likely, each with its weight, 1 to 100. */
  hotwords: z.record(z.string().min(1), z.number()).optional(),
  /** Whether numbers are written in digits. */
  itn: z.boolean().default(true),
  /** Pieces side by side. */
  concurrency: z.number().int().min(1).max(64).default(2),
  /** For one piece. */
  timeoutMs: z.number().int().positive().default(300_000),
});

/**
 * A FunASR server of one's own, by its WebSocket (`runtime/websocket`). Sound is sent in pieces cut at silences: models of
 * the Paraformer family time every word, others (SenseVoice) none, and frames have a limit in some builds.
 */
export const funasr = defineProvider({
  kind: 'asr',
  name: 'funasr',
  summary: 'a FunASR server of your own, by WebSocket: funasr:wss://host:10095',
  options,
  modelOption: 'url',
  create(given, tools): AsrProvider {
    const server = given.url === undefined ? undefined : readServer(given.url);
    const { concurrency, insecure, timeoutMs } = given;
    let client: Promise<Http> | undefined;

    function connect(): Promise<Http> {
      if (server === undefined) throw notSet();
      if (tools.http === undefined) throw new Error('funasr was made without an HTTP client');
      client ??= tools.http({ allowPrivateFor: [server.url] });
      return client;
    }

    async function talk<T>(converse: (socket: Socket) => Promise<T>, signal: AbortSignal): Promise<T> {
      const http = await connect();
      const limits = { idleMs: timeoutMs, totalMs: timeoutMs };
      const request = { url: server!.url, protocols: ['binary'], verified: !insecure, limits };
      return http.talk(request, signal, converse).catch(withCertificateHint);
    }

    return {
      host: server?.host,
      local: server?.local,
      limits: {
        languages: 'any',
        maxDurationMs: 60_000,
        audioFormat: 'wav',
        concurrency,
        needsUrl: false,
        times: 'none',
        speakers: false,
        detectsLanguage: true,
        needsAudio: true,
      },
      async ready(signal) {
        if (server === undefined) return { ready: false, detail: 'no server is named', hint: notSet().hint };
        try {
          await talk(async () => undefined, signal);
          return { ready: true, detail: `a FunASR server at ${server.host}` };
        } catch (error) {
          if (!(error instanceof DubError) || error.code === 'INTERRUPTED') throw error;
          return { ready: false, detail: error.message.replace(/\.$/, ''), hint: error.hint, code: error.code };
        }
      },
      async transcribe(request, signal) {
        const { audio, language } = request;
        if (!audio) throw new Error('funasr was asked to transcribe without audio');
        const pcm = await readSound(audio.path);
        const code = language === undefined ? undefined : primaryLanguage(language);
        const answer = await talk(
          (socket) => hearBy(socket, pcm, { language: code, hotwords: given.hotwords, itn: given.itn }),
          signal,
        );
        const heard = answer === undefined ? undefined : readHeard(answer, audio.durationMs);
        return replyOf(request, heard);
      },
    };
  },
});

function replyOf({ language, speakers }: AsrRequest, heard: ReturnType<typeof readHeard> | undefined): AsrReply {
  const segments = heard?.segments ?? [];
  const unknown = language === undefined && heard?.language === undefined && segments.length > 0;
  return {
    transcript: { language: language ?? heard?.language ?? 'en', segments },
    warnings: [
      ...(speakers !== undefined && speakers !== 1
        ? ['FunASR’s WebSocket tells no speakers apart: all lines are one speaker’s.']
        : []),
      ...(unknown
        ? ['The server did not say which language it heard; it is taken for en. If it is another, name it with --from.']
        : []),
    ],
    units: [],
    requestIds: [],
  };
}

async function readSound(path: string): Promise<Uint8Array> {
  const bytes = await readSoundFile(path);
  const wav = readWav(bytes);
  if (wav?.channels === 1 && wav.sampleRate === 16_000) {
    return new Uint8Array(Int16Array.from(wav.samples, (sample) => sample * 32_768).buffer);
  }
  throw new DubError('INPUT_UNREADABLE', `${path} is no WAV file of 16 kHz mono sound.`, {
    hint: 'Run the same command again: the sound is then made anew.',
  });
}

function notSet(): DubError {
  return new DubError('CONFIG_INVALID', 'No FunASR server is named.', {
    hint: 'Set FUNASR_URL=wss://host:10095, or write --asr funasr:wss://host:10095.',
  });
}
