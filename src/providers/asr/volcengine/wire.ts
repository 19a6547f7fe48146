import { z } from 'zod';

/** Times are milliseconds; -1 stands for one that is not known. Additions are strings, numbers have been seen too. */
const time = z.number().catch(-1);
const word = z.looseObject({ text: z.string().catch(''), start_time: time, end_time: time });

const utterance = z.looseObject({
  text: z.string(),
  start_time: time,
  end_time: time,
  words: z.array(word).nullish().catch(undefined),
  additions: z
    .looseObject({
      speaker: z.union([z.string(), z.number()]).nullish(),
      // The streaming service's name for it.
      speaker_id: z.union([z.string(), z.number()]).nullish(),
    })
    .nullish()
    .catch(undefined),
});

/** The body of a finished recognition (docs 6561/1354868), as far as it is used. */
export const resultReply = z.looseObject({
  audio_info: z.looseObject({ duration: z.number().nonnegative() }).nullish().catch(undefined),
  result: z.looseObject({
    text: z.string().nullish(),
    utterances: z.array(utterance).nullish(),
  }),
});

/** What `resultReply` parses to. */
export type ResultWire = z.output<typeof resultReply>;

/** One sentence of it. */
export type UtteranceWire = z.output<typeof utterance>;

/** What is to be recognised, in the service's own spelling. */
export interface Sending {
  readonly audio: { readonly url: string } | { readonly data: string };
  readonly format: 'mp3' | 'wav';
  readonly language: string | undefined;
  readonly speakers: boolean;
  readonly words: readonly string[];
}

/**
 * The body of a submit. Punctuation is off unless asked for, and a translator would get one endless sentence; whether
 * numbers are written as figures by default differs between two versions of the page, so both are always sent. Speakers
 * by `ssd_version` work only for Chinese and where no language is named.
 */
export function submitBody({ audio, format, language, speakers, words }: Sending): object {
  const context = { hotwords: words.map((text) => ({ word: text })) };
  return {
    user: { uid: 'dub' },
    audio: {
      ...audio,
      ...{ format, codec: 'raw', rate: 16_000, bits: 16, channel: 1 },
      ...(language === undefined ? {} : { language }),
    },
    request: {
      ...{ model_name: 'bigmodel', enable_itn: true, enable_punc: true, enable_ddc: false, show_utterances: true },
      ...(speakers ? { enable_speaker_info: true } : {}),
      ...(speakers && language === undefined ? { ssd_version: '200' } : {}),
      ...(words.length > 0 ? { corpus: { context: JSON.stringify(context) } } : {}),
    },
  };
}
