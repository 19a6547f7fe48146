import { z } from 'zod';
import { badAnswer } from './errors.js';

// FunASR's `runtime/websocket`, v1.4.3 (August 2026): the C++ server and the Python one, which differ in what follows.

/** What a session begins with. */
export interface Opening {
  readonly language: string | undefined;
  readonly hotwords: Readonly<Record<string, number>> | undefined;
  readonly itn: boolean;
}

/** The first message: raw 16 kHz sound follows, and one answer is wanted at its end. */
export function openingMessage({ language, hotwords, itn }: Opening): string {
  return JSON.stringify({
    mode: 'offline',
    wav_name: 'dub',
    wav_format: 'pcm',
    audio_fs: 16_000,
    is_speaking: true,
    itn,
    // Read in streaming modes only, but some builds refuse a session without them.
    chunk_size: [5, 10, 5],
    chunk_interval: 10,
    svs_lang: language ?? 'auto',
    svs_itn: itn,
    // A string of JSON, as the C++ server reads it.
    ...(hotwords === undefined ? {} : { hotwords: JSON.stringify(hotwords) }),
  });
}

/** The last one. The Python server of 1.4 may wait for ever without `is_end`; the C++ one does not look at it. */
export const closingMessage = JSON.stringify({ is_speaking: false, is_end: true });

const span = z.tuple([z.number(), z.number()]);

/** Both lists come as themselves, as a string of JSON, or as an empty string. */
function listed<T extends z.ZodType>(item: T) {
  return z.preprocess(
    (value) => (typeof value === 'string' ? (parsed(value) ?? []) : (value ?? [])),
    z.array(item).catch([]),
  );
}

const sentence = z.looseObject({
  text_seg: z.string(),
  punc: z.string().catch(''),
  start: z.number(),
  end: z.number(),
  ts_list: listed(span),
});

const answer = z.looseObject({
  mode: z.string().optional(),
  text: z.string().optional(),
  timestamp: listed(span),
  stamp_sents: listed(sentence),
  is_end: z.boolean().optional(),
});

/** One message of the server. */
export type Answer = z.output<typeof answer>;

/** A sentence with its times, which count from the start of the sound. */
export type StampedSentence = z.output<typeof sentence>;

/** @throws PROVIDER_BAD_REPLY when it is no message of this protocol */
export function readAnswer(message: string): Answer {
  const read = answer.safeParse(parsed(message));
  if (!read.success || (read.data.mode === undefined && read.data.is_end === undefined)) throw badAnswer(message);
  return read.data;
}

/** True for the answer to the whole sound; `is_final` is false even there. */
export function isWhole({ mode }: Answer): boolean {
  return mode === 'offline' || mode === '2pass-offline';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
