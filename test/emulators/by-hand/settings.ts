import { parseArgs } from 'node:util';
import type { Fault } from '../dashscope/server.js';
import type { ServerKind } from '../indextts/server.js';

/** A file and the subtitles that belong to it. */
export interface Pair {
  readonly name: string;
  readonly srt: string;
}

/** How the emulators are started by hand. */
export interface Settings {
  /** Of the API; 0 for a free one. */
  readonly port: number;
  /** Recordings the recogniser is taught, with what is said in them. */
  readonly films: readonly Pair[];
  /** Subtitles that are recognised in whatever sound comes, with their times; undefined to listen. */
  readonly recited: string | undefined;
  /** Translations of what is said, by language. */
  readonly translations: readonly Pair[];
  /** Recognition takes a part of the sound's length: 60 times faster than it plays. */
  readonly recognitionSpeed: number | undefined;
  readonly chatMs: number;
  readonly voiceMs: number;
  /** Share of the speech's own length that making it takes. */
  readonly voiceShare: number;
  readonly requestsPerMinute: number;
  readonly faults: readonly { readonly endpoint: string; readonly fault: Fault }[];
  readonly oss: boolean;
  /** A server of IndexTTS for each; several are a pool. */
  readonly indextts: readonly ServerKind[];
  readonly quiet: boolean;
  readonly help: boolean;
}

/** What `--help` prints. */
export const usage = `npm run emulator -- [options]

Starts Model Studio (and, with --oss, OSS) on this machine and prints what to set. Nothing leaves the machine.

  --port N                 port of the API; a free one unless told
  --film FILM=SRT          a recording to be recognised and what is said in it; may be given several times
                           (fixtures/talk.mp4 is known already)
  --recite SRT             do not listen: these subtitles are what is said in any recording
  --translation LANG=SRT   translations of those lines, cue by cue; may be given several times
                           (es, zh and ja of fixtures/talk.mp4 are known; other lines come as a toy tongue)
  --realistic              the speeds of the benchmark: recognition 60x, 3 s a chat answer, 1.2 s + 0.15x a voice
  --recognition-speed N    times real time        --chat-ms N      a chat answer
  --voice-ms N             a voice answer         --voice-share N  and this share of its sound's length
  --rpm N                  voice requests a minute before 429 comes; 180 unless told
  --fail ENDPOINT=WHAT     fail requests: WHAT is a status (429) or a fault (reset, hang, cut, html, bad-json, slow),
                           with xN for the next N requests, such as tts=429x3; endpoints: upload.policy, asr.submit,
                           asr.call, task.query, chat, mt, tts
  --oss                    object storage too
  --indextts KIND[,KIND…]  IndexTTS servers too: tts-service, vllm1, vllm2, upload, gradio, omni, openai
  --quiet                  do not show requests
`;

/** @throws Error that says which option is wrong */
export function readSettings(args: readonly string[]): Settings {
  const text = { type: 'string' } as const;
  const many = { type: 'string', multiple: true } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ port: text, indextts: text, film: many, recite: text, translation: many, fail: many, rpm: text },
      ...{ 'recognition-speed': text, 'chat-ms': text, 'voice-ms': text, 'voice-share': text },
      ...{ realistic: flag, oss: flag, quiet: flag, help: flag },
    },
  });
  const number = (name: string, given: string | undefined, otherwise: number): number => {
    const value = given === undefined ? otherwise : Number(given);
    if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} takes a number, not ${given}.`);
    return value;
  };
  const { realistic } = values;
  const speed = number('recognition-speed', values['recognition-speed'], realistic ? 60 : 0);
  return {
    port: number('port', values.port, 0),
    films: (values.film ?? []).map((one) => pairOf('film', one)),
    recited: values.recite,
    translations: (values.translation ?? []).map((one) => pairOf('translation', one)),
    recognitionSpeed: speed > 0 ? speed : undefined,
    chatMs: number('chat-ms', values['chat-ms'], realistic ? 3000 : 0),
    voiceMs: number('voice-ms', values['voice-ms'], realistic ? 1200 : 0),
    voiceShare: number('voice-share', values['voice-share'], realistic ? 0.15 : 0),
    requestsPerMinute: number('rpm', values.rpm, 180),
    faults: (values.fail ?? []).map(faultOf),
    indextts: (values.indextts ?? '').split(',').filter(Boolean).map(kindOf),
    ...{ oss: values.oss, quiet: values.quiet, help: values.help },
  };
}

function kindOf(given: string): ServerKind {
  const kinds = ['tts-service', 'vllm1', 'vllm2', 'upload', 'gradio', 'omni', 'openai'] as const;
  const kind = kinds.find((one) => one === given);
  if (kind === undefined) throw new Error(`--indextts takes ${kinds.join(', ')}, not ${given}.`);
  return kind;
}

function pairOf(option: string, given: string): Pair {
  const at = given.lastIndexOf('=');
  if (at < 1) throw new Error(`--${option} takes NAME=FILE.srt, not ${given}.`);
  return { name: given.slice(0, at), srt: given.slice(at + 1) };
}

function faultOf(given: string): { readonly endpoint: string; readonly fault: Fault } {
  const [, endpoint, what = '', count] = /^([\w.]+)=([\w-]+?)(?:x(\d+))?$/.exec(given) ?? [];
  if (endpoint === undefined) throw new Error(`--fail takes ENDPOINT=WHAT, such as tts=429x3, not ${given}.`);
  const times = count === undefined ? {} : { times: Number(count) };
  if (/^\d+$/.test(what)) {
    const code = { 401: 'InvalidApiKey', 429: 'Throttling.RateQuota' }[Number(what)] ?? 'InternalError';
    return { endpoint, fault: { kind: 'status', status: Number(what), code, ...times } };
  }
  const kinds = ['reset', 'reset-after', 'hang', 'hang-after', 'cut', 'html', 'bad-json', 'empty', 'slow'] as const;
  const kind = kinds.find((one) => one === what);
  if (kind === undefined) throw new Error(`--fail: ${what} is neither a status nor one of ${kinds.join(', ')}.`);
  return { endpoint, fault: { kind, delayMs: 5000, ...times } };
}
